"""Several timeframes from one tick, the longer ones made from the shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder.marketdata._turn import Turn
from fastorder.marketdata.bars import Bar, Bars
from fastorder.marketdata.building import BarBuilder
from fastorder.marketdata.errors import UnknownTimeframe
from fastorder.marketdata.frames import Timeframe, check_makes, read_every

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastorder.marketdata.frames import Every
    from fastorder.marketdata.sessions import Sessions


@class_with_near_names
class MultiTimeframe:
    """Bars of several timeframes from the same ticks.

    Each is made from the longest of the others that can make it, the rest from ticks;
    the bars are those that a builder of each alone would make.

    Args:
        every: timeframes, such as ``["1s", "1m", "5m", "1h", "1d"]``.
        options: those of `BarBuilder`, for all of them.

    Raises:
        UnknownTimeframe: no timeframe, or one twice.
    """

    def __init__(
        self,
        every: Sequence[str | Every],
        *,
        sessions: Sessions | None = None,
        offset: str | int = 0,
        **options: Any,
    ) -> None:
        frames = [_time_only(read_every(one, offset, sessions)) for one in every]
        if not frames or len(set(frames)) != len(frames):
            raise UnknownTimeframe(
                f"timeframes must be one or more, once each: {every}"
            )
        self._names = {frame: str(frame) for frame in frames}
        frames.sort(key=lambda frame: frame.length_ns)
        self._builders = {frame: BarBuilder(frame, **options) for frame in frames}
        self._sources = {frame: _source(frame, frames) for frame in frames}
        self._turn = Turn()
        self._advanced_ns: int | None = None  # until a tick has come since then

    def __repr__(self) -> str:
        return f"<MultiTimeframe of {', '.join(self.names)}>"

    @property
    def names(self) -> list[str]:
        """The timeframes, shortest first."""
        return [str(frame) for frame in self._builders]

    @property
    def late_dropped(self) -> int:
        """Ticks that were left out because a later one had come before them."""
        return max(builder.late_dropped for builder in self._builders.values())

    def update(
        self, time_ns: int, price: float, size: int, side: int = 0
    ) -> list[tuple[str, Bar]]:
        """Take one tick.

        Returns:
            The bars that it closes with their timeframes, shortest first; mostly none.

        Raises:
            BadTick, UnsortedTicks: the tick is refused, and nothing is changed.
        """
        closed = False
        with self._turn:
            for frame, source in self._sources.items():
                if source is None:
                    bar = self._builders[frame].update(time_ns, price, size, side)
                    closed = bar is not None or closed
            if self._advanced_ns is not None:
                closed = True  # time has closed shorter bars, this tick closes longer
                if time_ns >= self._advanced_ns:
                    self._advanced_ns = None
            return self._passed_on(time_ns) if closed else []

    def advance(self, time_ns: int) -> list[tuple[str, Bar]]:
        """Say what time it is: the bars that are complete by then, as from update."""
        with self._turn:
            self._advanced_ns = time_ns
            for frame, source in self._sources.items():
                if source is None:
                    self._builders[frame].advance(time_ns)
            return self._passed_on(time_ns)

    def snapshot(self, every: str | Timeframe) -> Bar | None:
        """The bar of a timeframe in the making; None where there is none."""
        frame = self._frame(every)
        with self._turn:
            return self._snapshot(frame)

    def _snapshot(self, frame: Timeframe) -> Bar | None:
        source = self._sources[frame]
        builder = self._builders[frame]
        if source is None:
            return builder.snapshot()
        builder._mark()
        try:
            self._give(builder, self._unfinished(source))
            return builder.snapshot()
        finally:
            builder._rollback()

    def _frame(self, every: str | Timeframe) -> Timeframe:
        for frame in self._builders:
            if every in (frame, str(frame)):
                return frame
        raise UnknownTimeframe(f"every must be one of {self.names}, was {every!r}")

    def _unfinished(self, frame: Timeframe) -> Bars:
        """The bar in the making as columns, with what its sources have beyond it."""
        builder = self._builders[frame]
        source = self._sources[frame]
        builder._mark()
        try:
            if source is not None:
                self._give(builder, self._unfinished(source))
            builder._close_last()
            return Bars(builder._take(), frame)
        finally:
            builder._rollback()

    @staticmethod
    def _give(builder: BarBuilder, bars: Bars, partial: bool = False) -> None:
        if len(bars):
            builder._feed_bars(bars.columns(), partial)

    def _passed_on(self, time_ns: int) -> list[tuple[str, Bar]]:
        """What was closed goes into the longer builders, and what that closes."""
        made: dict[Timeframe, list[Bars]] = {}
        for frame, builder in self._builders.items():
            source = self._sources[frame]
            made[frame] = []
            for bars in made.get(source, []) if source else []:
                self._give(builder, bars, bars.first_partial)
                made[frame].append(_closed(builder, len(made[frame]) == 0))
            if source is not None:
                builder.advance(time_ns)
            made[frame].append(_closed(builder, True))
        return [
            (self._names[frame], bar)
            for frame, pieces in made.items()
            for bars in pieces
            for bar in bars
        ]


def _closed(builder: BarBuilder, is_first: bool) -> Bars:
    taken = builder._take()
    first = is_first and builder.first_partial and builder.made == len(taken["time_ns"])
    return Bars(taken, builder.every, first_partial=first)


def _time_only(every: Every) -> Timeframe:
    if not isinstance(every, Timeframe):
        raise UnknownTimeframe(f"only timeframes make longer bars, was {every}")
    return every


def _source(frame: Timeframe, frames: list[Timeframe]) -> Timeframe | None:
    """The longest timeframe of which a longer one can be made."""
    for shorter in reversed(frames[: frames.index(frame)]):
        try:
            check_makes(shorter, frame)
        except UnknownTimeframe:
            continue
        return shorter
    return None
