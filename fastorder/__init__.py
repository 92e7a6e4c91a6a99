"""Orders to the ProjectX Gateway API (TopstepX), sent fast and at most once.

``OrderExecutor`` is for code with an event loop, ``fastorder.blocking.OrderExecutor``
for code without one.
"""

from fastorder._core.order import OrderRequest
from fastorder._core.result import OrderResult
from fastorder._core.ticket import Ticket
from fastorder.config import RetryPolicy, Timeouts
from fastorder.enums import OrderStatus, OrderType, Outcome, Side
from fastorder.errors import (
    AuthLost,
    ConfigurationError,
    ExecutorClosed,
    ExecutorMisuse,
    FastOrderError,
    Halted,
    Interlocked,
    InvalidField,
    InvalidToken,
    JournalError,
    KeyReused,
    OrderFailed,
    OrderNotPlaced,
    OrderNotSent,
    OrderRejected,
    OrderUnknown,
    RequestFailed,
    TokenMissing,
    UnknownSymbol,
    UnknownTag,
    WrongFieldType,
)
from fastorder.executor import OrderExecutor
from fastorder.models import Account, Contract, Order
from fastorder.timing import Timing
from fastorder.waiver import DespiteUnknown

__version__ = "0.1.0"

__all__ = [
    "Account",
    "AuthLost",
    "ConfigurationError",
    "Contract",
    "DespiteUnknown",
    "ExecutorClosed",
    "ExecutorMisuse",
    "FastOrderError",
    "Halted",
    "Interlocked",
    "InvalidField",
    "InvalidToken",
    "JournalError",
    "KeyReused",
    "Order",
    "OrderExecutor",
    "OrderFailed",
    "OrderNotPlaced",
    "OrderNotSent",
    "OrderRejected",
    "OrderRequest",
    "OrderResult",
    "OrderStatus",
    "OrderType",
    "OrderUnknown",
    "Outcome",
    "RequestFailed",
    "RetryPolicy",
    "Side",
    "Ticket",
    "Timeouts",
    "Timing",
    "TokenMissing",
    "UnknownSymbol",
    "UnknownTag",
    "WrongFieldType",
    "__version__",
]
