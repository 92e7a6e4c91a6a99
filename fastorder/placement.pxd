"""The C side of placement.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.order cimport OrderRequest
from fastorder._core.protocol cimport Finish, Halt, Pause, RequestProtocol, Send, Tell
from fastorder._core.reading cimport Reading, read
from fastorder._core.response cimport Reply
from fastorder._core.result cimport OrderResult, result_of
from fastorder._core.transfer cimport Evidence


cdef class Placement(RequestProtocol):
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
    cdef object _clock
    cdef object _gateway_time
    cdef int64_t _called_ns
    cdef double _sent_s
    cdef bint _restarted
    cdef object _doubts
    cdef object _retries
    cdef object _absence
    cdef Evidence _heard
    cdef Reading _reading
    cdef list _rows
    cdef list _listing
    cdef object _audit
    cdef int64_t _window_s
    cdef bint _may_resend
    cdef bint _never_again
    cdef bint _had_401
    cdef bint _one_look
    cdef str _error
    cdef str _last_look
    cdef int _widens
    cdef int64_t _due_ns
    cdef int64_t _stuck_ns

    @cython.locals(row=dict)
    cpdef object _handle(self, object event)
    cpdef object _take_answer(self, Evidence evidence)
    cpdef object _answer(self, Evidence evidence)
    cpdef Finish _finish(
        self, object outcome, str proof, object order_id=*, str error=*,
        object error_code=*, str error_name=*)
    cpdef OrderResult _result(
        self, object outcome, str proof, object order_id, str error,
        object error_code=*, str error_name=*)

    cpdef int64_t _leave_until_ns(self) except? -1

    cpdef object start(self)
    cpdef object on_evidence(self, Evidence evidence)
    cpdef object on_time(self)
    cpdef object on_failure(self, str why)
    cpdef object on_stop(self, Evidence evidence)


@cython.locals(placement=Placement)
cpdef Placement placement_of(
    OrderRequest order, str tag, str contract_id, bytes body, object policy,
    object clock, object gateway_time, int64_t called_ns, object doubts,
    int64_t valid_until_ns=*)
