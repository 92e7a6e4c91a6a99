# cython: boundscheck=False, wraparound=False, cdivision=True
"""Ticks and quotes, many in one go.

The inner loops run while nothing can happen: the time is before the next thing due, and
the price between the edges. They also stop at what is out of order or no price, as the
edges are never wider than what a price may be.
"""

from libc.stdint cimport int8_t, int64_t

from fastorder.matching._fills cimport match_all
from fastorder.matching._log cimport next_seen
from fastorder.matching._state cimport (
    A_PRINT,
    A_QUOTE,
    MOST,
    contract_t,
    venue_t,
)
from fastorder.matching._time cimport advance


cdef int64_t floor_of(const contract_t* contract) noexcept nogil:
    """What every price of a contract is above."""
    return -HIGHEST_PRICE if contract.negative else 0


cdef bint is_price(const contract_t* contract, int64_t price) noexcept nogil:
    """Whether a contract can trade at a price."""
    return floor_of(contract) < price < HIGHEST_PRICE


cdef int standing(const contract_t* contract) noexcept nogil:
    """Whether a contract can have data at a time that has been reached."""
    if contract.expired:
        return AFTER_EXPIRY
    if contract.sessions and contract.session == contract.sessions:
        return AFTER_SESSIONS
    return FINE


cdef int64_t horizon(const venue_t* venue) noexcept nogil:
    """The first time at which something is due, or to be shown before a datum."""
    cdef int64_t seen_ns = next_seen(venue)
    return min(venue.next_ns, seen_ns + 1 if seen_ns < MOST else MOST)

# ------------------------------------------------------------------ ticks


cdef int64_t feed_ticks(venue_t* venue, int number, const columns_t* columns,
                        int* why) noexcept nogil:
    """Feed ticks up to one that is refused, or that something is shown before."""
    cdef contract_t* contract = &venue.contracts[number]
    cdef int64_t i = 0
    why[0] = FINE
    while i < columns.n and not venue.failed:
        if contract.is_open and contract.has_last:
            i = skip_ticks(venue, contract, columns, i)
            if i == columns.n:
                break
        why[0] = check_tick(venue, contract, columns, i)
        if why[0] or not advance(venue, columns.time[i]):
            return i
        why[0] = standing(contract)
        if why[0]:
            return i
        if not contract.is_open:
            contract.outside += 1
        elif not venue.failed:
            take_tick(venue, contract, columns, i)
        i += 1
    return i


cdef int64_t skip_ticks(venue_t* venue, contract_t* contract, const columns_t* columns,
                        int64_t first) noexcept nogil:
    cdef int64_t low = max(contract.low, floor_of(contract))
    cdef int64_t high = min(contract.high, HIGHEST_PRICE)
    cdef int64_t until_ns = horizon(venue)
    cdef int64_t i = plain_ticks(columns, first, venue.now_ns, until_ns, low, high)
    if columns.bid is not NULL:
        i = min(i, plain_quotes(columns, first, i, venue.now_ns, MOST,
                                contract.ask_edge, contract.bid_edge,
                                floor_of(contract)))
    if i > first:
        venue.now_ns = columns.time[i - 1]
        contract.last = columns.price[i - 1]
        contract.last_side = columns.side[i - 1] if columns.side is not NULL else 0
        if columns.bid is not NULL:
            set_quote(contract, columns, i - 1)
    return i


cdef int64_t plain_ticks(const columns_t* columns, int64_t i, int64_t now_ns,
                         int64_t until_ns, int64_t low, int64_t high) noexcept nogil:
    """The first tick, from one on, that may do something or is wrong."""
    cdef const int64_t* time = columns.time
    cdef const int64_t* price = columns.price
    cdef const int64_t* size = columns.size
    cdef const int8_t* side = columns.side
    cdef int64_t n = columns.n
    while i < n:
        if (time[i] < now_ns or time[i] >= until_ns
                or price[i] <= low or price[i] >= high):
            break
        if size is not NULL and size[i] < 1:
            break
        if side is not NULL and not -1 <= side[i] <= 1:
            break
        now_ns = time[i]
        i += 1
    return i


cdef int check_tick(const venue_t* venue, const contract_t* contract,
                    const columns_t* columns, int64_t i) noexcept nogil:
    if columns.time[i] < venue.now_ns:
        return LATE
    if not is_price(contract, columns.price[i]):
        return BAD_PRICE
    if columns.size is not NULL and columns.size[i] < 1:
        return BAD_SIZE
    if columns.side is not NULL and not -1 <= columns.side[i] <= 1:
        return BAD_SIDE
    if columns.bid is not NULL:
        return check_quote(contract, columns, i)
    return FINE


