"""Trading days of a span: their ends, and which of them have no data."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastorder.risk.trading_day import TradingDay, trading_day
from fastorder.strategy.errors import BadData

if TYPE_CHECKING:
    from fastorder.strategy.data import Feed

SHOWN = 5
"""How many missing days an error names."""


def days_between(first_ns: int, end_ns: int) -> list[TradingDay]:
    """The trading days of a span, oldest first."""
    found = [trading_day(first_ns / 1e9)]
    while found[-1].end_s * 1e9 < end_ns:
        found.append(trading_day(found[-1].end_s))
    return found


def check_days(feeds: dict[str, Feed], sessions: Any, missing_days: str) -> None:
    """Refuse data that lack a weekday between the first and the last datum of all.

    Raises:
        BadData: with the days.
    """
    if missing_days not in ("refuse", "allow"):
        raise BadData(f"missing_days must be refuse or allow, was {missing_days!r}")
    if missing_days == "allow":
        return
    first_ns = min(feed.first_ns for feed in feeds.values())
    end_ns = max(feed.end_ns for feed in feeds.values())
    for symbol, feed in feeds.items():
        missing = missing_of(feed, sessions, first_ns, end_ns)
        if missing:
            _check_span(symbol, feed, missing, first_ns, end_ns)
            names = ", ".join(str(day) for day in missing[:SHOWN])
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            raise BadData(
                f"data of {symbol} must be there on each weekday, are missing on "
                f"{names}{more}: give sessions= with the holidays, or "
                "missing_days='allow'"
            )


def _check_span(
    symbol: str, feed: Feed, missing: list[Any], first_ns: int, end_ns: int
) -> None:
    """Refuse data that begin later, or end earlier, than those of other contracts.

    Raises:
        BadData: with the days at which they do, and should.
    """
    own = [trading_day(x / 1e9).date for x in (feed.first_ns, feed.end_ns - 1)]
    all_ = [trading_day(x / 1e9).date for x in (first_ns, end_ns - 1)]
    for what, did, mine, others, lacks in (
        ("begin", "began", own[0], all_[0], missing[0] < own[0]),
        ("end", "ended", own[1], all_[1], missing[-1] > own[1]),
    ):
        if lacks:
            raise BadData(
                f"data of {symbol} must {what} on {others} as those of the other "
                f"contracts, {did} on {mine}: give since= and until= that all have, "
                "or missing_days='allow'"
            )


def missing_of(feed: Feed, sessions: Any, first_ns: int, end_ns: int) -> list[Any]:
    """The trading days of a span without a datum."""
    if sessions is not None:
        spans = zip(sessions.opens, sessions.closes, sessions.days, strict=True)
        rows = [(day, start, end) for start, end, day in spans]
    else:
        rows = [
            (day.date, int(day.start_s * 1e9), int(day.end_s * 1e9))
            for day in days_between(first_ns, end_ns)
        ]
    times = feed.time_ns
    found = []
    for day, start_ns, until_ns in rows:
        inside = first_ns < until_ns and start_ns < end_ns
        if day.weekday() < 5 and inside:
            first, last = times.searchsorted([start_ns, until_ns])
            if first == last:
                found.append(day)
    return found


def day_column(times_ns: Any, first_ns: int, end_ns: int) -> tuple[Any, list[Any]]:
    """The number of the trading day of each time, and the days' dates."""
    import numpy as np

    days = days_between(first_ns, end_ns)
    ends = np.array([int(day.end_s * 1e9) for day in days], np.int64)
    rows = np.minimum(ends.searchsorted(times_ns, side="right"), len(days) - 1)
    return rows, [day.date for day in days]


def chicago_hours(times_ns: Any) -> Any:
    """The hour of the day in Chicago of each time."""
    import numpy as np

    from fastorder.risk.trading_day import chicago

    if not len(times_ns):
        return np.zeros(0, np.int64)
    zone = chicago()
    hours = np.asarray(times_ns) // 3_600_000_000_000
    names, places = np.unique(hours, return_inverse=True)
    local = [_hour_of(int(hour), zone) for hour in names]
    return np.array(local, np.int64)[places]


def _hour_of(hour: int, zone: Any) -> int:
    from datetime import datetime, timezone

    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(hours=hour)
    return moment.astimezone(zone).hour
