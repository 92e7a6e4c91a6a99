"""A part of a bar, and sums that do not depend on the order of their terms."""

from libc.stdint cimport int64_t

cdef extern from "part.h" nogil:
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

    enum:
        FINE
        LATE
        BAD_SIZE
        BAD_PRICE
        BAD_SIDE
        TOO_MUCH
        TOO_OLD
        TOO_NEW

    void add_value(part_t* part, double value) noexcept
    int join_parts(part_t* sum, const part_t* more, int is_whole) noexcept
    int one_tick(part_t* part, price_t price, int64_t size, int side,
                 int is_whole) noexcept
    int add_plain_tick(part_t* sum, price_t price, int64_t size, int side,
                       int is_whole) noexcept

cdef enum:
    # further reasons, beside those of part.h
    OUTSIDE = 100
    NO_SESSION
    NO_MEMORY
    TOO_MANY_FLAT
    TOO_FAR
