"""The proof that an order was not placed: quiet first, then several full look-ups.

A look-up that does not list an order proves nothing by itself: the gateway may book it
late, or list it late. Only where it is missing from several look-ups in a row, each
read in full and begun long enough after the last byte could have left, may it be said
not to be there; ``list_audit`` asks whether these look-ups can be believed. See "The
proof of absence" in docs/internals/placement.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock

LOOKUPS_NEEDED = 3
"""Look-ups in a row that have to miss the order."""

APART_NS = SECOND_NS
"""The least time between two that count."""

LONGEST_PAUSE_NS = 8 * SECOND_NS
CLOCK_JUMP_S = 1.0
"""A difference between the two clocks of this machine that is taken for a jump."""


class AbsenceProof:
    """Counts look-ups that miss an order.

    Args:
        policy: how long the quiet time is.
        clock: monotonic time and wall time.

    Attributes:
        misses: look-ups in a row that have counted.
        since_ns: when the last byte may have left, at the latest.
    """

    __slots__ = (
        "_begun_ns",
        "_clock",
        "_counted_ns",
        "_inconclusive_count",
        "_quiet_ns",
        "_quiet_s",
        "_wall_offset_s",
        "misses",
        "since_ns",
    )

    def __init__(self, policy: RetryPolicy, clock: Clock) -> None:
        self._clock = clock
        self._quiet_s = policy.quiet
        self._inconclusive_count = 0
        self._begin()
        self.since_ns = self._quiet_ns - int(self._quiet_s * SECOND_NS)

    def _begin(self) -> None:
        now = self._clock.monotonic_ns()
        self._quiet_ns = now + int(self._quiet_s * SECOND_NS)
        self._wall_offset_s = self._clock.wall_s() - now / SECOND_NS
        self._begun_ns = 0
        self._counted_ns = 0
        self.misses = 0

    def lookup_begins(self) -> None:
        """A look-up leaves now; after a sleep or a jump of the clock, all anew."""
        now = self._clock.monotonic_ns()
        offset = self._clock.wall_s() - now / SECOND_NS
        if abs(offset - self._wall_offset_s) > CLOCK_JUMP_S:
            self._begin()
        self._begun_ns = now

    def absent(self) -> None:
        """It has ended, read in full, and does not list the order."""
        self._inconclusive_count = 0
        spaced = self._begun_ns >= self._counted_ns + APART_NS
        if self._begun_ns >= self._quiet_ns and spaced:
            self._counted_ns = self._begun_ns
            self.misses += 1

    def inconclusive(self) -> None:
        """It was not read in full: those before it were not in a row."""
        self._inconclusive_count += 1
        self.misses = 0

    @property
    def complete(self) -> bool:
        """Whether absence is proved."""
        return self.misses >= LOOKUPS_NEEDED

    @property
    def text(self) -> str:
        """The proof, for people."""
        return (
            f"{LOOKUPS_NEEDED} look-ups in a row, each read in full and begun at least "
            f"{self._quiet_s:g} s after the last send, list no order with its tag"
        )

    def next_lookup_ns(self) -> int:
        """When the next look-up is worth its while."""
        now = self._clock.monotonic_ns()
        if now >= self._quiet_ns:
            doubled_ns = APART_NS << min(self._inconclusive_count, 4)
            return now + min(doubled_ns, LONGEST_PAUSE_NS)
        waited = max(now - self.since_ns, APART_NS // 2)
        return min(now + min(waited, LONGEST_PAUSE_NS), self._quiet_ns)
