"""The C side of placement.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.order cimport OrderRequest
from fastorder._core.reading cimport Reading, read
from fastorder._core.response cimport Reply
from fastorder._core.transfer cimport Evidence
from fastorder.clock cimport Clock
from fastorder.resolving cimport Resolving


cdef class Placement(Resolving):
    @cython.locals(row=dict)
    cpdef object _handle(self, object event)
    cpdef object _take_answer(self, Evidence evidence)
    cpdef object _answer(self, Evidence evidence)

    cpdef object start(self)
    cpdef object on_evidence(self, Evidence evidence)
    cpdef object on_time(self)
    cpdef object on_failure(self, str why)
    cpdef object on_stop(self, Evidence evidence)


@cython.locals(placement=Placement)
cpdef Placement placement_of(
    OrderRequest order, str tag, str contract_id, bytes body, object policy,
    Clock clock, object gateway_time, int64_t called_ns, object doubts,
    int64_t valid_until_ns=*)
