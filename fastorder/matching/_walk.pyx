# cython: boundscheck=False, wraparound=False, cdivision=True
"""A bar as prints: open, the two extremes, close, tick by tick in between.

The open prints when the bar starts, the extremes after one and two thirds of it, the
close in its last nanosecond. Which extreme comes first is not known. What is due before
the price can have moved is done at the open. Where an order may act later, both ways
are tried on a copy of the exchange; an order that they treat differently is ambiguous,
and the way that leaves less money is the one that is taken.

Bars in which nothing can happen are passed in one go, as ticks are.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from fastorder.matching._feed cimport (
    BAD_BAR,
    BAD_PRICE,
    FINE,
    HIGHEST_PRICE,
    LATE,
    SHORT_BAR,
    floor_of,
    is_price,
    standing,
)
from fastorder.matching._fills cimport match_all
from fastorder.matching._log cimport next_seen, note_at
from fastorder.matching._memory cimport copy_into, free_copy
from fastorder.matching._money cimport open_profit
from fastorder.matching._state cimport (
    A_PRINT,
    AMBIGUOUS,
    HIGH_FIRST,
    LOW_FIRST,
    MOST,
    NO_MEMORY,
    TOO_MUCH_MONEY,
    TRADE,
    WORST,
    add_fits,
    contract_t,
    doubt_t,
    event_t,
    venue_t,
    walk_t,
)
from fastorder.matching._time cimport advance

cdef enum:
    SHORTEST_NS = 4

# ------------------------------------------------------------------ many bars


cdef int64_t feed_bars(venue_t* venue, int number, const bars_t* bars,
                       int* why) noexcept nogil:
    """Feed bars up to the first that is refused, or in which something is shown."""
    cdef contract_t* contract = &venue.contracts[number]
    cdef int64_t i = 0
    why[0] = FINE
    while i < bars.n and not venue.failed:
        if not contract.walk.stretch:
            i = skip_bars(venue, contract, bars, i)
            if i == bars.n:
                break
            why[0] = check_bar(venue, number, bars, i)
            if why[0] or not begin(venue, number, bars, i, why):
                return i
        if contract.walk.stretch and not walk_on(venue, contract):
            return i
        i += 1
    return i


cdef int64_t skip_bars(venue_t* venue, contract_t* contract, const bars_t* bars,
                       int64_t first) noexcept nogil:
    """Pass the bars in which nothing can happen; the first one that is none of them."""
    cdef int64_t low = max(contract.low, floor_of(contract))
    cdef int64_t high = min(contract.high, HIGHEST_PRICE)
    cdef int64_t until_ns = min(venue.next_ns, next_seen(venue))
    cdef int64_t now_ns = venue.now_ns, i = first
    if not contract.is_open:
        return first
    while (i < bars.n and not is_short(bars, i) and has_extremes(bars, i)
            and bars.starts[i] >= now_ns and bars.ends[i] <= until_ns
            and bars.lows[i] > low and bars.highs[i] < high):
        now_ns = bars.ends[i] - 1
        i += 1
    if i > first:
        venue.now_ns = now_ns
        show(venue, contract, bars.closes[i - 1])
    return i


cdef inline bint is_short(const bars_t* bars, int64_t i) noexcept nogil:
    """Whether a bar is too short for its four prices."""
    return bars.ends[i] - bars.starts[i] < SHORTEST_NS


cdef inline bint has_extremes(const bars_t* bars, int64_t i) noexcept nogil:
    """Whether open and close lie between what a bar calls its extremes."""
    return (bars.lows[i] <= min(bars.opens[i], bars.closes[i])
            and bars.highs[i] >= max(bars.opens[i], bars.closes[i]))


cdef int check_bar(const venue_t* venue, int number, const bars_t* bars,
                   int64_t i) noexcept nogil:
    cdef const contract_t* contract = &venue.contracts[number]
    if bars.starts[i] < venue.now_ns:
        return LATE
    if is_short(bars, i):
        return SHORT_BAR
    if not is_price(contract, bars.lows[i]) or not is_price(contract, bars.highs[i]):
        return BAD_PRICE
    if not has_extremes(bars, i):
        return BAD_BAR
    return FINE


cdef bint begin(venue_t* venue, int number, const bars_t* bars, int64_t i,
                int* why) noexcept nogil:
    """Print the open and set out on the walk; which way is decided on it.

    Returns:
        False where something is to be shown first, or the bar cannot be.
    """
    cdef contract_t* contract = &venue.contracts[number]
    if not advance(venue, bars.starts[i]):
        return False
    why[0] = standing(contract)
    if why[0]:
        return False
    if not contract.is_open:
        contract.outside += 1
        return True
    show(venue, contract, bars.opens[i])
    set_out(venue, contract, bars, i)
    return True


cdef bint is_quiet(const venue_t* venue, const contract_t* contract) noexcept nogil:
    """Whether nothing can happen in what is left of a bar whose way is undecided."""
    cdef const walk_t* walk = &contract.walk
    return (walk.price[2] > contract.low and walk.price[1] < contract.high
            and min(venue.next_ns, next_seen(venue)) > walk.time_ns[3])

# ------------------------------------------------------------------ the walk


cdef void set_out(venue_t* venue, contract_t* contract, const bars_t* bars,
                  int64_t i) noexcept nogil:
    """Begin the walk of a bar; which extreme comes first is chosen on it."""
    cdef walk_t* walk = &contract.walk
    cdef int64_t third = (bars.ends[i] - bars.starts[i]) // 3
    memset(walk, 0, sizeof(walk_t))
    walk.price[0] = walk.now = walk.from_price = walk.known = bars.opens[i]
    walk.price[1] = bars.highs[i]
    walk.price[2] = bars.lows[i]
    walk.price[3] = bars.closes[i]
    walk.time_ns[0] = walk.started_ns = bars.starts[i]
    walk.time_ns[1] = bars.starts[i] + third
    walk.time_ns[2] = bars.starts[i] + 2 * third
    walk.time_ns[3] = bars.ends[i] - 1
    walk.stretch = walk.undecided = 1
    venue.walking += 1


cdef void turn_round(walk_t* walk) noexcept nogil:
    walk.price[1], walk.price[2] = walk.price[2], walk.price[1]


cdef bint walk_on(venue_t* venue, contract_t* contract) noexcept nogil:
    """Walk to the bar's end; False where something is to be shown first."""
    if contract.walk.undecided and not decide(venue, contract):
        return False
    while contract.walk.stretch and not turn(venue, contract) and not venue.failed:
        if not walk_a_bit(venue, contract):
            return False
    return True


