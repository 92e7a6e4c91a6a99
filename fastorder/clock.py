"""Time and chance, as the protocols are given them, and the gateway's own time."""

from __future__ import annotations

import random
import time

from fastorder._core.engine import monotonic_ns


class Clock:
    """The clocks and the randomness of this machine; a test puts its own in place."""

    monotonic_ns = staticmethod(monotonic_ns)
    """Nanoseconds on the clock of every time stamp in a result."""

    wall_s = staticmethod(time.time)
    """Seconds since the epoch."""

    spread = staticmethod(random.random)
    """A random number from 0 up to 1, for the jitter of a delay."""
