"""Live bars as a stream: trades of the hub and bars of history, stitched."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.market_events import MarketTrade
from fastorder.errors import FastOrderError, Lagged
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log
from fastorder.streams.queues import NOTHING
from fastorder.streams.stitching import Ask, Stitch

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Timeframe
    from fastorder.marketdata.gateway import Comparison
    from fastorder.streams.live_bar import LiveBar
    from fastorder.streams.stream import BlockingStream, Source

    Check = Callable[[Comparison], object]

TURN_S = 0.25
"""How often it is looked whether a bar has ended without a trade."""

BUYER, SELLER = 0, 1
"""The gateway's TradeLogType."""

SIDES = {BUYER: 1, SELLER: -1}
CHECKED = 2000
"""Bars of ticks that are kept for the comparison with the gateway's."""


def moment(time_ns: int) -> datetime:
    """An aware time, cut to microseconds."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return epoch + timedelta(microseconds=time_ns // 1000)


class Checks:
    """Holds bars that were made here against the gateway's, now and then.

    Args:
        every_ns: how often; None for never.
        on_check: called with each comparison.

    Attributes:
        last: the newest comparison; None before the first.
    """

    def __init__(self, every_ns: int | None, on_check: Check | None) -> None:
        self.last: Comparison | None = None
        self._every_ns = every_ns
        self._on_check = on_check
        self._bars: deque[LiveBar] = deque(maxlen=CHECKED)
        self._due_ns: int | None = None

    def keep(self, bar: LiveBar) -> None:
        """A bar was handed over."""
        if self._every_ns is None or bar.partial:
            return
        if bar.source == "ticks" or self._bars:  # one in their midst is compared too
            self._bars.append(bar)

    def ask(self, now_ns: int) -> Ask | None:
        """The bars to compare with, where it is time for it."""
        if self._every_ns is None:
            return None
        if self._due_ns is None:
            self._due_ns = now_ns + self._every_ns
        if now_ns < self._due_ns or len(self._bars) < 2:
            return None
        self._due_ns = now_ns + self._every_ns
        return Ask(self._bars[0].time_ns, self._bars[-1].time_ns + 1)

    def compare(self, theirs: Bars) -> None:
        """Hold ours against the gateway's."""
        from fastorder.marketdata.bars import REQUIRED, Bars
        from fastorder.marketdata.columns import column_of
        from fastorder.marketdata.gateway import check_against

        known = set(theirs.time_ns) if len(theirs) else set()
        ours = [bar for bar in self._bars if bar.time_ns <= max(known, default=0)]
        self._bars.clear()
        if not ours:
            return
        columns = {}
        for name in REQUIRED:
            cells = [getattr(bar, name) for bar in ours]
            columns[name] = column_of(_array(name, cells), name)
        made = Bars(columns, theirs.every)
        self.last = check_against(made, theirs)
        if not self.last.agrees:
            log().warning("live bars and the gateway's differ: %s", self.last)
        if self._on_check is not None:
            self._on_check(self.last)


def _array(name: str, cells: list[Any]) -> Any:
    from array import array

    return array("q" if name in ("time_ns", "volume") else "d", cells)


class BaseLiveBars:
    """Live bars of one contract.

    Args:
        trades: every trade of the contract, and the gaps between them.
        every: the timeframe.
        history: how many bars of the past come first.
        now_ns: the exchange's time, as far as it is known; nanoseconds since the epoch.
        heard_ns: the same of when the hub was heard last; None while it is not there.
        checks: compares them with the gateway's.
    """

    def __init__(
        self,
        trades: Source[Any],
        every: Timeframe,
        history: int,
        now_ns: Callable[[], int],
        heard_ns: Callable[[], int | None],
        checks: Checks,
    ) -> None:
        self._trades = trades
        self._every = every
        self._now_ns = now_ns
        self._heard_ns = heard_ns
        self._checks = checks
        self._stitch = Stitch(every, history, now_ns())
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open"
        return f"<{type(self).__name__} of {self._every} {state}>"

    @property
    def repaired(self) -> int:
        """Bars that came from history since trades may have been missed."""
        return self._stitch.repaired

    @property
    def late(self) -> int:
        """Trades that came after their bar had been handed over."""
        return self._stitch.late

    @property
    def last_check(self) -> Comparison | None:
        """How the bars of ticks compared with the gateway's; None before the first."""
        return self._checks.last

    def close(self) -> None:
        """Want no more of them; it may be called twice."""
        if not self._is_closed:
            self._is_closed = True
            self._trades.close()

    @property
    def _has_ended(self) -> bool:
        return self._is_closed or self._trades.queue.has_ended

    def _drain(self) -> None:
        """Take what has come, until a bar is ready or nothing is left."""
        stitch = self._stitch
        heard_ns = self._heard_ns()  # before what has come is taken: it is older
        while not stitch.ready:
            try:
                item = self._trades.take()
            except Lagged:
                stitch.gap()
                continue
            if item is NOTHING:
                if heard_ns is not None:
                    stitch.time(heard_ns)
                return
            self._take(item)

    def _take(self, item: Any) -> None:
        """A trade, or a gap; one that lacks what a bar needs counts as missed."""
        price, size, time_ns = None, None, None
        if type(item) is MarketTrade:
            price, size, time_ns = item.price, item.volume, item.time_ns
        if price is None or size is None or time_ns is None:
            self._stitch.gap()
            return
        side = SIDES.get(item.type, 0)
        self._stitch.tick(time_ns, float(price), size, side, self._now_ns())

    def _handed(self) -> LiveBar:
        bar = self._stitch.ready.popleft()
        self._checks.keep(bar)
        return bar

    def _failed(self, error: FastOrderError) -> None:
        log().warning("bars are asked for again: %s", error)
        self._stitch.failed(self._now_ns())