cdef bint decide(venue_t* venue, contract_t* contract) noexcept nogil:
    """Do what is due while the price still is the open; then choose the way.

    A bar in which nothing can happen after that is over.

    Returns:
        False where something is to be shown first.
    """
    cdef walk_t* walk = &contract.walk
    while min(venue.next_ns, next_seen(venue)) <= still_ns(walk) and not venue.failed:
        if not walk_a_bit(venue, contract):
            return False
    if is_quiet(venue, contract):
        if contract.is_open:
            contract.last = walk.price[3]
        venue.now_ns = walk.time_ns[3]
        walk.undecided = walk.stretch = 0
        venue.walking -= 1
    else:
        choose(venue, contract)
    return True


cdef void choose(venue_t* venue, contract_t* contract) noexcept nogil:
    """Choose the way, where the price is about to move."""
    cdef bint first
    contract.walk.undecided = False
    if is_quiet(venue, contract):
        first = usual_way(venue, contract)
    else:
        first = is_high_first(venue, contract)
    if not first:
        turn_round(&contract.walk)


cdef int64_t still_ns(const walk_t* walk) noexcept nogil:
    """Until when the price surely is the open, whichever way it goes.

    Times are cut to whole nanoseconds: the first tick away comes not before that of an
    even way, and not within the last one before it.
    """
    cdef int64_t farther = max(walk.price[1] - walk.now, walk.now - walk.price[2])
    cdef int64_t third_ns = walk.time_ns[1] - walk.started_ns
    return walk.started_ns + third_ns // (farther + 1) - 2


