cimport cython

from fastorder.store.round_trips cimport Book, Fills, Lot


cdef class Sums:
    cdef public object gross, fees, high, drawdown  # they may be large
    cdef public long long fills, contracts, trades, wins

    cpdef add(self, gross, fees, long long size)


@cython.locals(sums=Sums, groups=dict, key=tuple, lot=Lot, book=Book,
               place='long long', day='long long')
cpdef list days(Fills fills, trips, names, bint contract, bint strategy)
