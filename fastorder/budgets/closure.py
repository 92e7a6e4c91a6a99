# cython: annotation_typing=False
"""Until when the gateway is to be left alone: it has answered HTTP 429."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.retry_schedule import retry_after_s

if TYPE_CHECKING:
    from fastorder._core.transport.evidence import Evidence

TOO_MANY = 429
PAUSE_NS = SECOND_NS
LONGEST_PAUSE_NS = 8 * SECOND_NS
"""How long after the first and, doubled each time, after any later one in a row."""

REOPENING_NS = SECOND_NS
"""So long after it what may wait leaves a few at a time: not all that has waited."""


class Closure:
    """Nothing leaves until this is over.

    A 429 to a request of history closes history alone: the gateway counts it apart, and
    a download must not keep a stop from moving.

    Args:
        longest_s: the longest Retry-After that is heeded.

    Attributes:
        until_ns: when requests may leave again.
        history_until_ns: when those of history may.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._pause_ns = PAUSE_NS
        self.until_ns = 0
        self.history_until_ns = 0

    def too_many(self, evidence: Evidence, is_history: bool, now_ns: int) -> int:
        """A request was one too many; until when no other may leave."""
        asked_s = 0.0
        if evidence.retry_after:
            asked_s = retry_after_s(evidence.retry_after, evidence.date)
        asked_ns = int(min(asked_s, self._longest_s) * SECOND_NS)
        known_ns = self.history_until_ns if is_history else self.until_ns
        if now_ns < known_ns:  # it left before the last one was answered
            until_ns = max(known_ns, now_ns + asked_ns)
        else:
            until_ns = now_ns + max(asked_ns, self._pause_ns)
            self._pause_ns = min(2 * self._pause_ns, LONGEST_PAUSE_NS)
        if is_history:
            self.history_until_ns = until_ns
        else:
            self.until_ns = until_ns
        return until_ns

    def answered(self) -> None:
        """A request was not one too many."""
        self._pause_ns = PAUSE_NS

    def heard(self, until_ns: int, history_until_ns: int) -> None:
        """Another process was told to wait."""
        self.until_ns = max(self.until_ns, until_ns)
        self.history_until_ns = max(self.history_until_ns, history_until_ns)

    def is_reopening(self, now_ns: int) -> bool:
        """Whether it is not over, or has not been for long."""
        return now_ns < self.until_ns + REOPENING_NS and self.until_ns > 0
