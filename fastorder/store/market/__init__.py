"""Ticks and bars that are kept in Parquet: recorded, imported, fetched, read."""

from fastorder.store.market.bar_files import BarsAdded, Series
from fastorder.store.market.continuous import Calendar, Dates, Roll
from fastorder.store.market.errors import (
    FolderInUse,
    ImportRefused,
    MarketDataError,
    TornFile,
)
from fastorder.store.market.fetching import Fetched
from fastorder.store.market.importing import Imported
from fastorder.store.market.kept_bars import Bars
from fastorder.store.market.market import MarketData
from fastorder.store.market.recorder import Recorder, RecorderState
from fastorder.store.market.stream import TickGap
from fastorder.store.market.ticks import Ticks

__all__ = [
    "BarsAdded",
    "Calendar",
    "Dates",
    "Fetched",
    "FolderInUse",
    "ImportRefused",
    "Imported",
    "MarketDataError",
    "RecorderState",
    "Roll",
    "Series",
    "TickGap",
    "TornFile",
]

for _name in __all__:  # where users import it from
    globals()[_name].__module__ = __name__
for _kind in (Bars, MarketData, Recorder, Ticks):
    _kind.__module__ = "fastorder.store"
