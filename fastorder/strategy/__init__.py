"""Strategies: written once, for backtest, paper and live."""

from importlib import import_module
from typing import TYPE_CHECKING

from fastorder.strategy._data import Bar, Indicator, Series, Tick
from fastorder.strategy.errors import (
    BadData,
    BadOrder,
    BadParameter,
    StrategyError,
    StrategyFailed,
)
from fastorder.strategy.events import Fill, Gap, OrderEvent, PositionChange
from fastorder.strategy.indicators import Columns
from fastorder.strategy.orders import Order
from fastorder.strategy.state import State
from fastorder.strategy.strategy import Strategy

if TYPE_CHECKING:
    from fastorder.matching.settings import (
        Histogram,
        Latencies,
        Queue,
        Touch,
        TradeThrough,
    )
    from fastorder.strategy.chances import Chance, MonteCarlo, monte_carlo
    from fastorder.strategy.data import Ticks
    from fastorder.strategy.firm import Firm, Verdict
    from fastorder.strategy.future import Change, Check, check
    from fastorder.strategy.instruments import Instrument
    from fastorder.strategy.live_loop import Live
    from fastorder.strategy.on_live import live
    from fastorder.strategy.on_paper import Paper, paper
    from fastorder.strategy.result import Result
    from fastorder.strategy.running import backtest
    from fastorder.strategy.sweeping import Fold, Sweep, sweep, walk_forward

__all__ = [
    "BadData",
    "BadOrder",
    "BadParameter",
    "Bar",
    "Chance",
    "Change",
    "Check",
    "Columns",
    "Fill",
    "Firm",
    "Fold",
    "Gap",
    "Histogram",
    "Indicator",
    "Instrument",
    "Latencies",
    "Live",
    "MonteCarlo",
    "Order",
    "OrderEvent",
    "Paper",
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
    "live",
    "monte_carlo",
    "paper",
    "sweep",
    "walk_forward",
]

_LATER = {
    "Chance": "fastorder.strategy.chances",
    "Change": "fastorder.strategy.future",
    "Check": "fastorder.strategy.future",
    "Firm": "fastorder.strategy.firm",
    "Fold": "fastorder.strategy.sweeping",
    "Histogram": "fastorder.matching.settings",
    "Instrument": "fastorder.strategy.instruments",
    "Latencies": "fastorder.matching.settings",
    "Live": "fastorder.strategy.live_loop",
    "MonteCarlo": "fastorder.strategy.chances",
    "Paper": "fastorder.strategy.on_paper",
    "Queue": "fastorder.matching.settings",
    "Result": "fastorder.strategy.result",
    "Sweep": "fastorder.strategy.sweeping",
    "Ticks": "fastorder.strategy.data",
    "Touch": "fastorder.matching.settings",
    "TradeThrough": "fastorder.matching.settings",
    "Verdict": "fastorder.strategy.firm",
    "backtest": "fastorder.strategy.running",
    "check": "fastorder.strategy.future",
    "live": "fastorder.strategy.on_live",
    "monte_carlo": "fastorder.strategy.chances",
    "paper": "fastorder.strategy.on_paper",
    "sweep": "fastorder.strategy.sweeping",
    "walk_forward": "fastorder.strategy.sweeping",
}
"""Imported once they are asked for: what only writes strategies needs none of it."""

_COMPILED = (Bar, Indicator, Order, Series, Tick)
"""These say themselves where they are imported from."""

for _name in __all__:  # each says that it is imported from here
    _public = globals().get(_name)
    if isinstance(_public, type) and _public not in _COMPILED:
        _public.__module__ = __name__

if not TYPE_CHECKING:  # a type checker would take any name for one of the package

    def __getattr__(name: str) -> object:
        """A name of ``_LATER``, on its first use."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_LATER[name]), name)
        return value

    def __dir__() -> list[str]:
        """What is for users, loaded or not."""
        return sorted({*__all__, *(n for n in globals() if n.startswith("__"))})
