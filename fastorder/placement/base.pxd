"""The C side of base.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.flow.protocol cimport (
    Finish, Pause, RequestProtocol, Send, gated_send)
from fastorder._core.flow.classify cimport Answer
from fastorder._core.flow.result cimport OrderResult, result_of
from fastorder._core.transport.evidence cimport Evidence
from fastorder.runtime.clock cimport Clock
from fastorder.placement.lookups cimport Lookups


cdef class PlacementBase(RequestProtocol):
    cdef readonly OrderRequest order
    cdef readonly str tag
    cdef readonly str contract_id
    cdef readonly int attempts
    cdef readonly int tries
    cdef readonly int64_t probed
    cdef readonly bint in_doubt
    cdef readonly object state
    cdef readonly Evidence evidence
    cdef readonly int64_t valid_until_ns
    cdef bytes _body
    cdef object _policy
    cdef Clock _clock
    cdef object _server_clock
    cdef object _interlock
    cdef int64_t _called_ns
    cdef double _sent_s
    cdef Evidence _last_evidence
    cdef Answer _answer
    cdef object _retries
    cdef Lookups _lookups_made
    cdef bint _may_resend
    cdef bint _never_again
    cdef bint _had_401
    cdef bint _single_lookup
    cdef bint _witnessed
    cdef bint _only_send_refused
    cdef str _error
    cdef int64_t _due_ns
    cdef int64_t _watch_until_ns

    cpdef Finish _finish(
        self, object outcome, str proof, object order_id=*, str error=*,
        object error_code=*, str error_name=*)
    cpdef OrderResult _result(
        self, object outcome, str proof, object order_id, str error,
        object error_code=*, str error_name=*)

    cpdef int64_t _leave_until_ns(self) except? -1
    cpdef Lookups _lookups(self)
