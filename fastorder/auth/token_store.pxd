"""The C side of token_store.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t


cdef class TokenStore:
    cdef object _lock
    cdef int64_t _drawn
    cdef int64_t _newest
    cdef readonly int64_t number
    cdef bytes _header
    cdef readonly object secrets
    cdef readonly object listeners

    @cython.locals(header=bytes)
    cpdef bytes header(self)
