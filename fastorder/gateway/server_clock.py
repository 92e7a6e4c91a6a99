# cython: annotation_typing=False
"""The gateway's clock, as far as its Date headers show it.

A look-up asks for the orders since a moment. Where the two clocks differ, a moment of
this machine's clock may lie after the order's own, and the look-up would miss it. So
the moment is put on the gateway's clock, by the Date of its latest answer, where that
is the earlier one.

What shows no time leaves the last one that was shown: a lost answer, one without a
Date, and a Date that cannot be read say nothing of the gateway's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.timestamps import http_date_s

if TYPE_CHECKING:
    from fastorder.runtime.clock import Clock

MARGIN_S = 120
"""How long before an order the window of its look-up starts."""

UNSYNCED_MARGIN_S = 86_400
"""The same, while no answer has shown the gateway's clock."""

CUT_S = 1.0
"""A Date is cut to whole seconds."""

DATE_SIZE = len(b"Tue, 24 Nov 2026 16:45:06 GMT")
DAY_SIZE = len(b"Tue, 24 Nov 2026 ")


class ServerClock:
    """How far the gateway's clock is ahead of this machine's, in seconds."""

    __slots__ = ("_clock", "_date", "_day", "seen_ns")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._date = b""
        self._day = b""
        self.seen_ns = 0

    def note(self, date: bytes, seen_ns: int) -> None:
        """Keep the Date header of an answer and the monotonic time of its end.

        A date of the same day as the last is kept as it is; another is read first.
        """
        if not date.startswith(self._day) or len(date) != DATE_SIZE or not self._day:
            if http_date_s(date) is None:
                return
            self._day = date[:DAY_SIZE]
        self._date = date
        self.seen_ns = seen_ns

    def ahead_s(self) -> float | None:
        """Seconds the gateway's clock is ahead; None while it is not known."""
        shown = http_date_s(self._date)
        if shown is None:
            return None
        since_s = (self._clock.monotonic_ns() - self.seen_ns) / 1e9
        return shown + since_s - self._clock.wall_s()

    def shown_at_s(self, sent_s: float) -> float | None:
        """What the gateway's clock showed when something was sent; up to 1 s less.

        Args:
            sent_s: seconds since the epoch on this machine's clock.

        Returns:
            Seconds since the epoch; None while the gateway's clock is not known.
        """
        ahead = self.ahead_s()
        return None if ahead is None else sent_s + ahead

    def window_start_s(self, sent_s: float, margin_s: int = MARGIN_S) -> int:
        """Where a look-up for an order sent at ``sent_s`` has to start.

        The Date may be a proxy's, and its clock may be wrong as well: the earlier of
        the two clocks counts. A window that starts too early finds the order too.

        Args:
            sent_s: seconds since the epoch on this machine's clock.
            margin_s: how much earlier the window starts.

        Returns:
            Seconds since the epoch, never before it.
        """
        ahead = self.ahead_s()
        if ahead is None:
            start_s = int(sent_s) - max(margin_s, UNSYNCED_MARGIN_S)
        else:
            start_s = int(sent_s + min(ahead, 0.0)) - margin_s
        return max(start_s, 0)
