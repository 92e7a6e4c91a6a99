"""The C side of tags.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t


cdef class TagSeries:
    cdef str _series
    cdef int64_t _number

    cpdef str next(self)
