"""Time goes on: sessions open and close, contracts end, what is due is done."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport contract_t, venue_t

cdef bint advance(venue_t* venue, int64_t time_ns) noexcept nogil
cdef void set_boundary(contract_t* contract) noexcept nogil
