# cython: boundscheck=False, wraparound=False, cdivision=True
"""Requests as they reach the venue: checked by the gateway's rules, then applied."""

from libc.stdint cimport int64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from fastorder.matching._edges cimport set_edges
from fastorder.matching._fills cimport after_cancel, match, match_legs, queue_anew
from fastorder.matching._log cimport note, note_at
from fastorder.matching._orders cimport end, find, put, sweep
from fastorder.matching._rules cimport check_modify, check_place
from fastorder.matching._state cimport (
    ACCEPTED,
    ACCOUNT_MAY_NOT_TRADE,
    ACCOUNT_NOT_FOUND,
    CANCEL,
    CANCEL_REFUSED,
    CANCELLED,
    CLOSE,
    CLOSE_REFUSED,
    CONTRACT_NOT_ACTIVE,
    CONTRACT_NOT_FOUND,
    INVALID_CLOSE_SIZE,
    LEG_ADDED,
    LIMIT,
    MARKET,
    MARKET_CLOSED,
    MODIFIED,
    MODIFY,
    MODIFY_REFUSED,
    NO_MEMORY,
    NO_PRICE,
    OPEN,
    ORDER_NOT_FOUND,
    PENDING,
    PLACE,
    POSITION_NOT_FOUND,
    REJECTED,
    SUSPENDED,
    TAG_IN_USE,
    TRAILING_STOP,
    contract_t,
    event_t,
    magnitude,
    order_t,
    request_t,
    venue_t,
)


cdef void arrived(venue_t* venue, const request_t* request) noexcept nogil:
    """Do what a request asks for, or refuse it by the gateway's code."""
    if request.what == PLACE:
        place(venue, request)
    elif request.what == MODIFY:
        modify(venue, request)
    elif request.what == CANCEL:
        cancel(venue, request)
    elif request.what == CLOSE:
        close(venue, request)


cdef void refuse(venue_t* venue, const request_t* request, int kind, int code,
                 int reason) noexcept nogil:
    cdef event_t* event = note_at(venue, kind, request.id, request.account,
                                  request.contract)
    event.order_kind = request.kind
    event.side = request.side
    event.size = request.size
    event.code = code
    event.reason = reason


cdef void look(venue_t* venue, contract_t* contract, int64_t order_id) noexcept nogil:
    """Fill what an order that has come or changed fills at once."""
    cdef order_t* order = find(contract, order_id)
    if contract.is_open and order is not NULL:
        match(venue, contract, order, 0)
        match_legs(venue, contract, order_id)
    sweep(contract)
    set_edges(venue, contract)

# ------------------------------------------------------------------ place


cdef void place(venue_t* venue, const request_t* request) noexcept nogil:
    cdef order_t order
    cdef contract_t* contract
    cdef int reason
    if not 0 <= request.account < venue.n_accounts:
        refuse(venue, request, REJECTED, 1, ACCOUNT_NOT_FOUND)
        return
    if not 0 <= request.contract < venue.n_contracts:
        refuse(venue, request, REJECTED, 8, CONTRACT_NOT_FOUND)
        return
    contract = &venue.contracts[request.contract]
    if contract.expired:
        refuse(venue, request, REJECTED, 9, CONTRACT_NOT_ACTIVE)
        return
    if not burn(venue, request.tag, request.account):
        refuse(venue, request, REJECTED, 2, TAG_IN_USE)
        return
    order = made(venue, request)
    reason = check_place(venue, contract, request, &order)
    if reason:
        refuse(venue, request, REJECTED,
               4 if reason == ACCOUNT_MAY_NOT_TRADE else 2, reason)
        return
    book(venue, contract, request, &order)


cdef order_t made(const venue_t* venue, const request_t* request) noexcept nogil:
    cdef order_t order
    memset(&order, 0, sizeof(order_t))
    order.id = request.id
    order.account = request.account
    order.contract = request.contract
    order.kind = request.kind
    order.side = request.side
    order.size = request.size
    order.limit = order.stop = NO_PRICE
    order.accepted_ns = venue.now_ns
    order.status = PENDING if order.kind == MARKET else OPEN
    order.fresh = True
    return order


cdef void book(venue_t* venue, contract_t* contract, const request_t* request,
               order_t* order) noexcept nogil:
    order.legs = (request.loss_kind != 0) + (request.profit_kind != 0)
    note(venue, ACCEPTED, order)
    put(venue, contract, order)
    cdef int64_t leg_id = order.id
    if request.loss_kind:
        leg_id += 1
        add_leg(venue, contract, order, leg_id, request.loss_kind, request.loss_ticks)
        burn(venue, request.loss_tag, request.account)
    if request.profit_kind:
        leg_id += 1
        add_leg(venue, contract, order, leg_id, LIMIT, request.profit_ticks)
        burn(venue, request.profit_tag, request.account)
    if not venue.failed:
        look(venue, contract, order.id)


