cimport cython

cdef Py_ssize_t CLOSED


cdef class Lot:
    cdef public long long place, at_ns, order_id, side, size, price, cost, gross
    cdef public long long trading_day, left, unpaid

    @cython.locals(whole=object, cost='long long')  # products of it may be large
    cpdef long long share(self, long long size) except? -1


cdef class Trip:
    cdef public object account_id, contract_id, entry_sum, exit_sum, cost
    cdef public long long entry_order, exit_order, side, entry_ns, exit_ns
    cdef public long long position, size, trading_day

    cpdef add(self, Lot lot, Lot exit_, long long size)


cdef class Book:
    cdef public object account_id, contract_id
    cdef public list lots, trips
    cdef public Py_ssize_t first
    cdef public long long since_ns, position
    cdef dict _pairs

    @cython.locals(oldest=Lot, lots=list)
    cpdef fill(self, Lot given)

    @cython.locals(size='long long', trip=Trip)
    cpdef _match(self, Lot lot, Lot given)


cdef class Fills:
    cdef public list books, lots
    cdef object _held, _account, _contract
    cdef dict _places
    cdef long long _place, _last_ns
    cdef bint _is_in_order

    cpdef long long _place_of(self, account, contract) except? -1

    cpdef Fills in_order(self)

    @cython.locals(lot=Lot, book=Book)
    cpdef list matched(self)


@cython.locals(wide=object)
cpdef object product(long long price, long long size)


@cython.locals(lot=Lot)
cpdef Lot lot_of(tuple row, long long place)


@cython.locals(trip=Trip)
cpdef Trip trip_of(Book book, Lot lot, Lot exit_)


cpdef object gross_of(Trip trip, tuple tick)
