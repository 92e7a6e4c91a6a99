# cython: boundscheck=False, wraparound=False, cdivision=True
"""The memory of an exchange: made, copied, freed."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastorder.matching._state cimport (
    account_t,
    contract_t,
    due_t,
    order_t,
    position_t,
    venue_t,
)


cdef void* copied(const void* source, size_t size, int* failed) noexcept nogil:
    """A copy of some bytes; NULL for none, and where there is no memory."""
    cdef void* copy
    if size == 0:
        return NULL
    copy = malloc(size)
    if copy is NULL:
        failed[0] = True
    else:
        memcpy(copy, source, size)
    return copy


cdef bint copy_into(venue_t* copy, const venue_t* venue) noexcept nogil:
    """A scratch copy, to see what would happen: its events and tags are its own.

    It looks at the used tags of the original, and uses up none.
    """
    cdef int failed = False
    cdef int64_t n = venue.n_contracts
    cdef int i
    copy[0] = venue[0]
    copy.is_scratch = True
    copy.watched = False
    copy.events = NULL
    copy.n_events = copy.events_room = copy.shown = 0
    copy.doubtful = NULL
    copy.n_doubtful = copy.doubtful_room = 0
    copy.accounts = <account_t*>copied(
        venue.accounts, venue.n_accounts * sizeof(account_t), &failed)
    copy.positions = <position_t*>copied(
        venue.positions, n * venue.n_accounts * sizeof(position_t), &failed)
    copy.due = <due_t*>copied(venue.due, venue.n_due * sizeof(due_t), &failed)
    copy.due_room = venue.n_due
    copy.contracts = <contract_t*>copied(
        venue.contracts, n * sizeof(contract_t), &failed)
    if copy.contracts is NULL:
        return False
    for i in range(n):
        copy.contracts[i].room = copy.contracts[i].count
        copy.contracts[i].orders = <order_t*>copied(
            venue.contracts[i].orders,
            venue.contracts[i].count * sizeof(order_t), &failed)
    return not failed


cdef void free_copy(venue_t* copy) noexcept nogil:
    cdef int i
    if copy.contracts is not NULL:
        for i in range(copy.n_contracts):
            free(copy.contracts[i].orders)
    free(copy.contracts)
    free(copy.accounts)
    free(copy.positions)
    free(copy.due)
    free(copy.events)
    free(copy.doubtful)
