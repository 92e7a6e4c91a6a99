"""The check of an order against the limits, in whole numbers."""

from libc.stdint cimport int64_t, uint64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder.gateway.contracts cimport Listing
from fastorder.risk.exposure cimport Account, Contract, Exposure, Tracked
from fastorder.runtime.clock cimport Clock


cdef struct sent_t:
    int64_t at_ns
    uint64_t what


cdef class RecentOrders:
    cdef sent_t* ring
    cdef int room
    cdef int count
    cdef int newest

    cdef int add(self, int64_t at_ns, uint64_t what) except -1
    cdef bint has(self, uint64_t what, int64_t since_ns) noexcept
    cdef int64_t nth_ns(self, int n) noexcept
    cdef int grow(self) except -1


cdef class Guard:
    cdef readonly Exposure exposure
    cdef readonly object limits
    cdef public object words            # says why an order is denied
    cdef public int state
    cdef public double until_s          # when the state ends by itself
    cdef Clock clock
    cdef int64_t max_order_size         # -1 for no limit, here and below
    cdef int64_t max_position
    cdef int64_t max_lots
    cdef int64_t max_open_orders
    cdef int64_t collar_ticks
    cdef int64_t price_max_age_ns
    cdef int64_t window_ns
    cdef int rate
    cdef object symbols
    cdef bint has_flat
    cdef bint needs_loss
    cdef double day_starts_s
    cdef double flat_from_s
    cdef double day_ends_s
    cdef RecentOrders recent

    cpdef int admit(
        self, OrderRequest order, Listing listing, str tag, int64_t now_ns) except -1
    cdef int breaches(
        self, OrderRequest order, Listing listing, Contract contract,
        int64_t now_ns) except -1
    cdef int of_exposure(
        self, Contract contract, bint sells, int64_t size, int legs,
        bint lessens) except -1
    cdef bint is_flat_time(self, double now_s) except -1
    cdef int of_prices(
        self, OrderRequest order, Listing listing, Contract contract,
        int64_t now_ns) except -1
    cdef int of_price(
        self, bytes text, Listing listing, Contract contract, int64_t now_ns) except -1
    cdef int of_pace(
        self, OrderRequest order, Listing listing, int64_t now_ns) except -1
    cdef bint may_trade(self, OrderRequest order, Listing listing) except -1
    cdef bint only_lessens(self, Tracked order) except -1
    cdef int of_more(self, Tracked order, int more) except -1
    cdef int of_new_prices(
        self, dict prices, Listing listing, Contract contract,
        int64_t now_ns) except -1
