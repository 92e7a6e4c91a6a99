"""The C side of trading.py: it is compiled, and calls these without a look-up."""

from fastorder._core.transport.engine cimport monotonic_ns
from fastorder._core.codec.order cimport OrderRequest, complete, priced_order
