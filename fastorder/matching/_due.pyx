# cython: boundscheck=False, wraparound=False, cdivision=True
"""What is due at a time: requests under way, legs and cancels to come.

A binary heap; of two at one time, the one that was asked for first comes first.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport realloc

from fastorder.matching._state cimport MOST, NO_MEMORY, due_t, request_t, venue_t


cdef inline bint earlier(const due_t* one, const due_t* other) noexcept nogil:
    if one.time_ns != other.time_ns:
        return one.time_ns < other.time_ns
    return one.turn < other.turn


cdef void push(venue_t* venue, int64_t time_ns,
               const request_t* request) noexcept nogil:
    """Put a request in, due at a time."""
    if venue.n_due == venue.due_room and not grow(venue):
        return
    cdef due_t entry
    entry.time_ns = time_ns
    entry.turn = venue.turn
    entry.request = request[0]
    venue.turn += 1
    cdef int64_t child = venue.n_due, parent
    venue.n_due += 1
    while child > 0:
        parent = (child - 1) >> 1
        if not earlier(&entry, &venue.due[parent]):
            break
        venue.due[child] = venue.due[parent]
        child = parent
    venue.due[child] = entry
    venue.next_ns = min(venue.next_ns, time_ns)


cdef bint grow(venue_t* venue) noexcept nogil:
    cdef int64_t room = 2 * venue.due_room if venue.due_room else 16
    cdef due_t* grown = <due_t*>realloc(venue.due, room * sizeof(due_t))
    if grown is NULL:
        venue.failed = NO_MEMORY
        return False
    venue.due = grown
    venue.due_room = room
    return True


cdef due_t pop(venue_t* venue) noexcept nogil:
    """Take the first one out; there is one."""
    cdef due_t first = venue.due[0]
    cdef int64_t parent = 0, child = 1
    cdef due_t moving
    venue.n_due -= 1
    moving = venue.due[venue.n_due]
    while child < venue.n_due:
        if (child + 1 < venue.n_due
                and earlier(&venue.due[child + 1], &venue.due[child])):
            child += 1
        if not earlier(&venue.due[child], &moving):
            break
        venue.due[parent] = venue.due[child]
        parent = child
        child = 2 * parent + 1
    if venue.n_due:
        venue.due[parent] = moving
    set_next(venue)
    return first


cdef void set_next(venue_t* venue) noexcept nogil:
    """When something happens next that no datum causes."""
    cdef int i
    venue.next_ns = venue.due[0].time_ns if venue.n_due else MOST
    for i in range(venue.n_contracts):
        venue.next_ns = min(venue.next_ns, venue.contracts[i].boundary_ns)
