"""Whether an order fills by a datum, at which price, and what follows."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport contract_t, order_t, venue_t

cdef void quote_of(const contract_t* contract, int64_t* bid,
                   int64_t* ask) noexcept nogil
cdef void match(venue_t* venue, contract_t* contract, order_t* order,
                int datum) noexcept nogil
cdef void match_all(venue_t* venue, contract_t* contract, int datum) noexcept nogil
cdef void match_legs(venue_t* venue, contract_t* contract,
                     int64_t parent) noexcept nogil
cdef void after_cancel(venue_t* venue, contract_t* contract,
                       order_t* order) noexcept nogil
cdef void activate(venue_t* venue, contract_t* contract, int64_t parent, int64_t price,
                   int size) noexcept nogil
cdef void queue_anew(const venue_t* venue, const contract_t* contract,
                     order_t* order) noexcept nogil
