"""The C side of records.py: where its attributes lie once it is compiled."""

from fastorder._core.order cimport OrderRequest
from fastorder._core.ticket cimport Ticket


cdef class Records:
    cdef public object _dispatch
    cdef object _policy
    cdef object _journal
    cdef object _make_intent
    cdef object _keyed
    cdef list _unrecovered
    cdef list _recovered
    cdef bint _has_past

    cpdef Ticket launch(
        self, Ticket ticket, OrderRequest order, str contract_id, bytes body)
    cpdef list recover(self)
    cdef object _write(
        self, Ticket ticket, OrderRequest order, str contract_id, bytes body)
