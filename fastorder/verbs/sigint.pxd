"""The C side of sigint.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.transport.poll_engine cimport PollEngine
from fastorder._core.flow.ticket cimport Ticket
from fastorder.submission.submitter cimport Submitter


@cython.locals(sigint=DeferredSigint)
cpdef object wait_for(Ticket ticket, PollEngine engine)


@cython.locals(sigint=DeferredSigint, ticket=Ticket)
cpdef object started_and_waited_for(
    object start, tuple given, dict named, PollEngine engine)


cdef object _wait(Ticket ticket, PollEngine engine, DeferredSigint sigint)


cdef class BlockingSubmitter:
    cdef Submitter _submitter
    cdef PollEngine _engine

    @cython.locals(sigint=DeferredSigint, ticket=Ticket)
    cpdef object submit(self, OrderRequest order, int64_t called_ns)


cdef class DeferredSigint:
    cdef object _handler
    cdef bint _held
    cdef bint _noted

    cpdef object defer(self)
    cpdef object restore(self)
    cpdef object deliver(self)
    cpdef object end(self)
