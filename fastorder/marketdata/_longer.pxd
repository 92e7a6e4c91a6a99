"""Bars to longer bars."""

from libc.stdint cimport int64_t

from fastorder.marketdata._part cimport part_t, price_t
from fastorder.marketdata._sheet cimport sheet_t
from fastorder.marketdata._state cimport rules_t, state_t
from fastorder.marketdata._vectors cimport lanes_t

cdef extern from "longer.h" nogil:
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
        const lanes_t* lanes

    price_t bar_price(const void* column, int64_t i) noexcept

cdef int64_t run_bars(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const bars_t* bars, int* why) noexcept nogil
