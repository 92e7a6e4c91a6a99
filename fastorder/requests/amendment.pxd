"""The C side of amendment.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.flow.protocol cimport Finish, Pause, RequestProtocol, Send, Tell
from fastorder._core.flow.classify cimport Answer, classify
from fastorder._core.flow.result cimport OrderResult, result_of
from fastorder._core.transport.evidence cimport Evidence
from fastorder.runtime.clock cimport Clock


cdef class Amendment(RequestProtocol):
    cdef readonly object kind
    cdef public int lane
    cdef readonly int account_id
    cdef readonly int64_t order_id
    cdef readonly int attempts
    cdef readonly bint in_doubt
    cdef readonly object state
    cdef readonly Evidence evidence
    cdef bytes _body
    cdef object _policy
    cdef readonly Clock _clock
    cdef readonly int64_t _called_ns
    cdef object _retries
    cdef readonly object _looks
    cdef int64_t _due_ns
    cdef int64_t _watch_until_ns
    cdef bint _gated
    cdef bint _may_resend
    cdef readonly bint _is_told
    cdef str _error
    cdef Answer _refusal
    cdef Evidence _last_evidence
    cdef bint _superseded
    cdef readonly str _withdrawn
    cdef bint _renewed

    cpdef object start(self)
    cpdef object on_evidence(self, Evidence evidence)
    cpdef object on_time(self)
    cpdef object on_new_token(self)
    cpdef object on_stop(self, Evidence evidence)
