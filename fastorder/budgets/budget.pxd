"""The C side of budget.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.flow.protocol cimport Send
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder.budgets.closure cimport Closure
from fastorder.budgets.leases cimport Leases
from fastorder.budgets.line cimport Line
from fastorder.budgets.window cimport Window


cdef class RequestBudget(Receiver):
    cdef readonly object budgets
    cdef readonly object counts
    cdef readonly Leases leases         # None where nothing is shared
    cdef readonly tuple most
    cdef readonly int64_t span_ns
    cdef readonly int64_t history_span_ns
    cdef readonly Closure closure
    cdef readonly Line line
    cdef object _session
    cdef Window _all
    cdef Window _history
    cdef int64_t _late_ns
    cdef dict _on_way
    cdef object _released
    cdef int64_t _burst_ns
    cdef int _burst_count
    cdef int64_t _planned_ns
    cdef object _said

    @cython.locals(now_ns=int64_t, until_ns=int64_t, ahead=Py_ssize_t)
    cpdef int64_t admits(self, Send command, Receiver receiver, int lane) except -1

    @cython.locals(until_ns=int64_t, number=int64_t)
    cdef int64_t _take(
        self, Receiver receiver, int lane, int64_t now_ns, Py_ssize_t ahead) except -1

    cdef int64_t _take_row(self, int lane, int64_t now_ns) except -2

    @cython.locals(used=Py_ssize_t)
    cdef bint _has_local_room(
        self, int lane, int64_t now_ns, Py_ssize_t ahead) except -2
    cpdef bint begins_anew(self, Receiver receiver)

    @cython.locals(now_ns=int64_t, end_ns=int64_t)
    cpdef object ended(self, Evidence evidence, Receiver receiver)
    cpdef object forgets(self, Receiver receiver)
    cpdef object take_back(self, Receiver receiver)
    cdef object _end(self, int64_t held, int64_t end_ns)
    cdef object _take_back(self, int64_t held)
    cdef object _wake_at(self, int64_t due_ns)
