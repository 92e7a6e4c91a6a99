"""Many ticks at once: their sum, and where a bar ends among them."""

from libc.stdint cimport int8_t, int64_t

from fastorder.marketdata._part cimport part_t, price_t
from fastorder.marketdata._vectors cimport lanes_t

cdef extern from "ticks.h" nogil:
    ctypedef struct ticks_t:
        const int64_t* time
        const void* price
        const int64_t* size
        const int8_t* side
        int64_t n
        int is_whole
        const lanes_t* lanes

    price_t price_at(const ticks_t* ticks, int64_t i) noexcept
    int side_at(const ticks_t* ticks, int64_t i) noexcept
    int64_t join_ticks(const ticks_t* ticks, int64_t start, int64_t stop, part_t* sum,
                       int* why) noexcept
    int64_t first_from(const int64_t* time, int64_t start, int64_t n, int64_t end_ns,
                       int64_t guess) noexcept
