"""A bar as prints: open, the two extremes, close, tick by tick in between."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport venue_t

cdef struct bars_t:
    const int64_t* starts
    const int64_t* ends
    const int64_t* opens
    const int64_t* highs
    const int64_t* lows
    const int64_t* closes
    int64_t n

cdef int64_t feed_bars(venue_t* venue, int number, const bars_t* bars,
                       int* why) noexcept nogil
