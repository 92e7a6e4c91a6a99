"""A time at which an event loop calls."""

from libc.stdint cimport int64_t

cdef class Timer:
    cdef object loop
    cdef readonly int64_t due_ns    # NEVER while it is not set

    cpdef int set(self, int64_t due_ns) except -1
    cpdef int fired(self) except -1
    cpdef int end(self) except -1

cdef class LoopTimer(Timer):
    cdef object call
    cdef object handle              # the loop's own timer; None while there is none

cdef class TimerFd(Timer):
    cdef int fd                     # -1 once it has ended

cdef Timer timer_for(object loop, object call)
