"""The trading day of a moment, as a number, quickly for moments of one day."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

from fastorder.risk.trading_day import trading_day

SECOND = 1_000_000_000
FRIDAY = 4


class TradingDays:
    """Trading days by time; each is worked out once.

    A day lasts from 17:00 in Chicago to 17:00. What comes at a weekend, when nothing
    trades, is given to the Friday before it.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._days: list[tuple[int, int]] = []  # the end of each, and its number

    def of(self, at_ns: int) -> int:
        """As yyyymmdd."""
        i = bisect_right(self._starts, at_ns) - 1
        if i >= 0 and at_ns < self._days[i][0]:
            return self._days[i][1]
        found = trading_day(at_ns // SECOND)
        start = int(found.start_s) * SECOND
        place = bisect_right(self._starts, start)
        self._starts.insert(place, start)
        self._days.insert(place, (int(found.end_s) * SECOND, numbered(found.date)))
        return self._days[place][1]


def numbered(day: date) -> int:
    """A day as yyyymmdd; a Saturday and a Sunday are the Friday before."""
    day -= timedelta(days=max(0, day.weekday() - FRIDAY))
    return day.year * 10_000 + day.month * 100 + day.day
