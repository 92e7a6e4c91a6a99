"""The retry queue: who is to be woken, and when."""

from libc.stdint cimport int64_t

cdef enum:
    NEVER = 0x7FFFFFFFFFFFFFFF

cdef struct Entry:
    int64_t due_ns
    int64_t turn                # keeps equal times in the order they came
    Py_ssize_t place            # of its receiver

cdef class TimerHeap:
    cdef Entry* heap            # owned; NULL while empty from the start
    cdef Py_ssize_t size
    cdef Py_ssize_t room
    cdef list receivers         # by place; None where a place is free
    cdef int64_t turns

    cdef int push(self, int64_t due_ns, object receiver) except -1
    cdef int grow(self) except -1
    cdef int64_t next_due_ns(self) noexcept
    cdef object pop_due(self, int64_t now_ns)
    cdef object pop(self)
