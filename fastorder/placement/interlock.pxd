"""The C side of interlock.py: where its attributes lie once it is compiled."""


cdef class Interlock:
    cdef dict _tags
    cdef readonly bint any
    cdef public object known_order
