"""The C side of intake.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.gate cimport Gate
from fastorder._core.order cimport OrderRequest
from fastorder._core.request cimport render_place
from fastorder._core.tag_series cimport TagSeries
from fastorder._core.ticket cimport Ticket, ticket_of_order
from fastorder.contracts cimport ContractBook, Listing
from fastorder.dispatch cimport Dispatch
from fastorder.doubts cimport Doubts
from fastorder.placement cimport Placement, placement_of


cdef class Intake:
    cdef ContractBook _contracts
    cdef Dispatch _dispatch
    cdef object _policy
    cdef Gate _gate
    cdef Doubts _doubts
    cdef object _records
    cdef bint _journaled
    cdef TagSeries _tags

    cpdef object place(self, OrderRequest order, int64_t called_ns)
    cpdef str _tag(self, OrderRequest order)

    @cython.locals(valid_until_ns=int64_t)
    cpdef object _ticket(
        self, OrderRequest order, str tag, str contract_id, bytes body,
        int64_t called_ns)
