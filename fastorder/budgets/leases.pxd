"""The C side of leases.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder.budgets.window cimport Window


cdef class Leases:
    cdef object _file
    cdef object _budgets
    cdef tuple _most
    cdef tuple _stock
    cdef list _full_ns
    cdef Window _emergency
    cdef int64_t _span_ns
    cdef int64_t _history_span_ns
    cdef int64_t _longest_ns
    cdef int64_t _next_ns
    cdef readonly int64_t until_ns
    cdef readonly object trouble
    cdef readonly int64_t room_ns
    cdef readonly int64_t closed_ns
    cdef readonly int64_t history_closed_ns
    cdef readonly bint wants_more

    cpdef int64_t take(self, int lane, int64_t now_ns) except -2
    cpdef bint has(self, int lane, int64_t now_ns) except -2
    cpdef object ended(self, int64_t number, int64_t end_ns)
    cpdef object take_back(self, int64_t number)
    cdef object _stocked(self, int lane, int64_t now_ns)
    cdef object _in_stock(self, int lane, int64_t now_ns)
    cdef bint _may_leave_without(self, int lane, int64_t now_ns) except -2
