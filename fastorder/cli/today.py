"""When the trading day began."""

from datetime import datetime, timezone

from fastorder.risk.trading_day import trading_day


def start_of_day() -> datetime:
    """17:00 in Chicago, of this trading day."""
    now = datetime.now(timezone.utc)
    start_s = trading_day(now.timestamp()).start_s
    return datetime.fromtimestamp(start_s, timezone.utc)
