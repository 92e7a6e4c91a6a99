"""What a probe may do: so many orders, and so many requests in a minute."""

from __future__ import annotations

import threading
import time
from collections import deque

from fastorder._base.counted import counted

MINUTE_S = 60.0


class Spent(Exception):
    """The orders that were allowed are sent."""


class Allowance:
    """How many orders may be sent; each takes one before it leaves.

    Attributes:
        most: orders.
        sent: so far.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.sent = 0
        self._lock = threading.Lock()

    def take(self, count: int = 1) -> None:
        """Count orders that are about to leave.

        Raises:
            Spent: there are not so many left; none is counted.
        """
        with self._lock:
            if self.sent + count > self.most:
                raise Spent(
                    f"at most {counted(self.most, 'order')} may be sent, "
                    f"{self.sent} were and {count} more would be needed"
                )
            self.sent += count


class Pace:
    """So many requests in any minute; who comes too early waits.

    Args:
        most: requests in 60 s.

    Attributes:
        waits: how often somebody had to wait.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.waits = 0
        self._sent_s: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self, count: int = 1) -> None:
        """Wait until so many requests may leave, and count them."""
        with self._lock:
            self._make_room(count)
            self._sent_s.extend([time.monotonic()] * count)

    def make_room(self, count: int) -> None:
        """Wait until so many requests fit, before something whose time is measured."""
        with self._lock:
            self._make_room(min(count, self.most))

    def _make_room(self, count: int) -> None:
        while not self._fits(count):
            self.waits += 1
            time.sleep(max(0.0, self._sent_s[0] + MINUTE_S - time.monotonic()))

    def used_up(self) -> None:
        """Others have sent all that fits: the next request waits for a whole minute."""
        with self._lock:
            self._sent_s.extend([time.monotonic()] * self.most)

    def _fits(self, count: int) -> bool:
        ended_s = time.monotonic() - MINUTE_S
        while self._sent_s and self._sent_s[0] <= ended_s:
            self._sent_s.popleft()
        return not self._sent_s or len(self._sent_s) + count <= self.most
