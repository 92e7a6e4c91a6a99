"""The memory of an exchange: made, copied, freed."""

from fastorder.matching._state cimport venue_t

cdef void* copied(const void* source, size_t size, int* failed) noexcept nogil
cdef bint copy_into(venue_t* copy, const venue_t* venue) noexcept nogil
cdef void free_copy(venue_t* copy) noexcept nogil
