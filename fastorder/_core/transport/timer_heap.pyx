# cython: boundscheck=False, wraparound=False
"""Timers in a binary heap, by due time in integer nanoseconds."""

from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
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
    """Receivers ordered by the time at which they are to be woken."""

    def __dealloc__(self):
        while self.size:
            self.pop()
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
        cdef Entry* grown
        cdef Py_ssize_t room
        if self.size == self.room:
            room = 2 * self.room if self.room else 16
            grown = <Entry*>PyMem_Realloc(self.heap, room * sizeof(Entry))
            if grown is NULL:
                raise MemoryError
            self.heap = grown
            self.room = room
        Py_INCREF(receiver)
        self.heap[self.size] = Entry(due_ns, self.turns, <PyObject*>receiver)
        self.turns += 1
        self.size += 1
        sift_up(self.heap, self.size - 1)
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
        cdef object receiver = <object>self.heap[0].receiver
        Py_DECREF(receiver)
        self.size -= 1
        self.heap[0] = self.heap[self.size]
        if self.size > 1:
            sift_down(self.heap, self.size)
        return receiver
