# cython: boundscheck=False, wraparound=False, cdivision=True
"""How long things take: a constant, a table over time, or a histogram.

A draw is hashed from the seed, the order's id and what it is drawn for, from nothing
that happened before: what changes one order does not change the luck of the others.
"""

from libc.stdint cimport int64_t, uint64_t

from fastorder.matching._state cimport latency_t, mixed, venue_t


cdef int64_t draw(const venue_t* venue, int which, int64_t order_id,
                  int64_t nth) noexcept nogil:
    """Nanoseconds that one thing takes, asked for now."""
    cdef const latency_t* latency = &venue.latency[which]
    cdef int64_t row
    cdef uint64_t number
    if latency.rows == 0:
        return latency.constant_ns
    if latency.is_table:
        row = above(latency.at, latency.rows, venue.now_ns)
        return latency.values[row - 1 if row else 0]
    number = mixed(venue.seed ^ mixed(<uint64_t>order_id))
    number = mixed(number ^ mixed(<uint64_t>nth * 8 + <uint64_t>which))
    number %= <uint64_t>latency.values[latency.rows - 1]
    return latency.at[above(latency.values, latency.rows, <int64_t>number)]


cdef int64_t above(const int64_t* rows, int64_t n, int64_t value) noexcept nogil:
    """The first row that is above a value; the rows ascend."""
    cdef int64_t low = 0, high = n, middle
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low
