"""Strategy: what a user writes, the same for backtest, paper and live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fastorder._base.near_names import with_near_names
from fastorder.strategy.errors import BadOrder, StrategyError
from fastorder.strategy.parameters import Parameter, parameters_of, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastorder.strategy._data import Bar, Series, Tick
    from fastorder.strategy.events import Fill, Gap, OrderEvent, PositionChange
    from fastorder.strategy.orders import Order
    from fastorder.strategy.ports import Ports
    from fastorder.strategy.state import State


class Strategy:
    """A strategy. Derive from it, annotate its parameters, write what it does.

    Args:
        parameters: values of the annotated attributes; the others have their defaults.

    Raises:
        BadParameter: one is unknown, missing, or of another type.
    """

    symbol: ClassVar[str] = ""
    """The contract that verbs mean where they are given none."""

    _parameters: ClassVar[dict[str, Parameter]] = {}
    _ports: Ports | None = None
    _state: State | None = None
    # ``__dict__`` is left alone: once it is looked at, CPython finds attributes slower

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._parameters = parameters_of(cls, Strategy)

    def __init__(self, **parameters: Any) -> None:
        self.parameters: Mapping[str, Any] = values_of(
            type(self).__name__, self._parameters, parameters
        )
        for name, value in self.parameters.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
        return f"{type(self).__name__}({values})"

    # ---------------------------------------------------------------- what you write

    def prepare(self, data: Mapping[str, Any]) -> None:
        """Compute over whole columns before a backtest, where that is faster.

        It gets all data of the run by symbol, the future too: whatever it makes of it
        must know at each bar only what was known then. ``check`` finds out.
        """

    def start(self) -> None:
        """Subscribe, set timers. Called once, before the first event."""

    def on_bar(self, bar: Bar) -> None:
        """A bar has closed."""

    def on_tick(self, tick: Tick) -> None:
        """The market has traded; for strategies that have this method."""

    def on_quote(self, quote: Any) -> None:
        """The best bid or ask has changed; paper and live."""

    def on_depth(self, depth: Any) -> None:
        """The book has changed; paper and live."""

    def on_order(self, event: OrderEvent) -> None:
        """Something has become of an order, or is not known of it."""

    def on_fill(self, fill: Fill) -> None:
        """An order has been filled, whole or in part."""

    def on_position(self, change: PositionChange) -> None:
        """What the strategy holds has changed."""

    def on_timer(self, name: str) -> None:
        """A timer that was set has come."""

    def on_gap(self, gap: Gap) -> None:
        """Market data may be missing."""

    def on_stop(self) -> None:
        """The run ends; nothing that is asked for now is sent."""

    # ---------------------------------------------------------------- what is there

    @property
    def now_ns(self) -> int:
        """The time, in nanoseconds since 1970 UTC."""
        return self._world.clock.now_ns()

    @property
    def flat(self) -> bool:
        """Whether it holds nothing, and no order of its is alive or asked for."""
        return self._ports.orders.is_flat()  # type: ignore[union-attr]

    @property
    def position(self) -> int:
        """What it holds of its symbol, signed."""
        return self._world.orders.position(self._symbol(None))

    @property
    def orders(self) -> list[Order]:
        """Its orders of which something may still become."""
        return self._world.orders.live()

    @property
    def state(self) -> State:
        """What is kept over a restart: names with numbers, texts, lists and dicts."""
        if self._state is None:
            raise self._without_a_world()
        return self._state

    @property
    def _world(self) -> Ports:
        if self._ports is None:
            raise self._without_a_world()
        return self._ports

    def _without_a_world(self) -> StrategyError:
        return StrategyError(
            f"{type(self).__name__} has no world yet: what trades belongs into "
            "start or a handler"
        )

    def _symbol(self, symbol: str | None) -> str:
        found = symbol or self.symbol
        if not found:
            raise BadOrder(f"{type(self).__name__} needs a symbol")
        return found

    def position_of(self, symbol: str) -> int:
        """What it holds of a contract, signed."""
        return self._world.orders.position(symbol)

    def net_position_of(self, symbol: str) -> int:
        """What the account holds: strategies on an account net at the venue."""
        return self._world.orders.net_position(symbol)

    def last(self, symbol: str | None = None) -> float | None:
        """The last price; None before the first."""
        return self._world.market.last(self._symbol(symbol))

    # ---------------------------------------------------------------- what you call

    @with_near_names
    def subscribe(
        self, symbol: str | None = None, every: str = "1m", history: int = 1
    ) -> Series:
        """Have ``on_bar`` called with each bar of a length, and get their columns.

        Args:
            symbol: of which contract.
            every: how long a bar is, such as 1m, 5m or 1h.
            history: how many closed bars the columns hold.
        """
        return self._world.market.subscribe(self._symbol(symbol), every, history)

    @with_near_names
    def buy(
        self,
        size: int,
        *,
        symbol: str | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail_ticks: int | None = None,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        tag: str = "",
    ) -> Order:
        """Ask for a buy: at the market, or with one of limit, stop and trail_ticks.

        Args:
            size: contracts.
            symbol: of which contract; the strategy's own where it is not given.
            limit: the highest price.
            stop: the price from which on it buys at the market.
            trail_ticks: how far above the lowest price a trailing stop lies.
            stop_loss_ticks, take_profit_ticks: how far from the fill the legs lie, 4 at
                least.
            tag: what to call it.

        Returns:
            The order; what becomes of it is told to ``on_order`` and ``on_fill``.

        Raises:
            BadOrder: it can be none.
        """
        return self._place(
            1, size, symbol, limit, stop, trail_ticks, stop_loss_ticks,
            take_profit_ticks, tag,
        )  # fmt: skip

    @with_near_names
    def sell(
        self,
        size: int,
        *,
        symbol: str | None = None,
        limit: float | None = None,
        stop: float | None = None,
        trail_ticks: int | None = None,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        tag: str = "",
    ) -> Order:
        """Ask for a sell, as ``buy``; a stop lies below the price."""
        return self._place(
            -1, size, symbol, limit, stop, trail_ticks, stop_loss_ticks,
            take_profit_ticks, tag,
        )  # fmt: skip

    def _place(
        self, side: int, size: int, symbol: str | None, limit: float | None,
        stop: float | None, trail_ticks: int | None, stop_loss_ticks: int | None,
        take_profit_ticks: int | None, tag: str, role: str = "entry",
    ) -> Order:  # fmt: skip
        if not isinstance(tag, str):
            raise BadOrder(f"tag must be text, was {tag!r}")
        return self._world.orders.place(
            self._symbol(symbol),
            side,
            size,
            role=role,
            limit=limit,
            stop=stop,
            trail_ticks=trail_ticks,
            stop_loss_ticks=stop_loss_ticks,
            take_profit_ticks=take_profit_ticks,
            tag=tag,
        )

    def cancel(self, order: Order) -> None:
        """Ask for an order to be cancelled; whether it was is told by ``on_order``."""
        self._world.orders.cancel(order)

    @with_near_names
    def modify(
        self, order: Order, *, size: int | None = None, price: float | None = None
    ) -> None:
        """Ask for another size or price of an order: its limit, or its stop.

        Raises:
            BadOrder: nothing to change, or no such size or price.
        """
        self._world.orders.modify(order, size=size, price=price)

    @with_near_names
    def close(self, symbol: str | None = None) -> Order | None:
        """Ask for what it holds of a contract to be closed at the market.

        What closes already is not closed again. Legs of a bracket stay, as they do at
        the venue: ``flatten`` cancels them.

        Returns:
            The order; None where there is nothing to close.
        """
        name = self._symbol(symbol)
        orders = self._world.orders
        held = orders.position(name)
        way = -1 if held > 0 else 1
        left = abs(held) - sum(
            order.size - order.filled
            for order in orders.live()
            if order.symbol == name and order.role == "exit" and order.side == way
        )
        if left <= 0:
            return None
        return self._place(way, left, name, None, None, None, None, None, "", "exit")

    @with_near_names
    def flatten(self, symbol: str | None = None) -> None:
        """Ask for its orders to be cancelled and for what it holds to be closed."""
        name = self._symbol(symbol)
        for order in self._world.orders.live():
            if order.symbol == name and order.role != "exit":
                self.cancel(order)
        self.close(name)

    def at(self, time_ns: int, name: str) -> None:
        """Have ``on_timer`` called with a name at a time.

        Raises:
            StrategyError: the time has passed.
        """
        now_ns = self.now_ns
        if time_ns <= now_ns:
            raise StrategyError(f"time_ns must be after now ({now_ns}), was {time_ns}")
        self._world.clock.wake_at(time_ns, name)

    def after(self, seconds: float, name: str) -> None:
        """Have ``on_timer`` called with a name after some seconds."""
        self.at(self.now_ns + round(seconds * 1e9), name)
