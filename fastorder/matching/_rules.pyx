# cython: boundscheck=False, wraparound=False, cdivision=True
"""The gateway's rules for a place and a modify.

Each check returns the rule that is broken, or 0, and sets what the order has by it. The
order of the checks is the gateway's, as far as it is known.
"""

from libc.stdint cimport int64_t

from fastorder.matching._fills cimport quote_of
from fastorder.matching._state cimport (
    ACCOUNT_MAY_NOT_TRADE,
    BRACKETS_NOT_ENABLED,
    INVALID_LEG_TYPE,
    INVALID_SIDE,
    INVALID_SIZE,
    INVALID_SYMBOL,
    INVALID_TYPE,
    JOIN_ASK,
    JOIN_BID,
    LEAST_BRACKET,
    LIMIT,
    LIMIT_NOT_ALIGNED,
    LIMIT_NOT_SET,
    MARKET,
    MARKET_CLOSED,
    MOST,
    MOST_TRAIL,
    NO_PRICE,
    OPEN,
    STOP,
    STOP_LIMIT,
    STOP_LOSS_ON_WRONG_SIDE,
    STOP_LOSS_TOO_NEAR,
    STOP_NOT_ALIGNED,
    STOP_NOT_SET,
    STOP_ON_WRONG_SIDE,
    TAKE_PROFIT_ON_WRONG_SIDE,
    TAKE_PROFIT_TOO_NEAR,
    TRAIL_NOT_ALIGNED,
    TRAIL_NOT_SET,
    TRAIL_TOO_FAR,
    TRAIL_WITHOUT_LAST,
    TRAILING_STOP,
    contract_t,
    magnitude,
    order_t,
    request_t,
    venue_t,
)


cdef int check_place(const venue_t* venue, const contract_t* contract,
                     const request_t* request, order_t* order) noexcept nogil:
    cdef int broken = check_kind(venue, request)
    if broken:
        return broken
    if not venue.accounts[request.account].may_trade:
        return ACCOUNT_MAY_NOT_TRADE
    if not contract.is_open:
        return MARKET_CLOSED
    if not contract.quoted and not contract.has_last:
        return INVALID_SYMBOL
    broken = set_prices(contract, request, order)
    return broken if broken else check_bracket(venue, request)


cdef int check_kind(const venue_t* venue, const request_t* request) noexcept nogil:
    if not LIMIT <= request.kind <= JOIN_ASK:
        return INVALID_TYPE
    if request.kind == STOP_LIMIT and not venue.stop_limits:
        return INVALID_TYPE
    if request.side not in (1, -1):
        return INVALID_SIDE
    return INVALID_SIZE if request.size <= 0 else 0


cdef inline bint is_aligned(const contract_t* contract, int64_t price) noexcept nogil:
    """Whether the contract has a price; ticks lie on the grid, of some signs."""
    return price > 0 or contract.negative


cdef int set_prices(const contract_t* contract, const request_t* request,
                    order_t* order) noexcept nogil:
    cdef int64_t bid, ask
    quote_of(contract, &bid, &ask)
    if order.kind == LIMIT or order.kind == STOP_LIMIT:
        if request.limit == NO_PRICE:
            return LIMIT_NOT_SET
        if not is_aligned(contract, request.limit):
            return LIMIT_NOT_ALIGNED
        order.limit = request.limit
    if order.kind == STOP or order.kind == STOP_LIMIT:
        return set_stop(contract, request.stop, order)
    if order.kind == TRAILING_STOP:
        return set_trail(contract, request.trail, MOST_TRAIL, order)
    if order.kind == JOIN_BID:
        order.limit = bid
    elif order.kind == JOIN_ASK:
        order.limit = ask
    return 0


cdef int set_stop(const contract_t* contract, int64_t price,
                  order_t* order) noexcept nogil:
    cdef int64_t bid, ask, last = contract.last
    if price == NO_PRICE:
        return STOP_NOT_SET
    if not is_aligned(contract, price):
        return STOP_NOT_ALIGNED
    if not contract.has_last:
        quote_of(contract, &bid, &ask)
        last = ask if order.side > 0 else bid
    if order.status == OPEN:
        if price <= last if order.side > 0 else price >= last:
            return STOP_ON_WRONG_SIDE
    order.stop = price
    return 0


cdef int set_trail(const contract_t* contract, int64_t price, int64_t most,
                   order_t* order) noexcept nogil:
    """A price comes in; its distance to the last price is kept."""
    if price == NO_PRICE:
        return TRAIL_NOT_SET
    if not is_aligned(contract, price):
        return TRAIL_NOT_ALIGNED
    if not contract.has_last:
        return TRAIL_WITHOUT_LAST
    if magnitude(contract.last - price) > most:
        return TRAIL_TOO_FAR
    order.trail = magnitude(contract.last - price)
    order.stop = contract.last + order.side * order.trail
    return 0

# ------------------------------------------------------------------ brackets


cdef int check_bracket(const venue_t* venue, const request_t* request) noexcept nogil:
    cdef int broken = 0
    if not request.loss_kind and not request.profit_kind:
        return 0
    if not venue.accounts[request.account].auto_oco:
        return BRACKETS_NOT_ENABLED
    if request.loss_kind:
        if request.loss_kind not in (STOP, TRAILING_STOP):
            return INVALID_LEG_TYPE
        broken = check_leg(request.loss_ticks, -request.side, STOP_LOSS_ON_WRONG_SIDE,
                           STOP_LOSS_TOO_NEAR)
    if not broken and request.profit_kind:
        if request.profit_kind != LIMIT:
            return INVALID_LEG_TYPE
        broken = check_leg(request.profit_ticks, request.side,
                           TAKE_PROFIT_ON_WRONG_SIDE, TAKE_PROFIT_TOO_NEAR)
    return broken


cdef int check_leg(int64_t ticks, int way, int wrong, int near) noexcept nogil:
    """A leg lies on its side of the entry, and far enough from it."""
    if ticks * way < 0:
        return wrong
    return near if magnitude(ticks) < LEAST_BRACKET else 0

# ------------------------------------------------------------------ modify


cdef int check_modify(const contract_t* contract, const request_t* request,
                      order_t* order) noexcept nogil:
    """Set what is given and what the order's kind has; the rest stays."""
    cdef bint is_limit = order.kind not in (MARKET, STOP, TRAILING_STOP)
    cdef int broken = 0
    if request.has_size and (request.size <= 0 or request.size <= order.filled):
        return INVALID_SIZE
    if not contract.is_open:
        return MARKET_CLOSED
    if order.kind in (STOP, STOP_LIMIT) and request.stop != NO_PRICE:
        broken = set_stop(contract, request.stop, order)
    elif order.kind == TRAILING_STOP and request.trail != NO_PRICE:
        broken = set_trail(contract, request.trail, MOST, order)
    if not broken and is_limit and request.limit != NO_PRICE:
        broken = set_limit(contract, request.limit, order)
    if not broken and request.has_size:
        order.size = request.size
    return broken


cdef int set_limit(const contract_t* contract, int64_t price,
                   order_t* order) noexcept nogil:
    if not is_aligned(contract, price):
        return LIMIT_NOT_ALIGNED
    order.fresh = order.fresh or price != order.limit
    order.limit = price
    return 0
