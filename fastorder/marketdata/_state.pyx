# cython: boundscheck=False, wraparound=False, cdivision=True
"""Where a time lies, and how bars are opened and closed."""

from libc.stdint cimport int64_t
from libc.string cimport memset

from fastorder.marketdata._part cimport (
    FINE,
    LATE,
    NO_SESSION,
    OUTSIDE,
    TOO_MANY_FLAT,
    TOO_NEW,
    TOO_OLD,
    part_t,
)
from fastorder.marketdata._sheet cimport emit, sheet_t


cdef int64_t row_of(const rules_t* rules, int64_t row, int64_t time_ns) noexcept nogil:
    """The last session that has opened by then; -1 where none has."""
    cdef int64_t low, high, middle
    if row < 0 or rules.opens[row] > time_ns:
        row = -1
    if row + 1 == rules.rows or rules.opens[row + 1] > time_ns:
        return row
    low, high = row, rules.rows
    while high - low > 1:
        middle = low + (high - low) // 2
        if rules.opens[middle] <= time_ns:
            low = middle
        else:
            high = middle
    return low


cdef int locate(const rules_t* rules, int64_t row, int64_t time_ns,
                place_t* place) noexcept nogil:
    """The bar that a time belongs to; OUTSIDE with the end of the break otherwise."""
    if time_ns < 0:
        return TOO_OLD
    if time_ns >= END_OF_TIME:
        return TOO_NEW
    if rules.kind == EVEN:
        place.label = rules.offset + rules.length * floor_div(
            time_ns - rules.offset, rules.length)
        place.end = place.complete_end = place.label + rules.length
        place.row = 0
        return FINE
    row = row_of(rules, row, time_ns)
    if row < 0:
        return NO_SESSION
    place.row = row
    if time_ns >= rules.closes[row]:
        if row + 1 == rules.rows:
            return NO_SESSION
        place.end = rules.opens[row + 1]
        return OUTSIDE
    if rules.length == 0:
        place.label = rules.labels[row]
        place.end = rules.closes[row]
        place.complete_end = rules.ends[row]
        return FINE
    place.label = rules.opens[row] + rules.length * (
        (time_ns - rules.opens[row]) // rules.length)
    place.end = place.complete_end = min(
        place.label + rules.length, rules.closes[row])
    return FINE


cdef bint next_place(const rules_t* rules, int64_t label, int64_t row,
                     place_t* place) noexcept nogil:
    """The bar after another one; False where the table ends."""
    if rules.kind == EVEN:
        return locate(rules, 0, label + rules.length, place) == FINE
    if rules.length and label + rules.length < rules.closes[row]:
        return locate(rules, row, label + rules.length, place) == FINE
    row += 1
    while rules.length == 0 and row < rules.rows and rules.labels[row] == label:
        row += 1
    return row < rules.rows and locate(rules, row, rules.opens[row], place) == FINE


# ------------------------------------------------------------------ opening and closing

cdef int close_bar(state_t* state, sheet_t* sheet) noexcept nogil:
    """Write the bar in the making down, and be ready for the next."""
    cdef int why = emit(sheet, state.label, &state.part)
    state.last_close = state.part.close
    state.has_close = True
    state.last_label = state.label
    state.last_row = state.row
    state.is_open = False
    state.inside = False
    state.made += 1
    return why


cdef int fill_gap(const rules_t* rules, state_t* state, sheet_t* sheet, int64_t label,
                  int64_t until_ns) noexcept nogil:
    """Flat bars after the last one, before a label and complete by a time."""
    cdef part_t part
    cdef place_t place
    cdef int64_t count = 0
    cdef int why
    if not (rules.flat and state.has_close):
        return FINE
    memset(&part, 0, sizeof(part_t))
    part.open = part.high = part.low = part.close = state.last_close
    while next_place(rules, state.last_label, state.last_row, &place):
        if place.label >= label or place.complete_end > until_ns:
            break
        if count == MOST_FLAT:
            return TOO_MANY_FLAT
        why = emit(sheet, place.label, &part)
        if why:
            return why
        count += 1
        state.last_label = place.label
        state.last_row = place.row
        state.last_ns = max(state.last_ns, place.complete_end)
        state.made += 1
    return FINE


cdef int turn(const rules_t* rules, state_t* state, sheet_t* sheet,
              int64_t time_ns) noexcept nogil:
    """Close the bar that a time is past, and open the one that it belongs to."""
    cdef place_t place
    cdef int why = locate(rules, state.row, time_ns, &place)
    if why == OUTSIDE:
        state.inside = False
        state.end = place.end
        return OUTSIDE
    if why:
        return why
    state.inside = True
    state.end = place.end
    if state.is_open:
        if place.label == state.label:
            state.row = place.row
            return FINE
        why = close_bar(state, sheet)
        if why:
            return why
        state.inside = True
    why = fill_gap(rules, state, sheet, place.label, LARGEST)
    if why:
        return why
    if state.made == 0:
        state.first_partial = not (
            time_ns == place.label or rules.complete_ns <= place.label)
    state.label = place.label
    state.complete_end = place.complete_end
    state.row = place.row
    return FINE


cdef int64_t skip_outside(state_t* state, const int64_t* time, int64_t i, int64_t n,
                          int* why) noexcept nogil:
    """The first index after the ticks of a break."""
    while i < n and time[i] < state.end:
        if time[i] < state.last_ns:
            why[0] = LATE
            return i
        state.last_ns = time[i]
        state.outside += 1
        i += 1
    return i
