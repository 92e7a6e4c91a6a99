"""Several looks in a row that show the same: quiet first, then again and again.

One look proves nothing that an older copy could show as well: the gateway may book a
request late, or answer out of a copy that is behind. Only what several looks in a row
show, each read in full and begun long enough after the last byte could have left, is
taken for the state of things. See "The proof of absence" in
docs/internals/placement.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.timestamps import http_date_s
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.runtime.clock import Clock

LOOKS_NEEDED = 3
"""Looks in a row that have to show the same."""

APART_NS = SECOND_NS
"""The least time between two that count."""

LONGEST_PAUSE_NS = 8 * SECOND_NS
CLOCK_JUMP_S = 1.0
"""A difference between the two clocks of this machine that is taken for a jump."""

ROUNDED_S = 2.0
"""By so much two Dates may differ less than the times at which they came."""


class RepeatedLooks:
    """Counts looks that show the same.

    Args:
        quiet_s: how long after now a look has to begin, so that it counts.
        clock: monotonic time and wall time.

    Attributes:
        in_a_row: looks in a row that have counted.
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
        "in_a_row",
        "since_ns",
    )

    def __init__(self, quiet_s: float, clock: Clock) -> None:
        self._clock = clock
        self._quiet_s = quiet_s
        self._inconclusive_count = 0
        self._begin()
        self.since_ns = self._quiet_ns - int(self._quiet_s * SECOND_NS)

    def _begin(self) -> None:
        now = self._clock.monotonic_ns()
        self._quiet_ns = now + int(self._quiet_s * SECOND_NS)
        self._wall_offset_s = self._clock.wall_s() - now / SECOND_NS
        self._begun_ns = 0
        self._counted_ns = 0
        self.in_a_row = 0

    def begins(self) -> None:
        """A look leaves now; after a sleep or a jump of the clock, all anew."""
        now = self._clock.monotonic_ns()
        offset = self._clock.wall_s() - now / SECOND_NS
        if abs(offset - self._wall_offset_s) > CLOCK_JUMP_S:
            self._begin()
        self._begun_ns = now

    def agrees(self) -> None:
        """It has ended, read in full, and shows what those before it have shown."""
        self._inconclusive_count = 0
        spaced = self._begun_ns >= self._counted_ns + APART_NS
        if self._begun_ns >= self._quiet_ns and spaced:
            self._counted_ns = self._begun_ns
            self.in_a_row += 1

    def differs(self) -> None:
        """It shows something else: the row begins with it."""
        self._counted_ns = 0
        self.in_a_row = 0
        self.agrees()

    def inconclusive(self) -> None:
        """It was not read in full: those before it were not in a row."""
        self._inconclusive_count += 1
        self.in_a_row = 0

    @property
    def complete(self) -> bool:
        """Whether there were enough."""
        return self.in_a_row >= LOOKS_NEEDED

    @property
    def text(self) -> str:
        """What they were, for people."""
        return (
            f"{LOOKS_NEEDED} look-ups in a row, each read in full and begun at least "
            f"{self._quiet_s:g} s after the last send"
        )

    def next_due_ns(self) -> int:
        """When the next look is worth its while."""
        now = self._clock.monotonic_ns()
        if now >= self._quiet_ns:
            doubled_ns = APART_NS << min(self._inconclusive_count, 4)
            return now + min(doubled_ns, LONGEST_PAUSE_NS)
        waited = max(now - self.since_ns, APART_NS // 2)
        return min(now + min(waited, LONGEST_PAUSE_NS), self._quiet_ns)


class AnswerDates:
    """The Dates of looks in a row: those of answers out of a cache stand still."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: list[tuple[int, float | None]] = []

    def clear(self) -> None:
        """The row begins anew."""
        self._seen.clear()

    def note(self, now_ns: int, date: bytes) -> None:
        """An answer with this Date has come."""
        self._seen.append((now_ns, http_date_s(date)))

    @property
    def move_on(self) -> bool | None:
        """Whether they do as the clock does; None where there are none."""
        (first_ns, first_s), (last_ns, last_s) = self._seen[0], self._seen[-1]
        if first_s is None or last_s is None:
            return None
        passed_s = (last_ns - first_ns) / SECOND_NS
        return last_s - first_s >= max(passed_s - ROUNDED_S, 1.0)
