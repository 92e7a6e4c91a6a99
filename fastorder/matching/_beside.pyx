# cython: boundscheck=False, wraparound=False, cdivision=True
"""Bars of several contracts, walked side by side in the order of time.

Each contract goes its own way through its own bar, as it does alone. What differs is
that no contract is ahead of another: whenever something happens, all of them are where
their ways are at that time. Of two that print at one time, the one with the lower
number comes first.
"""

from libc.stdint cimport int64_t

from fastorder.matching._feed cimport standing
from fastorder.matching._log cimport next_seen
from fastorder.matching._state cimport MOST, contract_t, venue_t, walk_t
from fastorder.matching._time cimport advance
from fastorder.matching._walk cimport (
    bars_t,
    check_bar,
    choose,
    next_price,
    price_at,
    set_out,
    show,
    still_ns,
    time_at,
    turn,
)


cdef bint start_bar(venue_t* venue, int number, const bars_t* bars,
                    int* why) noexcept nogil:
    """Print a bar's open and set out on its walk, beside those of others.

    Returns:
        False where something is to be shown first, or the bar cannot be.
    """
    cdef contract_t* contract = &venue.contracts[number]
    why[0] = check_bar(venue, number, bars, 0)
    if why[0] or not walk_to(venue, bars.starts[0]):
        return False
    why[0] = standing(contract)
    if why[0]:
        return False
    if not contract.is_open:
        contract.outside += 1
        return True
    show(venue, contract, bars.opens[0])
    set_out(venue, contract, bars, 0)
    return True


cdef bint walk_to(venue_t* venue, int64_t time_ns) noexcept nogil:
    """Walk all bars, and do all that is due, up to a time.

    Returns:
        False where something is to be shown first.
    """
    cdef int64_t step_ns
    while venue.walking and not venue.failed:
        turn_all(venue)
        step_ns = next_step(venue)
        if step_ns > time_ns:
            if venue.now_ns >= time_ns:
                break
            step_ns = time_ns
        if not go_to(venue, step_ns):
            return False
    return advance(venue, time_ns)


cdef int64_t first_end(const venue_t* venue) noexcept nogil:
    """When the first of the bars that are walked ends; never where there is none."""
    cdef const contract_t* contract
    cdef int64_t found = MOST
    cdef int i
    for i in range(venue.n_contracts if venue.walking else 0):
        contract = &venue.contracts[i]
        if contract.walk.stretch:
            found = min(found, contract.walk.time_ns[3] + 1)
    return found

# ------------------------------------------------------------------ a step


cdef void turn_all(venue_t* venue) noexcept nogil:
    cdef contract_t* contract
    cdef int i
    for i in range(venue.n_contracts):
        contract = &venue.contracts[i]
        if contract.walk.undecided and venue.now_ns >= still_ns(&contract.walk):
            choose(venue, contract)
        if contract.walk.stretch:
            turn(venue, contract)


cdef int64_t next_step(const venue_t* venue) noexcept nogil:
    """When an order may act next, or something is due or seen, or a way turns."""
    cdef const contract_t* contract
    cdef int64_t found = min(venue.next_ns, next_seen(venue))
    cdef int i
    for i in range(venue.n_contracts):
        contract = &venue.contracts[i]
        if contract.walk.undecided:
            found = min(found, still_ns(&contract.walk))
        elif contract.walk.stretch:
            found = min(found, time_at(
                &contract.walk, next_price(&contract.walk, contract), venue.now_ns))
    return found


cdef bint go_to(venue_t* venue, int64_t time_ns) noexcept nogil:
    """All walks go to a time, do what is due then, and print where they are."""
    cdef int i
    time_ns = max(time_ns, venue.now_ns)
    for i in range(venue.n_contracts):
        if venue.contracts[i].walk.stretch:
            aim(venue, &venue.contracts[i], time_ns)
    if not advance(venue, time_ns):
        return False
    for i in range(venue.n_contracts):
        if venue.contracts[i].walk.stretch:
            move(venue, &venue.contracts[i])
    return next_seen(venue) > time_ns


cdef void aim(venue_t* venue, contract_t* contract, int64_t time_ns) noexcept nogil:
    """Find where a walk is at a time: at its next price, or on the way there."""
    cdef walk_t* walk = &contract.walk
    cdef int64_t goal = next_price(walk, contract)
    contract.last = price_at(walk, time_ns, goal)
    if time_at(walk, goal, venue.now_ns) > time_ns:
        goal = contract.last
    walk.next_price = goal


cdef void move(venue_t* venue, contract_t* contract) noexcept nogil:
    contract.walk.now = contract.walk.next_price
    if contract.is_open:
        show(venue, contract, contract.walk.now)
