"""The C side of interrupts.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.order cimport OrderRequest
from fastorder._core.poll_engine cimport PollEngine
from fastorder._core.ticket cimport Ticket
from fastorder.intake cimport Intake


@cython.locals(interrupts=HeldInterrupts)
cpdef object outcome_of(Ticket ticket, PollEngine engine)


cdef object _wait(Ticket ticket, PollEngine engine, HeldInterrupts interrupts)


cdef class WaitingIntake:
    cdef Intake _intake
    cdef PollEngine _engine

    @cython.locals(interrupts=HeldInterrupts, ticket=Ticket)
    cpdef object place(self, OrderRequest order, int64_t called_ns)


cdef class HeldInterrupts:
    cdef object _handler
    cdef bint _held
    cdef bint _noted

    cpdef object hold(self)
    cpdef object release(self)
    cpdef object let_through(self)
    cpdef object end(self)
