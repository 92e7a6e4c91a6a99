"""Positions, profit, fees and balances, in whole micro-dollars."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport order_t, venue_t

cdef void trade(venue_t* venue, const order_t* order, int64_t price, int64_t size,
                int flags) noexcept nogil
cdef void settle(venue_t* venue, int account, int contract) noexcept nogil
cdef bint open_profit(const venue_t* venue, int account, int contract, int64_t price,
                      int64_t* profit) noexcept nogil
