"""The C side of budget.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.flow.protocol cimport Send
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder.budgets.leases cimport Leases
from fastorder.budgets.line cimport Line
from fastorder.budgets.meter cimport Meter


cdef class RequestBudget(Receiver):
    cdef readonly Meter meter
    cdef readonly Line line
    cdef object _session
    cdef int64_t _late_ns
    cdef int64_t _longest_wait_ns
    cdef dict _on_way
    cdef object _released
    cdef int64_t _burst_ns
    cdef int _burst_count
    cdef int64_t _planned_ns
    cdef object _said

    @cython.locals(until_ns=int64_t, ahead=Py_ssize_t)
    cpdef int64_t admits(
        self, Send command, Receiver receiver, int lane, int64_t now_ns) except -1

    @cython.locals(until_ns=int64_t, leases=Leases)
    cdef int64_t _take(
        self, Receiver receiver, int lane, int64_t now_ns, Py_ssize_t ahead) except -1
    cpdef bint begins_anew(self, Receiver receiver)

    @cython.locals(end_ns=int64_t)
    cpdef object ended(self, Evidence evidence, Receiver receiver, int64_t now_ns)
    cpdef object forgets(self, Receiver receiver)
    cpdef object take_back(self, Receiver receiver)
    cdef object _wake_at(self, int64_t due_ns)
