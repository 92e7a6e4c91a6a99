# cython: boundscheck=False, wraparound=False, cdivision=True
"""The requests that a rolling window has to hold: on their way, and when others ended.

No Python code runs inside any of it, so executors of several threads share one.
"""

from libc.stdint cimport INT64_MAX, int64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove

cdef enum:
    FIRST_ROOM = 256

cdef int64_t KEPT_NS = 610_000_000_000      # longer than any window


cdef class Window:
    """How many requests count: from before they leave until long after their end.

    Attributes:
        on_way: requests that may leave, or have left and have not ended.
    """

    def __cinit__(self):
        self.ends = <int64_t*>malloc(FIRST_ROOM * sizeof(int64_t))
        if self.ends is NULL:
            raise MemoryError
        self.room = FIRST_ROOM

    def __dealloc__(self):
        free(self.ends)

    cpdef Py_ssize_t used(self, int64_t since_ns) noexcept:
        """Those on their way, and those that ended after this time."""
        return self.on_way + self.last - self.after(since_ns)

    cpdef int begin(self) except -1:
        """A request may leave from now on."""
        self.on_way += 1
        return 0

    cpdef int take_back(self) except -1:
        """Nothing of it has left, and nothing will."""
        self.on_way -= 1
        return 0

    cpdef int end(self, int64_t at_ns) except -1:
        """By this time it has come to the gateway, if it ever does.

        Where no answer came that is later than now, so they do not come in order.
        """
        cdef Py_ssize_t i
        if self.last == self.room:
            self.make_room()
        i = self.last
        while i > self.first and self.ends[i - 1] > at_ns:
            self.ends[i] = self.ends[i - 1]
            i -= 1
        self.ends[i] = at_ns
        self.last += 1
        self.on_way -= 1
        return 0

    cpdef int64_t end_of(self, Py_ssize_t nth, int64_t since_ns) noexcept:
        """The end of the nth (from 0) of those that ended after this time.

        The largest number where that one is still on its way.
        """
        cdef Py_ssize_t i = self.after(since_ns) + nth
        return self.ends[i] if i < self.last else INT64_MAX

    cdef Py_ssize_t after(self, int64_t since_ns) noexcept:
        """Where those begin that ended after this time."""
        cdef Py_ssize_t low = self.first, high = self.last, middle
        while low < high:
            middle = (low + high) >> 1
            if self.ends[middle] > since_ns:
                high = middle
            else:
                low = middle + 1
        return low

    cdef int make_room(self) except -1:
        """Forget what no window holds any more; get more memory if that is not enough.
        """
        cdef int64_t* grown
        self.first = self.after(self.ends[self.last - 1] - KEPT_NS)
        if self.first < self.room // 2:
            grown = <int64_t*>realloc(self.ends, 2 * self.room * sizeof(int64_t))
            if grown is NULL:
                raise MemoryError
            self.ends = grown
            self.room *= 2
        memmove(
            self.ends, self.ends + self.first,
            (self.last - self.first) * sizeof(int64_t))
        self.last -= self.first
        self.first = 0
        return 0
