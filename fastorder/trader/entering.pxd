"""The C side of entering.py: it is compiled, and calls these without a look-up."""

from fastorder._core.codec.order cimport OrderRequest, complete, priced_order
from fastorder._core.transport.engine cimport monotonic_ns
from fastorder.trader.placed cimport placed_or_placing

cdef int NEAR

cdef object own_account(object trader)
cdef object placed_at_once(
    object trader, object account_id, OrderRequest order, object called_ns)
cdef bint is_plain(dict how) except -1
cdef OrderRequest plain_order(
    object side, object symbol, object quantity, object account_id, dict how)
