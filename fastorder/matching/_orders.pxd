"""The orders of a contract, by id: put in, found, ended."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport contract_t, order_t, venue_t

cdef order_t* put(venue_t* venue, contract_t* contract,
                  const order_t* order) noexcept nogil
cdef order_t* find(contract_t* contract, int64_t order_id) noexcept nogil
cdef void end(venue_t* venue, order_t* order, int status) noexcept nogil
cdef void end_legs(venue_t* venue, contract_t* contract, int64_t parent) noexcept nogil
cdef void sweep(contract_t* contract) noexcept nogil

cdef inline bint is_live(const order_t* order) noexcept nogil:
    return order.status in (1, 6, 8)        # open, pending, suspended

cdef inline bint is_working(const order_t* order) noexcept nogil:
    return order.status in (1, 6)
