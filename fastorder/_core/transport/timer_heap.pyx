# cython: boundscheck=False, wraparound=False
"""Timers in a binary heap, by due time in integer nanoseconds.

The heap itself is C memory, where Python's collector does not look. The receivers lie
in a list, where it does: one of them leads back to the heap, through its executor.
"""

from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int64_t


cdef inline bint earlier(Entry* one, Entry* other) noexcept nogil:
    if one.due_ns != other.due_ns:
        return one.due_ns < other.due_ns
    return one.turn < other.turn


cdef void sift_up(Entry* heap, Py_ssize_t child) noexcept nogil:
    cdef Entry moving = heap[child]
    cdef Py_ssize_t parent
    while child > 0:
        parent = (child - 1) >> 1
        if not earlier(&moving, &heap[parent]):
            break
        heap[child] = heap[parent]
        child = parent
    heap[child] = moving


cdef void sift_down(Entry* heap, Py_ssize_t size) noexcept nogil:
    cdef Entry moving = heap[0]
    cdef Py_ssize_t parent = 0
    cdef Py_ssize_t child = 1
    while child < size:
        if child + 1 < size and earlier(&heap[child + 1], &heap[child]):
            child += 1
        if not earlier(&heap[child], &moving):
            break
        heap[parent] = heap[child]
        parent = child
        child = 2 * parent + 1
    heap[parent] = moving


cdef class TimerHeap:
    """Receivers ordered by the time at which they are to be woken.

    The places of all entries, those behind the heap's end too, are each place of the
    list once: an entry that leaves gives its place to the one that comes next.
    """

    def __cinit__(self):
        self.receivers = []

    def __dealloc__(self):
        PyMem_Free(self.heap)

    def __len__(self):
        return self.size

    def add(self, due_ns: int, receiver):
        """Put a receiver in, due at a monotonic time in nanoseconds."""
        self.push(due_ns, receiver)

    def take_due(self, now_ns: int):
        """The receiver that is due first, taken out; None where none is due yet."""
        return self.pop_due(now_ns)

    cdef int push(self, int64_t due_ns, object receiver) except -1:
        if self.size == self.room:
            self.grow()
        cdef Entry* entry = &self.heap[self.size]
        self.receivers[entry.place] = receiver
        entry.due_ns = due_ns
        entry.turn = self.turns
        self.turns += 1
        self.size += 1
        sift_up(self.heap, self.size - 1)
        return 0

    cdef int grow(self) except -1:
        cdef Py_ssize_t room = 2 * self.room if self.room else 16
        cdef Entry* grown = <Entry*>PyMem_Realloc(self.heap, room * sizeof(Entry))
        cdef Py_ssize_t i
        if grown is NULL:
            raise MemoryError
        self.heap = grown
        self.receivers += [None] * (room - self.room)
        for i in range(self.room, room):
            grown[i].place = i
        self.room = room
        return 0

    cdef int64_t next_due_ns(self) noexcept:
        return self.heap[0].due_ns if self.size else NEVER

    cdef object pop_due(self, int64_t now_ns):
        if self.next_due_ns() > now_ns:
            return None
        return self.pop()

    cdef object pop(self):
        if self.size == 0:
            return None
        cdef Py_ssize_t place = self.heap[0].place
        cdef object receiver = self.receivers[place]
        self.receivers[place] = None
        self.size -= 1
        self.heap[0] = self.heap[self.size]
        self.heap[self.size].place = place
        if self.size > 1:
            sift_down(self.heap, self.size)
        return receiver
