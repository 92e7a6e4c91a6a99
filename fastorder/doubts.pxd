"""The C side of doubts.py: where its attributes lie once it is compiled."""

from fastorder._core.order cimport OrderRequest


cdef class Doubts:
    cdef dict _tags

    cpdef tuple beside(self, OrderRequest order, str contract_id)
