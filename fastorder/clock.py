"""Time and chance, as the protocols are given them, and the gateway's own time."""

from __future__ import annotations

import random
import time

from fastorder._core.engine import monotonic_ns


class Clock:
    """The clocks and the randomness of this machine; a test puts its own in place."""

    def monotonic_ns(self) -> int:
        """Nanoseconds on the clock of every time stamp in a result."""
        return monotonic_ns()

    def wall_s(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def spread(self) -> float:
        """A random number from 0 up to 1, for the jitter of a delay."""
        return random.random()  # noqa: S311 - spreads retries, hides nothing
