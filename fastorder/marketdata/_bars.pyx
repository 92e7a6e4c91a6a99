# cython: boundscheck=False, wraparound=False, cdivision=True
"""The kernel of bars: ticks to bars and bars to longer bars, one at a time or in bulk.

There is one machine for both. It holds the rules, the bar in the making and the bars
that are closed; a tick, an array of ticks and an array of bars go through the same few
functions, so that live, bulk and chunked bars are the same to the bit.
"""

import os

from cpython.long cimport PyLong_CheckExact
from cpython.number cimport PyNumber_Index
from libc.math cimport NAN, fabs, floor, rint
from libc.stdint cimport int8_t, int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastorder.marketdata._columns cimport Column, column_over

from fastorder.marketdata.errors import BadTick, BarError, UnsortedTicks, WrongColumn

cdef extern from "reduce.h" nogil:
    ctypedef union price_t:
        double real
        int64_t whole

    ctypedef struct part_t:
        price_t open
        price_t high
        price_t low
        price_t close
        int64_t volume
        int64_t ticks
        int64_t buy
        int64_t sell
        double whole
        double fraction

    ctypedef struct ticks_t:
        const int64_t* time
        const void* price
        const int64_t* size
        const int8_t* side
        int64_t n
        int is_whole

    ctypedef struct bars_t:
        const int64_t* time
        const void* open
        const void* high
        const void* low
        const void* close
        const int64_t* volume
        const int64_t* ticks
        const int64_t* buy
        const int64_t* sell
        const double* value
        const double* left
        int64_t n
        int is_whole

    enum:
        FINE
        LATE
        BAD_SIZE
        BAD_PRICE
        BAD_SIDE
        TOO_MUCH
        TOO_OLD
        TOO_NEW

    void in_large_pages(char* memory, size_t size) noexcept
    const char* lanes_name(int rank) noexcept
    int use_lanes(const char* name) noexcept
    void carry(part_t* part) noexcept
    void add_value(part_t* part, double value) noexcept
    void split_value(const part_t* part, double* near, double* left) noexcept
    int join_parts(part_t* sum, const part_t* more, int is_whole) noexcept
    int one_tick(part_t* part, price_t price, int64_t size, int side,
                 int is_whole) noexcept
    price_t price_at(const ticks_t* ticks, int64_t i) noexcept
    int side_at(const ticks_t* ticks, int64_t i) noexcept
    int64_t join_ticks(const ticks_t* ticks, int64_t start, int64_t stop, part_t* sum,
                       int* why) noexcept
    int64_t first_from(const int64_t* time, int64_t start, int64_t n, int64_t end_ns,
                       int64_t guess) noexcept
    int part_of_bars(const bars_t* bars, int64_t start, int64_t stop,
                     part_t* part) noexcept
    int is_empty(const part_t* part, int is_whole) noexcept
    price_t bar_price(const void* column, int64_t i) noexcept

    enum:
        GROUPS

    ctypedef struct groups_t:
        const int64_t* starts
        const int64_t* labels
        int64_t count

    void make_groups(const bars_t* bars, int64_t i, int64_t offset, int64_t length,
                     groups_t* groups, char** columns) noexcept

cdef enum:
    # further reasons, beside those of reduce.h
    OUTSIDE = 100
    NO_SESSION
    NO_MEMORY
    TOO_MANY_FLAT
    TOO_FAR

cdef enum:
    # what closes a bar
    EVEN
    TABLE
    COUNT
    VOLUME
    VALUE
    RANGE
    RENKO
    IMBALANCE

cdef enum:
    # what happens to a late tick
    REFUSE
    DROP
    MERGE

cdef enum:
    # columns of a sheet
    TIME
    OPEN
    HIGH
    LOW
    CLOSE
    VOLUME_SUM
    TICKS
    BUY
    SELL
    VALUE_SUM
    VALUE_LEFT
    COLUMNS

cdef enum:
    MOST_FLAT = 10_000_000

cdef int64_t LARGEST = 0x7FFFFFFFFFFFFFFF
cdef int64_t END_OF_TIME = 9_214_646_400_000_000_000        # 2262-01-01
cdef double NEARLY = 1e-9

cdef tuple KINDS = (
    "even", "table", "count", "volume", "value", "range", "renko", "imbalance")
cdef tuple POLICIES = ("refuse", "drop", "merge")
NAMES = (
    "time_ns", "open", "high", "low", "close", "volume", "ticks", "buy_volume",
    "sell_volume", "value", "value_rest")


