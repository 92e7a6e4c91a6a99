"""What a protocol asks for next."""

from libc.stdint cimport int64_t

cdef class Send:
    cdef readonly object endpoint
    cdef readonly bytes body

cdef class Pause:
    cdef readonly int64_t due_ns

cdef class Finish:
    cdef readonly object value
