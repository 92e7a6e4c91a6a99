"""Orders to bytes."""

from libc.stdint cimport int64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.codec.price cimport TickGrid

cpdef bytes render_place(
    OrderRequest order, str contract_id, str tag, TickGrid grid,
    bint negative_prices=*)
cpdef bytes render_search_since(object account_id, int64_t start_s)
