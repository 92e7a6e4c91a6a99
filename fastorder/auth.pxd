"""The C side of auth.py: where its attributes lie once it is compiled."""


cdef class TokenStore:
    cdef bytes _header

    cpdef bytes header(self)
