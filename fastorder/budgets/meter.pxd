"""The C side of meter.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder.budgets.closure cimport Closure
from fastorder.budgets.leases cimport Leases
from fastorder.budgets.window cimport Window


cdef class Meter:
    cdef readonly object budgets
    cdef readonly Leases leases         # None where nothing is shared
    cdef readonly tuple most
    cdef readonly int64_t span_ns
    cdef readonly int64_t history_span_ns
    cdef readonly Closure closure
    cdef readonly int64_t held
    cdef Py_ssize_t _history_most
    cdef Window _all
    cdef Window _history

    @cython.locals(until_ns=int64_t, number=int64_t)
    cpdef int64_t take(self, int lane, int64_t now_ns, Py_ssize_t ahead) except -1

    @cython.locals(number=int64_t)
    cdef int64_t _row(self, int lane, int64_t now_ns) except -2
    cpdef bint hears(self, int64_t now_ns) except -1
    cpdef bint has_room(self, int lane, int64_t now_ns) except -1

    @cython.locals(used=Py_ssize_t)
    cdef bint _has_own_room(
        self, int lane, int64_t now_ns, Py_ssize_t ahead) except -1
    cpdef object end(self, int64_t held, int64_t end_ns)
    cpdef object take_back(self, int64_t held)
