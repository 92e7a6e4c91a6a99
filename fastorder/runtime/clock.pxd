"""The C side of clock.py: the order path asks it without a look-up by name."""

from libc.stdint cimport int64_t

from fastorder._core.transport.engine cimport monotonic_ns


cdef class Clock:
    cpdef int64_t monotonic_ns(self) except? -1
    cpdef double wall_s(self) except? -1
    cpdef double spread(self) except? -1
