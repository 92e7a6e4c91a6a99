"""Since when and until when: moments with their zone, or whole trading days."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from fastorder.errors import InvalidField, WrongFieldType
from fastorder.store.market.days import SECOND_NS, day_span

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_NS = 86_400 * SECOND_NS
LAST_NS = 4_102_444_800 * SECOND_NS
"""2100: whatever is kept is before it."""

RULE = "must be an aware time, or a trading day such as 2026-11-27"


def time_span(
    since: Any, until: Any, days: Any, now_ns: Callable[[], int]
) -> tuple[int, int]:
    """From a moment up to another, in nanoseconds since 1970 UTC.

    Args:
        since: an aware datetime; or a trading day, a date or its text: its begin.
        until: the same; of a day, up to its end. Without it, all that there is.
        days: so many days of 24 hours up to ``until``, or up to now.
        now_ns: the time of day.

    Raises:
        InvalidField, WrongFieldType: an argument is not usable, or the span is empty.
    """
    end = LAST_NS if until is None else _moment("until", until, 1)
    start = 0 if since is None else _moment("since", since, 0)
    if days is not None:
        if since is not None:
            raise InvalidField("days", "must not be given beside since", days)
        if isinstance(days, bool) or not isinstance(days, (int, float)):
            raise WrongFieldType("days", "must be a number of days", days)
        if not 0 < days <= 36_525:
            raise InvalidField("days", "must be above 0 and at most 36525", days)
        end = now_ns() if until is None else end
        start = max(end - round(days * DAY_NS), 0)
    if start >= end:
        raise InvalidField("since", "must be before until", since)
    return start, end


def _moment(name: str, given: Any, edge: int) -> int:
    if isinstance(given, str):
        try:
            given = date.fromisoformat(given)
        except ValueError:
            raise InvalidField(name, RULE, given) from None
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidField(name, RULE, given)
        return (given - EPOCH) // timedelta(microseconds=1) * 1000
    if isinstance(given, date):
        if given.weekday() > 4:
            raise InvalidField(name, "must be a trading day, not of a weekend", given)
        return day_span(given)[edge]
    raise WrongFieldType(name, RULE, given)
