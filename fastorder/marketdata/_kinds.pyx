# cython: boundscheck=False, wraparound=False, cdivision=True
"""Ticks to bars that a count, a sum, a range or a brick closes."""

from libc.math cimport fabs, floor, rint
from libc.stdint cimport int64_t
from libc.string cimport memset

from fastorder.marketdata._part cimport (
    FINE,
    TOO_FAR,
    TOO_MANY_FLAT,
    TOO_NEW,
    add_value,
    one_tick,
    part_t,
    price_t,
)
from fastorder.marketdata._sheet cimport sheet_t
from fastorder.marketdata._state cimport (
    END_OF_TIME,
    LARGEST,
    MOST_FLAT,
    RANGE,
    VALUE,
    VOLUME,
    check_time,
    close_bar,
    floor_div,
    join_tick,
    rules_t,
    state_t,
)
from fastorder.marketdata._ticks cimport join_ticks, price_at, side_at, ticks_t

cdef double NEARLY = 1e-9

# ------------------------------------------------------------------ one tick

cdef inline int read_tick(const rules_t* rules, state_t* state, const ticks_t* ticks,
                          int64_t i, part_t* one) noexcept nogil:
    """One tick as a part of a bar; why it cannot be one, or FINE."""
    cdef int why = check_time(state, ticks.time[i])
    if why == FINE:
        why = one_tick(one, price_at(ticks, i), ticks.size[i], side_at(ticks, i),
                       rules.is_whole)
    return why


cdef inline int take_tick(const rules_t* rules, state_t* state, int64_t time_ns,
                          const part_t* one) noexcept nogil:
    """Join a tick to the bar in the making, which may begin with it."""
    if not state.is_open:
        state.label = time_ns
        state.inside = True
    cdef int why = join_tick(state, one, rules.is_whole)
    if why == FINE:
        state.last_ns = time_ns
    return why


# ------------------------------------------------------------------ by count

