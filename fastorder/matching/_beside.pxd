"""Bars of several contracts, walked side by side in the order of time."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport venue_t
from fastorder.matching._walk cimport bars_t

cdef bint start_bar(venue_t* venue, int number, const bars_t* bars,
                    int* why) noexcept nogil
cdef bint walk_to(venue_t* venue, int64_t time_ns) noexcept nogil
cdef int64_t first_end(const venue_t* venue) noexcept nogil
