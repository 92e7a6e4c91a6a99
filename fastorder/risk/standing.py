"""The state of the limits, with its reason and time, kept over restarts in the journal.

The highest balances at the ends of days are kept there too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder.risk.denials import RiskState
from fastorder.risk.wording import utc
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder.journal import Journal
    from fastorder.risk.check import Guard
    from fastorder.runtime.clock import Clock

STATE = "risk/state"
HIGH = "risk/high/"
STATES = (RiskState.ACTIVE, RiskState.REDUCING, RiskState.HALTED)  # as the guard counts


class Standing:
    """In which state the limits of an executor are.

    Args:
        guard: is told of each change, and goes by it.
        clock: the wall clock.
        journal: where it is kept; None for nowhere.
    """

    def __init__(self, guard: Guard, clock: Clock, journal: Journal | None) -> None:
        self._guard = guard
        self._clock = clock
        self._journal = journal
        self._why = ""
        self._since_s: float | None = None
        self._until_s: float | None = None
        note = None if journal is None else journal.notes().get(STATE)
        if note is not None:
            self._set(RiskState[note.value], note.reason, note.at_s, note.until_s)

    def __str__(self) -> str:
        return f"{self.state}{': ' if self._why else ''}{self._why}"

    @property
    def state(self) -> RiskState:
        """ACTIVE, REDUCING or HALTED; what a day's loss has brought ends with it."""
        if self._until_s is not None and self._clock.wall_s() >= self._until_s:
            self._set(RiskState.ACTIVE, "", self._until_s, None)
        return STATES[self._guard.state]

    @property
    def why(self) -> str | None:
        """Why it is not ACTIVE, and since when; None while it is."""
        if self.state is RiskState.ACTIVE:
            return None
        since = "" if self._since_s is None else f" (since {utc(self._since_s)})"
        return f"{self._why}{since}"

    def enter(
        self, state: RiskState, reason: str, until_s: float | None = None
    ) -> None:
        """First the guard, then the file: whatever fails, the stricter one holds.

        Raises:
            JournalError: the file cannot be written.
        """
        stricter = STATES.index(state) > self._guard.state
        now_s = self._clock.wall_s()
        if stricter:
            self._set(state, reason, now_s, until_s)
        note(self._journal, STATE, state.name, reason, now_s, until_s)
        self._set(state, reason, now_s, until_s)
        log().warning("limits: %s: %s", state, reason)

    def _set(
        self, state: RiskState, reason: str, since_s: float, until_s: float | None
    ) -> None:
        self._why, self._since_s, self._until_s = reason, since_s, until_s
        self._guard.until_s = float("inf") if until_s is None else until_s
        self._guard.state = STATES.index(state)


def highs_of(journal: Journal) -> dict[int, Decimal]:
    """The highest balances that earlier runs have seen, by account."""
    return {
        int(subject[len(HIGH) :]): Decimal(note.value)
        for subject, note in journal.notes().items()
        if subject.startswith(HIGH)
    }


def note_high(
    journal: Journal | None, account_id: int, high: Decimal, at_s: float
) -> None:
    """Write down the highest balance of an account at the end of a day."""
    reason = "the highest balance at the end of a day"
    note(journal, f"{HIGH}{account_id}", str(high), reason, at_s)


def note(
    journal: Journal | None,
    subject: str,
    value: str,
    reason: str,
    at_s: float,
    until_s: float | None = None,
) -> None:
    """Write down what holds from now on, where there is a journal."""
    if journal is None:
        return
    from fastorder.journal import Note  # loaded: there is a journal

    journal.note(Note(subject, value, reason, at_s, until_s))
