"""The C side of placed.py: where its attributes lie once it is compiled."""

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
