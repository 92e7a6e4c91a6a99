"""Bars of history: answers as their bytes, pages put together, and what is missing."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import with_near_names
from fastorder.marketdata._history import holes, scan_bars
from fastorder.marketdata.bars import EPOCH, REQUIRED, Bars
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.frames import Timeframe
from fastorder.marketdata.gateway import bars_from_gateway

if TYPE_CHECKING:
    from datetime import datetime

    from fastorder.marketdata.frames import Every


NO_BARS = {
    name: array("q" if name in ("time_ns", "volume") else "d") for name in REQUIRED
}


class Gap(NamedTuple):
    """A time without bars: nothing was traded, the market was closed, or they lack.

    The gateway makes no bar of a time without trades, and tells none of the three from
    the others.
    """

    start_ns: int
    """Where it begins: the end of the bar before, or the start that was asked for."""
    end_ns: int
    """Where it ends: the open of the next bar, or the end that was asked for."""
    bars: int
    """How many bars would fit into it; whole ones."""

    @property
    def start(self) -> datetime:
        """Where it begins, in UTC."""
        return _moment(self.start_ns)

    @property
    def end(self) -> datetime:
        """Where it ends, in UTC."""
        return _moment(self.end_ns)


def _moment(time_ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_ns // 1000)


@with_near_names
def bars_from_json(answer: bytes, every: str | Every | None = None) -> Bars:
    """The bars of an answer of History/retrieveBars, from its bytes, oldest first.

    Args:
        answer: the body, plain; one of 20,000 bars takes less than a JSON library
            alone does.
        every: the timeframe that was asked for; needed to make longer bars.

    Raises:
        BarError: it is no answer that holds bars, or a bar in it is none.
    """
    columns = scan_bars(answer)
    if columns is not None:
        return Bars.from_columns(columns, every)
    return bars_from_gateway(_document(answer), every)


def _document(answer: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise BarError(f"an answer must be JSON, {len(answer)} bytes are not") from None


class HistoryPages:
    """Pages of one history, the newest first: what each brings that is not there yet.

    Args:
        every: what they are bars of.

    Attributes:
        count: bars so far.
        page_size: bars on the last page, with those that were there before.
    """

    def __init__(self, every: Every) -> None:
        self._every = every
        self._pages: list[Bars] = []
        self.count = 0
        self.page_size = 0

    @property
    def oldest_ns(self) -> int:
        """When the oldest bar opens that is there."""
        oldest: int = self._pages[-1].time_ns[0]
        return oldest

    def take_bytes(self, answer: bytes) -> int | None:
        """How many bars an answer's bytes bring; None where they are not as expected.

        Raises:
            BarError: a bar in it is none.
        """
        columns = scan_bars(answer)
        if columns is None:
            return None
        return self._take(Bars.from_columns(columns, self._every))

    def take_document(self, document: dict[str, Any]) -> int:
        """The same of an answer that a JSON library has read.

        Raises:
            BarError: it holds no list of bars, or a bar in it is none.
        """
        rows = document.get("bars")
        if not isinstance(rows, list):  # null is not "none"
            raise BarError(f"bars must be a list, was {type(rows).__name__}")
        return self._take(bars_from_gateway(rows, self._every))

    def _take(self, page: Bars) -> int:
        self.page_size = len(page)
        if self._pages:
            page = page[: bisect_left(page.time_ns, self.oldest_ns)]
        if len(page):
            self._pages.append(page)
            self.count += len(page)
        return len(page)

    def bars(self, since_ns: int, until_ns: int, limit: int | None) -> Bars:
        """Those within a time span, oldest first; the newest up to a limit."""
        if not self._pages:
            return Bars.from_columns(NO_BARS, self._every)
        bars = Bars.joined(reversed(self._pages))
        first = bisect_left(bars.time_ns, since_ns)
        end = bisect_right(bars.time_ns, until_ns)
        return bars[max(first, end - limit) if limit else first : end]


def with_gaps(bars: Bars, since_ns: int, until_ns: int, now_ns: int) -> Bars:
    """The same bars, with what is missing between two moments told."""
    return Bars(
        bars.columns(),
        bars.every,
        last_partial=_is_open(bars, now_ns),
        gaps=gaps_of(bars, since_ns, min(until_ns, now_ns)),
    )


def _is_open(bars: Bars, now_ns: int) -> bool:
    """Whether the last bar has not ended yet."""
    if not len(bars) or not isinstance(bars.every, Timeframe):
        return False
    return bool(bars.time_ns[-1] + bars.every.length_ns > now_ns)


def gaps_of(bars: Bars, since_ns: int, until_ns: int) -> tuple[Gap, ...]:
    """Where bars of time are missing between two moments; none of other bars."""
    every = bars.every
    if not isinstance(every, Timeframe):
        return ()
    length_ns = every.length_ns
    if not len(bars):
        return _gap(since_ns, until_ns, length_ns)
    times = bars.time_ns
    found = [_gap(since_ns, times[0], length_ns)]
    found += [
        _gap(times[at - 1] + length_ns, times[at], length_ns)
        for at in holes(bars.columns()["time_ns"], length_ns)
    ]
    found.append(_gap(times[-1] + length_ns, until_ns, length_ns))
    return tuple(gap for some in found for gap in some)


def _gap(start_ns: int, end_ns: int, length_ns: int) -> tuple[Gap, ...]:
    """One, where at least one whole bar fits."""
    bars = (end_ns - start_ns) // length_ns
    return (Gap(start_ns, end_ns, bars),) if bars >= 1 else ()
