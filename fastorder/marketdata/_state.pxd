"""The rules of a builder, the bar in the making, and how it is opened and closed."""

from libc.stdint cimport int64_t

from fastorder.marketdata._part cimport FINE, LATE, TOO_MUCH, TOO_NEW, TOO_OLD
from fastorder.marketdata._part cimport join_parts, part_t, price_t
from fastorder.marketdata._sheet cimport sheet_t

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
    MOST_FLAT = 10_000_000

cdef extern from *:
    """
    #define LARGEST 0x7fffffffffffffff
    #define END_OF_TIME 9214646400000000000     /* 2262-01-01 */
    """
    const int64_t LARGEST
    const int64_t END_OF_TIME


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


cdef struct place_t:
    int64_t label
    int64_t end
    int64_t complete_end
    int64_t row


cdef int locate(const rules_t* rules, int64_t row, int64_t time_ns,
                place_t* place) noexcept nogil
cdef int close_bar(state_t* state, sheet_t* sheet) noexcept nogil
cdef int fill_gap(const rules_t* rules, state_t* state, sheet_t* sheet, int64_t label,
                  int64_t until_ns) noexcept nogil
cdef int turn(const rules_t* rules, state_t* state, sheet_t* sheet,
              int64_t time_ns) noexcept nogil
cdef int64_t skip_outside(state_t* state, const int64_t* time, int64_t i, int64_t n,
                          int* why) noexcept nogil


cdef inline int64_t floor_div(int64_t number, int64_t by) noexcept nogil:
    cdef int64_t whole = number // by
    return whole - 1 if whole * by > number else whole


cdef inline int join_tick(state_t* state, const part_t* one,
                          int is_whole) noexcept nogil:
    if not state.is_open:
        state.part = one[0]
        state.is_open = True
        return FINE
    return FINE if join_parts(&state.part, one, is_whole) else TOO_MUCH


cdef inline int check_time(const state_t* state, int64_t time_ns) noexcept nogil:
    if time_ns < 0:
        return TOO_OLD
    if time_ns < state.last_ns:
        return LATE
    return TOO_NEW if time_ns >= END_OF_TIME else FINE
