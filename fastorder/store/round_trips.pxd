cimport cython


cdef class Lot:
    cdef public long long place, at_ns, order_id, side, size, price, cost, gross
    cdef public long long trading_day, left, unpaid

    @cython.locals(whole=object)  # products of it may be large
    cpdef object share(self, long long size)


cdef class Trip:
    cdef public object account_id, contract_id, entry_sum, exit_sum, cost
    cdef public long long entry_order, exit_order, side, entry_ns, exit_ns
    cdef public long long position, size, trading_day

    @cython.locals(price=object, exit_price=object)  # products of them may be large
    cpdef add(self, Lot lot, Lot exit_, long long size)


cdef class Book:
    cdef public object account_id, contract_id, lots
    cdef public list trips
    cdef public long long since_ns, position
    cdef dict _pairs

    @cython.locals(first=Lot)
    cpdef fill(self, Lot given)

    @cython.locals(size='long long', trip=Trip)
    cpdef _match(self, Lot lot, Lot given)


cdef class Fills:
    cdef public list books, lots
    cdef object _held

    @cython.locals(row=tuple, lot=Lot, places=dict, last_ns='long long',
                   place='long long', is_in_order=bint)
    cpdef Fills take(self, rows)

    @cython.locals(lot=Lot, book=Book)
    cpdef list matched(self)


@cython.locals(lot=Lot)
cpdef Lot lot_of(tuple row, long long place)


@cython.locals(trip=Trip)
cpdef Trip trip_of(Book book, Lot lot, Lot exit_)