cdef void add_leg(venue_t* venue, contract_t* contract, const order_t* entry,
                  int64_t leg_id, int kind, int64_t ticks) noexcept nogil:
    cdef order_t leg
    memset(&leg, 0, sizeof(order_t))
    leg.id = leg_id
    leg.parent = entry.id
    leg.account = entry.account
    leg.contract = entry.contract
    leg.kind = kind
    leg.side = -entry.side
    leg.size = entry.size
    leg.limit = leg.stop = NO_PRICE
    leg.offset = ticks
    leg.accepted_ns = entry.accepted_ns
    leg.status = SUSPENDED
    if kind == TRAILING_STOP:
        leg.trail = magnitude(ticks)
    if put(venue, contract, &leg) is not NULL:
        note(venue, LEG_ADDED, &leg)


cdef bint burn(venue_t* venue, int64_t tag, int account) noexcept nogil:
    """Use a tag up, for ever; False where it was used before."""
    cdef int64_t place = tag * venue.n_accounts + account
    cdef int64_t room = venue.n_burned
    cdef void* grown
    if tag == 0:
        return True
    if place < room and venue.burned[place]:
        return False
    if venue.is_scratch:            # it looks at the tags of the one that it copies
        return True
    if place >= room:
        room = 2 * place + 64
        grown = realloc(venue.burned, room)
        if grown is NULL:
            venue.failed = NO_MEMORY
            return True
        venue.burned = <unsigned char*>grown
        memset(&venue.burned[venue.n_burned], 0, room - venue.n_burned)
        venue.n_burned = room
    venue.burned[place] = 1
    return True

# ------------------------------------------------------------------ modify, cancel


cdef order_t* owned(venue_t* venue, const request_t* request,
                    contract_t** contract) noexcept nogil:
    """A live order of the account, wherever it is."""
    cdef order_t* order
    cdef int i
    for i in range(venue.n_contracts):
        contract[0] = &venue.contracts[i]
        order = find(contract[0], request.id)
        if order is not NULL and order.account == request.account:
            return order
    return NULL


cdef void modify(venue_t* venue, const request_t* request) noexcept nogil:
    cdef contract_t* contract
    cdef order_t* order
    cdef order_t changed
    cdef int reason
    if not 0 <= request.account < venue.n_accounts:
        refuse(venue, request, MODIFY_REFUSED, 1, ACCOUNT_NOT_FOUND)
        return
    order = owned(venue, request, &contract)
    if order is NULL:
        refuse(venue, request, MODIFY_REFUSED, 2, ORDER_NOT_FOUND)
        return
    changed = order[0]
    reason = check_modify(contract, request, &changed)
    if reason:
        refuse(venue, request, MODIFY_REFUSED, 3, reason)
        return
    if changed.size > order.size or changed.limit != order.limit:
        queue_anew(venue, contract, &changed)
    order[0] = changed
    note(venue, MODIFIED, order)
    look(venue, contract, request.id)


cdef void cancel(venue_t* venue, const request_t* request) noexcept nogil:
    cdef contract_t* contract
    cdef order_t* order
    if not 0 <= request.account < venue.n_accounts:
        refuse(venue, request, CANCEL_REFUSED, 1, ACCOUNT_NOT_FOUND)
        return
    order = owned(venue, request, &contract)
    if order is NULL:
        refuse(venue, request, CANCEL_REFUSED, 2, ORDER_NOT_FOUND)
        return
    end(venue, order, CANCELLED)
    after_cancel(venue, contract, order)
    match_legs(venue, contract, request.id)
    sweep(contract)
    set_edges(venue, contract)

# ------------------------------------------------------------------ close


cdef void close(venue_t* venue, const request_t* request) noexcept nogil:
    cdef contract_t* contract
    cdef order_t order
    cdef int64_t held
    cdef bint is_part = request.has_size
    if not 0 <= request.account < venue.n_accounts:
        refuse(venue, request, CLOSE_REFUSED, 1, ACCOUNT_NOT_FOUND)
        return
    if not 0 <= request.contract < venue.n_contracts:
        refuse(venue, request, CLOSE_REFUSED, 3, CONTRACT_NOT_FOUND)
        return
    contract = &venue.contracts[request.contract]
    held = venue.positions[<int64_t>request.account * venue.n_contracts
                           + request.contract].size
    if contract.expired:
        refuse(venue, request, CLOSE_REFUSED, 4, CONTRACT_NOT_ACTIVE)
    elif held == 0:
        refuse(venue, request, CLOSE_REFUSED, 2, POSITION_NOT_FOUND)
    elif is_part and not 0 < request.size <= magnitude(held):
        refuse(venue, request, CLOSE_REFUSED, 5, INVALID_CLOSE_SIZE)
    elif not contract.is_open:
        refuse(venue, request, CLOSE_REFUSED, 6 if is_part else 5, MARKET_CLOSED)
    else:
        order = made(venue, request)
        order.kind = MARKET
        order.status = PENDING
        order.side = -1 if held > 0 else 1
        order.size = request.size if is_part else <int>magnitude(held)
        note(venue, ACCEPTED, &order)
        if put(venue, contract, &order) is not NULL:
            look(venue, contract, order.id)
