# cython: boundscheck=False, wraparound=False, cdivision=True
"""Time goes on: sessions open and close, contracts end, what is due is done.

At one instant: first the boundaries, then what is due in the order in which it was
asked for, then the data, and last what is seen of all that.
"""

from libc.stdint cimport int64_t

from fastorder.matching._due cimport pop, set_next
from fastorder.matching._edges cimport set_edges
from fastorder.matching._entry cimport arrived
from fastorder.matching._fills cimport activate, match_legs
from fastorder.matching._log cimport next_seen
from fastorder.matching._money cimport settle
from fastorder.matching._orders cimport end, end_legs, is_live, sweep
from fastorder.matching._state cimport (
    ACTIVATE,
    EXPIRED,
    MOST,
    ONE_CANCELS_OTHER,
    PENDING,
    contract_t,
    due_t,
    order_t,
    request_t,
    venue_t,
)


cdef bint advance(venue_t* venue, int64_t time_ns) noexcept nogil:
    """Do all that is due up to a time; False where something is to be shown first."""
    cdef int64_t seen_ns
    while not venue.failed:
        seen_ns = next_seen(venue)
        if venue.next_ns <= time_ns and venue.next_ns <= seen_ns:
            step(venue)
        elif seen_ns < time_ns:
            return False
        else:
            venue.now_ns = max(venue.now_ns, time_ns)
            return True
    return True


cdef void step(venue_t* venue) noexcept nogil:
    cdef due_t entry
    cdef int i
    venue.now_ns = max(venue.now_ns, venue.next_ns)
    for i in range(venue.n_contracts):
        if venue.contracts[i].boundary_ns <= venue.next_ns:
            cross(venue, &venue.contracts[i])
            set_next(venue)
            return
    entry = pop(venue)
    if entry.request.what == ACTIVATE or entry.request.what == ONE_CANCELS_OTHER:
        follow(venue, &entry.request)
    else:
        arrived(venue, &entry.request)


cdef void follow(venue_t* venue, const request_t* request) noexcept nogil:
    """What the fill of an entry or of a leg brings, its latency later."""
    cdef contract_t* contract = &venue.contracts[request.contract]
    if request.what == ONE_CANCELS_OTHER:
        end_legs(venue, contract, request.id)
    else:
        activate(venue, contract, request.id, request.limit, request.size)
        if contract.is_open:
            match_legs(venue, contract, request.id)
    sweep(contract)
    set_edges(venue, contract)

# ------------------------------------------------------------------ boundaries


cdef void set_boundary(contract_t* contract) noexcept nogil:
    contract.boundary_ns = MOST if contract.expired else contract.expires_ns
    if contract.session < contract.sessions and not contract.expired:
        contract.boundary_ns = min(
            contract.boundary_ns,
            contract.closes[contract.session] if contract.is_open
            else contract.opens[contract.session])


cdef void cross(venue_t* venue, contract_t* contract) noexcept nogil:
    if contract.expires_ns <= contract.boundary_ns:
        expire(venue, contract)
    elif contract.is_open:
        contract.is_open = False
        contract.session += 1
        end_orders(venue, contract, not venue.expire_at_close)
    else:
        contract.is_open = True
    set_boundary(contract)
    sweep(contract)
    set_edges(venue, contract)


cdef void end_orders(venue_t* venue, contract_t* contract,
                     bint only_pending) noexcept nogil:
    """A session's end; a market order that found no price ends with it always."""
    cdef order_t* order
    cdef int i
    for i in range(contract.count):
        order = &contract.orders[i]
        if is_live(order) and (order.status == PENDING or not only_pending):
            end(venue, order, EXPIRED)
            if only_pending and order.legs:
                end_legs(venue, contract, order.id)


cdef void expire(venue_t* venue, contract_t* contract) noexcept nogil:
    """A contract's last moment: its orders expire, its positions are settled."""
    cdef int account
    contract.expired = True
    contract.is_open = False
    end_orders(venue, contract, False)
    for account in range(venue.n_accounts):
        settle(venue, account, contract.number)
