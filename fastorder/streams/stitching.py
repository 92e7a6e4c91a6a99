"""Bars of several timeframes from one feed and from history, in one row; no I/O.

Each timeframe has its row of bars (``bar_row``), none twice and none missing. Out of
all of them the bar that ends first comes first, and of those that end together the
shortest. So a bar waits until every timeframe has said that it has none before it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fastorder.marketdata.multi import MultiTimeframe
from fastorder.runtime.clock import SECOND_NS
from fastorder.streams.bar_row import BarRow, Heard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastorder.marketdata.bars import Bar, Bars
    from fastorder.marketdata.frames import Timeframe
    from fastorder.streams.bar_row import Ask
    from fastorder.streams.live_bar import LiveBar

GRACE_NS = 2 * SECOND_NS
"""How long after its end a bar is closed where no trade has done it."""

APART_NS = 3 * SECOND_NS
"""Between two repairs: the gateway gives bars fifty times in half a minute."""


class Stitch:
    """The bars of all timeframes as one row.

    Args:
        frames: the timeframes.
        history: how many bars of the past come first, of each.
        now_ns: nanoseconds since the epoch.

    Attributes:
        ready: bars that can be handed over, in the order of their ends.
    """

    def __init__(self, frames: Sequence[Timeframe], history: int, now_ns: int) -> None:
        self.ready: deque[LiveBar] = deque()
        self._bars = MultiTimeframe(frames, sides=True, late="drop")
        self._heard = Heard(0)
        apart_ns = APART_NS * len(frames)
        ordered = sorted(frames, key=lambda frame: frame.length_ns)
        self._rows = {
            str(frame): BarRow(frame, history, now_ns, self._heard, apart_ns)
            for frame in ordered
        }
        self._heard.closed_ns = now_ns - now_ns % SECOND_NS
        self._lag_ns = 0
        self._is_in_gap = True  # until the first trade
        self._asking: BarRow | None = None
        self._turns = deque(self._rows.values())  # who asks next

    @property
    def repaired(self) -> int:
        """How many bars came from history since trades may have been missed."""
        return sum(row.repaired for row in self._rows.values())

    @property
    def late(self) -> int:
        """Trades that came after a later one, and were left out."""
        return self._bars.late_dropped

    # ------------------------------------------------------------ in

    def tick(
        self, time_ns: int, price: float, size: int, side: int, now_ns: int
    ) -> None:
        """A trade has come."""
        heard = self._heard
        if self._is_in_gap:
            self._is_in_gap = False
            for row in self._rows.values():
                row.heard_again(time_ns)
        heard.last_ns = max(heard.last_ns, time_ns)
        self._lag_ns = max(now_ns - time_ns, self._lag_ns - self._lag_ns // 64)
        closed = self._bars.update(time_ns, price, size, side)
        heard.closed_ns = max(heard.closed_ns, time_ns)
        if closed:
            self._closed(closed)

    def gap(self) -> None:
        """Trades may be missing from the last one until the next."""
        self._is_in_gap = True
        for row in self._rows.values():
            row.gap()

    def time(self, heard_ns: int) -> None:
        """Until then the feed was heard; bars that have ended are closed.

        A trade may be so late as those before it have been; twice that is waited for.

        Args:
            heard_ns: nanoseconds since the epoch. A feed that is not heard may be dead,
                and no trade would tell.
        """
        until_ns = heard_ns - max(GRACE_NS, 2 * self._lag_ns)
        if until_ns <= self._heard.closed_ns:
            return
        self._heard.closed_ns = until_ns
        # before the first trade nothing is known of the clocks
        self._closed(self._bars.advance(until_ns) if self._heard.last_ns else [])

    def _closed(self, bars: list[tuple[str, Bar]]) -> None:
        for name, bar in bars:
            self._rows[name].closed(bar)
        for row in self._rows.values():
            row.hand_over()
        self._merge()

    # ------------------------------------------------------------ history

    def ask(self, now_ns: int) -> Ask | None:
        """What history is to be asked for now; it is answered, or it fails."""
        if self._asking is not None:
            return None
        for row in sorted(self._turns, key=lambda row: not row.wants_past):
            ask = row.ask(now_ns)
            if ask is not None:
                self._asking = row
                self._turns.remove(row)
                self._turns.append(row)
                return ask
        return None

    def failed(self, now_ns: int) -> None:
        """History did not answer."""
        self._answered().failed(now_ns)

    def answer(self, bars: Bars, now_ns: int) -> None:
        """History has answered."""
        self._answered().answer(bars, now_ns)
        self._merge()

    def _answered(self) -> BarRow:
        row, self._asking = self._asking, None
        assert row is not None
        return row

    # ------------------------------------------------------------ out

    def _merge(self) -> None:
        """Hand over what no bar of another timeframe comes before."""
        rows = self._rows.values()  # the shortest first, which min keeps
        while any(row.ready for row in rows):
            row = min(rows, key=lambda row: row.next_end_ns)
            if not row.ready:
                return
            self.ready.append(row.ready.popleft())
