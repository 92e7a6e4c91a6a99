"""A moment by two clocks: how long ago it is, however one of them was set since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.runtime.clock import Clock


class Moment:
    """A moment that is past.

    The wall clock may be set back, and the monotonic one stands still while a machine
    sleeps: the longer of the two is how long ago it is at most.

    Args:
        clock: both.
        ago_s: how long ago it is.
    """

    def __init__(self, clock: Clock, ago_s: float) -> None:
        self._clock = clock
        self._wall_s = clock.wall_s() - ago_s
        self._monotonic_s = clock.monotonic_ns() / SECOND_NS - ago_s

    @property
    def ago_s(self) -> float:
        """Seconds since then, at most."""
        return max(
            self._clock.wall_s() - self._wall_s,
            self._clock.monotonic_ns() / SECOND_NS - self._monotonic_s,
        )
