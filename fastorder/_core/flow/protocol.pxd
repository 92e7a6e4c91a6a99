"""What a protocol is told, and what it asks for next."""

from libc.stdint cimport int64_t

from fastorder._core.transport.evidence cimport Evidence

cdef class Send:
    cdef readonly object endpoint
    cdef readonly bytes body
    cdef readonly bint gated
    cdef readonly int64_t valid_until_ns

cpdef Send gated_send(object endpoint, bytes body, int64_t valid_until_ns)

cdef class Pause:
    cdef readonly int64_t due_ns

cdef class Finish:
    cdef readonly object value

cdef class Tell:
    cdef readonly object value
    cdef readonly object then

cdef class Halt:
    cdef readonly str reason
    cdef readonly object then

cdef class RequestProtocol:
    cdef public bint another_token

    cpdef object start(self)
    cpdef object on_evidence(self, Evidence evidence)
    cpdef object on_time(self)
    cpdef object on_new_token(self)
    cpdef object on_failure(self, str why)
    cpdef object on_broken_off(self, str why)
    cpdef object on_stop(self, Evidence evidence)
