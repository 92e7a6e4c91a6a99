# cython: boundscheck=False, wraparound=False, cdivision=True
"""The orders of a contract, by id: put in, found, ended.

An order that has ended stays in its place until the pass that ended it is over.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport realloc
from libc.string cimport memmove

from fastorder.matching._log cimport note
from fastorder.matching._state cimport (
    CANCELLED,
    EXPIRED,
    NO_MEMORY,
    ORDER_CANCELLED,
    ORDER_EXPIRED,
    contract_t,
    order_t,
    venue_t,
)


cdef int64_t place_of(const contract_t* contract, int64_t order_id) noexcept nogil:
    """Where an order is, or would be."""
    cdef int64_t low = 0, high = contract.count, middle
    while low < high:
        middle = (low + high) >> 1
        if contract.orders[middle].id < order_id:
            low = middle + 1
        else:
            high = middle
    return low


cdef order_t* find(contract_t* contract, int64_t order_id) noexcept nogil:
    """A live order, or NULL."""
    cdef int64_t place = place_of(contract, order_id)
    if place == contract.count or contract.orders[place].id != order_id:
        return NULL
    if not is_live(&contract.orders[place]):
        return NULL
    return &contract.orders[place]


cdef order_t* put(venue_t* venue, contract_t* contract,
                  const order_t* order) noexcept nogil:
    """Put an order in; pointers to other orders of the contract end here."""
    cdef int64_t place, room
    cdef order_t* grown
    if contract.count == contract.room:
        room = 2 * contract.room if contract.room else 16
        grown = <order_t*>realloc(contract.orders, room * sizeof(order_t))
        if grown is NULL:
            venue.failed = NO_MEMORY
            return NULL
        contract.orders = grown
        contract.room = room
    place = place_of(contract, order.id)
    memmove(&contract.orders[place + 1], &contract.orders[place],
            (contract.count - place) * sizeof(order_t))
    contract.orders[place] = order[0]
    contract.count += 1
    return &contract.orders[place]


cdef void end(venue_t* venue, order_t* order, int status) noexcept nogil:
    """Cancelled, expired or filled; a fill has told of itself."""
    order.status = status
    if status == CANCELLED:
        note(venue, ORDER_CANCELLED, order)
    elif status == EXPIRED:
        note(venue, ORDER_EXPIRED, order)


cdef void end_legs(venue_t* venue, contract_t* contract, int64_t parent) noexcept nogil:
    """Cancel what is alive of a bracket's legs."""
    cdef order_t* leg
    cdef int nth
    for nth in range(1, 3):
        leg = find(contract, parent + nth)
        if leg is not NULL and leg.parent == parent:
            end(venue, leg, CANCELLED)


cdef void sweep(contract_t* contract) noexcept nogil:
    """Take out what has ended."""
    cdef int kept = 0, i
    for i in range(contract.count):
        if is_live(&contract.orders[i]):
            if kept != i:
                contract.orders[kept] = contract.orders[i]
            kept += 1
    contract.count = kept