cdef struct rules_t:
    int kind
    int is_whole
    int late
    bint flat
    int64_t length              # ns of an even bar, or of a bar within a session
    int64_t offset              # ns at which even bars start, modulo length
    const int64_t* opens        # borrowed from Machine.table
    const int64_t* closes
    const int64_t* labels       # open time of the bar that a session belongs to
    const int64_t* ends         # when that bar is complete
    int64_t rows
    int64_t threshold
    double level
    int64_t complete_ns         # ticks from here on are all there


cdef struct state_t:
    part_t part
    bint is_open                # part holds ticks
    bint inside                 # the last tick was in a session
    bint has_close
    bint first_partial
    int64_t label
    int64_t end                 # a tick from here on asks for another look at the table
    int64_t complete_end        # when the bar is complete
    int64_t row
    int64_t last_ns
    int64_t last_label
    int64_t last_row
    price_t last_close
    int64_t guess
    int64_t made                # bars closed so far
    int64_t late_dropped
    int64_t late_merged
    int64_t outside
    part_t turnover             # of a value bar: abs(price) * size
    bint has_level
    int64_t low_level           # of the last brick, in bricks
    int64_t high_level
    int64_t imbalance
    int sign
    bint has_last
    price_t last_price


cdef struct sheet_t:
    char* columns[COLUMNS]      # owned by the machine; NULL where a column is not kept
    bint keeps[COLUMNS]
    Py_ssize_t size
    Py_ssize_t room


# ------------------------------------------------------------------ the sheet

cdef int grow(sheet_t* sheet, Py_ssize_t least=64) noexcept nogil:
    """Make room for at least so many bars, and for twice as many as before."""
    cdef Py_ssize_t room = max(2 * sheet.room, least)
    cdef char* grown
    cdef int column
    for column in range(COLUMNS):
        if sheet.keeps[column]:
            grown = <char*>realloc(sheet.columns[column], 8 * room)
            if grown is NULL:
                return NO_MEMORY
            in_large_pages(grown, 8 * room)
            sheet.columns[column] = grown
    sheet.room = room
    return FINE


cdef inline void put_int(sheet_t* sheet, int column, int64_t number) noexcept nogil:
    if sheet.keeps[column]:
        (<int64_t*>sheet.columns[column])[sheet.size] = number


cdef inline void put_price(sheet_t* sheet, int column, price_t price) noexcept nogil:
    (<price_t*>sheet.columns[column])[sheet.size] = price


cdef int emit(sheet_t* sheet, int64_t label, const part_t* part) noexcept nogil:
    """Write one bar down."""
    cdef double near, left
    if sheet.size == sheet.room and grow(sheet):
        return NO_MEMORY
    put_int(sheet, TIME, label)
    put_price(sheet, OPEN, part.open)
    put_price(sheet, HIGH, part.high)
    put_price(sheet, LOW, part.low)
    put_price(sheet, CLOSE, part.close)
    put_int(sheet, VOLUME_SUM, part.volume)
    put_int(sheet, TICKS, part.ticks)
    put_int(sheet, BUY, part.buy)
    put_int(sheet, SELL, part.sell)
    if sheet.keeps[VALUE_SUM]:
        split_value(part, &near, &left)
        if near != near:
            near = left = NAN   # one NaN only, so that equal bars have equal bytes
        (<double*>sheet.columns[VALUE_SUM])[sheet.size] = near
        (<double*>sheet.columns[VALUE_LEFT])[sheet.size] = left
    sheet.size += 1
    return FINE


# ------------------------------------------------------------------ where a time lies

cdef inline int64_t floor_div(int64_t number, int64_t by) noexcept nogil:
    cdef int64_t whole = number // by
    return whole - 1 if whole * by > number else whole


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


cdef struct place_t:
    int64_t label
    int64_t end
    int64_t complete_end
    int64_t row


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


cdef inline int join_tick(state_t* state, const part_t* one,
                          int is_whole) noexcept nogil:
    if not state.is_open:
        state.part = one[0]
        state.is_open = True
        return FINE
    return FINE if join_parts(&state.part, one, is_whole) else TOO_MUCH


# ------------------------------------------------------------------ ticks by time

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


# ------------------------------------------------------------------ ticks by count

cdef inline double real_of(price_t price, int is_whole) noexcept nogil:
    return <double>price.whole if is_whole else price.real


