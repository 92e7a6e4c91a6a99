"""The live bars of one timeframe: of ticks, of history where in doubt; no I/O.

A *doubt* is a time span in which trades may have been missed: before the first trade
that was heard, and from the last one before a gap to the first one after it. All three
are times of the exchange, so a wrong clock here does no harm. A bar that touches a
doubt is not taken from ticks: history is asked for it once it has ended.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from fastorder.marketdata.building import BarBuilder
from fastorder.runtime.clock import SECOND_NS
from fastorder.streams.live_bar import LiveBar, live_bar

if TYPE_CHECKING:
    from fastorder.marketdata.bars import Bar, Bars
    from fastorder.marketdata.frames import Timeframe
    from fastorder.streams.live_bar import From

PAUSES_NS = tuple(seconds * SECOND_NS for seconds in (1, 2, 4, 8, 15, 30))
"""Before history is asked again for a bar that it has not got yet."""

FAILED_NS = 5 * SECOND_NS
"""Before it is asked again where it did not answer."""


class Ask(NamedTuple):
    """Bars that history is asked for.

    Attributes:
        every: their timeframe.
        since_ns: when the first of them opens; None for so many before ``until_ns``.
        until_ns: when the first after them opens.
        limit: how many, where ``since_ns`` is None.
    """

    every: Timeframe
    since_ns: int | None
    until_ns: int
    limit: int | None = None


class Heard:
    """How far trades are known; all timeframes of a feed share it.

    Attributes:
        last_ns: the time of the last trade; 0 before the first.
        closed_ns: bars that end by then are closed.
    """

    __slots__ = ("closed_ns", "last_ns")

    def __init__(self, closed_ns: int) -> None:
        self.last_ns = 0
        self.closed_ns = closed_ns


class Doubt:
    """A time span in which trades may have been missed; the end is known later."""

    __slots__ = ("since_ns", "source", "until_ns")

    def __init__(self, since_ns: int, source: From = "repair") -> None:
        self.since_ns = since_ns
        self.source = source
        self.until_ns: int | None = None


class BarRow:
    """The bars of one timeframe.

    Args:
        every: the timeframe.
        history: how many bars of the past come first.
        now_ns: nanoseconds since the epoch.
        heard: how far trades are known.
        apart_ns: between two repairs.

    Attributes:
        every: the timeframe.
        ready: bars that can be handed over, oldest first.
        repaired: how many came from history since trades may have been missed.
    """

    def __init__(
        self, every: Timeframe, history: int, now_ns: int, heard: Heard, apart_ns: int
    ) -> None:
        self.every = every
        self.ready: deque[LiveBar] = deque()
        self.repaired = 0
        self._name = str(every)
        self._heard = heard
        self._apart_ns = apart_ns
        self._measure = BarBuilder(every)
        current_ns = self._open_of(now_ns)
        self._next_ns = current_ns  # bars that open before it were handed over
        self._first: Ask | None = None
        if history:
            self._first = Ask(every, None, current_ns, history)
        self._began_ns = current_ns
        self._last_ns: int | None = None  # when the last one handed over opens
        self._own: dict[int, Bar] = {}
        self._doubts = [Doubt(current_ns, "history")]
        self._source: From = "history"
        self._asked: Ask | None = None
        self._ask_again_ns = 0
        self._missing_ns: int | None = None  # what history lacked, so many times
        self._tries = 0

    @property
    def wants_past(self) -> bool:
        """Whether the bars of the past are still to come."""
        return self._first is not None

    @property
    def next_end_ns(self) -> int:
        """When the first bar ends that is ready, or may still come."""
        if self.ready:
            return self._end_of(self.ready[0].time_ns)
        if self._first is not None:
            return 0
        opens = [self._open_of(self._heard.closed_ns), *self._own]
        opens += [
            self._open_of(each.since_ns)
            for each in self._doubts
            if not self._is_settled(each)
        ]
        return self._end_of(max(min(opens), self._next_ns))

    # ------------------------------------------------------------ of the feed

    def heard_again(self, time_ns: int) -> None:
        """The first trade after a doubt; its bar may have been passed over as empty.

        That is where the clock here is ahead, or history was late.
        """
        doubt = self._doubts[-1] if self._doubts else None
        if doubt is None or doubt.until_ns is not None:
            return
        doubt.until_ns = time_ns
        doubt.since_ns = min(doubt.since_ns, time_ns)
        handed_ns = 0 if self._last_ns is None else self._end_of(self._last_ns)
        self._next_ns = min(self._next_ns, max(self._open_of(time_ns), handed_ns))

    def gap(self) -> None:
        """Trades may be missing from the last one until the next."""
        doubt = self._doubts[-1] if self._doubts else None
        if doubt is None or doubt.until_ns is not None:
            self._doubts.append(Doubt(self._heard.last_ns or self._began_ns))

    def closed(self, bar: Bar) -> None:
        """A bar of ticks is complete."""
        self._own[bar.time_ns] = bar
        if bar.time_ns < self._next_ns and bar.time_ns > (self._last_ns or 0):
            doubt = Doubt(bar.time_ns)  # its time was passed over as without trades
            doubt.until_ns = bar.time_ns
            self._doubts.insert(0, doubt)
            self._next_ns = bar.time_ns

    # ------------------------------------------------------------ of history

    def ask(self, now_ns: int) -> Ask | None:
        """What history is to be asked for now; it is answered, or it fails."""
        if self._asked is not None or now_ns < self._ask_again_ns:
            return None
        self._asked = self._first or self._hole()
        return self._asked

    def failed(self, now_ns: int) -> None:
        """History did not answer."""
        self._asked = None
        self._ask_again_ns = now_ns + FAILED_NS

    def answer(self, bars: Bars, now_ns: int) -> None:
        """History has answered."""
        asked, self._asked = self._asked, None
        assert asked is not None
        if self._first is not None:
            self._take_history([bar for bar in bars if bar.time_ns < asked.until_ns])
            return
        assert asked.since_ns is not None
        found = {
            bar.time_ns: bar
            for bar in bars
            if asked.since_ns <= bar.time_ns < asked.until_ns
        }
        missing_ns = self._first_missing(found, asked)
        if missing_ns != self._missing_ns:
            self._missing_ns, self._tries = missing_ns, 0
        if missing_ns is not None and self._tries < len(PAUSES_NS):
            self._ask_again_ns = now_ns + PAUSES_NS[self._tries]
            self._tries += 1
            self._repair(found, asked.since_ns, missing_ns)
            return
        self._ask_again_ns = now_ns + self._apart_ns
        self._repair(found, asked.since_ns, asked.until_ns)

    def _take_history(self, bars: list[Bar]) -> None:
        """Hand over the past; what it has not got yet is in doubt."""
        self._first = None
        if bars:
            self._next_ns = self._end_of(bars[-1].time_ns)
            self._doubts[0].since_ns = min(self._doubts[0].since_ns, self._next_ns)
        for bar in bars:
            self._give(live_bar(bar, self._name, "history"))
        self.hand_over()

    def _first_missing(self, found: dict[int, Bar], asked: Ask) -> int | None:
        """The first bar that history has to have, and has not yet.

        Where trades were heard there is one. Of the last one, all trades may have been
        missed; where there were none, history shows it by a later bar, or never.
        """
        own = [
            open_ns
            for open_ns in sorted(self._own)
            if asked.since_ns <= open_ns < asked.until_ns and open_ns not in found  # type: ignore[operator]
        ]
        if own:
            return own[0]
        last_ns = self._open_of(asked.until_ns - 1)
        return None if last_ns in found else last_ns

    def _repair(self, found: dict[int, Bar], since_ns: int, until_ns: int) -> None:
        """Hand over the bars of a time span, as far as history or ticks have them."""
        opens = sorted({*found, *self._own})
        for open_ns in [each for each in opens if since_ns <= each < until_ns]:
            own = self._own.pop(open_ns, None)
            bar = found.get(open_ns)
            if bar is not None:
                self.repaired += self._source == "repair"
                self._give(live_bar(bar, self._name, self._source))
            elif own is not None:
                self._give(live_bar(own, self._name, "ticks", partial=True))
        self._next_ns = max(self._next_ns, until_ns)
        self.hand_over()

    def _is_settled(self, doubt: Doubt) -> bool:
        """Whether every bar that it touches was handed over."""
        return doubt.until_ns is not None and self._next_ns > doubt.until_ns

    def _hole(self) -> Ask | None:
        """The first bars in doubt that have ended and were not handed over."""
        for doubt in self._doubts:
            since_ns = max(self._open_of(doubt.since_ns), self._next_ns)
            until_ns = self._open_of(self._heard.closed_ns)
            if doubt.until_ns is not None:
                until_ns = min(until_ns, self._end_of(doubt.until_ns))
            if until_ns > since_ns:
                self._source = doubt.source
                return Ask(self.every, since_ns, until_ns)
        return None

    # ------------------------------------------------------------ out

    def hand_over(self) -> None:
        """Hand over the bars of ticks up to the first one in doubt."""
        if self._first is not None or not self._own:
            return
        self._doubts = [each for each in self._doubts if not self._is_settled(each)]
        for open_ns in sorted(self._own):
            if open_ns < self._next_ns:
                del self._own[open_ns]  # it was handed over from history
                continue
            end_ns = self._end_of(open_ns)
            if any(each.since_ns < end_ns for each in self._doubts):
                return  # it, or one before it
            self._give(live_bar(self._own.pop(open_ns), self._name, "ticks"))

    def _give(self, bar: LiveBar) -> None:
        self._last_ns = bar.time_ns
        self._next_ns = max(self._next_ns, self._end_of(bar.time_ns))
        self.ready.append(bar)

    def _end_of(self, time_ns: int) -> int:
        """When the bar ends that a time lies in."""
        end_ns = self._measure._end_of(time_ns)
        return time_ns if end_ns is None else end_ns

    def _open_of(self, time_ns: int) -> int:
        """When the bar opens that a time lies in."""
        if self.every._is_even:
            return time_ns - (time_ns - self.every._start_ns) % self.every.length_ns
        maker = BarBuilder(self.every)
        maker.update(time_ns, 1.0, 1)
        bar = maker.snapshot()
        return time_ns if bar is None else bar.time_ns
