# cython: boundscheck=False, wraparound=False, cdivision=True
"""Floors: what an account's equity may not come down to.

Equity is the balance and what the open positions would bring at the last prints. An
account that reaches its floor is told of once, and has none from then on; what follows
is for whoever set it.
"""

from libc.stdint cimport int64_t

from fastorder.matching._log cimport note_at
from fastorder.matching._money cimport open_profit
from fastorder.matching._state cimport (
    FLOOR_REACHED,
    LEAST,
    MOST,
    TOO_MUCH_MONEY,
    add_fits,
    contract_t,
    event_t,
    position_t,
    sub_fits,
    venue_t,
)


cdef inline const position_t* held_by(const venue_t* venue, int account,
                                      int contract) noexcept nogil:
    return &venue.positions[<int64_t>account * venue.n_contracts + contract]


cdef bint open_of(const venue_t* venue, int account, int64_t* profit) noexcept nogil:
    """What all open positions of an account would bring; False if it does not fit."""
    cdef int64_t part
    cdef int i
    profit[0] = 0
    for i in range(venue.n_contracts):
        if held_by(venue, account, i).size == 0 or not venue.contracts[i].has_last:
            continue
        if not (open_profit(venue, account, i, venue.contracts[i].last, &part)
                and add_fits(profit[0], part, profit)):
            return False
    return True


cdef void check_floors(venue_t* venue, const contract_t* contract) noexcept nogil:
    """Tell of each account that has come down to its floor."""
    cdef event_t* event
    cdef int64_t profit, equity
    cdef int i
    for i in range(venue.n_accounts):
        if venue.accounts[i].floor == LEAST or venue.failed:
            continue
        if not (open_of(venue, i, &profit)
                and add_fits(venue.accounts[i].balance, profit, &equity)):
            venue.failed = TOO_MUCH_MONEY
        elif equity <= venue.accounts[i].floor:
            event = note_at(venue, FLOOR_REACHED, 0, i, contract.number)
            event.price = contract.last
            event.profit = profit
            event.balance = venue.accounts[i].balance
            venue.accounts[i].floor = LEAST
            venue.floors -= 1

# ------------------------------------------------------------------ edges


cdef void floor_edges(const venue_t* venue, contract_t* contract) noexcept nogil:
    """The first print of a contract that brings an account down to its floor."""
    cdef int i
    for i in range(venue.n_accounts):
        if (venue.accounts[i].floor != LEAST
                and held_by(venue, i, contract.number).size != 0):
            floor_edge(venue, contract, i)


cdef void floor_edge(const venue_t* venue, contract_t* contract,
                     int account) noexcept nogil:
    cdef const position_t* held = held_by(venue, account, contract.number)
    cdef int64_t room, each = contract.tick_value * held.size
    cdef int i
    for i in range(venue.n_contracts):
        if i != contract.number and held_by(venue, account, i).size != 0:
            contract.low = MOST         # the others' prices move it: look at each print
            return
    if not sub_fits(venue.accounts[account].balance, venue.accounts[account].floor,
                    &room):
        contract.low = MOST
    elif held.size > 0:
        contract.low = max(contract.low, divided(held.cost - room, each))
    else:
        contract.high = min(contract.high, -divided(-held.cost - room, -each))


cdef inline int64_t divided(int64_t number, int64_t by) noexcept nogil:
    """The quotient, rounded down; of a positive divisor."""
    cdef int64_t found = number // by
    return found - 1 if number % by < 0 else found
