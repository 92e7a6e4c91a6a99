"""The C side of interrupts.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder._core.poll_engine cimport PollEngine
from fastorder._core.ticket cimport Ticket


@cython.locals(interrupts=HeldInterrupts)
cpdef object outcome_of(Ticket ticket, PollEngine engine)


cdef class HeldInterrupts:
    cdef object _handler
    cdef bint _noted

    cpdef object hold(self)
    cpdef object release(self)
    cpdef object let_through(self)
