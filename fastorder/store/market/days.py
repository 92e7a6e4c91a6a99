"""Which trading day a tick belongs to: from 17:00 in Chicago on, whatever the season.

Friday evening and the weekend belong to Monday: nothing trades then, and what comes
late must not make days of its own.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.risk.trading_day import chicago
from fastorder.risk.venue_rules import DAY_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND_NS = 1_000_000_000
EARLIEST_NS = 315_532_800 * SECOND_NS
"""1980: what is earlier is a wrong clock or a wrong unit."""

LATEST_NS = 4_102_444_800 * SECOND_NS
"""2100."""


class Part(NamedTuple):
    """Rows of one trading day: those from ``start`` up to ``stop``."""

    day: date
    start: int
    stop: int


@lru_cache(maxsize=1024)
def day_span(day: date) -> tuple[int, int]:
    """When a trading day begins and ends, in nanoseconds since 1970 UTC."""
    before = day - timedelta(3 if day.weekday() == 0 else 1)
    return _ends_ns(before), _ends_ns(day)


def day_of(time_ns: int) -> date:
    """The trading day of a moment."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, timezone.utc)
    local = moment.astimezone(chicago())
    day = local.date() + timedelta(1 if local.time() >= DAY_ENDS else 0)
    return day + timedelta(max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


def days_between(since_ns: int, until_ns: int) -> list[date]:
    """The trading days that have a part of a time span."""
    if until_ns <= since_ns:
        return []
    day, last = day_of(since_ns), day_of(until_ns - 1)
    found = []
    while day <= last:
        found.append(day)
        day += timedelta(3 if day.weekday() == 4 else 1)
    return found


def parts_by_day(times: Any) -> Iterator[Part]:
    """Times in order, cut into trading days; days without any are left out."""
    import numpy

    start = 0
    while start < len(times):
        day = day_of(int(times[start]))
        stop = int(numpy.searchsorted(times, day_span(day)[1]))
        yield Part(day, start, stop)
        start = stop


def _ends_ns(day: date) -> int:
    return int(datetime.combine(day, DAY_ENDS, chicago()).timestamp()) * SECOND_NS
