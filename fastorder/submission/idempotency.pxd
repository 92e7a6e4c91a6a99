"""The C side of idempotency.py: where its attributes lie once it is compiled."""

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.flow.ticket cimport Ticket


cdef class IdempotencyStore:
    cdef public object _dispatcher
    cdef object _policy
    cdef object _journal
    cdef object _make_intent
    cdef object _kept
    cdef list _unrecovered
    cdef list _recovered
    cdef bint _has_past

    cpdef Ticket launch(
        self, Ticket ticket, OrderRequest order, str contract_id, bytes body)
    cpdef list recover(self)
    cdef object _write(
        self, Ticket ticket, OrderRequest order, str contract_id, bytes body)