cdef void open_at(state_t* state, int64_t time_ns) noexcept nogil:
    state.label = time_ns
    state.inside = True


cdef int64_t run_count(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    """The same for bars of so many ticks."""
    cdef part_t one
    cdef int64_t stop
    while i < ticks.n:
        why[0] = check_time(state, ticks.time[i])
        if why[0] == FINE:
            why[0] = one_tick(&one, price_at(ticks, i), ticks.size[i],
                              side_at(ticks, i), rules.is_whole)
        if why[0]:
            return i
        if not state.is_open:
            open_at(state, ticks.time[i])
        why[0] = join_tick(state, &one, rules.is_whole)
        if why[0]:
            return i
        state.last_ns = ticks.time[i]
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


cdef inline int check_time(const state_t* state, int64_t time_ns) noexcept nogil:
    if time_ns < 0:
        return TOO_OLD
    if time_ns < state.last_ns:
        return LATE
    return TOO_NEW if time_ns >= END_OF_TIME else FINE


# ------------------------------------------------------------------ ticks by their sums

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
        why[0] = check_time(state, ticks.time[i])
        if why[0] == FINE:
            why[0] = one_tick(&one, price_at(ticks, i), ticks.size[i],
                              side_at(ticks, i), rules.is_whole)
        if why[0]:
            return i
        if not state.is_open:
            open_at(state, ticks.time[i])
        why[0] = join_tick(state, &one, rules.is_whole)
        if why[0]:
            return i
        state.last_ns = ticks.time[i]
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
        why[0] = check_time(state, ticks.time[i])
        if why[0] == FINE:
            why[0] = one_tick(&one, price_at(ticks, i), ticks.size[i],
                              side_at(ticks, i), rules.is_whole)
        if why[0] == FINE and not is_near(rules, one.close):
            why[0] = TOO_FAR
        if why[0]:
            return i
        if not state.is_open:
            open_at(state, ticks.time[i])
        why[0] = join_tick(state, &one, rules.is_whole)
        if why[0]:
            return i
        state.last_ns = ticks.time[i]
        why[0] = lay_bricks(rules, state, sheet, one.close, ticks.time[i])
        if why[0]:
            return i
        i += 1
    return i


# ------------------------------------------------------------------ any ticks

cdef int64_t run_ticks(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil:
    if rules.kind == EVEN or rules.kind == TABLE:
        return run_time(rules, state, sheet, ticks, i, why)
    if rules.kind == COUNT:
        return run_count(rules, state, sheet, ticks, i, why)
    if rules.kind == RENKO:
        return run_renko(rules, state, sheet, ticks, i, why)
    return run_sums(rules, state, sheet, ticks, i, why)


cdef int take_late(const rules_t* rules, state_t* state, const ticks_t* ticks,
                   int64_t i) noexcept nogil:
    """What the rules say of a late tick: refuse it, count it, or merge it."""
    cdef part_t one
    cdef part_t sum
    cdef int why
    if rules.late == REFUSE:
        return LATE
    if ticks.time[i] < 0:
        return TOO_OLD
    why = one_tick(&one, price_at(ticks, i), ticks.size[i], side_at(ticks, i),
                   rules.is_whole)
    if why:
        return why
    if rules.late == DROP or not state.is_open or ticks.time[i] < state.label:
        state.late_dropped += 1
        return FINE
    one.close = state.part.close
    sum = state.part
    if not join_parts(&sum, &one, rules.is_whole):
        return TOO_MUCH
    state.part = sum
    state.late_merged += 1
    return FINE


cdef int64_t run(const rules_t* rules, state_t* state, sheet_t* sheet,
                 const ticks_t* ticks, int* why) noexcept nogil:
    """All the ticks, the late ones too, up to the first that is refused."""
    cdef int64_t i = 0
    why[0] = FINE
    while i < ticks.n:
        i = run_ticks(rules, state, sheet, ticks, i, why)
        if why[0] == LATE:
            why[0] = take_late(rules, state, ticks, i)
            i += why[0] == FINE
        if why[0]:
            return i
    return i


# ------------------------------------------------------------------ bars to longer bars

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


cdef int64_t run_groups(const rules_t* rules, state_t* state, sheet_t* sheet,
                        const bars_t* bars, int64_t i, int* why) noexcept nogil:
    """Many longer bars at once, each column by itself; the index after them.

    A bar has just ended before i. Where anything is out of the ordinary, or too few
    bars are left, it stops and leaves them to the way of single bars.
    """
    cdef groups_t groups
    cdef char* columns[COLUMNS]
    cdef int column
    cdef int64_t first = i
    cdef Py_ssize_t before = sheet.size
    cdef Py_ssize_t expected
    while bars.n - i > 16 and bars.time[bars.n - 1] < END_OF_TIME:
        if sheet.room < sheet.size + GROUPS:
            # as many bars out of each bar as so far, and a few more
            expected = GROUPS
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
        make_groups(bars, i, rules.offset, rules.length, &groups, columns)
        if groups.count == 0:
            break
        i = groups.starts[groups.count]
        sheet.size += groups.count
        state.made += groups.count
        state.last_ns = bars.time[i - 1]
        state.last_label = groups.labels[groups.count - 1]
        state.last_close = bar_price(bars.close, i - 1)
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
                i = run_groups(rules, state, sheet, bars, i, why)
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


# ------------------------------------------------------------------ the machine

cdef dict REASONS = {
    BAD_SIZE: "size must be at least 1",
    BAD_PRICE: "price must be a finite number",
    BAD_SIDE: "side must be 1 (buyer), -1 (seller) or 0 (not known)",
    TOO_MUCH: "the volume of a bar must be below 2**63",
    TOO_OLD: "time_ns must not be before 1970",
    TOO_NEW: "time_ns must be before 2262",
    NO_SESSION: "time_ns must be within the sessions that were given",
    TOO_MANY_FLAT: f"a gap must be at most {MOST_FLAT:,} bars",
    TOO_FAR: "price must be below 2**52 bricks",
}


cdef class Machine:
    """Turns ticks into bars by one rule; the facade checks what it is given.

    Args:
        kind: what closes a bar: one of even, table, count, volume, value, range, renko
            and imbalance.
        whole: prices are int64 ticks instead of float64.
        sides: keep the volumes of buyers and sellers.
        length_ns, offset_ns: of even bars; the length within a session of a table.
        table: opens, closes, labels and ends of sessions, each a column of int64.
        level: the threshold of the other kinds.
        flat: gaps make flat bars.
        late: refuse, drop or merge.
        complete_ns: all ticks from here on are given.
    """

    cdef rules_t rules
    cdef state_t state
    cdef state_t saved          # by mark
    cdef sheet_t sheet
    cdef tuple table            # kept alive for the rules
    cdef bint busy
    cdef bint sides
    cdef object make_bar

    def __init__(self, str kind, *, bint whole=False, bint sides=False,
                 int64_t length_ns=0, int64_t offset_ns=0, tuple table=None,
                 level=0, bint flat=False, str late="refuse",
                 int64_t complete_ns=0x7FFFFFFFFFFFFFFF, make_bar=None):
        self.rules.kind = KINDS.index(kind)
        self.rules.is_whole = whole
        self.rules.late = POLICIES.index(late)
        self.rules.flat = flat
        self.rules.length = length_ns
        self.rules.offset = offset_ns
        self.rules.complete_ns = complete_ns
        self.rules.level = level
        if kind in ("count", "volume", "imbalance") or whole:
            self.rules.threshold = int(level)
        if table is not None:
            self.set_table(table)
        self.make_bar = make_bar
        self.sides = sides
        self.keep(range(COLUMNS))
        self.state.guess = 1

    def __dealloc__(self):
        cdef int column
        for column in range(COLUMNS):
            free(self.sheet.columns[column])

    cdef int set_table(self, tuple table) except -1:
        cdef Column opens, closes, labels, ends
        opens, closes, labels, ends = table
        self.table = table
        self.rules.opens = <const int64_t*>opens.data
        self.rules.closes = <const int64_t*>closes.data
        self.rules.labels = <const int64_t*>labels.data
        self.rules.ends = <const int64_t*>ends.data
        self.rules.rows = opens.size
        return 0

    cdef int keep(self, object columns) except -1:
        cdef int column
        for column in columns:
            self.sheet.keeps[column] = self.sides or column not in (BUY, SELL)
        return 0

    cdef int begin(self) except -1:
        if self.busy:
            raise BarError("a builder must be used by one thread at a time")
        self.busy = True
        return 0

    def feed(self, Column time, Column price, Column size, Column side=None):
        """Take ticks; all of them, or none where one is refused.

        Raises:
            BadTick, UnsortedTicks: with the index of the tick.
        """
        cdef ticks_t ticks
        check_columns(time, price, size, side, self.rules.is_whole)
        ticks.time = <const int64_t*>time.data
        ticks.price = price.data
        ticks.size = <const int64_t*>size.data
        ticks.side = NULL
        if side is not None:
            ticks.side = <const int8_t*>side.data
        ticks.n = time.size
        ticks.is_whole = self.rules.is_whole
        self.begin()
        cdef state_t before = self.state
        cdef Py_ssize_t written = self.sheet.size
        cdef int why
        cdef int64_t reached
        with nogil:
            reached = run(&self.rules, &self.state, &self.sheet, &ticks, &why)
        self.busy = False
        if why == FINE:
            return
        self.state = before
        self.sheet.size = written
        refuse(why, reached, ticks.time[reached])

    def feed_bars(self, dict columns, bint partial=False):
        """Take shorter bars; all of them, or none.

        Args:
            columns: name to column; those of ticks, sides and value may be missing.
            partial: the first of them was not seen whole.
        """
        cdef bars_t bars
        cdef int column
        read_bars(&bars, columns, self.rules.is_whole)
        if self.sheet.size == 0 and not self.state.is_open:
            self.keep(range(COLUMNS))
            for column in range(COLUMNS):
                self.sheet.keeps[column] = NAMES[column] in columns
        self.begin()
        cdef state_t before = self.state
        cdef Py_ssize_t written = self.sheet.size
        cdef bint is_first = self.state.made == 0 and not self.state.is_open
        cdef int why
        cdef int64_t reached
        with nogil:
            reached = run_bars(&self.rules, &self.state, &self.sheet, &bars, &why)
        self.busy = False
        if why != FINE:
            self.state = before
            self.sheet.size = written
            refuse(why, reached, bars.time[reached])
        if is_first and partial:
            self.state.first_partial = True

    def update(self, time_ns, price, size, int side=0):
        """Take one tick.

        Args:
            time_ns: when it was traded, in nanoseconds since 1970 UTC.
            price: a float, or an int where the builder counts whole ticks.
            size: how many contracts.
            side: 1 where the buyer was the aggressor, -1 the seller, 0 not known.

        Returns:
            The bar that it closes, mostly None. Where it closes several (flat bars,
            renko), the first; ``closed`` has all of them.

        Raises:
            BadTick, UnsortedTicks: the tick is refused, and nothing is changed.
        """
        cdef part_t one
        cdef price_t exact
        cdef state_t* state = &self.state
        cdef int64_t when = whole_number(time_ns)
        cdef int64_t count = whole_number(size)
        cdef int why
        if self.busy:
            self.begin()
        if self.rules.is_whole:
            exact.whole = whole_number(price)
        else:
            exact.real = price
        if side and not self.sides:
            raise BarError("side is known: the builder must be made with sides=True")
        self.sheet.size = 0
        if (self.rules.kind <= TABLE and state.is_open and state.inside
                and state.last_ns <= when and when < state.end):
            why = one_tick(&one, exact, count, side, self.rules.is_whole)
            if why == FINE and one.volume <= LARGEST - state.part.volume:
                join_parts(&state.part, &one, self.rules.is_whole)
                state.last_ns = when
                return None
        return self.update_slowly(when, exact, count, side)

    cdef object update_slowly(self, int64_t time_ns, price_t price, int64_t size,
                              int8_t side):
        cdef ticks_t ticks
        cdef state_t before = self.state
        cdef int why
        ticks.time = &time_ns
        ticks.price = &price
        ticks.size = &size
        ticks.side = &side
        ticks.n = 1
        ticks.is_whole = self.rules.is_whole
        run(&self.rules, &self.state, &self.sheet, &ticks, &why)
        if why != FINE:
            self.state = before
            self.sheet.size = 0
            refuse(why, 0, time_ns)
        if self.sheet.size == 0:
            return None
        return self.bar_at(0)

    def advance(self, int64_t time_ns):
        """Say what time it is: a bar that is complete by then is closed.

        Returns:
            The bars that this closes, flat ones too where gaps make such.
        """
        cdef state_t* state = &self.state
        cdef int why = FINE
        self.begin()
        self.busy = False
        self.sheet.size = 0
        if self.rules.kind > TABLE:
            return []
        if state.is_open and time_ns >= state.complete_end:
            why = close_bar(state, &self.sheet)
            state.last_ns = max(state.last_ns, state.complete_end)
        if why == FINE and not state.is_open:
            why = fill_gap(&self.rules, state, &self.sheet, LARGEST, time_ns)
        if why:
            refuse(why, 0, time_ns)
        return self.closed

    @property
    def closed(self):
        """The bars that the last call closed, as a list."""
        return [self.bar_at(i) for i in range(self.sheet.size)]

    def snapshot(self):
        """The bar in the making, marked partial; None where there is none."""
        if not self.state.is_open:
            return None
        return self.bar_of(self.state.label, &self.state.part, True)

    cdef object bar_at(self, Py_ssize_t i):
        cdef int64_t label = (<int64_t*>self.sheet.columns[TIME])[i]
        cdef bint partial = (
            self.state.first_partial and self.state.made == self.sheet.size and i == 0)
        return self.make_bar(
            label, *[self.cell(column, i) for column in range(OPEN, COLUMNS)], partial)

    cdef object cell(self, int column, Py_ssize_t i):
        cdef char* numbers = self.sheet.columns[column]
        if not self.sheet.keeps[column]:
            return None
        if column >= VALUE_SUM or (OPEN <= column <= CLOSE and not self.rules.is_whole):
            return (<double*>numbers)[i]
        return (<int64_t*>numbers)[i]

    cdef object bar_of(self, int64_t label, const part_t* part, bint partial):
        """A bar that is not on the sheet: written behind its end, and read back."""
        if emit(&self.sheet, label, part):
            raise MemoryError
        self.sheet.size -= 1
        return self.make_bar(
            label,
            *[self.cell(column, self.sheet.size) for column in range(OPEN, COLUMNS)],
            partial)

    def take(self):
        """The closed bars since the last call, name to column."""
        self.begin()
        cdef dict taken = {}
        cdef int column
        for column in range(COLUMNS):
            if self.sheet.keeps[column]:
                taken[NAMES[column]] = self.tear(column)
        self.sheet.size = self.sheet.room = 0
        self.busy = False
        return taken

    cdef Column tear(self, int column):
        """One column of the sheet, with its memory."""
        cdef char* data = self.sheet.columns[column]
        cdef char kind = c"q"
        if column >= VALUE_SUM or (OPEN <= column <= CLOSE and not self.rules.is_whole):
            kind = c"d"
        cdef char* exact = <char*>realloc(data, 8 * max(self.sheet.size, 1))
        if exact is NULL:
            raise MemoryError
        self.sheet.columns[column] = NULL
        return column_over(exact, self.sheet.size, kind, None)

    def mark(self):
        """Remember how things are, with no closed bars in hand."""
        self.begin()
        self.busy = False
        self.saved = self.state
        self.sheet.size = 0

    def rollback(self):
        """Be as at the last mark."""
        self.state = self.saved
        self.sheet.size = 0

    def end_of(self, int64_t time_ns):
        """When the time bar that a time belongs to is complete; None outside of all."""
        cdef place_t place
        if self.rules.kind > TABLE or locate(&self.rules, 0, time_ns, &place):
            return None
        return place.complete_end

    def close_last(self):
        """Close the bar in the making; whether there was one, and when it is complete.

        Returns:
            None, or the time in nanoseconds (0 for bars that no time completes).
        """
        if not self.state.is_open:
            return None
        cdef int64_t end = (
            self.state.complete_end if self.rules.kind <= TABLE else 0)
        if close_bar(&self.state, &self.sheet):
            raise MemoryError
        return end

    @property
    def made(self):
        """How many bars it has closed so far."""
        return self.state.made

    @property
    def first_partial(self):
        """Whether the first bar of all may lack ticks from before the start."""
        return bool(self.state.first_partial)

    @property
    def late_dropped(self):
        """Late ticks that were left out."""
        return self.state.late_dropped

    @property
    def late_merged(self):
        """Late ticks that went into the bar in the making."""
        return self.state.late_merged

    @property
    def outside(self):
        """Ticks or bars outside every session, which were left out."""
        return self.state.outside

    @property
    def last_ns(self):
        """No tick may be older than this."""
        return self.state.last_ns


cdef inline int64_t whole_number(object number) except? -1:
    """An int as 64 bits; a float is refused, even a whole one."""
    return number if PyLong_CheckExact(number) else PyNumber_Index(number)


cdef int refuse(int why, int64_t index, int64_t time_ns) except -1:
    if why == NO_MEMORY:
        raise MemoryError
    if why == LATE and time_ns >= 0:
        raise UnsortedTicks(
            f"time_ns must not be before the tick before it, was {time_ns}", index)
    raise BadTick(REASONS[TOO_OLD if why == LATE else why], index)


cdef int check_columns(Column time, Column price, Column size, Column side,
                       bint whole) except -1:
    check_column(time, "time_ns", c"q", time.size)
    check_column(price, "price", c"q" if whole else c"d", time.size)
    check_column(size, "size", c"q", time.size)
    if side is not None:
        check_column(side, "side", c"b", time.size)
    return 0


cdef int check_column(Column column, str name, char kind, Py_ssize_t length) except -1:
    if column.kind != kind:
        wanted = {c"q": "int64", c"d": "float64", c"b": "int8"}[kind]
        raise WrongColumn(f"{name} must hold {wanted}, was {column.dtype}")
    if column.size != length:
        raise WrongColumn(f"{name} must be as long as time_ns ({length}), "
                          f"was {column.size}")
    return 0


cdef int read_bars(bars_t* bars, dict columns, bint whole) except -1:
    cdef Column time = columns["time_ns"]
    cdef Column column
    for name, column in columns.items():
        kind = c"q"
        if name in ("value", "value_rest") or (
                name in ("open", "high", "low", "close") and not whole):
            kind = c"d"
        check_column(column, name, kind, time.size)
    bars.n = time.size
    bars.is_whole = whole
    bars.time = <const int64_t*>time.data
    bars.open = data_of(columns, "open")
    bars.high = data_of(columns, "high")
    bars.low = data_of(columns, "low")
    bars.close = data_of(columns, "close")
    bars.volume = <const int64_t*>data_of(columns, "volume")
    bars.ticks = <const int64_t*>data_of(columns, "ticks")
    bars.buy = <const int64_t*>data_of(columns, "buy_volume")
    bars.sell = <const int64_t*>data_of(columns, "sell_volume")
    bars.value = <const double*>data_of(columns, "value")
    bars.left = <const double*>data_of(columns, "value_rest")
    return 0


cdef const void* data_of(dict columns, str name) except? NULL:
    cdef Column column = columns.get(name)
    if column is None:
        return NULL
    return <const void*>column.data


def check_bars(dict columns):
    """Refuse columns that are no bars.

    Raises:
        WrongColumn: another type or length.
        BarError: out of order, not a number, or a high or low that is none.
    """
    cdef bars_t bars
    cdef Column opens = columns["open"]
    cdef int64_t i
    read_bars(&bars, columns, opens.kind == c"q")
    for i in range(bars.n):
        if not 0 <= bars.time[i] < END_OF_TIME:
            raise BarError(f"time_ns must be from 1970 to 2261, was not in bar {i}")
        if i and bars.time[i] <= bars.time[i - 1]:
            raise BarError(f"bars must be in order of time, bar {i} is not")
        if not is_bar(&bars, i):
            raise BarError(
                f"high must be the highest and low the lowest, were not in bar {i}")
        if bars.volume[i] < 0:
            raise BarError(f"volume must not be negative, was in bar {i}")


cdef bint is_bar(const bars_t* bars, int64_t i) noexcept nogil:
    cdef price_t opened = bar_price(bars.open, i)
    cdef price_t high = bar_price(bars.high, i)
    cdef price_t low = bar_price(bars.low, i)
    cdef price_t close = bar_price(bars.close, i)
    if bars.is_whole:
        return (low.whole <= min(opened.whole, close.whole)
                and high.whole >= max(opened.whole, close.whole))
    return (low.real <= opened.real <= high.real and low.real <= close.real <= high.real
            and high.real - high.real == 0 and low.real - low.real == 0)


def vector_paths():
    """The names of the vector paths that this machine can run, widest first."""
    names = []
    cdef int rank = 0
    while lanes_name(rank) is not NULL:
        names.append(lanes_name(rank).decode())
        rank += 1
    return names


def use_vector_path(str name):
    """Run the inner loops with vectors of one kind; False where the machine cannot."""
    global chosen
    if not use_lanes(name.encode()):
        return False
    chosen = name
    return True


def vector_path():
    """The name of the vectors that the inner loops run with."""
    return chosen


# the widest that there is, unless the environment names another
chosen = None
for _name in [os.environ.get("FASTORDER_VECTORS", ""), *vector_paths()]:
    if _name and use_vector_path(_name):
        break