class LiveBars(BaseLiveBars):
    """Live bars on the running event loop: ``async for bar in bars``.

    Args:
        prepare: is awaited first, where the contract has to be loaded.
        read: reads bars; to be awaited.
        given: see ``BaseLiveBars``.
    """

    def __init__(
        self, prepare: Callable[[], Any] | None, read: Callable[[Ask], Any], *given: Any
    ) -> None:
        super().__init__(*given)
        self._prepare = prepare
        self._read = read
        self._reading: Any = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveBar:
        """The next bar, once it has ended."""
        import asyncio  # this runs in a loop: it is loaded

        if self._prepare is not None:
            await self._prepare()
            self._prepare = None
        self._trades.open()
        while True:
            self._drain()
            if self._stitch.ready:
                return self._handed()
            if self._has_ended:
                raise StopAsyncIteration
            woken = asyncio.Event()
            self._begin_read(woken.set)
            self._trades.queue.wake_with(woken.set)
            self._trades.queue.is_awaited = True
            try:
                await asyncio.wait_for(woken.wait(), TURN_S)
            except (TimeoutError, asyncio.TimeoutError):
                continue

    def _begin_read(self, done: Callable[[], None]) -> None:
        """Ask history, where something is to be asked; one read at a time."""
        import asyncio

        if self._reading is not None:
            self._reading.add_done_callback(lambda task: done())
            return
        now_ns = self._now_ns()
        ask = self._stitch.ask(now_ns)
        take = self._answered
        if ask is None:
            ask, take = self._checks.ask(now_ns), self._compared
        if ask is not None:
            self._reading = asyncio.ensure_future(self._read_one(ask, take))
            self._reading.add_done_callback(lambda task: done())

    async def _read_one(self, ask: Ask, take: Callable[[Any], None]) -> None:
        try:
            bars = await self._read(ask)
        except FastOrderError as error:
            bars = error
        self._reading = None
        take(bars)

    def _answered(self, bars: Bars | FastOrderError) -> None:
        if isinstance(bars, FastOrderError):
            self._failed(bars)
        else:
            self._stitch.answer(bars, self._now_ns())

    def _compared(self, bars: Bars | FastOrderError) -> None:
        if isinstance(bars, FastOrderError):
            log().warning("live bars were not compared: %s", bars)
        else:
            self._checks.compare(bars)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Want no more of them; it may be called twice."""
        super().close()
        if self._reading is not None:
            self._reading.cancel()


class BlockingLiveBars(BaseLiveBars):
    """Live bars for plain code: ``for bar in bars``, in the trader's own thread.

    Args:
        stream: of the same trades.
        read: reads bars, and waits for them.
        given: see ``BaseLiveBars``.
    """

    def __init__(
        self, stream: BlockingStream[Any], read: Callable[[Ask], Bars], *given: Any
    ) -> None:
        super().__init__(*given)
        self._stream = stream
        self._read = read

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LiveBar:
        """The next bar, once it has ended."""
        while True:
            self._drain()
            if self._stitch.ready:
                return self._handed()
            if self._has_ended:
                raise StopIteration
            if not self._read_next():
                self._wait()

    def _wait(self) -> None:
        try:
            item = self._stream.get(TURN_S)
        except Lagged:
            self._stitch.gap()
            return
        if item is not None:
            self._take(item)

    def _read_next(self) -> bool:
        """Ask history, where something is to be asked; whether it was."""
        now_ns = self._now_ns()
        ask = self._stitch.ask(now_ns)
        if ask is None:
            return self._check(now_ns)
        try:
            bars = self._read(ask)
        except FastOrderError as error:
            self._failed(error)
        else:
            self._stitch.answer(bars, self._now_ns())
        return True

    def _check(self, now_ns: int) -> bool:
        ask = self._checks.ask(now_ns)
        if ask is None:
            return False
        try:
            self._checks.compare(self._read(ask))
        except FastOrderError as error:
            log().warning("live bars were not compared: %s", error)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def seconds_ns(minutes: float) -> int:
    """Minutes as nanoseconds."""
    return int(minutes * 60 * SECOND_NS)
