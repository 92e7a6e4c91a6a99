# cython: boundscheck=False, wraparound=False, cdivision=True
"""Bars to longer bars."""

from libc.stdint cimport int64_t

from fastorder.marketdata._part cimport (
    FINE,
    LATE,
    OUTSIDE,
    TOO_MUCH,
    join_parts,
    part_t,
)
from fastorder.marketdata._sheet cimport COLUMNS, grow, sheet_t
from fastorder.marketdata._state cimport (
    END_OF_TIME,
    EVEN,
    close_bar,
    rules_t,
    skip_outside,
    state_t,
    turn,
)
from fastorder.marketdata._ticks cimport first_from

cdef extern from "longer.h" nogil:
    int part_of_bars(const bars_t* bars, int64_t start, int64_t stop,
                     part_t* part) noexcept
    int is_empty(const part_t* part, int is_whole) noexcept
    int64_t longer_bars(const bars_t* bars, int64_t* start, int64_t offset,
                        int64_t length, int64_t most, char** columns) noexcept

cdef enum:
    FEW_ROWS = 512              # room for so many at least


cdef int join_bars(const rules_t* rules, state_t* state,
                   const part_t* more) noexcept nogil:
    """Add bars to the one in the making; flat ones only where there is nothing else."""
    if not state.is_open or is_empty(&state.part, rules.is_whole):
        state.part = more[0]
        state.is_open = True
        return FINE
    if is_empty(more, rules.is_whole):
        return FINE
    return FINE if join_parts(&state.part, more, rules.is_whole) else TOO_MUCH


cdef int64_t run_rows(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const bars_t* bars, int64_t i, int* why) noexcept nogil:
    """Many longer bars at once; the index after them.

    A bar has just ended before i. Where anything is out of the ordinary it stops, and
    leaves that bar to the way of single bars. No gap is filled, so that the last bar's
    label and close, which that takes, are not kept.
    """
    cdef int64_t first = i
    cdef int64_t made
    cdef Py_ssize_t before = sheet.size
    cdef Py_ssize_t expected
    cdef char* columns[COLUMNS]
    cdef int column
    while bars.n - i > 1 and bars.time[bars.n - 1] < END_OF_TIME:
        if sheet.room < sheet.size + FEW_ROWS:
            # as many bars out of each bar as so far, and a few more
            expected = FEW_ROWS
            if i > first:
                expected += <Py_ssize_t>(
                    1.02 * (sheet.size - before) * (bars.n - i) / (i - first))
            why[0] = grow(sheet, sheet.size + expected)
            if why[0]:
                return i
        for column in range(COLUMNS):
            columns[column] = NULL
            if sheet.keeps[column]:
                columns[column] = sheet.columns[column] + 8 * sheet.size
        made = longer_bars(bars, &i, rules.offset, rules.length,
                           sheet.room - sheet.size, columns)
        if made == 0:
            break
        sheet.size += made
        state.made += made
        state.last_ns = bars.time[i - 1]
    return i


cdef int64_t run_bars(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const bars_t* bars, int* why) noexcept nogil:
    cdef part_t part
    cdef int64_t i = 0, k, stop
    cdef bint is_plain = rules.kind == EVEN and not rules.flat
    why[0] = FINE
    while i < bars.n:
        if bars.time[i] < state.last_ns:
            why[0] = LATE
            return i
        if state.is_open and bars.time[i] >= state.end and is_plain:
            why[0] = close_bar(state, sheet)
            if why[0] == FINE:
                i = run_rows(rules, state, sheet, bars, i, why)
            if why[0]:
                return i
        if not state.inside or bars.time[i] >= state.end:
            why[0] = turn(rules, state, sheet, bars.time[i])
            if why[0] == OUTSIDE:
                why[0] = FINE
                i = skip_outside(state, bars.time, i, bars.n, why)
                if why[0]:
                    return i
                continue
            if why[0]:
                return i
        stop = first_from(bars.time, i, bars.n, state.end, state.guess)
        for k in range(i + 1, stop):
            if bars.time[k] < bars.time[k - 1]:
                why[0] = LATE
                return k
        why[0] = part_of_bars(bars, i, stop, &part)
        if why[0] == FINE:
            why[0] = join_bars(rules, state, &part)
        if why[0]:
            return i
        state.last_ns = bars.time[stop - 1]
        state.guess = stop - i
        i = stop
    return i
