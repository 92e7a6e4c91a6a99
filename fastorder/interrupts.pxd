"""The C side of interrupts.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.order cimport OrderRequest
from fastorder._core.poll_engine cimport PollEngine
from fastorder._core.ticket cimport Ticket


@cython.locals(interrupts=HeldInterrupts)
cpdef object outcome_of(Ticket ticket, PollEngine engine)


@cython.locals(interrupts=HeldInterrupts, ticket=Ticket)
cpdef object outcome_of_order(
    object place, OrderRequest order, int64_t called_ns, PollEngine engine)


cdef object _wait(Ticket ticket, PollEngine engine, HeldInterrupts interrupts)


cdef class HeldInterrupts:
    cdef object _handler
    cdef bint _held
    cdef bint _noted

    cpdef object hold(self)
    cpdef object release(self)
    cpdef object let_through(self)
    cpdef object end(self)
