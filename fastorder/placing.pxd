"""The C side of placing.py: it is compiled, and calls these without a look-up."""

from fastorder._core.engine cimport monotonic_ns
from fastorder._core.order cimport OrderRequest, order_of