cdef int64_t run_count(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    """The same for bars of so many ticks."""
    cdef part_t one
    cdef int64_t stop
    while i < ticks.n:
        why[0] = read_tick(rules, state, ticks, i, &one)
        if why[0] == FINE:
            why[0] = take_tick(rules, state, ticks.time[i], &one)
        if why[0]:
            return i
        i += 1
        stop = min(ticks.n, i + rules.threshold - state.part.ticks)
        i = join_ticks(ticks, i, stop, &state.part, why)
        state.last_ns = ticks.time[i - 1]
        if why[0]:
            return i
        if state.last_ns >= END_OF_TIME:
            why[0] = TOO_NEW
            return i - 1
        if state.part.ticks == rules.threshold:
            why[0] = close_bar(state, sheet)
            if why[0]:
                return i
    return i


# ------------------------------------------------------------------ by their sums

cdef bint is_range(const rules_t* rules, const part_t* part) noexcept nogil:
    if rules.is_whole:
        return (<unsigned long long>part.high.whole
                - <unsigned long long>part.low.whole
                >= <unsigned long long>rules.threshold)
    return part.high.real - part.low.real >= rules.level * (1 - NEARLY)


cdef bint is_value(const rules_t* rules, state_t* state,
                   const part_t* one) noexcept nogil:
    cdef part_t* turnover = &state.turnover
    add_value(turnover, fabs(one.whole + one.fraction))
    return not turnover.whole + turnover.fraction < rules.level


cdef bint is_imbalance(const rules_t* rules, state_t* state, const part_t* one,
                       int side) noexcept nogil:
    """Buyers less sellers; a tick without a side has that of its step in price."""
    cdef int sign = side
    if sign == 0 and state.has_last:
        if rules.is_whole:
            sign = ((one.close.whole > state.last_price.whole)
                    - (one.close.whole < state.last_price.whole))
        else:
            sign = ((one.close.real > state.last_price.real)
                    - (one.close.real < state.last_price.real))
    if sign == 0:
        sign = state.sign
    state.sign = sign
    state.last_price = one.close
    state.has_last = True
    if one.volume >= rules.threshold and sign:
        return True             # one tick alone, whose size may be of any length
    state.imbalance += sign * one.volume
    return state.imbalance >= rules.threshold or state.imbalance <= -rules.threshold


cdef bint is_full(const rules_t* rules, state_t* state, const part_t* one,
                  int side) noexcept nogil:
    """Whether a tick that was just joined closes the bar."""
    if rules.kind == VOLUME:
        return state.part.volume >= rules.threshold
    if rules.kind == VALUE:
        return is_value(rules, state, one)
    if rules.kind == RANGE:
        return is_range(rules, &state.part)
    return is_imbalance(rules, state, one, side)


cdef int64_t run_sums(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    """The same for bars of volume, value, range and imbalance."""
    cdef part_t one
    while i < ticks.n:
        why[0] = read_tick(rules, state, ticks, i, &one)
        if why[0] == FINE:
            why[0] = take_tick(rules, state, ticks.time[i], &one)
        if why[0]:
            return i
        if is_full(rules, state, &one, side_at(ticks, i)):
            why[0] = close_bar(state, sheet)
            state.imbalance = 0
            memset(&state.turnover, 0, sizeof(part_t))
            if why[0]:
                return i
        i += 1
    return i


# ------------------------------------------------------------------ bricks

cdef int64_t brick_floor(const rules_t* rules, price_t price, int up) noexcept nogil:
    """The brick edge at or below a price, or at or above where ``up``."""
    cdef double quotient, near
    if rules.is_whole:
        if up:
            return -floor_div(-price.whole, rules.threshold)
        return floor_div(price.whole, rules.threshold)
    quotient = price.real / rules.level
    near = rint(quotient)
    if fabs(quotient - near) <= NEARLY * max(1.0, fabs(quotient)):
        return <int64_t>near
    return <int64_t>(floor(quotient) + up)


cdef price_t edge(const rules_t* rules, int64_t level) noexcept nogil:
    cdef price_t price
    if rules.is_whole:
        price.whole = level * rules.threshold
    else:
        price.real = <double>level * rules.level + 0.0
    return price


cdef bint is_near(const rules_t* rules, price_t price) noexcept nogil:
    """Whether a price can be told in bricks."""
    if rules.is_whole:
        return (-LARGEST + rules.threshold < price.whole
                and price.whole < LARGEST - rules.threshold)
    return fabs(price.real / rules.level) < 4503599627370496.0


cdef int lay(const rules_t* rules, state_t* state, sheet_t* sheet, int64_t low,
             int64_t high, bint up) noexcept nogil:
    """One brick, with all that was traded since the one before."""
    cdef price_t one = edge(rules, low)
    cdef price_t other = edge(rules, high)
    state.part.open = one if up else other
    state.part.close = other if up else one
    state.part.high = other
    state.part.low = one
    state.low_level = low
    state.high_level = high
    cdef int why = close_bar(state, sheet)
    state.part.volume = state.part.ticks = state.part.buy = state.part.sell = 0
    state.part.whole = state.part.fraction = 0
    return why


cdef int lay_bricks(const rules_t* rules, state_t* state, sheet_t* sheet, price_t price,
                    int64_t time_ns) noexcept nogil:
    cdef int64_t below = brick_floor(rules, price, False)
    cdef int64_t above = brick_floor(rules, price, True)
    cdef int64_t count = 0
    cdef int why = FINE
    if not state.has_level:
        state.low_level = state.high_level = below
        state.has_level = True
    while why == FINE and (below > state.high_level or above < state.low_level):
        if count == MOST_FLAT:
            return TOO_MANY_FLAT
        count += 1
        if below > state.high_level:
            why = lay(rules, state, sheet, state.high_level, state.high_level + 1, True)
        else:
            why = lay(rules, state, sheet, state.low_level - 1, state.low_level, False)
        state.label = time_ns
    return why


cdef int64_t run_renko(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    """The same for renko bricks."""
    cdef part_t one
    while i < ticks.n:
        why[0] = read_tick(rules, state, ticks, i, &one)
        if why[0] == FINE and not is_near(rules, one.close):
            why[0] = TOO_FAR
        if why[0] == FINE:
            why[0] = take_tick(rules, state, ticks.time[i], &one)
        if why[0]:
            return i
        why[0] = lay_bricks(rules, state, sheet, one.close, ticks.time[i])
        if why[0]:
            return i
        i += 1
    return i
