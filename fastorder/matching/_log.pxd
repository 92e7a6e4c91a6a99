"""Events, in the order in which they happen and are seen."""

from libc.stdint cimport int64_t

from fastorder.matching._state cimport event_t, order_t, venue_t

cdef event_t* note(venue_t* venue, int kind, const order_t* order) noexcept nogil
cdef event_t* note_at(venue_t* venue, int kind, int64_t order_id, int account,
                      int contract) noexcept nogil
cdef int64_t next_seen(const venue_t* venue) noexcept nogil
