# cython: boundscheck=False, wraparound=False, cdivision=True
"""Whether an order fills by a datum, at which price, and what follows.

A pass goes over the orders of a contract by id. What an order takes from the other side
is a taker's fill; a limit that rests fills at its own price, never better.
"""

from libc.stdint cimport int64_t
from libc.string cimport memset

from fastorder.matching._due cimport push
from fastorder.matching._edges cimport set_edges
from fastorder.matching._latency cimport draw
from fastorder.matching._log cimport note
from fastorder.matching._money cimport trade
from fastorder.matching._orders cimport (
    end,
    end_legs,
    find,
    is_working,
    sweep,
)
from fastorder.matching._state cimport (
    A_PRINT,
    A_QUOTE,
    ACTIVATE,
    FILLED,
    IN_DOUBT,
    LARGEST_POSITION,
    LEG,
    LEG_ACTIVATED,
    LIMIT,
    MARKET,
    MOST,
    OCO,
    ONE_CANCELS_OTHER,
    OPEN,
    QUEUE,
    STOP,
    STOP_LIMIT,
    SUSPENDED,
    TAKER,
    TOUCH,
    TRAILING_STOP,
    TRIGGERED,
    contract_t,
    order_t,
    request_t,
    venue_t,
)

# ------------------------------------------------------------------ the market


cdef void quote_of(const contract_t* contract, int64_t* bid,
                   int64_t* ask) noexcept nogil:
    """Bid and ask: those that were fed, or around the last print.

    A buyer's print was at the ask, a seller's at the bid. Where that is not known, both
    sides stand a spread away from the print.
    """
    if contract.quoted:
        bid[0] = contract.bid
        ask[0] = contract.ask
        return
    bid[0] = contract.last - (contract.spread if contract.last_side >= 0 else 0)
    ask[0] = contract.last + (contract.spread if contract.last_side <= 0 else 0)


cdef int64_t far_side(const contract_t* contract, int side) noexcept nogil:
    """What an order at the market gets, before it slips."""
    cdef int64_t bid, ask
    quote_of(contract, &bid, &ask)
    return ask if side > 0 else bid


cdef inline bint reaches(int64_t price, int64_t level, int side) noexcept nogil:
    """Whether a price is at a level or, seen from a buy, above it."""
    return price >= level if side > 0 else price <= level


cdef bint is_priced(const contract_t* contract, int datum) noexcept nogil:
    """Whether what stands on the other side is known now."""
    return contract.quoted or datum & A_PRINT

# ------------------------------------------------------------------ one order


cdef void match(venue_t* venue, contract_t* contract, order_t* order,
                int datum) noexcept nogil:
    """Fill an order as far as it fills now.

    Args:
        datum: what has just come, a print, a quote or both; 0 for an order that has.
    """
    if not is_working(order):
        return
    if order.kind == TRAILING_STOP and contract.has_last:
        trail(order, contract.last)
    if order.kind in (STOP, STOP_LIMIT, TRAILING_STOP) and not order.triggered:
        if not is_reached(contract, order):
            return
        order.triggered = True
        note(venue, TRIGGERED, order).price = order.stop
        if order.kind != STOP_LIMIT:
            take(venue, contract, order, stop_price(contract, order))
            return
        order.fresh = True
    if order.triggered and order.kind != STOP_LIMIT:
        take(venue, contract, order, stop_price(contract, order))
    elif order.kind == MARKET:
        if is_priced(contract, datum):
            take(venue, contract, order, far_side(contract, order.side)
                 + order.side * contract.slip)
    elif order.fresh:
        if is_priced(contract, datum):
            arrive(venue, contract, order)
    else:
        rest(venue, contract, order, datum)


cdef void trail(order_t* order, int64_t last) noexcept nogil:
    """Move a trailing stop behind the last price; it never moves back."""
    cdef int64_t stop = last + order.side * order.trail
    if order.side < 0:
        order.stop = max(order.stop, stop)
    else:
        order.stop = min(order.stop, stop)


cdef bint is_reached(const contract_t* contract, const order_t* order) noexcept nogil:
    """Whether a stop's price has traded; by quotes where no print was ever fed."""
    cdef int64_t price = contract.last
    if not contract.has_last:
        price = far_side(contract, order.side)
    return reaches(price, order.stop, order.side)


