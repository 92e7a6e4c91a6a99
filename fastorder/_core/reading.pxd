"""What one exchange shows, as one sign."""

from fastorder._core.response cimport Reply
from fastorder._core.transfer cimport Evidence

cdef class Reading:
    cdef readonly object sign
    cdef readonly Reply reply
    cdef readonly str reason

cpdef Reading read(Evidence evidence, object policy)
