"""The C side of change_reports.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder._core.flow.result cimport OrderResult
from fastorder._core.flow.ticket cimport Ticket

cdef object UNKNOWN, INFO


cdef class ChangeReports:
    cdef object _logger
    cdef dict _levels
    cdef tuple _observers   # None where there is none
    cdef set _doubted

    cpdef object began(self, Ticket ticket)

    @cython.locals(result=OrderResult)
    cpdef object ended(self, Ticket ticket)
    cpdef object unknown(self, Ticket ticket)
