"""When a hub is connected to again: full jitter, from 0.1 s up to 30 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.runtime.clock import Clock

FIRST_NS = SECOND_NS // 10
MOST_NS = 30 * SECOND_NS
HEALTHY_NS = 60 * SECOND_NS
LONGEST_ASKED_NS = 300 * SECOND_NS


class Reconnect:
    """The pauses of one hub; they grow until it was healthy for a minute.

    A pause is drawn from nothing up to a limit that doubles, so that clients who lost
    the same server do not all come back at once.
    """

    __slots__ = ("_clock", "tries")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.tries = 0

    def healthy(self, lived_ns: int) -> None:
        """A connection ended that was live for so long."""
        if lived_ns >= HEALTHY_NS:
            self.tries = 0

    def pause_ns(self, *, slow: bool = False, asked_ns: int = 0) -> int:
        """How long to wait now; the next pause may be longer.

        Args:
            slow: the server does not want us back soon: half the longest pause at
                least.
            asked_ns: what the server asked for (Retry-After), at most five minutes.
        """
        limit_ns = min(FIRST_NS << min(self.tries, 20), MOST_NS)
        self.tries += 1
        spread = self._clock.spread()
        pause_ns = int(spread * limit_ns)
        if slow:
            pause_ns = int((1 + spread) / 2 * MOST_NS)
        return max(pause_ns, min(asked_ns, LONGEST_ASKED_NS))
