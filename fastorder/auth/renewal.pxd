"""The C side of renewal.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.transport.evidence cimport Evidence, Receiver


cdef class Renewal(Receiver):
    cdef readonly bint holding
    cdef readonly bint checks_at_launch
    cdef public bint runs_between_calls
    cdef object _session
    cdef object _credentials
    cdef object _login
    cdef bint _is_own
    cdef list _held
    cdef int64_t _kept_number
    cdef int64_t _planned_number
    cdef int64_t _refused_number
    cdef int64_t _not_before_ns
    cdef int64_t _due_ns
    cdef double _due_s
    cdef int64_t _wakes_ns
    cdef dict _logouts

    cpdef object _on_timer(self)
    cpdef object _on_close(self, Evidence evidence)
    cpdef object _on_error(self, object error)
