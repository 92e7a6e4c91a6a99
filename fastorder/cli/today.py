"""Moments and days that commands count from: a trading day, some days ago."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import typer

from fastorder.risk.trading_day import trading_day, trading_day_on

if TYPE_CHECKING:
    from fastorder.risk.trading_day import TradingDay

FRIDAY = 4


def day_from(text: str) -> TradingDay:
    """A trading day as it is typed: by the date on which it ends, or by a word.

    Raises:
        typer.BadParameter: it is neither, or has not begun.
    """
    today = trading_day(datetime.now(timezone.utc).timestamp())
    if text.lower() == "today":
        return today
    if text.lower() == "yesterday":
        return trading_day_on(_weekday_before(today.date))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"must be today, yesterday or a date such as {today.date}, was {text!r}"
        ) from None
    if day > today.date:
        raise typer.BadParameter(
            f"must not be after this trading day, which is {today.date}, was {text!r}"
        )
    return trading_day_on(day)


def _weekday_before(day: date) -> date:
    """The last day before, on whose end a trading day can end."""
    before = day - timedelta(days=1)
    return before - timedelta(days=max(0, before.weekday() - FRIDAY))


def bounds_of(day: TradingDay) -> tuple[datetime, datetime]:
    """When a trading day begins and ends: 17:00 in Chicago."""
    start_s, end_s = day.start_s, day.end_s
    return (
        datetime.fromtimestamp(start_s, timezone.utc),
        datetime.fromtimestamp(end_s, timezone.utc),
    )


def start_of_day() -> datetime:
    """Of this trading day."""
    return bounds_of(day_from("today"))[0]


def ago(days: float) -> datetime:
    """So many days before now."""
    return datetime.now(timezone.utc) - timedelta(days=days)
