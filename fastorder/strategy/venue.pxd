"""The C side of venue.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder.strategy.orders cimport Order

cdef int TRADE, ACCEPTED, REJECTED, SETTLED
cdef int64_t NO_PRICE


cdef class Desk:
    cdef public object strategy
    cdef public object run
    cdef public dict positions
    cdef public dict alive
    cdef public list requests
    cdef public dict _legs
    cdef public object _sent
    cdef public int64_t _held
    cdef public dict _hears

    cdef object _add_leg(
        self, Order entry, int64_t number, str kind, str role, int64_t distance_ticks)
    cdef object _tell(
        self, int64_t time_ns, Order order, str what, outcome=*, str reason=*)

    @cython.locals(what=int, order=Order)
    cpdef take(self, tuple event)
    cdef object _later(self, Order order, tuple event, str what)
    cdef object _price(self, Order order, int64_t ticks)
    cdef object _answered(self, Order order, tuple event, bint accepted)

    @cython.locals(one=Order)
    cdef object _settled(
        self, Order order, tuple event, bint accepted, int64_t time_ns)

    @cython.locals(before=int64_t, after=int64_t, size=int64_t, side=int)
    cdef object _filled(self, Order order, tuple event)

    @cython.locals(leg=Order)
    cdef object _price_legs(self, Order order, list legs, int64_t ticks)


cdef class Seen:
    cdef readonly object run
    cdef readonly dict owners

    @cython.locals(desk=Desk)
    cpdef take(self, tuple event)
