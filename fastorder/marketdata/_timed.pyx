# cython: boundscheck=False, wraparound=False, cdivision=True
"""Ticks to bars of time: their ends are searched, not found tick by tick."""

from libc.stdint cimport int64_t

from fastorder.marketdata._part cimport FINE, LATE, OUTSIDE, one_tick, part_t
from fastorder.marketdata._sheet cimport sheet_t
from fastorder.marketdata._state cimport join_tick, rules_t, skip_outside, state_t, turn
from fastorder.marketdata._ticks cimport (
    first_from,
    join_ticks,
    price_at,
    side_at,
    ticks_t,
)


cdef int64_t run_time(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    """Ticks from i on, up to the first that is not taken; its index, and why."""
    cdef part_t one
    cdef part_t begun
    cdef int64_t stop, reached
    while i < ticks.n:
        if ticks.time[i] < state.last_ns:
            why[0] = LATE
            return i
        if not state.inside or ticks.time[i] >= state.end:
            why[0] = turn(rules, state, sheet, ticks.time[i])
            if why[0] == OUTSIDE:
                why[0] = FINE
                i = skip_outside(state, ticks.time, i, ticks.n, why)
                if why[0]:
                    return i
                continue
            if why[0]:
                return i
        why[0] = one_tick(&one, price_at(ticks, i), ticks.size[i], side_at(ticks, i),
                          rules.is_whole)
        if why[0] == FINE:
            why[0] = join_tick(state, &one, rules.is_whole)
        if why[0]:
            return i
        begun = state.part
        stop = first_from(ticks.time, i, ticks.n, state.end, state.guess)
        reached = join_ticks(ticks, i + 1, stop, &state.part, why)
        if why[0] == LATE and ticks.time[reached - 1] >= state.end:
            # the search was led astray: up to here the times are in order, so it is not
            state.part = begun
            stop = first_from(ticks.time, i, reached, state.end, 1)
            reached = join_ticks(ticks, i + 1, stop, &state.part, why)
        state.last_ns = ticks.time[reached - 1]
        if why[0]:
            return reached
        state.guess = stop - i
        i = stop
    return i
