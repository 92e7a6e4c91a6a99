"""Live bars as a stream: trades of the hub and bars of history, stitched."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.market_events import MarketTrade
from fastorder.errors import ExecutorMisuse, FastOrderError, Lagged
from fastorder.runtime.log import log
from fastorder.streams.queues import NOTHING
from fastorder.streams.stitching import Stitch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Timeframe
    from fastorder.marketdata.gateway import Comparison
    from fastorder.streams.bar_checks import Checks
    from fastorder.streams.bar_row import Ask
    from fastorder.streams.live_bar import LiveBar
    from fastorder.streams.stream import BlockingStream, Source

TURN_S = 0.25
"""How often it is looked whether a bar has ended without a trade."""

BUYER, SELLER = 0, 1
"""The gateway's TradeLogType."""

SIDES = {BUYER: 1, SELLER: -1}


def moment(time_ns: int) -> datetime:
    """An aware time, cut to microseconds."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return epoch + timedelta(microseconds=time_ns // 1000)


class BaseLiveBars:
    """Live bars of one contract.

    Args:
        trades: every trade of the contract, and the gaps between them.
        frames: the timeframes.
        history: how many bars of the past come first, of each.
        now_ns: the exchange's time, as far as it is known; nanoseconds since the epoch.
        heard_ns: the same of when the hub was heard last; None while it is not there.
        checks: compares them with the gateway's.
    """

    def __init__(
        self,
        trades: Source[Any],
        frames: Sequence[Timeframe],
        history: int,
        now_ns: Callable[[], int],
        heard_ns: Callable[[], int | None],
        checks: Checks,
    ) -> None:
        self._trades = trades
        self._frames = frames
        self._now_ns = now_ns
        self._heard_ns = heard_ns
        self._checks = checks
        self._stitch = Stitch(frames, history, now_ns())
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open"
        names = ", ".join(map(str, self._frames))
        return f"<{type(self).__name__} of {names}, {state}>"

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
        self._reading: Any = None  # a task, and what takes its bars
        self._woken: Any = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveBar:
        """The next bar, once it has ended."""
        if self._prepare is not None:
            await self._prepare()
            self._prepare = None
        self._trades.open()
        while True:
            self._end_read()
            self._drain()
            if self._stitch.ready:
                return self._handed()
            if self._has_ended:
                raise StopAsyncIteration
            self._begin_read()
            await self._wait()

    async def _wait(self) -> None:
        """Until a trade has come, or bars were read, or a turn is over."""
        import asyncio  # this runs in a loop: it is loaded

        self._woken = asyncio.Event()
        self._trades.queue.wake_with(self._woken.set)
        self._trades.queue.is_awaited = True
        with suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), TURN_S)

    def _begin_read(self) -> None:
        """Ask history, where something is to be asked; one read at a time."""
        import asyncio

        if self._reading is not None:
            return
        now_ns = self._now_ns()
        ask = self._stitch.ask(now_ns)
        take: Callable[..., None] = self._answered
        if ask is None:
            ask, take = self._checks.ask(now_ns), self._compared
        if ask is not None:
            task = asyncio.ensure_future(self._read_one(ask))
            self._reading = (task, ask, take)
            task.add_done_callback(lambda task: self._woken.set())

    async def _read_one(self, ask: Ask) -> Bars | FastOrderError:
        try:
            bars: Bars = await self._read(ask)
        except FastOrderError as error:
            return error
        return bars

    def _end_read(self) -> None:
        """Take what was read; what a callback raises is raised here."""
        if self._reading is not None and self._reading[0].done():
            (task, ask, take), self._reading = self._reading, None
            take(ask, task.result())

    def _answered(self, ask: Ask, bars: Bars | FastOrderError) -> None:
        if isinstance(bars, FastOrderError):
            self._failed(bars)
        else:
            self._stitch.answer(bars, self._now_ns())

    def _compared(self, ask: Ask, bars: Bars | FastOrderError) -> None:
        if isinstance(bars, FastOrderError):
            log().warning("live bars were not compared: %s", bars)
        else:
            self._checks.compare(ask, bars)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Want no more of them; it may be called twice."""
        super().close()
        if self._reading is not None:
            self._reading[0].cancel()
            self._reading = None


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
        """The next bar, once it has ended.

        Raises:
            ExecutorMisuse: it is not the trader's own thread.
        """
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
        except ExecutorMisuse:
            raise  # another thread's: no later try would do better
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
            bars = self._read(ask)
        except ExecutorMisuse:
            raise
        except FastOrderError as error:
            log().warning("live bars were not compared: %s", error)
        else:
            self._checks.compare(ask, bars)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
