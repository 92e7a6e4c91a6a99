"""Strategies: written once, for backtest, paper and live."""

from fastorder.matching.settings import Histogram, Latencies, Queue, Touch, TradeThrough
from fastorder.strategy._data import Bar, Series, Tick
from fastorder.strategy.backtest import backtest
from fastorder.strategy.check import Change, Check, check
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
from fastorder.strategy.monte_carlo import Chance, MonteCarlo, monte_carlo
from fastorder.strategy.orders import Order
from fastorder.strategy.result import Result
from fastorder.strategy.state import State
from fastorder.strategy.strategy import Strategy
from fastorder.strategy.sweep import Fold, Sweep, sweep, walk_forward

__all__ = [
    "BadData",
    "BadOrder",
    "BadParameter",
    "Bar",
    "Chance",
    "Change",
    "Check",
    "Fill",
    "Firm",
    "Fold",
    "Gap",
    "Histogram",
    "Instrument",
    "Latencies",
    "MonteCarlo",
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
    "Sweep",
    "Tick",
    "Ticks",
    "Touch",
    "TradeThrough",
    "Verdict",
    "backtest",
    "check",
    "monte_carlo",
    "sweep",
    "walk_forward",
]
