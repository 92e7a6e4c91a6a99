"""The C side of contracts.py: where its attributes lie once it is compiled."""

from fastorder._core.price cimport TickGrid


cdef class Listing:
    cdef readonly str contract_id
    cdef readonly TickGrid grid


cdef class ContractBook:
    cdef dict _listings

    cpdef Listing find(self, str symbol)
