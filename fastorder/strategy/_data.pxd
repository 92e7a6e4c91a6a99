"""What a strategy sees of the market: bars, ticks, and series of closed bars."""

from libc.stdint cimport int64_t


cdef class Bar:
    cdef readonly str symbol
    cdef readonly str every
    cdef readonly int64_t time_ns
    cdef readonly int64_t end_ns
    cdef readonly double open
    cdef readonly double high
    cdef readonly double low
    cdef readonly double close
    cdef readonly int64_t volume


cdef class Tick:
    cdef readonly str symbol
    cdef readonly int64_t time_ns
    cdef readonly double price
    cdef readonly int64_t size
    cdef readonly int side


cdef class Series:
    cdef readonly str symbol
    cdef readonly str every
    cdef readonly int64_t history
    cdef readonly int64_t count
    cdef int64_t room
    cdef int64_t filled
    cdef list columns
    cdef double* prices[4]
    cdef int64_t* wholes[2]
    cdef readonly list indicators

    cdef int append(self, Bar bar) except -1
    cdef window(self, int64_t bar)
    cdef column(self, int nth)
    cdef int grow(self) except -1


cdef class Indicator:
    cdef readonly Series series
    cdef readonly object function
    cdef object bars                # Columns of a backtest; None where bars arrive
    cdef object column              # of a backtest: values, of one bar on
    cdef const double[::1] values   # the same
    cdef int64_t first              # that bar
    cdef dict known                 # where bars arrive: values by their bars
    cdef bint is_computing

    cdef at(self, int64_t bar)
    cdef int begin(self) except -1
    cdef int extend(self) except -1
