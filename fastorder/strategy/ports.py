"""What a strategy may ask of the world it runs in: four ports, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from fastorder.strategy._data import Series
    from fastorder.strategy.orders import Order


class MarketPort(Protocol):
    """Market data of the contracts that a strategy trades."""

    def subscribe(self, symbol: str, every: str, history: int) -> Series:
        """Closed bars of a length; ``on_bar`` is called with each."""
        ...

    def watch_ticks(self, symbol: str) -> None:
        """Have ``on_tick`` called with each trade of the market."""
        ...

    def last(self, symbol: str) -> float | None:
        """The last price; None before the first."""
        ...

    def tick_size(self, symbol: str) -> float:
        """The distance of two prices."""
        ...


class OrdersPort(Protocol):
    """Orders: asked for here, answered by events."""

    def place(
        self,
        symbol: str,
        side: int,
        size: int,
        *,
        role: str,
        limit: float | None,
        stop: float | None,
        trail_ticks: int | None,
        stop_loss_ticks: int | None,
        take_profit_ticks: int | None,
        tag: str,
    ) -> Order:
        """Ask for an order."""
        ...

    def modify(self, order: Order, *, size: int | None, price: float | None) -> None:
        """Ask for a change of an order."""
        ...

    def cancel(self, order: Order) -> None:
        """Ask for an order to be cancelled."""
        ...

    def position(self, symbol: str) -> int:
        """What the strategy holds, signed."""
        ...

    def net_position(self, symbol: str) -> int:
        """What the account holds, signed: positions net at the venue."""
        ...

    def live(self) -> list[Order]:
        """The strategy's orders of which something may still become."""
        ...

    def is_flat(self) -> bool:
        """Whether the strategy holds nothing, and nothing of its may open anything."""
        ...


class ClockPort(Protocol):
    """The time of the world: of the data in a backtest, of the machine live."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970 UTC."""
        ...

    def wake_at(self, time_ns: int, name: str) -> None:
        """Have ``on_timer`` called with a name at a time."""
        ...


class StorePort(Protocol):
    """Where a strategy's state is kept over a restart."""

    def load(self) -> MutableMapping[str, Any]:
        """The state as it was kept, empty at first."""
        ...

    def save(self, state: MutableMapping[str, Any]) -> None:
        """Keep the state."""
        ...


class Ports:
    """The four ports of a strategy.

    Attributes:
        market, orders, clock, store: each a port.
    """

    __slots__ = ("clock", "market", "orders", "store")

    def __init__(
        self,
        market: MarketPort,
        orders: OrdersPort,
        clock: ClockPort,
        store: StorePort,
    ) -> None:
        self.market = market
        self.orders = orders
        self.clock = clock
        self.store = store
