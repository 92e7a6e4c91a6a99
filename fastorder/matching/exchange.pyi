from collections.abc import Callable, Sequence
from typing import Any

from fastorder.matching.rows import OrderRow, Position
from fastorder.matching.settings import (
    Account,
    Contract,
    Latencies,
    Queue,
    Touch,
    TradeThrough,
)

class Exchange:
    def __init__(
        self,
        contracts: Sequence[Contract],
        accounts: Sequence[Account],
        *,
        fills: Touch | TradeThrough | Queue | None = None,
        latency: Latencies | None = None,
        path: str = "worst",
        seed: int = 0,
        expire_at_close: bool = False,
        stop_limits: bool = False,
        on_event: Callable[[tuple[int, ...]], object] | None = None,
    ) -> None: ...
    @property
    def fed(self) -> int: ...
    @property
    def now_ns(self) -> int: ...
    @property
    def next_ns(self) -> int | None: ...
    @property
    def ambiguous(self) -> int: ...
    def place(
        self,
        account: int,
        contract: int,
        kind: int,
        side: int,
        size: int,
        *,
        limit: int | None = None,
        stop: int | None = None,
        trail: int | None = None,
        tag: str | None = None,
        stop_loss: int | tuple[int, int] | None = None,
        take_profit: int | tuple[int, int] | None = None,
        at: int | None = None,
    ) -> int: ...
    def modify(
        self,
        account: int,
        order_id: int,
        *,
        size: int | None = None,
        limit: int | None = None,
        stop: int | None = None,
        trail: int | None = None,
        at: int | None = None,
    ) -> None: ...
    def cancel(self, account: int, order_id: int, *, at: int | None = None) -> None: ...
    def close(
        self,
        account: int,
        contract: int,
        size: int | None = None,
        *,
        at: int | None = None,
    ) -> int: ...
    def allow(self, account: int, may_trade: bool) -> None: ...
    def set_floor(self, account: int, micros: int | None) -> None: ...
    def tick(
        self,
        contract: int,
        time_ns: int,
        price: int,
        size: int = 1,
        side: int = 0,
        bid: int | None = None,
        ask: int | None = None,
    ) -> None: ...
    def quote(
        self,
        contract: int,
        time_ns: int,
        bid: int,
        ask: int,
        bid_size: int = 0,
        ask_size: int = 0,
    ) -> None: ...
    def bar(
        self,
        contract: int,
        start_ns: int,
        end_ns: int,
        opening: int,
        high: int,
        low: int,
        close: int,
    ) -> None: ...
    def feed_ticks(
        self,
        contract: int,
        time_ns: Any,
        price: Any,
        size: Any = None,
        side: Any = None,
        bid: Any = None,
        ask: Any = None,
        *,
        pause: bool = False,
    ) -> int: ...
    def feed_quotes(
        self,
        contract: int,
        time_ns: Any,
        bid: Any,
        ask: Any,
        bid_size: Any = None,
        ask_size: Any = None,
        *,
        pause: bool = False,
    ) -> int: ...
    def feed_bars(
        self,
        contract: int,
        start_ns: Any,
        end_ns: Any,
        opening: Any,
        high: Any,
        low: Any,
        close: Any,
        *,
        pause: bool = False,
    ) -> int: ...
    def advance(self, time_ns: int, *, pause: bool = False) -> bool: ...
    def take_seen(self) -> Any: ...
    def take_events(self) -> Any: ...
    def outside(self, contract: int) -> int: ...
    def balance(self, account: int) -> int: ...
    def position(self, account: int, contract: int) -> Position: ...
    def orders(self, account: int) -> list[OrderRow]: ...
    def snapshot(self) -> bytes: ...
    def restore(self, snapshot: bytes) -> None: ...
