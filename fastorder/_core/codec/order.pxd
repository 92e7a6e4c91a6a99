"""An order as it is asked for, its fields ready to be written."""

cdef class OrderRequest:
    cdef readonly str symbol
    cdef readonly object side               # Side
    cdef readonly int quantity
    cdef readonly int account_id
    cdef readonly object order_type         # OrderType
    cdef readonly object limit_price
    cdef readonly object stop_price
    cdef readonly object trail_price
    cdef readonly object stop_loss_ticks
    cdef readonly object take_profit_ticks
    cdef readonly bint trailing_stop_loss
    cdef readonly str custom_tag
    cdef readonly str idempotency_key
    cdef readonly object valid_for
    cdef readonly object despite            # DespiteUnknown
    cdef int kind                           # order_type as a C number
    cdef bint sells
    cdef bytes limit_text                   # the prices' texts; None for none
    cdef bytes stop_text
    cdef bytes trail_text
    cdef int loss_ticks                     # 0 for no leg
    cdef int profit_ticks

    cdef int take_order(
        self, object symbol, object side, object quantity, object account_id,
        object order_type) except -1
    cdef int take_prices(
        self, object limit_price, object stop_price, object trail_price) except -1
    cdef int take_bracket(
        self, object stop_loss_ticks, object take_profit_ticks,
        object trailing_stop_loss) except -1
    cdef int take_terms(
        self, object custom_tag, object idempotency_key, object valid_for,
        object despite) except -1
    cdef tuple values(self)

cpdef OrderRequest priced_order(
    object symbol, object side, object quantity, object account_id, object order_type,
    object limit_price=*, object stop_price=*, object trail_price=*)
cpdef int complete(
    OrderRequest order, object stop_loss_ticks, object take_profit_ticks,
    dict options) except -1
