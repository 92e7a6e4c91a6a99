"""The C side of submitter.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.transport.gate cimport Gate
from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.codec.request cimport render_place
from fastorder._core.codec.tag_series cimport TagSeries
from fastorder._core.flow.ticket cimport Ticket, ticket_of_order
from fastorder.gateway.contracts cimport ContractCache, Listing
from fastorder.session.dispatcher cimport Dispatcher
from fastorder.placement.interlock cimport Interlock
from fastorder.placement.protocol cimport Placement, placement_of
from fastorder.risk.check cimport Guard


cdef class Submitter:
    cdef ContractCache _contracts
    cdef Dispatcher _dispatcher
    cdef object _policy
    cdef Gate _gate
    cdef Interlock _interlock
    cdef object _closes
    cdef object _idempotency
    cdef bint _journaled
    cdef int _max_quantity
    cdef Guard _guard
    cdef TagSeries _tags

    @cython.locals(too_many=bint, is_named=bint)
    cpdef object submit(self, OrderRequest order, int64_t called_ns)
    cdef object _launch_guarded(
        self, Ticket ticket, OrderRequest order, str contract_id, bytes body)
    cpdef str _tag(self, OrderRequest order)

    @cython.locals(valid_until_ns=int64_t)
    cpdef object _ticket(
        self, OrderRequest order, str tag, str contract_id, bytes body,
        int64_t called_ns)
