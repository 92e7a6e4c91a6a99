"""The venue's trading day: from 17:00 in Chicago to 17:00, whatever the season.

Windows has no table of time zones of its own: there the package ``tzdata`` is needed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastorder.errors import ConfigurationError
from fastorder.risk.venue_rules import DAY_ENDS

CHICAGO = "America/Chicago"


class TradingDay(NamedTuple):
    """One trading day, in seconds since the epoch: start <= t < end.

    Attributes:
        date: the day on which it ends.
        start_s, end_s: its bounds.
    """

    date: date
    start_s: float
    end_s: float

    def at(self, moment: time) -> float:
        """When the clocks of Chicago show this time within the day."""
        ends_on = self.date if moment < DAY_ENDS else self.date - timedelta(days=1)
        return _chicago(ends_on, moment)


@lru_cache(maxsize=1)
def chicago() -> ZoneInfo:
    """The time zone of the exchange.

    Raises:
        ConfigurationError: this machine has no table of time zones.
    """
    try:
        return ZoneInfo(CHICAGO)
    except ZoneInfoNotFoundError:
        raise ConfigurationError(
            f"limits need the time zone {CHICAGO}, this machine has none: "
            "install tzdata (pip install tzdata)"
        ) from None


def trading_day(now_s: float) -> TradingDay:
    """The trading day of a moment in seconds since the epoch."""
    now = datetime.fromtimestamp(now_s, timezone.utc).astimezone(chicago())
    ends_on = now.date()
    if now.time() >= DAY_ENDS:
        ends_on += timedelta(days=1)
    return trading_day_on(ends_on)


def trading_day_on(ends_on: date) -> TradingDay:
    """The trading day that ends on a date."""
    start_s = _chicago(ends_on - timedelta(days=1), DAY_ENDS)
    return TradingDay(ends_on, start_s, _chicago(ends_on, DAY_ENDS))


def _chicago(day: date, moment: time) -> float:
    return datetime.combine(day, moment, chicago()).timestamp()
