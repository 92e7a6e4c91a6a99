cimport cython


cdef class Lot:
    cdef public long long order_id, at_ns, side, size
    cdef public object price, cost  # products of them may be large

    cpdef object share(self, long long size)


cdef class Trip:
    cdef public object account_id, contract_id, entry_sum, exit_sum, cost
    cdef public long long entry_order, exit_order, side, entry_ns, exit_ns
    cdef public long long position, size, trading_day

    cpdef add(self, Lot lot, Lot exit_, long long size, object cost, long long day)


cdef class Book:
    cdef public object account_id, contract_id, lots
    cdef public list trips
    cdef public long long since_ns, position
    cdef dict _pairs

    @cython.locals(first=Lot)
    cpdef fill(self, Lot given, long long day)

    @cython.locals(size='long long', trip=Trip)
    cpdef _match(self, Lot lot, Lot given, long long day)


@cython.locals(fill=tuple, book=Book, lot=Lot, books=dict, where=tuple)
cpdef list matched(fills, held)
