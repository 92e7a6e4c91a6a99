"""Sessions: Globex days, regular hours, holidays, early closes and summer time."""

import pickle
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
import pytest
from plain_bars import MINUTE, SECOND, START

from fastorder.marketdata import (
    BadTick,
    BarBuilder,
    BarError,
    Sessions,
    UnknownTimeframe,
    aggregate_ticks,
    globex,
    globex_days,
    regular_hours,
    resample,
    weekdays,
)
from fastorder.marketdata.sessions import globex_hours

HOUR = 60 * MINUTE
CHICAGO = ZoneInfo("America/Chicago")


def utc(text):
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * SECOND


def chicago(stamp):
    return datetime.fromtimestamp(stamp / SECOND, CHICAGO).strftime("%a %d %H:%M")


def every_minute(first, last):
    """A tick each minute, its price the number of the minute."""
    times = np.arange(first, last, MINUTE)
    return times, np.arange(len(times)) * 1.0, np.ones(len(times), np.int64)


def bars_of(sessions, every, first=None, last=None, **options):
    first = sessions.opens[0] if first is None else first
    last = sessions.closes[-1] if last is None else last
    return aggregate_ticks(
        *every_minute(first, last), every, sessions=sessions, **options
    )


def test_a_globex_day_opens_on_the_evening_before_and_closes_at_four():
    days = globex("2026-01-05", "2026-01-09")
    assert [chicago(ns) for ns in days.opens[:2]] == ["Sun 04 17:00", "Mon 05 17:00"]
    assert [chicago(ns) for ns in days.closes[-2:]] == ["Thu 08 16:00", "Fri 09 16:00"]


def test_daily_bars_are_stamped_as_the_gateway_stamps_them():
    bars = bars_of(globex("2026-01-05", "2026-01-09"), "1d")
    assert [chicago(ns) for ns in bars.time_ns] == [
        "Sun 04 17:00",
        "Mon 05 17:00",
        "Tue 06 17:00",
        "Wed 07 17:00",
        "Thu 08 17:00",
    ]
    assert set(bars.ticks) == {23 * 60}
    assert bars.tally.outside == 4 * 60


def test_a_day_stays_at_the_same_local_time_when_the_clocks_change():
    spring = globex("2026-03-06", "2026-03-10")
    assert [chicago(ns)[-5:] for ns in spring.opens] == ["17:00"] * len(spring)
    opens = [
        datetime.fromtimestamp(ns / SECOND, timezone.utc).hour for ns in spring.opens
    ]
    assert opens == [23, 22, 22]
    autumn = globex("2026-10-30", "2026-11-03")
    opens = [
        datetime.fromtimestamp(ns / SECOND, timezone.utc).hour for ns in autumn.opens
    ]
    assert opens == [22, 23, 23]


def test_holidays_have_no_session_and_early_closes_end_it():
    days = globex("2024-12-23", "2024-12-27")
    assert date(2024, 12, 25) not in days.days
    assert chicago(days.closes[days.days.index(date(2024, 12, 24))]) == "Tue 24 12:00"
    bars = bars_of(days, "1d")
    assert list(bars.ticks) == [23 * 60, 19 * 60, 23 * 60, 23 * 60]


def test_regular_hours_are_those_of_new_york():
    days = regular_hours("2024-11-27", "2024-11-29")
    assert [chicago(ns) for ns in days.opens] == ["Wed 27 08:30", "Fri 29 08:30"]
    assert [chicago(ns) for ns in days.closes] == ["Wed 27 15:00", "Fri 29 12:00"]


def test_bars_within_a_session_start_with_it_and_end_with_it():
    days = regular_hours("2026-01-05", "2026-01-06")
    bars = bars_of(days, "1h")
    assert [chicago(ns)[-5:] for ns in bars.time_ns][:7] == [
        "08:30",
        "09:30",
        "10:30",
        "11:30",
        "12:30",
        "13:30",
        "14:30",
    ]
    assert list(bars.ticks) == [60] * 6 + [30] + [60] * 6 + [30]


@pytest.mark.parametrize(("every", "count"), [("1w", 3), ("1mo", 2)])
def test_weeks_and_months_are_whole_sessions(every, count):
    days = globex("2026-01-19", "2026-02-06")
    bars = bars_of(days, every)
    assert len(bars) == count
    assert bars.time_ns[0] == days.opens[0]
    assert bars == resample(bars_of(days, "1h"), every, sessions=days)
    again = globex("2026-01-19", "2026-02-06")
    assert bars == resample(bars_of(days, "1d"), every, sessions=again)
    if every == "1mo":
        first = days.days.index(date(2026, 2, 2))
        assert bars.time_ns[1] == days.opens[first]


