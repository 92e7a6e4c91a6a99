"""The C side of contracts.py: where its attributes lie once it is compiled."""

from fastorder._core.codec.price cimport TickGrid


cdef class Listing:
    cdef readonly str contract_id
    cdef readonly TickGrid grid
    cdef readonly bint negative_prices


cdef class ContractCache:
    cdef dict _listings
    cdef dict _by_id
    cdef dict _names
    cdef str _load
    cdef str _or_set

    cpdef Listing loaded(self, str symbol)
    cpdef Listing find(self, str symbol)