cdef int64_t stop_price(const contract_t* contract,
                        const order_t* order) noexcept nogil:
    """The worse of the print that has triggered it and the quote, and its slippage."""
    cdef int64_t price = contract.last
    if contract.quoted:
        price = far_side(contract, order.side)
        if contract.has_last and reaches(contract.last, price, order.side):
            price = contract.last
    return price + order.side * contract.stop_slip


cdef void arrive(venue_t* venue, contract_t* contract, order_t* order) noexcept nogil:
    """A limit that has just come takes what is there, down to its price, and rests."""
    cdef int64_t far = far_side(contract, order.side)
    order.fresh = False
    if reaches(order.limit, far, order.side):
        take(venue, contract, order, far)
    if is_working(order):
        order.ahead = ahead_of(venue, contract, order)


cdef void queue_anew(const venue_t* venue, const contract_t* contract,
                     order_t* order) noexcept nogil:
    """Stand at the queue's end: a new price, or more contracts, lose the place."""
    order.ahead = ahead_of(venue, contract, order)


cdef int64_t ahead_of(const venue_t* venue, const contract_t* contract,
                      const order_t* order) noexcept nogil:
    """How many contracts stand at its price before it: as quoted, or as assumed."""
    if venue.model != QUEUE:
        return 0
    if contract.quoted and order.side > 0 and order.limit == contract.bid:
        if contract.bid_size > 0:
            return contract.bid_size
    if contract.quoted and order.side < 0 and order.limit == contract.ask:
        if contract.ask_size > 0:
            return contract.ask_size
    return venue.model_ticks

# ------------------------------------------------------------------ fill models


cdef void rest(venue_t* venue, contract_t* contract, order_t* order,
               int datum) noexcept nogil:
    """A limit that rests: filled at its price, by the fill model."""
    cdef int64_t size = order.size - order.filled
    if datum & A_QUOTE and is_crossed(venue, contract, order):
        fill(venue, contract, order, order.limit, size, 0)
    elif datum & A_PRINT:
        size = min(size, printed(venue, contract, order))
        if size > 0:
            fill(venue, contract, order, order.limit, size, 0)


cdef bint is_crossed(const venue_t* venue, const contract_t* contract,
                     const order_t* order) noexcept nogil:
    """Whether the other side of the quote stands where it would have met the order."""
    cdef int64_t beyond = 0
    if venue.model != TOUCH and venue.model != QUEUE:
        beyond = max(0, venue.model_ticks - 1)
    return reaches(order.limit - order.side * beyond,
                   contract.ask if order.side > 0 else contract.bid, order.side)


cdef int64_t printed(venue_t* venue, const contract_t* contract,
                     order_t* order) noexcept nogil:
    """How many contracts a print fills."""
    cdef int64_t beyond = (order.limit - contract.last) * order.side
    cdef int64_t size = venue.left if venue.partial else MOST
    if venue.model == QUEUE:
        if beyond == 0:
            return queued(venue, order)
        return size if beyond > 0 else 0
    if venue.model == TOUCH:
        return size if beyond >= 0 else 0
    return size if beyond >= venue.model_ticks else 0


cdef int64_t queued(venue_t* venue, order_t* order) noexcept nogil:
    """What a print at its price leaves for an order, once those before it have had."""
    cdef int64_t left = venue.left
    if left == MOST:                # of a bar: no size is known
        return 0
    if left <= order.ahead:
        order.ahead -= left
        return 0
    left -= order.ahead
    order.ahead = 0
    return left

# ------------------------------------------------------------------ fills


cdef void take(venue_t* venue, contract_t* contract, order_t* order,
               int64_t price) noexcept nogil:
    """Fill from the other side, a level after the other where depth is limited."""
    cdef bint is_limited = order.kind not in (MARKET, STOP, TRAILING_STOP)
    cdef int64_t size
    while is_working(order) and not venue.failed:
        if is_limited and not reaches(order.limit, price, order.side):
            return
        size = order.size - order.filled
        if contract.depth:
            size = min(size, contract.depth)
        fill(venue, contract, order, grounded(contract, price), size, TAKER)
        price += order.side


cdef inline int64_t grounded(const contract_t* contract, int64_t price) noexcept nogil:
    return price if contract.negative or price > 0 else 1


