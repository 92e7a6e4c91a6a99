"""A time at which an event loop calls."""

from libc.stdint cimport int64_t

cdef class Alarm:
    cdef object loop
    cdef readonly int64_t due_ns    # NEVER while it is not set

    cpdef int set(self, int64_t due_ns) except -1
    cpdef int rang(self) except -1
    cpdef int end(self) except -1

cdef class LoopAlarm(Alarm):
    cdef object call
    cdef object handle              # the loop's own timer; None while there is none

cdef class DescriptorAlarm(Alarm):
    cdef int fd                     # -1 once it has ended

cdef Alarm alarm_of(object loop, object call)
