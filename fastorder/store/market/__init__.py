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
    "Bars",
    "BarsAdded",
    "Calendar",
    "Dates",
    "Fetched",
    "FolderInUse",
    "ImportRefused",
    "Imported",
    "MarketData",
    "MarketDataError",
    "Recorder",
    "RecorderState",
    "Roll",
    "Series",
    "TickGap",
    "Ticks",
    "TornFile",
]
