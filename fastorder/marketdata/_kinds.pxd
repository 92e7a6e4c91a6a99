"""Ticks to bars that something else than time closes."""

from libc.stdint cimport int64_t

from fastorder.marketdata._sheet cimport sheet_t
from fastorder.marketdata._state cimport rules_t, state_t
from fastorder.marketdata._ticks cimport ticks_t

cdef int64_t run_count(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil
cdef int64_t run_sums(const rules_t* rules, state_t* state, sheet_t* sheet,
                      const ticks_t* ticks, int64_t i, int* why) noexcept nogil
cdef int64_t run_renko(const rules_t* rules, state_t* state, sheet_t* sheet,
                       const ticks_t* ticks, int64_t i, int* why) noexcept nogil
