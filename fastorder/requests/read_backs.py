"""What the looks after a change have shown, one after the other, and what that proves.

A look may come out of a copy that is behind. What it shows is believed at once only
where no older state could look like it: an order that has ended stays so. Anything else
has to be shown by several looks in a row.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.timestamps import http_date_s
from fastorder.requests.repeated_looks import AnswerDates, RepeatedLooks
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.runtime.clock import Clock


class Effect(Enum):
    """What a look says of a change."""

    DONE = "done"
    IMPOSSIBLE = "no longer possible"
    NOT_SEEN = "not seen yet"
    NOT_SHOWN = "what is changed is not shown"
    UNREADABLE = "not read"


class Finding(NamedTuple):
    """What one look has shown.

    Attributes:
        effect: of the change.
        why: the same, for people.
        is_final: no older state could look like it, and no later one will differ.
    """

    effect: Effect
    why: str
    is_final: bool = False


class ReadBacks:
    """The looks since the last send of a change.

    Args:
        quiet_s: how long after the last send a look has to begin, so that it counts.
        clock: both clocks.
    """

    __slots__ = ("_clock", "_dates", "_effect", "_lasting", "_shift_s", "_steady")

    def __init__(self, quiet_s: float, clock: Clock) -> None:
        self._clock = clock
        self._lasting = RepeatedLooks(quiet_s, clock)
        self._steady = RepeatedLooks(0.0, clock)
        self._dates = AnswerDates()
        self._effect = Effect.UNREADABLE
        self._shift_s: float | None = None  # the gateway's clock less the monotonic one

    def begins(self) -> None:
        """A look leaves now."""
        self._lasting.begins()
        self._steady.begins()

    def ended(self, finding: Finding, date: bytes) -> None:
        """It has shown this, in an answer with this Date."""
        effect, before = finding.effect, self._effect
        self._effect = effect
        for looks in (self._lasting, self._steady):
            if effect is Effect.UNREADABLE:
                looks.inconclusive()
            elif effect is before:
                looks.agrees()
            else:
                looks.differs()
        if effect is not before or effect is Effect.UNREADABLE:
            self._dates.clear()
        self._note_date(date)

    def _note_date(self, date: bytes) -> None:
        """A Date that is old shows too little: the latest clock counts."""
        now_ns, shown_s = self._clock.monotonic_ns(), http_date_s(date)
        self._dates.note(now_ns, date)
        if shown_s is not None:
            shift_s = shown_s - now_ns / SECOND_NS
            known_s = self._shift_s
            self._shift_s = shift_s if known_s is None else max(known_s, shift_s)

    @property
    def are_steady(self) -> bool:
        """Whether several looks in a row, apart in time, have shown the same.

        By answers whose Dates move on: those out of a cache stand still.
        """
        return self._steady.complete and self._dates.move_on is True

    @property
    def are_lasting(self) -> bool:
        """The same, long after the last send."""
        return self._lasting.complete and self._dates.move_on is True

    def gateway_s(self, at_ns: int) -> float | None:
        """What the gateway's clock showed at a monotonic time; up to 1 s less.

        Seconds since the epoch; None while no answer has had a Date.
        """
        return None if self._shift_s is None else self._shift_s + at_ns / SECOND_NS

    @property
    def text(self) -> str:
        """What are_lasting means, for people."""
        return f"{self._lasting.text}, have shown it, and their Dates move on"

    def next_due_ns(self) -> int:
        """When the next look is worth its while."""
        return self._lasting.next_due_ns()

    def next_steady_ns(self) -> int:
        """When the next look counts towards being steady."""
        return self._steady.next_due_ns()
