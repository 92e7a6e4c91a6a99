cimport cython


cdef class Sums:
    cdef public object gross, fees, high, drawdown  # they may be large
    cdef public long long fills, contracts, trades, wins

    cpdef add(self, gross, fees, long long size)


@cython.locals(sums=Sums, groups=dict, key=tuple, row=tuple)
cpdef list days(fills, trips, names, bint contract, bint strategy)
