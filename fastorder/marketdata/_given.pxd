"""Columns that somebody gives, checked and ready for C."""

from fastorder.marketdata._columns cimport Column
from fastorder.marketdata._longer cimport bars_t
from fastorder.marketdata._ticks cimport ticks_t

cdef int read_ticks(ticks_t* ticks, Column time, Column price, Column size, Column side,
                    bint whole) except -1
cdef int read_bars(bars_t* bars, dict columns, bint whole) except -1
