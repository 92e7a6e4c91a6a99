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
    cdef bytes price                        # the text of the one price; None for none
    cdef int loss_ticks                     # 0 for no leg
    cdef int profit_ticks

    cdef int take(
        self, object symbol, object side, object quantity, object account_id,
        object order_type, object limit_price, object stop_price, object trail_price,
        object stop_loss_ticks, object take_profit_ticks, object trailing_stop_loss,
        object custom_tag, object idempotency_key, object valid_for, object despite
    ) except -1
    cdef int take_price(
        self, str field, object price, object wanted, str what) except -1
    cdef int take_terms(
        self, object idempotency_key, object valid_for, object despite) except -1
    cdef tuple values(self)

cpdef OrderRequest order_of(
    symbol, side, quantity, account_id, order_type, limit_price, stop_price,
    trail_price, stop_loss_ticks, take_profit_ticks, trailing_stop_loss, custom_tag,
    idempotency_key, valid_for, despite)
