"""Strategies: written once, for backtest, paper and live."""

from fastorder.matching.settings import Histogram, Latencies, Queue, Touch, TradeThrough
from fastorder.strategy._data import Bar, Series, Tick
from fastorder.strategy.backtest import backtest
from fastorder.strategy.data import Ticks
from fastorder.strategy.errors import (
    BadData,
    BadOrder,
    BadParameter,
    StrategyError,
    StrategyFailed,
)
from fastorder.strategy.events import Fill, Gap, OrderEvent, PositionChange
from fastorder.strategy.firm import Firm, Verdict
from fastorder.strategy.instruments import Instrument
from fastorder.strategy.orders import Order
from fastorder.strategy.result import Result
from fastorder.strategy.state import State
from fastorder.strategy.strategy import Strategy

__all__ = [
    "BadData",
    "BadOrder",
    "BadParameter",
    "Bar",
    "Fill",
    "Firm",
    "Gap",
    "Histogram",
    "Instrument",
    "Latencies",
    "Order",
    "OrderEvent",
    "PositionChange",
    "Queue",
    "Result",
    "Series",
    "State",
    "Strategy",
    "StrategyError",
    "StrategyFailed",
    "Tick",
    "Ticks",
    "Touch",
    "TradeThrough",
    "Verdict",
    "backtest",
]
