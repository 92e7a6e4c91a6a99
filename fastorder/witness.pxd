"""The C side of witness.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.engine cimport Engine
from fastorder._core.gate cimport Gate
from fastorder._core.result cimport OrderResult
from fastorder._core.ticket cimport Ticket
from fastorder._core.transfer cimport Evidence, Receiver
from fastorder.clock cimport Clock


cdef class Witness(Receiver):
    cdef object _journal
    cdef object _on_unknown
    cdef object _on_late_arrival
    cdef Gate _gate
    cdef Clock _clock
    cdef Engine _engine
    cdef bint _is_due
    cdef set _seen

    cpdef object unknown(self, Ticket ticket)
    cpdef object ended(self, Ticket ticket)
    cdef object _write(self, OrderResult result)
