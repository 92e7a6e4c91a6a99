"""When the market is open: sessions with their holidays, early closes and DST."""

from __future__ import annotations

from array import array
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from fastorder._base.near_names import class_with_near_names, with_near_names
from fastorder.marketdata.errors import BarError

CHICAGO = "America/Chicago"
GLOBEX_OPEN = time(17)
GLOBEX_CLOSE = time(16)


@class_with_near_names
class Sessions:
    """The sessions of a market, oldest first.

    Args:
        opens: when each opens, in nanoseconds since 1970 UTC.
        closes: when each closes.
        days: the trading day that each belongs to.
        name: what to call them.
        zone: where they are: the time zone that a picture of their bars shows.

    Raises:
        BarError: a session that ends before it starts, or overlaps with the next.
    """

    def __init__(
        self,
        opens: list[int],
        closes: list[int],
        days: list[date],
        name: str = "",
        zone: str = "UTC",
    ) -> None:
        if not len(opens) == len(closes) == len(days) or not opens:
            raise BarError(
                "sessions need as many opens, closes and days, at least one, were "
                f"{len(opens)}, {len(closes)} and {len(days)}"
            )
        for i, (start, end) in enumerate(zip(opens, closes, strict=True)):
            if end <= start or (i and start < closes[i - 1]):
                raise BarError(
                    f"a session must end after it starts and before the next, "
                    f"was not on {days[i]}"
                )
        self.opens = array("q", opens)
        self.closes = array("q", closes)
        self.days = list(days)
        self.name = name
        self.zone = zone

    def __len__(self) -> int:
        return len(self.opens)

    def __repr__(self) -> str:
        name = f"{self.name}, " if self.name else ""
        return f"Sessions({name}{self.days[0]} to {self.days[-1]}, {len(self)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sessions) and (
            (self.opens, self.closes, self.days)
            == (other.opens, other.closes, other.days)
        )

    def __hash__(self) -> int:
        return hash((self.opens[0], self.closes[-1], len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        rows = (list(self.opens), list(self.closes), self.days)
        return Sessions, (*rows, self.name, self.zone)

    def _table(self, unit: str) -> tuple[array[int], ...]:
        """Opens, closes, and each session's bar of a day, week or month.

        Returns:
            Columns of opens, closes, labels (the bar's first open) and ends (its last
            close).
        """
        labels, ends = array("q"), array("q")
        keys = [_period(day, unit) for day in self.days]
        for _, rows in groupby(range(len(self)), key=lambda row: keys[row]):
            group = list(rows)
            labels.extend([self.opens[group[0]]] * len(group))
            ends.extend([self.closes[group[-1]]] * len(group))
        return self.opens, self.closes, labels, ends


def _period(day: date, unit: str) -> object:
    if unit == "w":
        return day.isocalendar()[:2]
    if unit == "mo":
        return day.year, day.month
    return day


def moment_ns(day: date, at: time, zone: ZoneInfo) -> int:
    """A local time of day in nanoseconds since 1970 UTC."""
    return int(datetime.combine(day, at, zone).timestamp()) * 1_000_000_000


@with_near_names
def weekdays(
    first: date | str,
    last: date | str,
    opens: time = GLOBEX_OPEN,
    closes: time = GLOBEX_CLOSE,
    zone: str = CHICAGO,
) -> Sessions:
    """Sessions from Monday to Friday without holidays, Globex's hours by default.

    Args:
        first: the first trading day, also as text (2026-01-02).
        last: the last one.
        opens: local time; later than closes, it is on the evening before.
        closes: local time.
        zone: where that is local time.
    """
    first, last = _day(first), _day(last)
    where = ZoneInfo(zone)
    days = [
        day
        for day in (first + timedelta(i) for i in range((last - first).days + 1))
        if day.weekday() < 5
    ]
    evening = timedelta(1 if opens >= closes else 0)
    return Sessions(
        [moment_ns(day - evening, opens, where) for day in days],
        [moment_ns(day, closes, where) for day in days],
        days,
        "weekdays",
        zone,
    )


def globex_hours(first: date | str, last: date | str) -> Sessions:
    """CME Globex with the holidays and early closes that are kept here.

    Needs no calendar, and loads nothing: ``globex_days`` says which version of
    exchange_calendars they are of, and which days they cover. Others count as weekdays.

    Args:
        first: the first trading day, also as text.
        last: the last one.
    """
    from fastorder.marketdata.globex_days import EARLY, HOLIDAYS

    where = ZoneInfo(CHICAGO)
    early = {day: at for at, days in EARLY.items() for day in days.split()}
    holidays = set(HOLIDAYS.split())
    usual = weekdays(first, last)
    opens, closes, days = [], [], []
    for opened, closed, day in zip(usual.opens, usual.closes, usual.days, strict=True):
        if str(day) in holidays:
            continue
        at = early.get(str(day))
        opens.append(opened)
        closes.append(moment_ns(day, time.fromisoformat(at), where) if at else closed)
        days.append(day)
    return Sessions(opens, closes, days, "globex", CHICAGO)


@with_near_names
def globex(first: date | str, last: date | str, calendar: str = "CMES") -> Sessions:
    """CME Globex: 17:00 of the evening before to 16:00 in Chicago.

    Holidays and early closes come from exchange_calendars.

    Args:
        first: the first trading day, also as text.
        last: the last one.
        calendar: the name of the exchange in exchange_calendars.
    """
    schedule, _ = _schedule(first, last, calendar)
    where = ZoneInfo(CHICAGO)
    opens, closes, days = [], [], []
    for day, _, closed_ns in schedule:
        opens.append(moment_ns(day - timedelta(1), GLOBEX_OPEN, where))
        closes.append(min(closed_ns, moment_ns(day, GLOBEX_CLOSE, where)))
        days.append(day)
    return Sessions(opens, closes, days, "globex", CHICAGO)


@with_near_names
def regular_hours(
    first: date | str, last: date | str, calendar: str = "XNYS"
) -> Sessions:
    """The regular hours of an exchange: 8:30 to 15:00 in Chicago for New York's.

    Holidays and early closes come from exchange_calendars.

    Args:
        first: the first trading day, also as text.
        last: the last one.
        calendar: the name of the exchange in exchange_calendars.
    """
    schedule, zone = _schedule(first, last, calendar)
    days, opens, closes = zip(*schedule, strict=True)
    return Sessions(list(opens), list(closes), list(days), "regular hours", zone)


def _schedule(
    first: date | str, last: date | str, calendar: str
) -> tuple[list[tuple[date, int, int]], str]:
    """Days with their opens and closes, and the exchange's time zone."""
    try:
        import exchange_calendars
    except ImportError:
        raise BarError(
            "exchange_calendars is needed for holidays: "
            "pip install 'fastorder[marketdata]', or use weekdays()"
        ) from None
    first, last = _day(first), _day(last)
    # a calendar needs a week or so to stand on
    found = exchange_calendars.get_calendar(
        calendar, start=first - timedelta(14), end=last + timedelta(14)
    )
    rows = found.schedule.loc[str(first) : str(last)]
    if rows.empty:
        raise BarError(f"{calendar} must have a session from {first} to {last}")
    days = [
        (row.Index.date(), _ns(row.open), _ns(row.close)) for row in rows.itertuples()
    ]
    return days, str(found.tz)


def _ns(stamp: Any) -> int:
    return int(stamp.timestamp()) * 1_000_000_000


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
