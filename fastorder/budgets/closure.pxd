"""The C side of closure.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t


cdef class Closure:
    cdef double _longest_s
    cdef int64_t _pause_ns
    cdef readonly int64_t until_ns
    cdef readonly int64_t history_until_ns

    cpdef object answered(self)
    cpdef bint is_reopening(self, int64_t now_ns)
