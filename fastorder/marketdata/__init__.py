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
from fastorder.marketdata.files import BarWriter, bars_of_file
from fastorder.marketdata.frames import (
    Imbalance,
    Range,
    Renko,
    TickCount,
    Timeframe,
    Value,
    Volume,
)
from fastorder.marketdata.gateway import (
    Comparison,
    Difference,
    bars_from_gateway,
    check_against,
    gateway_timeframe,
)
from fastorder.marketdata.history import Gap, bars_from_json
from fastorder.marketdata.multi import MultiTimeframe
from fastorder.marketdata.plot import plot_bars
from fastorder.marketdata.sessions import Sessions, globex, regular_hours, weekdays
from fastorder.marketdata.tick_columns import TickColumns, TickUnits

__all__ = [
    "BadTick",
    "Bar",
    "BarBuilder",
    "BarError",
    "BarWriter",
    "Bars",
    "Comparison",
    "Difference",
    "Gap",
    "Imbalance",
    "MultiTimeframe",
    "Range",
    "Renko",
    "Sessions",
    "Tally",
    "TickColumns",
    "TickCount",
    "TickUnits",
    "Timeframe",
    "UnknownTimeframe",
    "UnsortedTicks",
    "Value",
    "Volume",
    "WrongColumn",
    "aggregate_ticks",
    "bars_from_gateway",
    "bars_from_json",
    "bars_of_file",
    "check_against",
    "gateway_timeframe",
    "globex",
    "merge",
    "plot_bars",
    "regular_hours",
    "resample",
    "weekdays",
]

for _name in __all__:
    globals()[_name].__module__ = __name__  # where users import it from
