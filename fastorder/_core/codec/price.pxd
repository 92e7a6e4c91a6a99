"""Exact prices: decimal text, and whole ticks."""

cdef bytes price_bytes(str field, object price)
cdef bint above_zero(bytes text) noexcept

cdef class TickGrid:
    cdef readonly object size           # Decimal
    cdef long long step                 # the tick in units of 10 ** -scale
    cdef int scale

    cdef long long ticks_of(self, bytes text) except? -1
    cdef int check(self, str field, bytes text) except -1
    cdef str nearest(self, object price)
    cdef tuple split(self, bytes text)
