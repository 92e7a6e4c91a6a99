"""How long things take: a constant, a table over time, or a histogram."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport venue_t

cdef int64_t draw(const venue_t* venue, int which, int64_t order_id,
                  int64_t nth) noexcept nogil