cdef bint turn(venue_t* venue, contract_t* contract) noexcept nogil:
    """Begin the stretches that are reached; True where the bar's end is."""
    cdef walk_t* walk = &contract.walk
    while walk.now == walk.price[walk.stretch] and (
            venue.now_ns >= walk.time_ns[walk.stretch]):
        walk.started_ns = walk.time_ns[walk.stretch]
        walk.from_price = walk.now
        walk.stretch += 1
        if walk.stretch > 3:
            walk.stretch = 0
            venue.walking -= 1
            tell_doubts(venue, contract)
            return True
    return False


cdef bint walk_a_bit(venue_t* venue, contract_t* contract) noexcept nogil:
    """To the next price or the next time at which something can happen."""
    cdef walk_t* walk = &contract.walk
    cdef int64_t price = next_price(walk, contract)
    cdef int64_t time_ns = time_at(walk, price, venue.now_ns)
    cdef int64_t due_ns = min(venue.next_ns, next_seen(venue))
    if due_ns <= time_ns:       # what is due comes before the print of its instant
        contract.last = price_at(walk, max(due_ns, venue.now_ns), price)
    if due_ns < time_ns:
        price = contract.last
        time_ns = due_ns
    if not advance(venue, time_ns):
        return False
    walk.now = price
    if contract.is_open:
        show(venue, contract, price)
    return next_seen(venue) > time_ns


cdef int64_t next_price(const walk_t* walk, const contract_t* contract) noexcept nogil:
    """The next price at which an order may act, or the end of the stretch."""
    cdef int64_t goal = walk.price[walk.stretch]
    if goal > walk.now:
        if contract.low > walk.now:
            return walk.now + 1
        return min(goal, max(walk.now + 1, contract.high))
    if goal < walk.now:
        if contract.high < walk.now:
            return walk.now - 1
        return max(goal, min(walk.now - 1, contract.low))
    return goal


cdef int64_t time_at(const walk_t* walk, int64_t price, int64_t now_ns) noexcept nogil:
    """When the stretch is at a price."""
    cdef int64_t ends_ns = walk.time_ns[walk.stretch]
    cdef int64_t way = walk.price[walk.stretch] - walk.from_price
    if price == walk.price[walk.stretch]:
        return max(now_ns, ends_ns)
    cdef double share = <double>(price - walk.from_price) / <double>way
    return max(now_ns, walk.started_ns + <int64_t>(
        <double>(ends_ns - walk.started_ns) * share))


cdef int64_t price_at(const walk_t* walk, int64_t time_ns,
                      int64_t before) noexcept nogil:
    """Where the stretch is at a time: on its way, and not yet at a price."""
    cdef double share = (<double>(time_ns - walk.started_ns)
                         / <double>(walk.time_ns[walk.stretch] - walk.started_ns))
    cdef int64_t way = walk.price[walk.stretch] - walk.from_price
    cdef int64_t price = walk.from_price + <int64_t>(<double>way * share)
    if way > 0:
        return max(walk.now, min(price, before - 1))
    if way < 0:
        return min(walk.now, max(price, before + 1))
    return walk.now


cdef void show(venue_t* venue, contract_t* contract, int64_t price) noexcept nogil:
    """A print of a bar: neither its size nor its side is known, nor any quote."""
    contract.quoted = False
    contract.last = price
    contract.has_last = True
    contract.last_side = 0
    venue.left = MOST
    if price <= contract.low or price >= contract.high:
        match_all(venue, contract, A_PRINT)

# ------------------------------------------------------------------ which way


cdef bint is_high_first(venue_t* venue, const contract_t* contract) noexcept nogil:
    """Try both ways where orders are about, and decide."""
    cdef venue_t high, low
    cdef int64_t brought_high = 0, brought_low = 0
    cdef bint first = usual_way(venue, contract)
    memset(&high, 0, sizeof(venue_t))
    memset(&low, 0, sizeof(venue_t))
    if (try_way(venue, &high, contract.number, True, &brought_high)
            and try_way(venue, &low, contract.number, False, &brought_low)):
        compare(venue, &high, &low, contract.number)
        if venue.path == WORST and brought_high != brought_low:
            first = brought_high < brought_low
    free_copy(&high)
    free_copy(&low)
    return first


