"""What desks, firm and results may know of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.matching import Exchange
    from fastorder.strategy._data import Bar, Series, Tick
    from fastorder.strategy._engine import Engine
    from fastorder.strategy.data import Feed
    from fastorder.strategy.instruments import Instrument
    from fastorder.strategy.orders import Order
    from fastorder.strategy.strategy import Strategy


class RunPort(Protocol):
    """A backtest under way, or done.

    Attributes:
        account: its number at the exchange.
        numbers: of the contract of each symbol, at the exchange.
        orders, owners: every order by its id, and the desk whose it is.
        unsent: the id of the last order that was not sent, counted down.
    """

    account: int
    budget: int
    desks: list[Any]
    end_ns: int
    engine: Engine
    exchange: Exchange
    feeds: dict[str, Feed]
    firm: Any
    first_ns: int
    has_engine: bool
    instruments: dict[str, Instrument]
    is_over: bool
    lost_answers: float
    numbers: dict[str, int]
    orders: dict[int, Order]
    owners: dict[int, Any]
    resolved_after_ns: int
    sessions: Any
    start_micros: int
    strategies: list[Strategy]
    throttled: int
    unsent: int

    def at(
        self, time_ns: int, call: Callable[[int], object], late: bool = True
    ) -> None:
        """Have something called at a time; what is not late is of the firm."""
        ...

    @property
    def has_indicators(self) -> bool:
        """Whether a strategy has asked for one."""
        ...

    def net(self, symbol: str) -> int:
        """What the account holds of a contract."""
        ...

    def loses_answer(self, order_id: int) -> bool:
        """Whether the answer to an order gets lost."""
        ...

    def subscribe(
        self,
        symbol: str,
        every: str,
        series: Series,
        on_bar: Callable[[Bar], object] | None,
    ) -> None:
        """Have a series filled with bars, and a strategy called with them."""
        ...

    def watch_ticks(self, symbol: str, on_tick: Callable[[Tick], object]) -> None:
        """Have a strategy called with each tick of a contract."""
        ...
