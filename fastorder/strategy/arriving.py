"""Data that arrive tick by tick: each as a source, the bars they close as frames."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from fastorder.marketdata.building import BarBuilder
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.frames import Timeframe, read_every
from fastorder.strategy._engine import Frame, Source
from fastorder.strategy.data import Feed
from fastorder.strategy.errors import BadData

if TYPE_CHECKING:
    from fastorder.strategy.instruments import Instrument


class ArrivingTicks:
    """The ticks of one contract: the one that is taken now, and all that were.

    Args:
        instrument: of the contract.
        number: of it, at the exchange.
        keeps: whether those that were taken are kept.

    Attributes:
        source: what the engine takes the tick of now from.
        last_ns: when the last one was; None before the first.
        taken: how many there were.
    """

    def __init__(
        self, instrument: Instrument, number: int, *, keeps: bool = True
    ) -> None:
        self.instrument = instrument
        self.last_ns: int | None = None
        self.taken = 0
        self._keeps = keeps
        # set faster than columns of NumPy are
        self._now = tuple(array(kind, [0]) for kind in "qqqb")
        self._kept = (array("q"), array("q"), array("q"), array("b"))
        time_ns, price, size, side = self._now
        self.source = Source(
            instrument.symbol, number, instrument.grid, time_ns, price, size, side
        )
        self.source.renew(False)

    def put(self, time_ns: int, ticks: int, size: int, side: int) -> None:
        """Have the engine take a tick next."""
        times, prices, sizes, sides = self._now
        times[0], prices[0], sizes[0], sides[0] = time_ns, ticks, size, side
        if self._keeps:
            times, prices, sizes, sides = self._kept
            times.append(time_ns)
            prices.append(ticks)
            sizes.append(size)
            sides.append(side)
        self.last_ns = time_ns
        self.taken += 1
        self.source.renew(True)

    def feed(self, begin_ns: int) -> Feed:
        """All ticks so far, as the data of a run; there may be none."""
        import numpy as np

        names = ("time_ns", "price", "size", "side")
        kinds = ("int64", "int64", "int64", "int8")
        found = {
            name: np.array(kept, kind)
            for name, kept, kind in zip(names, self._kept, kinds, strict=True)
        }
        times = found.pop("time_ns")
        return ArrivedFeed(
            self.instrument, times, ticks={**found, "bid": None, "ask": None},
            begin_ns=begin_ns,
        )  # fmt: skip


class ArrivedFeed(Feed):
    """Ticks that have arrived; there may be none.

    Args:
        begin_ns: since when they were heard.
    """

    def __init__(self, *given: Any, begin_ns: int, **named: Any) -> None:
        super().__init__(*given, **named)
        object.__setattr__(self, "begin_ns", begin_ns)

    @property
    def first_ns(self) -> int:
        """Since when the contract was heard."""
        return int(self.__dict__["begin_ns"])

    @property
    def end_ns(self) -> int:
        """The first nanosecond after the last tick."""
        return int(self.time_ns[-1]) + 1 if len(self.time_ns) else self.first_ns + 1


class ArrivingBars:
    """Bars of one length, each handed to the engine once a tick or the time closes it.

    Args:
        symbol, every: of which contract and length.
        grid: the tick as a fraction.
        sessions: when the market is open.

    Raises:
        BadData: ``every`` is no length of time.
    """

    def __init__(
        self, symbol: str, every: str, grid: tuple[int, int], sessions: Any
    ) -> None:
        import numpy as np

        try:
            frame = read_every(every, 0, sessions)
        except BarError as error:
            raise BadData(f"bars of {every} cannot be made: {error}") from None
        if not isinstance(frame, Timeframe):
            raise BadData(
                f"a strategy's bars must be of a length of time, were of {every}"
            )
        self._builder = BarBuilder(frame, prices="int64")
        self._grid = grid
        self._times = [np.zeros(1, np.int64) for _ in range(3)]
        self._prices = [np.zeros(1) for _ in range(4)]
        time_ns, end_ns, volume = self._times
        self.frame = Frame(
            symbol, every, frame.length_ns, time_ns, end_ns, self._prices, volume, 1
        )
        self.frame.renew(False)

    def tick(self, time_ns: int, ticks: int, size: int) -> None:
        """Take a tick; where it closes a bar, the engine gets that next."""
        closed = self._builder.update(time_ns, ticks, size)
        if closed is not None:
            self._put(closed)

    def begin(self, time_ns: int, prices: tuple[float, ...], volume: int) -> None:
        """Begin with a bar in the making, as history shows it.

        Args:
            time_ns: when it opens.
            prices: open, high, low and close, so far.
            volume: contracts, so far.
        """
        numerator, denominator = self._grid
        first, high, low, last = (
            round(price * denominator / numerator) for price in prices
        )
        path = [first, *({high, low} - {first, last})]
        if path != [last]:
            path.append(last)
        for nth, ticks in enumerate(path):
            size = 1 if nth else max(1, volume - len(path) + 1)
            self._builder.update(time_ns, ticks, size)

    def end_of(self, time_ns: int) -> int:
        """When a bar ends that opens at a time."""
        ended_ns = self._builder._end_of(time_ns)
        assert ended_ns is not None  # bars of time have an end
        return ended_ns

    def advance(self, time_ns: int) -> None:
        """The time has come: the bar that has ended by now closes."""
        for closed in self._builder.advance(time_ns):
            self._put(closed)

    def _put(self, bar: Any) -> None:
        numerator, denominator = self._grid
        time_ns, end_ns, volume = self._times
        time_ns[0], volume[0] = bar.time_ns, bar.volume
        end_ns[0] = self.end_of(bar.time_ns)
        for column, ticks in zip(
            self._prices, (bar.open, bar.high, bar.low, bar.close), strict=True
        ):
            column[0] = ticks * numerator / denominator
        self.frame.renew(True)
