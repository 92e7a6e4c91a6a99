"""When the market is open, where a test wants one that closes."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fastorder.simulator.near_names import class_with_near_names

if TYPE_CHECKING:
    from collections.abc import Sequence

CHICAGO = "America/Chicago"
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


@class_with_near_names
class Hours:
    """Closed from 15:10 to 17:00 in Chicago, and from Friday to Sunday.

    Source: the times by which the platform has everybody flat, and reopens.

    Args:
        closed: spans in seconds since the epoch that are closed as well.
        daily: whether it closes each day; without it, the spans alone count.
    """

    def __init__(
        self, closed: Sequence[tuple[float, float]] = (), *, daily: bool = True
    ) -> None:
        self._closed = tuple(closed)
        self._zone = ZoneInfo(CHICAGO) if daily else None

    def is_open(self, now_s: float) -> bool:
        """Whether orders trade at a time."""
        if any(start <= now_s < end for start, end in self._closed):
            return False
        if self._zone is None:
            return True
        local = datetime.fromtimestamp(now_s, self._zone)
        day, clock = local.weekday(), local.time()
        if day == SATURDAY:
            return False
        if day == SUNDAY:
            return clock >= time(17)
        if day == FRIDAY:
            return clock < time(15, 10)
        return not time(15, 10) <= clock < time(17)
