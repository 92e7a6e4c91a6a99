"""The C side of outcome_log.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.transport.engine cimport Engine
from fastorder._core.transport.gate cimport Gate
from fastorder._core.flow.result cimport OrderResult
from fastorder._core.flow.ticket cimport Ticket
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder.runtime.clock cimport Clock


cdef class OutcomeLog(Receiver):
    cdef object _journal
    cdef object _on_unknown
    cdef object _on_late_arrival
    cdef Gate _gate
    cdef Clock _clock
    cdef Engine _engine
    cdef bint _is_due
    cdef set _seen
    cdef list _unwritten
    cdef public int64_t _log_told   # its length that is told of next; a test lessens it

    cpdef object outcome_unknown(self, Ticket ticket)
    cpdef object ticket_ended(self, Ticket ticket)
    cdef object _write(self, OrderResult result)
    cdef bint _puts_off(self)

    @cython.locals(result=OrderResult)
    cdef object _write_down(self, object journal)
