"""The C side of server_clock.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder.runtime.clock cimport Clock


cdef class ServerClock:
    cdef Clock _clock
    cdef bytes _date
    cdef bytes _day
    cdef readonly int64_t seen_ns

    cpdef object note(self, bytes date, int64_t seen_ns)
