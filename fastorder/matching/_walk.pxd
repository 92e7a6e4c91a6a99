"""A bar as prints: open, the two extremes, close, tick by tick in between."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport contract_t, venue_t, walk_t

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

# for bars of several contracts: the same walk, step by step
cdef int check_bar(const venue_t* venue, int number, const bars_t* bars,
                   int64_t i) noexcept nogil
cdef void set_out(venue_t* venue, contract_t* contract, const bars_t* bars,
                  int64_t i) noexcept nogil
cdef void choose(venue_t* venue, contract_t* contract) noexcept nogil
cdef int64_t still_ns(const walk_t* walk) noexcept nogil
cdef bint turn(venue_t* venue, contract_t* contract) noexcept nogil
cdef int64_t next_price(const walk_t* walk, const contract_t* contract) noexcept nogil
cdef int64_t time_at(const walk_t* walk, int64_t price, int64_t now_ns) noexcept nogil
cdef int64_t price_at(const walk_t* walk, int64_t time_ns,
                      int64_t before) noexcept nogil
cdef void show(venue_t* venue, contract_t* contract, int64_t price) noexcept nogil
