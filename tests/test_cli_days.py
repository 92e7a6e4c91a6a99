"""Trading days as they are typed, and what their fills come to."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("typer")

import typer
from hypothesis import given
from hypothesis import strategies as st

from fastorder import Trade
from fastorder.cli import today
from fastorder.cli.rows import pnl_row
from fastorder.cli.today import bounds_of, day_from
from fastorder.risk.trading_day import trading_day, trading_day_on

CHICAGO = ZoneInfo("America/Chicago")
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
HOUR = timedelta(hours=1)


@given(DAYS)
def test_a_day_is_from_five_to_five_in_chicago(ends_on):
    since, end = bounds_of(day_from_past(ends_on))
    for moment, day in ((since, ends_on - timedelta(days=1)), (end, ends_on)):
        there = moment.astimezone(CHICAGO)
        assert (there.date(), there.hour, there.minute) == (day, 17, 0)
    assert end - since in (23 * HOUR, 24 * HOUR, 25 * HOUR)


def day_from_past(ends_on):
    found = trading_day_on(ends_on)
    assert trading_day(found.start_s) == trading_day(found.end_s - 1e-3) == found
    return found


class Frozen(datetime):
    """The clock of a test."""

    at = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)

    @classmethod
    def now(cls, tz=None):
        return cls.at.astimezone(tz)


@pytest.mark.parametrize(
    ("now", "typed", "found"),
    [
        ("2026-12-01T22:59:59", "today", "2026-12-01"),  # 16:59:59 in Chicago
        ("2026-12-01T23:00:00", "Today", "2026-12-02"),
        ("2026-12-01T12:00:00", "yesterday", "2026-11-30"),
        ("2026-11-30T12:00:00", "yesterday", "2026-11-27"),  # a Monday: Friday's
        ("2026-11-29T23:30:00", "yesterday", "2026-11-27"),  # Sunday night is Monday's
        ("2026-11-28T12:00:00", "yesterday", "2026-11-27"),  # a Saturday
        ("2026-12-01T12:00:00", "2026-12-01", "2026-12-01"),
        ("2026-12-01T12:00:00", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_day_by_its_word_or_date(monkeypatch, now, typed, found):
    monkeypatch.setattr(Frozen, "at", datetime.fromisoformat(f"{now}+00:00"))
    monkeypatch.setattr(today, "datetime", Frozen)
    assert str(day_from(typed).date) == found


@pytest.mark.parametrize(
    "typed", ["", "monday", "1", "2026-13-01", "2026-02-30", "12/01/2026", "9999-01-01"]
)
def test_what_is_no_day_is_told_with_one(typed):
    with pytest.raises(typer.BadParameter, match=rf"was '{typed}'"):
        day_from(typed)


def test_a_fill_at_the_turn_is_of_the_next_day():
    day = trading_day_on(date(2026, 12, 1))
    since, end = bounds_of(day)
    moments = [since, since + HOUR, end - timedelta(microseconds=1), end]
    row = pnl_row(7, day, [fill(moment) for moment in moments])
    assert (row["trades"], row["gross"]) == (3, Decimal(30))
    assert (row["day"], row["since"]) == ("2026-12-01", since)
    next_row = pnl_row(7, trading_day_on(date(2026, 12, 2)), [fill(end)])
    assert next_row["trades"] == 1


def fill(moment):
    return Trade(
        id=1,
        account_id=7,
        contract_id="CON.F.US.MNQ.Z26",
        order_id=1,
        side=0,
        size=1,
        price=Decimal("20000.25"),
        profit_and_loss=Decimal(10),
        fees=Decimal("0.37"),
        voided=False,
        created=moment,
    )
