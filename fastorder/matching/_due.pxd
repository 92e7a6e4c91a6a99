"""What is due at a time: requests under way, legs and cancels to come."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport due_t, request_t, venue_t

cdef void push(venue_t* venue, int64_t time_ns, const request_t* request) noexcept nogil
cdef due_t pop(venue_t* venue) noexcept nogil
cdef void set_next(venue_t* venue) noexcept nogil
