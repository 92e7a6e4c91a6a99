"""The flatten after a breach: its attempts, and what the log says of each."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside
from fastorder.errors import FastOrderError
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket

DEADLINE_S = 10
"""What one attempt may take."""

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
"""Pauses between attempts: each is twice as long as the one before."""

CLOSED = "the trader was closed"
DAY_ENDED = "the trading day of the breach has ended"


class Attempts:
    """The flatten of one account, tried until it is verified, or given up.

    Args:
        account_id: whose positions and orders.
        until_s: when the trading day of the breach ends, on the clock of the limits.
        risk: the limits, whose clock counts.
    """

    def __init__(self, account_id: int, until_s: float, risk: Any) -> None:
        self.account_id = account_id
        self.until_s = until_s
        self.is_over = False
        self._risk = risk
        self._failed = 0
        self._why = "nothing was sent yet"

    def begin(self, denied: object, why: str) -> None:
        """Say what comes now."""
        log().error(
            "account %s is being flattened: %s: %s", self.account_id, denied, why
        )

    def pause_s(self, act: Ticket[Any] | Exception, is_closed: bool) -> float | None:
        """Say what an attempt has come to; the seconds until the next; None: no more.

        Args:
            act: its ticket, which has ended; or why there is none.
            is_closed: whether the trader is, so that there will be no other.
        """
        why = self._why_failed(act)
        if not why:
            self.is_over = True
            return None
        self._failed, self._why = self._failed + 1, why
        if is_closed or self._is_past():
            self.give_up(CLOSED if is_closed else DAY_ENDED)
            return None
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self._failed - 1, 16), LONGEST_PAUSE_S)
        log().error(
            "account %s may not be flat: attempt %d at the flatten after a breach has "
            "failed, the next is in %g s: %s",
            self.account_id, self._failed, pause_s, why,
        )  # fmt: skip
        return pause_s

    def goes_on(self) -> bool:
        """Whether a pause is followed by an attempt; where not, that is said."""
        if not self.is_over and self._is_past():
            self.give_up(DAY_ENDED)
        return not self.is_over

    def give_up(self, because: str) -> None:
        """Say that there is no other attempt, and how the last one has ended."""
        if self.is_over:
            return
        self.is_over = True
        log().error(
            "account %s may not be flat: the flatten after a breach has failed and is "
            "given up after %s, as %s: %s",
            self.account_id, counted(self._failed, "attempt"), because, self._why,
        )  # fmt: skip

    def _is_past(self) -> bool:
        return bool(self._risk._clock.wall_s() >= self.until_s)

    def _why_failed(self, act: Ticket[Any] | Exception) -> str:
        """Why the account may not be flat; empty where it is proved to be."""
        if isinstance(act, Exception):
            return why_of(act)
        try:
            report = act._value()
        except Exception as error:  # whatever it is: there is another attempt
            return why_of(error)
        if report:
            log().warning("flatten after a breach: %r", report)
            return ""
        return repr(report)


class Flattens:
    """The flattens after breaches that are under way: one for an account at most.

    Args:
        risk: the limits.
    """

    def __init__(self, risk: Any) -> None:
        self._risk = risk
        self._running: dict[int, Attempts] = {}
        self._turn = Lock()  # where there is no loop, a hub's thread begins some too
        self.is_closed = False

    def begin(self, denied: object, account_id: int, why: str) -> Attempts | None:
        """What is to be carried out; None where it is under way already."""
        with self._turn:
            return self._begun(denied, account_id, why)

    def _begun(self, denied: object, account_id: int, why: str) -> Attempts | None:
        until_s = self._risk._losses.of(account_id).day.end_s
        running = self._running.get(account_id)
        if running is not None and not running.is_over:
            running.until_s = max(running.until_s, until_s)
            log().error(
                "account %s is being flattened already: %s: %s", account_id, denied, why
            )
            return None
        attempts = Attempts(account_id, until_s, self._risk)
        attempts.begin(denied, why)
        if self.is_closed:
            attempts.give_up(CLOSED)
            return None
        self._running[account_id] = attempts
        return attempts


def why_of(error: Exception) -> str:
    """Why there was no report, for people."""
    if isinstance(error, FastOrderError):
        return str(error)
    return from_outside(repr(error))
