"""Moments that commands count from: the trading day's beginning, some days ago."""

from datetime import datetime, timedelta, timezone

from fastorder.risk.trading_day import trading_day


def start_of_day() -> datetime:
    """17:00 in Chicago, of this trading day."""
    now = datetime.now(timezone.utc)
    start_s = trading_day(now.timestamp()).start_s
    return datetime.fromtimestamp(start_s, timezone.utc)


def ago(days: float) -> datetime:
    """So many days before now."""
    return datetime.now(timezone.utc) - timedelta(days=days)
