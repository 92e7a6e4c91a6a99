"""What is known of one place, modify or cancel."""

from libc.stdint cimport int64_t

from fastorder._core.transport.evidence cimport Evidence

cdef class OrderResult:
    cdef readonly object outcome
    cdef readonly str action
    cdef readonly object order_id
    cdef readonly str error
    cdef readonly object error_code
    cdef readonly str error_name
    cdef readonly str tag
    cdef readonly int attempts
    cdef readonly object http_status
    cdef readonly str proof
    cdef object given_timing    # None where the stamps below make it
    cdef int64_t called_ns
    cdef int64_t written_ns     # 0 where it did not happen
    cdef int64_t first_byte_ns  # 0 where it did not happen
    cdef int64_t parsed_ns

    cdef dict shown(self)
    cdef tuple fields(self)

cpdef OrderResult result_of(
    object outcome, str action, Evidence evidence, int64_t called_ns,
    int64_t parsed_ns, int attempts, object order_id=*, str error=*,
    object error_code=*, str error_name=*, str tag=*, str proof=*)
