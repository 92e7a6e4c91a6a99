"""The C side of protocol.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.flow.classify cimport Answer, classify
from fastorder._core.codec.response cimport Reply
from fastorder._core.transport.evidence cimport Evidence
from fastorder.runtime.clock cimport Clock
from fastorder.placement.reconciliation cimport Reconciliation


cdef class Placement(Reconciliation):
    @cython.locals(row=dict)
    cpdef object _handle(self, object event)
    cpdef object _take_answer(self, Evidence evidence)
    cpdef object _judge_send(self, Evidence evidence)

    cpdef object start(self)
    cpdef object on_evidence(self, Evidence evidence)
    cpdef object on_time(self)
    cpdef object on_witness(self, dict row)
    cpdef object on_new_token(self)
    cpdef object on_failure(self, str why)
    cpdef object on_broken_off(self, str why)
    cpdef object on_stop(self, Evidence evidence)


@cython.locals(placement=Placement)
cpdef Placement placement_of(
    OrderRequest order, str tag, str contract_id, bytes body, object policy,
    Clock clock, object server_clock, int64_t called_ns, object interlock,
    int64_t valid_until_ns=*)
