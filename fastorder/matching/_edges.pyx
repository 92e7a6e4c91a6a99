# cython: boundscheck=False, wraparound=False, cdivision=True
"""Between which prices nothing can happen to the orders of a contract.

A print above ``low`` and below ``high`` fills nothing, triggers nothing and moves no
trailing stop; nor does a quote whose ask is above ``ask_edge`` and whose bid is below
``bid_edge``. So a tick costs two comparisons, however many orders rest.
"""

from libc.stdint cimport int64_t

from fastorder.matching._floors cimport check_floors, floor_edges
from fastorder.matching._orders cimport is_working
from fastorder.matching._state cimport (
    LEAST,
    MARKET,
    MOST,
    STOP,
    STOP_LIMIT,
    TRADE_THROUGH,
    TRAILING_STOP,
    contract_t,
    order_t,
    venue_t,
)


cdef void set_edges(venue_t* venue, contract_t* contract) noexcept nogil:
    """Find them anew; for whenever an order has come, changed or gone.

    Floors bind the contracts of an account to each other: a trade in one moves the
    edges of all.
    """
    cdef int i
    if venue.floors == 0:
        find_edges(venue, contract)
        return
    check_floors(venue, contract)
    for i in range(venue.n_contracts):
        find_edges(venue, &venue.contracts[i])


cdef void find_edges(const venue_t* venue, contract_t* contract) noexcept nogil:
    cdef int i
    contract.low = contract.ask_edge = LEAST
    contract.high = contract.bid_edge = MOST
    for i in range(contract.count):
        if is_working(&contract.orders[i]):
            narrow(venue, contract, &contract.orders[i])
    if venue.floors:
        floor_edges(venue, contract)


cdef void narrow(const venue_t* venue, contract_t* contract,
                 const order_t* order) noexcept nogil:
    cdef bint is_stop = order.kind in (STOP, STOP_LIMIT, TRAILING_STOP)
    if is_stop and not order.triggered:
        stop_edge(contract, order)
    elif is_stop and order.kind != STOP_LIMIT or order.kind == MARKET or order.fresh:
        every_datum(contract)
    else:
        limit_edge(venue, contract, order)


cdef void every_datum(contract_t* contract) noexcept nogil:
    contract.low = contract.ask_edge = MOST


cdef void stop_edge(contract_t* contract, const order_t* order) noexcept nogil:
    cdef bint trails = order.kind == TRAILING_STOP
    if not contract.has_last:
        every_datum(contract)
    if order.side > 0:
        contract.high = min(contract.high, order.stop)
        if trails:
            contract.low = max(contract.low, order.stop - order.trail - 1)
    else:
        contract.low = max(contract.low, order.stop)
        if trails:
            contract.high = min(contract.high, order.stop + order.trail + 1)


cdef void limit_edge(const venue_t* venue, contract_t* contract,
                     const order_t* order) noexcept nogil:
    cdef int64_t beyond = venue.model_ticks if venue.model == TRADE_THROUGH else 0
    cdef int64_t crossed = max(0, beyond - 1)
    if order.side > 0:
        contract.low = max(contract.low, order.limit - beyond)
        contract.ask_edge = max(contract.ask_edge, order.limit - crossed)
    else:
        contract.high = min(contract.high, order.limit + beyond)
        contract.bid_edge = min(contract.bid_edge, order.limit + crossed)
