# cython: annotation_typing=False
"""The clocks and the randomness that protocols use; tests replace them."""

from __future__ import annotations

from random import random
from time import time

from fastorder._core.transport.engine import monotonic_ns

SECOND_NS = 1_000_000_000

FOREVER_NS = 2**63 - 1
"""A time that never comes, on the monotonic clock."""

FOREVER_S = float("inf")
"""The same on the wall clock."""


class Clock:
    """The clocks and the randomness of this machine; a test puts its own in place."""

    def monotonic_ns(self) -> int:
        """Nanoseconds on the clock of every time stamp in a result."""
        return monotonic_ns()

    def wall_s(self) -> float:
        """Seconds since the epoch."""
        return time()

    def spread(self) -> float:
        """A random number from 0 up to 1, for the jitter of a delay."""
        return random()  # noqa: S311 (nothing is guarded by it)
