"""What one exchange leaves behind, and who hears of it."""

from libc.stdint cimport int64_t

cdef int64_t FOREVER_NS

cdef class Evidence:
    cdef readonly int curl_code
    cdef readonly str curl_error
    cdef readonly int starts
    cdef readonly str held_back     # why it was kept from leaving; None where not
    cdef readonly int http_status
    cdef readonly bint too_large
    cdef readonly bytes body
    cdef readonly bytes date
    cdef readonly bytes retry_after
    cdef readonly bytes coding      # of the body; None where it has none
    cdef readonly int64_t written_ns
    cdef readonly int64_t first_byte_ns
    cdef readonly int64_t finished_ns

cdef class Receiver:
    cpdef object _on_evidence(self, Evidence evidence)
    cpdef bint _may_begin_anew(self) except -1
    cpdef object _on_timer(self)
    cpdef object _on_close(self, Evidence evidence)
    cpdef object _on_error(self, object error)
