"""Bars from ticks, live and in bulk, and longer bars from shorter ones."""

from fastorder.marketdata.bars import Bar, Bars, Tally
from fastorder.marketdata.building import BarBuilder, aggregate_ticks, merge, resample
from fastorder.marketdata.errors import (
    BadTick,
    BarError,
    UnknownTimeframe,
    UnsortedTicks,
    WrongColumn,
)
from fastorder.marketdata.frames import (
    Imbalance,
    Range,
    Renko,
    TickCount,
    Timeframe,
    Value,
    Volume,
)
from fastorder.marketdata.multi import MultiTimeframe
from fastorder.marketdata.sessions import Sessions, globex, regular_hours, weekdays

__all__ = [
    "BadTick",
    "Bar",
    "BarBuilder",
    "BarError",
    "Bars",
    "Imbalance",
    "MultiTimeframe",
    "Range",
    "Renko",
    "Sessions",
    "Tally",
    "TickCount",
    "Timeframe",
    "UnknownTimeframe",
    "UnsortedTicks",
    "Value",
    "Volume",
    "WrongColumn",
    "aggregate_ticks",
    "globex",
    "merge",
    "regular_hours",
    "resample",
    "weekdays",
]