@pytest.mark.parametrize("every", ["1m", "1h", "1d", "1w"])
def test_live_bars_in_sessions_are_those_in_bulk(every):
    days = globex("2026-01-02", "2026-01-13")
    bars = bars_of(days, every, complete_from=0)
    builder = BarBuilder(every, sessions=days, complete_from=0)
    made = []
    for tick in zip(
        *(c.tolist() for c in every_minute(days.opens[0], days.closes[-1])), strict=True
    ):
        made += builder.advance(tick[0])
        builder.update(*tick)
        made += builder.closed
    made += builder.advance(days.closes[-1])
    assert [tuple(bar)[:6] for bar in made] == [tuple(bar)[:6] for bar in bars]
    assert builder.outside == bars.tally.outside > 0


def test_flat_bars_lie_within_sessions_only():
    days = weekdays("2026-01-05", "2026-01-06", time(8, 30), time(15))
    ticks = [(days.opens[0], 1.0), (days.closes[1] - 1, 2.0)]
    bars = aggregate_ticks(
        np.array([t for t, _ in ticks]),
        np.array([p for _, p in ticks]),
        np.ones(2, np.int64),
        "30m",
        sessions=days,
        gaps="flat",
    )
    assert len(bars) == 26
    assert [chicago(ns) for ns in bars.time_ns][12:14] == [
        "Mon 05 14:30",
        "Tue 06 08:30",
    ]


def test_a_time_that_no_session_covers_is_refused():
    days = globex("2026-01-05", "2026-01-09")
    for when in (days.opens[0] - 1, days.closes[-1]):
        with pytest.raises(BadTick, match="within the sessions that were given"):
            BarBuilder("1d", sessions=days).update(when, 1.0, 1)


def test_longer_bars_need_the_same_sessions():
    days, hours = (
        globex("2026-01-05", "2026-01-09"),
        regular_hours("2026-01-05", "2026-01-09"),
    )
    with pytest.raises(UnknownTimeframe, match="cannot be made"):
        resample(bars_of(days, "1d"), "1d", sessions=hours)
    # bars of a minute lie within any session that opens on a minute
    minutes = aggregate_ticks(*every_minute(hours.opens[0], hours.closes[-1]), "1m")
    assert resample(minutes, "1d", sessions=hours) == bars_of(hours, "1d")
    with pytest.raises(UnknownTimeframe, match="cannot be made"):
        resample(resample(minutes, "1h"), "1d", sessions=hours)


def test_sessions_without_a_calendar():
    days = weekdays("2026-01-01", "2026-01-31")
    assert len(days) == 22
    assert repr(days) == "Sessions(weekdays, 2026-01-01 to 2026-01-30, 22)"
    assert pickle.loads(pickle.dumps(days)) == days


@pytest.mark.parametrize(
    ("opens", "closes", "days", "why"),
    [
        ([], [], [], "at least one"),
        ([1], [2, 3], [date(2026, 1, 1)], "as many"),
        ([5], [5], [date(2026, 1, 1)], "must end after it starts"),
        ([1, 4], [5, 9], [date(2026, 1, 1)] * 2, "before the next"),
    ],
)
def test_sessions_that_cannot_be_are_refused(opens, closes, days, why):
    with pytest.raises(BarError, match=why):
        Sessions(opens, closes, days)


@pytest.mark.parametrize(
    ("every", "options"), [("2d", {}), ("2w", {}), ("1h", {"offset": 5})]
)
def test_sessions_are_put_together_by_whole_days(every, options):
    with pytest.raises(UnknownTimeframe):
        BarBuilder(every, sessions=weekdays("2026-01-01", "2026-01-31"), **options)


def test_a_calendar_without_a_session_in_the_window_is_refused():
    with pytest.raises(BarError, match="must have a session"):
        globex("2024-12-25", "2024-12-25")


def test_even_days_need_no_sessions():
    times = np.array([START, START + HOUR * 30])
    bars = aggregate_ticks(times, np.ones(2), np.ones(2, np.int64), "1d", offset="22h")
    assert [chicago(ns)[-5:] for ns in bars.time_ns] == ["16:00", "16:00"]


def test_the_holidays_that_are_kept_are_those_of_the_calendar():
    """tools/globex_days.py writes them anew."""
    if globex_days.MADE_WITH != exchange_calendars.__version__:
        pytest.skip(f"they are of version {globex_days.MADE_WITH}")
    span = globex_days.FIRST, globex_days.LAST
    assert globex_hours(*span) == globex(*span)


def test_beyond_the_kept_days_there_are_weekdays():
    first = date.fromisoformat(globex_days.LAST) + timedelta(1)
    span = first, first + timedelta(30)
    assert globex_hours(*span) == weekdays(*span)
