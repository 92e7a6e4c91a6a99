"""The C side of doubts.py: where its attributes lie once it is compiled."""


cdef class Doubts:
    cdef dict _tags
    cdef readonly bint any
    cdef public object known_order
