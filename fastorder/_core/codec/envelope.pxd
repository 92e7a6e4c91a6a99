"""The gateway's envelope, where an answer holds nothing else."""

from libc.stdint cimport int64_t

cdef struct Envelope:
    bint success
    int64_t error_code
    int64_t order_id            # 0 where there is none
    const char* message         # borrowed from the body; NULL where it is null
    size_t message_size

cdef bint read_envelope(
    const char* body, size_t size, Envelope* envelope) noexcept nogil
