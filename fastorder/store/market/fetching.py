"""Which bars are missing here, and asking for those alone.

What is asked for is a generator: it gives each time span, and gets the bars of it. So
the two facades differ in how they wait, and in nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.bar_files import (
    BarFiles,
    BarsAdded,
    Series,
    Span,
    joined,
    without,
)
from fastorder.store.market.times import EPOCH

if TYPE_CHECKING:
    from collections.abc import Generator
    from decimal import Decimal

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.sessions import Sessions


class Fetched(NamedTuple):
    """What became of it.

    Attributes:
        asked: the time spans that were asked for.
        added, replaced, same: bars; see ``BarsAdded``.
    """

    asked: tuple[Span, ...]
    added: int
    replaced: int
    same: int


class Window(NamedTuple):
    """A time span to be asked for."""

    since: datetime
    until: datetime


def missing_spans(
    files: BarFiles,
    series: Series,
    since_ns: int,
    until_ns: int,
    sessions: Sessions | None,
) -> list[Span]:
    """What of a time span is not here, or may still change; oldest first.

    Times at which the market is closed are missing nowhere; sessions say which.
    """
    holes = without((since_ns, until_ns), files.covered(series))
    if sessions is None:
        return holes
    open_ = list(zip(sessions.opens, sessions.closes, strict=True))
    within = [
        (max(a, first), min(b, last))
        for first, last in holes
        for a, b in open_
        if a < last and b > first
    ]
    return _over_closed_times(joined(within), open_)


def _over_closed_times(spans: list[Span], open_: list[Span]) -> list[Span]:
    """Spans between which the market was closed are one: that asks less often."""
    opens = {first for first, _ in open_}
    closes = {last for _, last in open_}
    found: list[Span] = []
    for first, last in spans:
        if found and first in opens and found[-1][1] in closes:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def fetch(
    files: BarFiles,
    series: Series,
    tick_size: Decimal,
    spans: list[Span],
) -> Generator[Window, Bars, Fetched]:
    """Ask for each time span and keep what comes; newest first.

    The last bar that there is may still change, so it counts as missing the next time.
    A time without bars counts as here once a later bar is known.
    """
    total = BarsAdded(0, 0, 0)
    latest = files.last_ns(series)
    for since_ns, until_ns in reversed(spans):
        bars = yield Window(_moment(since_ns), _moment(until_ns))
        bars = bars.whole() if bars.last_partial else bars
        times = bars.time_ns
        if len(bars):
            latest = max(times[-1], -1 if latest is None else latest)
        end_ns = min(until_ns, since_ns if latest is None else latest)
        covered = [(since_ns, end_ns)] if end_ns > since_ns else []
        added = files.add(series, tick_size, bars, covered)
        total = BarsAdded(*map(sum, zip(total, added, strict=True)))
    return Fetched(tuple(spans), *total)


def _moment(time_ns: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def run(steps: Generator[Window, Bars, Fetched], read: Any) -> Fetched:
    """Do it with a reader that gives the bars."""
    try:
        window = next(steps)
        while True:
            window = steps.send(read(window))
    except StopIteration as done:
        return _result(done)


async def run_awaited(steps: Generator[Window, Bars, Fetched], read: Any) -> Fetched:
    """Do it with a reader whose bars have to be awaited."""
    try:
        window = next(steps)
        while True:
            window = steps.send(await read(window))
    except StopIteration as done:
        return _result(done)


def _result(done: StopIteration) -> Fetched:
    result: Fetched = done.value
    return result