cdef bint usual_way(const venue_t* venue, const contract_t* contract) noexcept nogil:
    """Whether the high comes first where both ways bring the same."""
    cdef int64_t size
    if venue.path in (HIGH_FIRST, LOW_FIRST):
        return venue.path == HIGH_FIRST
    if venue.path == WORST:
        size = held(venue, contract.number)
        if size:
            return size < 0
    return is_high_nearer(&contract.walk)


cdef bint is_high_nearer(const walk_t* walk) noexcept nogil:
    cdef int64_t up = walk.price[1] - walk.price[0]
    cdef int64_t down = walk.price[0] - walk.price[2]
    return up < down or (up == down and walk.price[3] < walk.price[0])


cdef int64_t held(const venue_t* venue, int contract) noexcept nogil:
    """The position of all accounts together."""
    cdef int64_t size = 0
    cdef int i
    for i in range(venue.n_accounts):
        size += venue.positions[<int64_t>i * venue.n_contracts + contract].size
    return size


cdef bint try_way(venue_t* venue, venue_t* copy, int number, bint high_first,
                  int64_t* brought) noexcept nogil:
    """Walk the bar on a copy, and add up what all accounts have at its close."""
    cdef int64_t profit
    cdef int i
    if not copy_into(copy, venue):
        venue.failed = NO_MEMORY
        return False
    cdef contract_t* contract = &copy.contracts[number]
    cdef int64_t closing = contract.walk.price[3]
    if not high_first:
        turn_round(&contract.walk)
    walk_on(copy, contract)
    for i in range(copy.n_accounts):
        if copy.failed:
            break
        if not (add_fits(brought[0], copy.accounts[i].balance, brought)
                and open_profit(copy, i, number, closing, &profit)
                and add_fits(brought[0], profit, brought)):
            copy.failed = TOO_MUCH_MONEY
    venue.failed = copy.failed
    return not venue.failed

# ------------------------------------------------------------------ doubts


cdef void compare(venue_t* venue, const venue_t* one, const venue_t* other,
                  int number) noexcept nogil:
    """Keep the orders of a contract that the two ways fill differently."""
    cdef int64_t i
    for i in range(one.n_events):
        judge(venue, one, other, &one.events[i], number)
    for i in range(other.n_events):
        judge(venue, one, other, &other.events[i], number)


cdef void judge(venue_t* venue, const venue_t* one, const venue_t* other,
                const event_t* event, int number) noexcept nogil:
    cdef int64_t i, room
    cdef doubt_t* grown
    if event.kind != TRADE or sum_of(one, event.order_id) == sum_of(
            other, event.order_id):
        return
    for i in range(venue.n_doubtful):
        if venue.doubtful[i].order_id == event.order_id:
            return
    if venue.n_doubtful == venue.doubtful_room:
        room = 2 * venue.doubtful_room + 8
        grown = <doubt_t*>realloc(venue.doubtful, room * sizeof(doubt_t))
        if grown is NULL:
            venue.failed = NO_MEMORY
            return
        venue.doubtful = grown
        venue.doubtful_room = room
    venue.doubtful[venue.n_doubtful].order_id = event.order_id
    venue.doubtful[venue.n_doubtful].account = event.account
    venue.doubtful[venue.n_doubtful].contract = number
    venue.n_doubtful += 1


cdef uint64_t sum_of(const venue_t* venue, int64_t order_id) noexcept nogil:
    """What an order's fills come to, as one number: their sizes and prices."""
    cdef const event_t* event
    cdef uint64_t total = 0
    cdef int64_t i
    for i in range(venue.n_events):
        event = &venue.events[i]
        if event.kind == TRADE and event.order_id == order_id:
            total += <uint64_t>event.size * <uint64_t>(event.price + (<int64_t>1 << 41))
    return total


cdef void tell_doubts(venue_t* venue, const contract_t* contract) noexcept nogil:
    """Name the orders of a bar whose fills another way would have undone."""
    cdef const doubt_t* doubt
    cdef int64_t i, kept = 0
    for i in range(venue.n_doubtful):
        doubt = &venue.doubtful[i]
        if doubt.contract == contract.number:
            note_at(venue, AMBIGUOUS, doubt.order_id, doubt.account, doubt.contract)
            venue.ambiguous += 1
        else:
            venue.doubtful[kept] = doubt[0]
            kept += 1
    venue.n_doubtful = kept
