"""Floors: what an account's equity may not come down to."""

from fastorder.matching._state cimport contract_t, venue_t

cdef void check_floors(venue_t* venue, const contract_t* contract) noexcept nogil
cdef void floor_edges(const venue_t* venue, contract_t* contract) noexcept nogil
