# cython: boundscheck=False, wraparound=False, cdivision=True
"""Events, in the order in which they happen and are seen.

One line carries what the venue says: an event is seen after its latency, and never
before the one that happened before it.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from fastorder.matching._latency cimport draw
from fastorder.matching._state cimport (
    MOST,
    NO_MEMORY,
    NO_PRICE,
    RESPONSE,
    event_t,
    order_t,
    venue_t,
)

cdef event_t NOWHERE        # takes an event that no memory was found for


cdef event_t* note_at(venue_t* venue, int kind, int64_t order_id, int account,
                      int contract) noexcept nogil:
    """Add an event of now; the caller fills in what else it tells."""
    if venue.n_events == venue.events_room and not grow(venue):
        return &NOWHERE
    cdef event_t* event = &venue.events[venue.n_events]
    venue.n_events += 1
    memset(event, 0, sizeof(event_t))
    event.time_ns = venue.now_ns
    event.seen_ns = max(venue.last_seen_ns, venue.now_ns + draw(
        venue, RESPONSE, order_id, kind))
    venue.last_seen_ns = event.seen_ns
    event.kind = kind
    event.order_id = order_id
    event.account = account
    event.contract = contract
    event.price = NO_PRICE
    return event


cdef event_t* note(venue_t* venue, int kind, const order_t* order) noexcept nogil:
    """Add an event of an order, as the order stands."""
    cdef event_t* event = note_at(venue, kind, order.id, order.account, order.contract)
    event.parent_id = order.parent
    event.order_kind = order.kind
    event.side = order.side
    event.size = order.size
    event.left = order.size - order.filled
    return event


cdef bint grow(venue_t* venue) noexcept nogil:
    cdef int64_t room = 2 * venue.events_room if venue.events_room else 64
    cdef event_t* grown = <event_t*>realloc(venue.events, room * sizeof(event_t))
    if grown is NULL:
        venue.failed = NO_MEMORY
        return False
    venue.events = grown
    venue.events_room = room
    return True


cdef int64_t next_seen(const venue_t* venue) noexcept nogil:
    """When the next event is to be shown; never where nobody watches."""
    if not venue.watched or venue.shown == venue.n_events:
        return MOST
    return venue.events[venue.shown].seen_ns
