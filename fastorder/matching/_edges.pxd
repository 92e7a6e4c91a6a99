"""Between which prices nothing can happen to the orders of a contract."""

from fastorder.matching._state cimport contract_t, venue_t

cdef void set_edges(venue_t* venue, contract_t* contract) noexcept nogil
