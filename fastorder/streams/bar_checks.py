"""Live bars held against the gateway's, now and then; no I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log
from fastorder.streams.bar_row import Ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Timeframe
    from fastorder.marketdata.gateway import Comparison
    from fastorder.streams.live_bar import LiveBar

    Check = Callable[[Comparison], object]

CHECKED = 2000
"""Bars of ticks that are kept for the comparison with the gateway's."""


class Checks:
    """Holds bars that were made here against the gateway's, each timeframe by itself.

    Args:
        frames: the timeframes.
        every_ns: how often; None for never.
        on_check: called with each comparison.

    Attributes:
        last: the newest comparison; None before the first.
    """

    def __init__(
        self, frames: Sequence[Timeframe], every_ns: int | None, on_check: Check | None
    ) -> None:
        self.last: Comparison | None = None
        self._every_ns = every_ns
        self._on_check = on_check
        self._kept = {str(frame): Kept(frame, every_ns) for frame in frames}

    def keep(self, bar: LiveBar) -> None:
        """A bar was handed over."""
        if self._every_ns is not None and not bar.partial:
            self._kept[bar.every].keep(bar)

    def ask(self, now_ns: int) -> Ask | None:
        """The bars to compare with, where it is time for it."""
        if self._every_ns is None:
            return None
        asks = (kept.ask(now_ns) for kept in self._kept.values())
        return next((ask for ask in asks if ask is not None), None)

    def compare(self, ask: Ask, theirs: Bars) -> None:
        """Hold ours against the gateway's answer."""
        found = self._kept[str(ask.every)].compared(theirs)
        if found is None:
            return
        self.last = found
        if not found.agrees:
            log().warning(
                "live bars of %s and the gateway's differ: %s", ask.every, found
            )
        if self._on_check is not None:
            self._on_check(found)


class Kept:
    """Bars of one timeframe that are still to be compared.

    Args:
        every: the timeframe.
        apart_ns: how often; None for never.
    """

    def __init__(self, every: Timeframe, apart_ns: int | None) -> None:
        self._every = every
        self._apart_ns = apart_ns
        self._bars: deque[LiveBar] = deque(maxlen=CHECKED)
        self._due_ns: int | None = None

    def keep(self, bar: LiveBar) -> None:
        """A whole bar was handed over."""
        if bar.source == "ticks" or self._bars:  # one in their midst is compared too
            self._bars.append(bar)

    def ask(self, now_ns: int) -> Ask | None:
        """The bars to compare with, where it is time for it."""
        assert self._apart_ns is not None
        if self._due_ns is None:
            self._due_ns = now_ns + self._apart_ns
        if now_ns < self._due_ns or len(self._bars) < 2:
            return None
        self._due_ns = now_ns + self._apart_ns
        return Ask(self._every, self._bars[0].time_ns, self._bars[-1].time_ns + 1)

    def compared(self, theirs: Bars) -> Comparison | None:
        """Hold ours against the gateway's; None where it has none of them yet."""
        from fastorder.marketdata.bars import REQUIRED, Bars
        from fastorder.marketdata.columns import column_of
        from fastorder.marketdata.gateway import check_against

        last_ns = max(theirs.time_ns, default=0) if len(theirs) else 0
        ours = [bar for bar in self._bars if bar.time_ns <= last_ns]
        self._bars.clear()
        if not ours:
            return None
        columns = {}
        for name in REQUIRED:
            cells = [getattr(bar, name) for bar in ours]
            columns[name] = column_of(_array(name, cells), name)
        return check_against(Bars(columns, self._every), theirs)


def _array(name: str, cells: list[Any]) -> Any:
    from array import array

    return array("q" if name in ("time_ns", "volume") else "d", cells)


def minutes_ns(minutes: float) -> int:
    """Minutes as nanoseconds."""
    return int(minutes * 60 * SECOND_NS)
