cimport cython

from fastorder.store.round_trips cimport Book, Fills, Lot, Trip, gross_of


cdef class Wide:
    cdef public long long high, low

    cpdef void add(self, long long number)
    cpdef void take(self, long long number)
    cpdef void settle(self)
    cpdef void rise(self, Wide other)

    @cython.locals(high=object, low=object)  # they may be large
    cpdef object value(self)


cdef class Sums:
    cdef public Wide gross, fees, below, drawdown
    cdef public long long fills, contracts, trades, wins

    @cython.locals(below=Wide)
    cpdef add(self, long long gross, long long fees, long long size)
    cpdef tuple row(self)


cpdef list days(Fills fills, trips, names, ticks, bint contract, bint strategy)


@cython.locals(sums=Sums, lot=Lot, book=Book, place='long long', day='long long')
cpdef _add_fills(dict groups, Fills fills, names, bint contract)


@cython.locals(sums=Sums, trip=Trip, day='long long', tick=tuple)
cpdef _add_trips(dict groups, trips, ticks, names, bint contract)


cpdef Sums _group(dict groups, account, long long day, contract_id, name, bint contract)
