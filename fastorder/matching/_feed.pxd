"""Ticks and quotes, many in one go."""

from libc.stdint cimport int8_t, int64_t

from fastorder.matching._state cimport contract_t, venue_t

cdef enum:
    # what is wrong with a datum
    FINE
    LATE
    BAD_PRICE
    BAD_SIZE
    BAD_SIDE
    BAD_QUOTE
    AFTER_EXPIRY
    AFTER_SESSIONS
    BAD_BAR
    SHORT_BAR

cdef struct columns_t:
    const int64_t* time
    const int64_t* price
    const int64_t* size     # NULL: a contract each
    const int8_t* side      # NULL: not known
    const int64_t* bid      # NULL: not given
    const int64_t* ask
    const int64_t* bid_size
    const int64_t* ask_size
    int64_t n

cdef extern from *:
    """
    #define HIGHEST_PRICE ((int64_t)1 << 40)
    """
    const int64_t HIGHEST_PRICE

cdef int64_t feed_ticks(venue_t* venue, int number, const columns_t* columns,
                        int* why) noexcept nogil
cdef int64_t feed_quotes(venue_t* venue, int number, const columns_t* columns,
                         int* why) noexcept nogil
cdef int standing(const contract_t* contract) noexcept nogil
cdef int64_t floor_of(const contract_t* contract) noexcept nogil
cdef bint is_price(const contract_t* contract, int64_t price) noexcept nogil
