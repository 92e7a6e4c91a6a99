"""The C side of placed.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder._core.codec.public_name cimport show_as
from fastorder._core.flow.ticket cimport Ticket


cdef class Placed:
    cdef object _trader
    cdef object _order
    cdef readonly object account_id
    cdef readonly object result
    cdef readonly object trail_ticks


cdef class Placing(Ticket):
    cdef object _trader
    cdef object _order
    cdef Ticket _ticket

    cdef object _follow(
        self, object trader, object account_id, Ticket ticket, object order)
    cpdef object _is_placed(self, Ticket ticket)


@cython.locals(placed=Placed)
cdef Placed placed_of(object trader, object account_id, object result, object order)


@cython.locals(placing=Placing)
cpdef object placed_or_placing(
    object trader, object account_id, object sent, object order)