cdef void fill(venue_t* venue, contract_t* contract, order_t* order, int64_t price,
               int64_t size, int flags) noexcept nogil:
    """Book a fill of an order, and what follows of it."""
    if venue.left != MOST and not flags & TAKER:
        venue.left -= min(size, venue.left)
    order.status = OPEN
    order.filled += <int>size
    order.paid += price * size
    trade(venue, order, price, size, flags | doubt(venue, order.id))
    if venue.failed or order.filled < order.size:
        return
    end(venue, order, FILLED)
    if order.legs:
        legs_follow(venue, contract, order)
    if order.parent:
        sibling_follows(venue, contract, order)


cdef int doubt(const venue_t* venue, int64_t order_id) noexcept nogil:
    cdef int64_t i
    for i in range(venue.n_doubtful):
        if venue.doubtful[i].order_id == order_id:
            return IN_DOUBT
    return 0

# ------------------------------------------------------------------ brackets


cdef int64_t average(const order_t* order) noexcept nogil:
    """The mean price of an order's fills, to the nearest tick, a half upward."""
    cdef int64_t twice = 2 * order.paid + order.filled
    cdef int64_t whole = 2 * <int64_t>order.filled
    cdef int64_t ticks = twice // whole
    return ticks - (1 if twice % whole < 0 else 0)


cdef void legs_follow(venue_t* venue, contract_t* contract,
                      const order_t* entry) noexcept nogil:
    """Wake the legs of an entry, now or after their latency."""
    cdef int size = entry.filled
    if entry.filled >= entry.size:
        size = LARGEST_POSITION         # a leg keeps the size that it has
    follow(venue, contract, ACTIVATE, LEG, entry.id, average(entry), size,
           entry.account)


cdef void sibling_follows(venue_t* venue, contract_t* contract,
                          const order_t* leg) noexcept nogil:
    follow(venue, contract, ONE_CANCELS_OTHER, OCO, leg.parent, 0, 0, leg.account)


cdef void follow(venue_t* venue, contract_t* contract, int what, int latency,
                 int64_t parent, int64_t price, int size, int account) noexcept nogil:
    cdef int64_t delay_ns = draw(venue, latency, parent, what)
    cdef request_t request
    if delay_ns == 0:
        if what == ACTIVATE:
            activate(venue, contract, parent, price, size)
        else:
            end_legs(venue, contract, parent)
        return
    memset(&request, 0, sizeof(request_t))
    request.what = what
    request.id = parent
    request.limit = price
    request.size = size
    request.account = account
    request.contract = contract.number
    push(venue, venue.now_ns + delay_ns, &request)


cdef void activate(venue_t* venue, contract_t* contract, int64_t parent, int64_t price,
                   int size) noexcept nogil:
    """Give the legs their prices, counted from the fill of their entry."""
    cdef order_t* leg
    cdef int nth
    for nth in range(1, 3):
        leg = find(contract, parent + nth)
        if leg is NULL or leg.parent != parent or leg.status != SUSPENDED:
            continue
        leg.status = OPEN
        leg.size = min(leg.size, size)
        if leg.kind == LIMIT:
            leg.limit = price + leg.offset
            leg.ahead = ahead_of(venue, contract, leg)
        else:
            leg.stop = price + leg.offset
        note(venue, LEG_ACTIVATED, leg).price = price + leg.offset


cdef void after_cancel(venue_t* venue, contract_t* contract,
                       order_t* order) noexcept nogil:
    """The legs of an entry that ends: ended too, or awake for the part that filled."""
    if not order.legs:
        return
    if order.filled:
        legs_follow(venue, contract, order)
    else:
        end_legs(venue, contract, order.id)

# ------------------------------------------------------------------ all orders


cdef void match_legs(venue_t* venue, contract_t* contract,
                     int64_t parent) noexcept nogil:
    """Look at legs that have just become active."""
    cdef order_t* leg
    cdef int nth
    for nth in range(1, 3):
        leg = find(contract, parent + nth)
        if leg is not NULL and leg.parent == parent and not venue.failed:
            match(venue, contract, leg, 0)


cdef void match_all(venue_t* venue, contract_t* contract, int datum) noexcept nogil:
    """One pass over the orders of a contract, by id."""
    cdef int i
    for i in range(contract.count):
        match(venue, contract, &contract.orders[i], datum)
        if venue.failed:
            return
    sweep(contract)
    set_edges(venue, contract)
