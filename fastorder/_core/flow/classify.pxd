"""What one exchange shows, as one kind."""

from fastorder._core.codec.response cimport Reply
from fastorder._core.transport.evidence cimport Evidence

cdef class Answer:
    cdef readonly object kind
    cdef readonly Reply reply
    cdef readonly str reason

cpdef Answer classify(Evidence evidence, object policy)
