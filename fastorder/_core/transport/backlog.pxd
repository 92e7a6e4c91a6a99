"""Requests that wait for a connection, the most urgent first."""

from fastorder._core.transport.evidence cimport Receiver
from fastorder._core.transport.request_head cimport Route

cdef class Backlog:
    cdef object lessening       # what takes risk away: cancels, closes
    cdef object changes         # every other change
    cdef object reads
    cdef Py_ssize_t size

    cdef int push(self, Route route, Receiver receiver, tuple request) except -1
    cdef tuple pop(self)
    cdef list taken(self)
    cdef bint holds(self, Receiver receiver) except -1
