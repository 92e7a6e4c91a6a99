"""Hearing: what a trader hears of the market, taken into a run, one after another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastorder.strategy.errors import BadData
from fastorder.strategy.events import Gap
from fastorder.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

SIDE_OF = {0: 1, 1: -1}
"""The aggressor's side by the type of a trade: 0 is a buy, 1 a sell."""


class Hearing:
    """Strategies that hear a trader's market.

    Args:
        run: what the trades go into.

    Attributes:
        late: trades that are older than one before; taken at that one's time.
        unread: trades without a price, a size or a time.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._ends: list[Callable[[], None]] = []
        self._gaps: set[str] = set()
        self.late = self.unread = 0

    def _act(self, call: Callable[[], None]) -> None:
        """Do something that may run handlers, unless the run is over."""
        raise NotImplementedError

    def _listen(self, trader: Any) -> None:
        run = self._run
        for symbol in run.instruments:
            self._ends.append(trader.on("trade", self._takes(symbol), symbol=symbol))
        self._ends.append(trader.on("gap", self._gap))
        for kind, handler in (("quote", "on_quote"), ("depth", "on_depth")):
            for one in run.strategies:
                if getattr(type(one), handler) is not getattr(Strategy, handler):
                    call = self._calls(getattr(one, handler))
                    symbol = one._symbol(None)
                    self._ends.append(trader.on(kind, call, symbol=symbol))

    def _hear_no_more(self) -> None:
        for end in self._ends:
            end()
        self._ends.clear()

    def _calls(self, handler: Callable[[Any], object]) -> Callable[[Any], None]:
        return lambda event: self._act(lambda: self._run.call(handler, event))

    def _takes(self, symbol: str) -> Callable[[Any], None]:
        grid = self._run.instruments[symbol].grid

        def take(trade: Any) -> None:
            price, size, time_ns = trade.price, trade.volume, trade.time_ns
            if price is None or not size or size < 0 or time_ns is None:
                self._act(self._note_unread)
                return
            side = SIDE_OF.get(trade.type, 0)
            self._act(partial(self._take, symbol, grid, time_ns, price, size, side))

        return take

    def _note_unread(self) -> None:
        self.unread += 1

    def _take(
        self, symbol: str, grid: tuple[int, int], time_ns: int, price: Decimal,
        size: int, side: int,
    ) -> None:  # fmt: skip
        ticks, rest = divmod(price * grid[1], grid[0])
        if rest:
            size_of_tick = self._run.instruments[symbol].tick_size
            raise BadData(
                f"{symbol}: price must be a multiple of {size_of_tick}, was {price}"
            )
        now_ns = max(self._run.engine.now_ns, self._run.begin_ns)
        if time_ns < now_ns:
            self.late += 1
            time_ns = now_ns
        if symbol in self._gaps:
            self._tell_gap(symbol, time_ns)
        self._run.take_tick(symbol, time_ns, int(ticks), size, side)

    def _gap(self, gap: Any) -> None:
        if getattr(gap, "hub", "market") == "market":
            self._act(self._note_gap)

    def _note_gap(self) -> None:
        self._gaps |= set(self._run.instruments)

    def _tell_gap(self, symbol: str, time_ns: int) -> None:
        """Tell of a gap with the first trade after it: only now its end is known."""
        self._gaps.discard(symbol)
        from_ns = self._run.ticks[symbol].last_ns or self._run.begin_ns
        gap = Gap(symbol, from_ns, time_ns)
        for one in self._run.strategies:
            self._run.call(one.on_gap, gap)