cdef void take_tick(venue_t* venue, contract_t* contract, const columns_t* columns,
                    int64_t i) noexcept nogil:
    """A tick to the orders: its print, and the quote that stands after it."""
    cdef int64_t price = columns.price[i]
    cdef int datum = A_PRINT
    contract.last = price
    contract.has_last = True
    contract.last_side = columns.side[i] if columns.side is not NULL else 0
    if columns.bid is not NULL:
        set_quote(contract, columns, i)
        datum |= A_QUOTE
    venue.left = columns.size[i] if columns.size is not NULL else 1
    if price <= contract.low or price >= contract.high or is_edge(contract, datum):
        match_all(venue, contract, datum)
    venue.left = MOST

# ------------------------------------------------------------------ quotes


cdef inline bint is_edge(const contract_t* contract, int datum) noexcept nogil:
    return datum & A_QUOTE and (
        contract.ask <= contract.ask_edge or contract.bid >= contract.bid_edge)


cdef void set_quote(contract_t* contract, const columns_t* columns,
                    int64_t i) noexcept nogil:
    contract.quoted = True
    contract.bid = columns.bid[i]
    contract.ask = columns.ask[i]
    contract.bid_size = columns.bid_size[i] if columns.bid_size is not NULL else 0
    contract.ask_size = columns.ask_size[i] if columns.ask_size is not NULL else 0


cdef int check_quote(const contract_t* contract, const columns_t* columns,
                     int64_t i) noexcept nogil:
    cdef int64_t bid = columns.bid[i], ask = columns.ask[i]
    if not is_price(contract, bid) or not is_price(contract, ask):
        return BAD_PRICE
    if bid >= ask:
        return BAD_QUOTE
    return check_sizes(columns, i)


cdef int64_t plain_quotes(const columns_t* columns, int64_t i, int64_t n,
                          int64_t now_ns, int64_t until_ns, int64_t ask_edge,
                          int64_t bid_edge, int64_t floor) noexcept nogil:
    """The first quote, from one on, that may do something or is wrong."""
    cdef const int64_t* time = columns.time
    cdef const int64_t* bid = columns.bid
    cdef const int64_t* ask = columns.ask
    cdef bint is_sized = columns.bid_size is not NULL or columns.ask_size is not NULL
    ask_edge = max(ask_edge, floor)
    bid_edge = min(bid_edge, HIGHEST_PRICE)
    while i < n:
        if (time[i] < now_ns or time[i] >= until_ns or ask[i] <= ask_edge
                or ask[i] >= HIGHEST_PRICE or bid[i] >= bid_edge or bid[i] <= floor
                or bid[i] >= ask[i]):
            break
        if is_sized and check_sizes(columns, i):
            break
        now_ns = time[i]
        i += 1
    return i


cdef int check_sizes(const columns_t* columns, int64_t i) noexcept nogil:
    if columns.bid_size is not NULL and columns.bid_size[i] < 0:
        return BAD_SIZE
    if columns.ask_size is not NULL and columns.ask_size[i] < 0:
        return BAD_SIZE
    return FINE


cdef int64_t feed_quotes(venue_t* venue, int number, const columns_t* columns,
                         int* why) noexcept nogil:
    """Feed quotes up to one that is refused, or that something is shown before."""
    cdef contract_t* contract = &venue.contracts[number]
    cdef int64_t i = 0, first
    why[0] = FINE
    while i < columns.n and not venue.failed:
        first = i
        if contract.is_open and contract.quoted:
            i = plain_quotes(columns, i, columns.n, venue.now_ns, horizon(venue),
                             contract.ask_edge, contract.bid_edge, floor_of(contract))
            if i > first:
                venue.now_ns = columns.time[i - 1]
                set_quote(contract, columns, i - 1)
            if i == columns.n:
                break
        why[0] = LATE if columns.time[i] < venue.now_ns else check_quote(
            contract, columns, i)
        if why[0] or not advance(venue, columns.time[i]):
            return i
        why[0] = standing(contract)
        if why[0]:
            return i
        if not contract.is_open:
            contract.outside += 1
        elif not venue.failed:
            take_quote(venue, contract, columns, i)
        i += 1
    return i


cdef void take_quote(venue_t* venue, contract_t* contract, const columns_t* columns,
                     int64_t i) noexcept nogil:
    cdef bint is_first = not contract.quoted
    set_quote(contract, columns, i)
    venue.left = MOST
    if is_first or is_edge(contract, A_QUOTE):
        match_all(venue, contract, A_QUOTE)
