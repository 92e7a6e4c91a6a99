# cython: boundscheck=False, wraparound=False, cdivision=True
"""Positions, profit, fees and balances, in whole micro-dollars.

A position is its size and what it cost: the sum of price times tick value times size of
what is open. A part that closes takes its share of the cost, to the nearest
micro-dollar, and the rest stays: over a position's life nothing appears or is lost.
Where a sum leaves int64 nothing is booked, and the exchange stops.
"""

from libc.stdint cimport int64_t

from fastorder.matching._log cimport note, note_at
from fastorder.matching._state cimport (
    LARGEST_POSITION,
    OPENS,
    SETTLED,
    TOO_LARGE_POSITION,
    TOO_MUCH_MONEY,
    TRADE,
    account_t,
    add_fits,
    contract_t,
    event_t,
    magnitude,
    mul_fits,
    order_t,
    position_t,
    share_of,
    sub_fits,
    venue_t,
)


cdef inline position_t* position_of(const venue_t* venue, int account,
                                    int contract) noexcept nogil:
    return &venue.positions[<int64_t>account * venue.n_contracts + contract]


cdef bint worth(const contract_t* contract, int64_t price, int64_t size,
                int64_t* value) noexcept nogil:
    """What contracts are worth at a price; False where that does not fit."""
    cdef int64_t each
    return (mul_fits(price, contract.tick_value, &each)
            and mul_fits(each, size, value))


cdef void trade(venue_t* venue, const order_t* order, int64_t price, int64_t size,
                int flags) noexcept nogil:
    """Book a fill: first what it closes, then what it opens."""
    cdef position_t* held = position_of(venue, order.account, order.contract)
    cdef int64_t closing = 0
    if held.size * order.side < 0:
        closing = min(size, held.size * -order.side)
    if closing:
        close(venue, order, held, price, closing, flags)
    if size > closing and not venue.failed:
        add(venue, order, held, price, size - closing, flags | OPENS)


cdef void close(venue_t* venue, const order_t* order, position_t* held, int64_t price,
                int64_t size, int flags) noexcept nogil:
    cdef int64_t value, profit
    cdef int64_t cost = share_of(held.cost, size, magnitude(held.size))
    if not worth(&venue.contracts[order.contract], price, size, &value):
        venue.failed = TOO_MUCH_MONEY
        return
    if not (sub_fits(value, cost, &profit) if held.size > 0
            else sub_fits(cost, value, &profit)):
        venue.failed = TOO_MUCH_MONEY
        return
    if book(venue, order, price, size, profit, flags, held.size + order.side * size):
        held.cost -= cost
        held.size += order.side * size


cdef void add(venue_t* venue, const order_t* order, position_t* held, int64_t price,
              int64_t size, int flags) noexcept nogil:
    cdef int64_t value, cost
    if magnitude(held.size) + size > LARGEST_POSITION:
        venue.failed = TOO_LARGE_POSITION
        return
    if not (worth(&venue.contracts[order.contract], price, size, &value)
            and add_fits(held.cost, value, &cost)):
        venue.failed = TOO_MUCH_MONEY
        return
    if book(venue, order, price, size, 0, flags, held.size + order.side * size):
        held.cost = cost
        held.size += order.side * size


cdef bint book(venue_t* venue, const order_t* order, int64_t price, int64_t size,
               int64_t profit, int flags, int64_t position) noexcept nogil:
    """Move the balance, and tell of it; False where a sum does not fit."""
    cdef contract_t* contract = &venue.contracts[order.contract]
    cdef account_t* account = &venue.accounts[order.account]
    cdef int64_t fees, commissions, balance
    if not (mul_fits(contract.fee, size, &fees)
            and mul_fits(contract.commission, size, &commissions)
            and add_fits(account.balance, profit, &balance)
            and sub_fits(balance, fees, &balance)
            and sub_fits(balance, commissions, &balance)):
        venue.failed = TOO_MUCH_MONEY
        return False
    account.balance = balance
    contract.walk.known = contract.last
    cdef event_t* event = note(venue, TRADE, order)
    event.price = price
    event.size = <int>size
    event.profit = profit
    event.fees = fees
    event.commissions = commissions
    event.position = position
    event.balance = balance
    event.flags = flags
    return True


cdef void settle(venue_t* venue, int account, int contract) noexcept nogil:
    """A position that a contract's end finds open: at the last price, without fees."""
    cdef position_t* held = position_of(venue, account, contract)
    cdef int64_t price = venue.contracts[contract].last
    cdef int64_t profit, balance
    if held.size == 0:
        return
    if not (open_profit(venue, account, contract, price, &profit)
            and add_fits(venue.accounts[account].balance, profit, &balance)):
        venue.failed = TOO_MUCH_MONEY
        return
    cdef event_t* event = note_at(venue, SETTLED, 0, account, contract)
    event.side = -1 if held.size > 0 else 1
    event.size = <int>magnitude(held.size)
    event.price = price
    event.profit = profit
    event.balance = balance
    venue.accounts[account].balance = balance
    held.size = held.cost = 0


cdef bint open_profit(const venue_t* venue, int account, int contract, int64_t price,
                      int64_t* profit) noexcept nogil:
    """What a position would bring at a price; False where that does not fit."""
    cdef const position_t* held = position_of(venue, account, contract)
    cdef int64_t value
    if not worth(&venue.contracts[contract], price, magnitude(held.size), &value):
        return False
    if held.size > 0:
        return sub_fits(value, held.cost, profit)
    return sub_fits(held.cost, value, profit)
