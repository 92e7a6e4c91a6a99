"""The record: what happened on an account, kept and asked in any tool."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder.store.comparison import Difference
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
    "Day": "records",
    "Difference": "comparison",
    "Discrepancy": "records",
    "EquityPoint": "records",
    "FillRecord": "records",
    "OrderRecord": "records",
    "Records": "records",
    "RoundTrip": "records",
    "Session": "store",
    "Store": "store",
    "StoreState": "writer",
}
"""Where each name stands; it is loaded at its first use."""

__all__ = [
    "Day",
    "Difference",
    "Discrepancy",
    "EquityPoint",
    "FillRecord",
    "OrderRecord",
    "Records",
    "RoundTrip",
    "Session",
    "Store",
    "StoreState",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(
        import_module(f"{__name__}.{_MODULES[name]}"), name
    )
    value.__module__ = __name__  # where it is imported from
    return value
