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
    cdef int64_t computed           # so many bars have all indicators' values

    cdef int append(self, Bar bar) except -1
    cdef int follow(self) except -1
    cdef column(self, int nth)
    cdef int grow(self) except -1


cdef class Indicator:
    cdef readonly Series series
    cdef readonly object function
    cdef object bars                # Columns of a backtest; None where bars arrive
    cdef object column              # the values that there are
    cdef const double[::1] values   # the same
    cdef int64_t computed           # so many bars have values, the last ones here

    cdef int64_t known(self) noexcept
    cdef int compute(self) except -1
    cdef int hold(self, more) except -1
