"""Orders to the ProjectX Gateway API (TopstepX), sent fast and at most once.

``OrderExecutor`` is for code with an event loop, ``fastorder.blocking.OrderExecutor``
for code without one.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from fastorder._core.codec.order import OrderRequest
from fastorder._core.flow.result import OrderResult
from fastorder._core.flow.ticket import Ticket
from fastorder.enums import OrderStatus, OrderType, Outcome, PositionType, Side
from fastorder.errors import (
    ActStopped,
    AmbiguousAccount,
    AmbiguousSymbol,
    AuthLost,
    ConfigurationError,
    ExecutorClosed,
    ExecutorMisuse,
    FastOrderError,
    Halted,
    Interlocked,
    InvalidField,
    InvalidToken,
    InvocationFailed,
    JournalConflict,
    JournalDamaged,
    JournalError,
    JournalFailed,
    JournalForeign,
    JournalLocked,
    JournalMisuse,
    JournalTooNew,
    JournalUnavailable,
    KeyReused,
    Lagged,
    MissingSetting,
    NotAwaited,
    OrderFailed,
    OrderNotPlaced,
    OrderNotSent,
    OrderRejected,
    OrderUnknown,
    RealtimeClosed,
    RealtimeError,
    RealtimeProtocolError,
    RealtimeUnavailable,
    RequestFailed,
    RiskDenied,
    SettingsError,
    StoreError,
    StoreForeign,
    StoreTooNew,
    StoreUnavailable,
    SubscriptionRefused,
    TokenMissing,
    UnknownAccount,
    UnknownSymbol,
    UnknownTag,
    WrongFieldType,
)
from fastorder.executor import OrderExecutor
from fastorder.timing import Timing

if TYPE_CHECKING:
    from fastorder._base.interlock_override import DespiteUnknown
    from fastorder.acts.report import (
        ActReport,
        ActStep,
        ContractReport,
        Fill,
        FillState,
        PartialCloseReport,
        PlacedMany,
        ReverseReport,
    )
    from fastorder.budgets.lanes import Lane
    from fastorder.budgets.left import BudgetsLeft, LaneLeft
    from fastorder.budgets.limits import Budgets
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.models import Account, Contract, Order, Position, Trade
    from fastorder.risk.denials import Denial, Denied, RiskState
    from fastorder.risk.limits import RiskLimits
    from fastorder.trader.awaited import Trader
    from fastorder.trader.placed import Placed

__version__ = "0.1.0"

__all__ = [
    "Account",
    "ActReport",
    "ActStep",
    "ActStopped",
    "AmbiguousAccount",
    "AmbiguousSymbol",
    "AuthLost",
    "Budgets",
    "BudgetsLeft",
    "ConfigurationError",
    "Contract",
    "ContractReport",
    "Denial",
    "Denied",
    "DespiteUnknown",
    "ExecutorClosed",
    "ExecutorMisuse",
    "FastOrderError",
    "Fill",
    "FillState",
    "Halted",
    "Interlocked",
    "InvalidField",
    "InvalidToken",
    "InvocationFailed",
    "JournalConflict",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalForeign",
    "JournalLocked",
    "JournalMisuse",
    "JournalTooNew",
    "JournalUnavailable",
    "KeyReused",
    "Lagged",
    "Lane",
    "LaneLeft",
    "MissingSetting",
    "NotAwaited",
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
    "PartialCloseReport",
    "Placed",
    "PlacedMany",
    "Position",
    "PositionType",
    "RealtimeClosed",
    "RealtimeError",
    "RealtimeProtocolError",
    "RealtimeUnavailable",
    "RequestFailed",
    "RetryPolicy",
    "ReverseReport",
    "RiskDenied",
    "RiskLimits",
    "RiskState",
    "SettingsError",
    "Side",
    "StoreError",
    "StoreForeign",
    "StoreTooNew",
    "StoreUnavailable",
    "SubscriptionRefused",
    "Ticket",
    "Timeouts",
    "Timing",
    "TokenMissing",
    "Trade",
    "Trader",
    "UnknownAccount",
    "UnknownSymbol",
    "UnknownTag",
    "WrongFieldType",
    "__version__",
]

_DATACLASSES = {
    "Account": "fastorder.models",
    "ActReport": "fastorder.acts.report",
    "ActStep": "fastorder.acts.report",
    "Budgets": "fastorder.budgets.limits",
    "BudgetsLeft": "fastorder.budgets.left",
    "Contract": "fastorder.models",
    "ContractReport": "fastorder.acts.report",
    "Denial": "fastorder.risk.denials",
    "Denied": "fastorder.risk.denials",
    "DespiteUnknown": "fastorder._base.interlock_override",
    "Fill": "fastorder.acts.report",
    "FillState": "fastorder.acts.report",
    "Lane": "fastorder.budgets.lanes",
    "LaneLeft": "fastorder.budgets.left",
    "Order": "fastorder.models",
    "PartialCloseReport": "fastorder.acts.report",
    "Placed": "fastorder.trader.placed",
    "PlacedMany": "fastorder.acts.report",
    "Position": "fastorder.models",
    "RetryPolicy": "fastorder.config",
    "ReverseReport": "fastorder.acts.report",
    "RiskLimits": "fastorder.risk.limits",
    "RiskState": "fastorder.risk.denials",
    "Timeouts": "fastorder.config",
    "Trade": "fastorder.models",
    "Trader": "fastorder.trader.awaited",
}
"""Imported once they are asked for, or an executor is made."""

_COMPILED = (OrderRequest, OrderResult, Ticket)
"""These say themselves where they are imported from."""

_MODULES = {
    "blocking",
    "errors",
    "journal",
    "marketdata",
    "matching",
    "realtime",
    "settings",
    "simulator",
    "store",
    "strategy",
    "ticks",
}
"""Those that users import from; the others are not theirs."""

for _name in __all__:  # each says that it is imported from here
    _public = globals().get(_name)
    if isinstance(_public, type) and not issubclass(_public, _COMPILED):
        _public.__module__ = __name__

if not TYPE_CHECKING:  # a type checker would take any name for one of the package

    def __getattr__(name: str) -> object:
        """A name of ``_DATACLASSES``, or a module for users, on its first use."""
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _DATACLASSES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_DATACLASSES[name]), name)
        return value

    def __dir__() -> list[str]:
        """What is for users, loaded or not."""
        own = [name for name in globals() if name.startswith("__")]
        return sorted({*__all__, *own, *(_MODULES & globals().keys())})
