"""What is kept: what happened on accounts, and the market data of each contract."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder.store.comparison import Difference
    from fastorder.store.market.kept_bars import Bars
    from fastorder.store.market.market import MarketData
    from fastorder.store.market.recorder import Recorder
    from fastorder.store.market.ticks import Ticks
    from fastorder.store.records import (
        Day,
        Discrepancy,
        EquityPoint,
        FillRecord,
        OrderRecord,
        Records,
        RoundTrip,
    )
    from fastorder.store.store import Session, Store
    from fastorder.store.writer import StoreState

_MODULES = {
    "Bars": "market",
    "Day": "records",
    "Difference": "comparison",
    "Discrepancy": "records",
    "EquityPoint": "records",
    "FillRecord": "records",
    "MarketData": "market",
    "OrderRecord": "records",
    "Recorder": "market",
    "Records": "records",
    "RoundTrip": "records",
    "Session": "store",
    "Store": "store",
    "StoreState": "writer",
    "Ticks": "market",
}
"""Where each name stands; it is loaded at its first use."""

__all__ = [
    "Bars",
    "Day",
    "Difference",
    "Discrepancy",
    "EquityPoint",
    "FillRecord",
    "MarketData",
    "OrderRecord",
    "Recorder",
    "Records",
    "RoundTrip",
    "Session",
    "Store",
    "StoreState",
    "Ticks",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES[name]}")
    value = globals()[name] = getattr(module, name)
    return value
