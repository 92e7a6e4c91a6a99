"""When one request is tried again, by the retry policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.timestamps import http_date_s
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock

LIMIT_WINDOW_NS = 65 * SECOND_NS
"""Longer than the time in which the gateway counts requests. Source: its pages."""

LONGEST_LIMITED_NS = 8 * SECOND_NS


class RetrySchedule:
    """The pauses that one request still has.

    Args:
        policy: the delays, and the longest Retry-After that is heeded.
        clock: monotonic time, wall time and randomness.
    """

    __slots__ = ("_clock", "_limited", "_limited_until_ns", "_policy", "used")

    def __init__(self, policy: RetryPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._limited = 0
        self._limited_until_ns = 0
        self.used = 0

    @property
    def spent(self) -> bool:
        """Whether no further try is left."""
        return self.used >= self._policy.max_retries

    def next_due_ns(self, evidence: Evidence | None = None) -> int:
        """When the next try is due; the one after it comes later still.

        A Retry-After of the answer is heeded where it asks for more than the policy.
        """
        delay = self._policy._delay_ns(self.used, self._clock.spread())
        self.used += 1
        return self._due_ns(delay, evidence)

    def limited_due_ns(self, evidence: Evidence) -> int | None:
        """When to try again after HTTP 429; None once a whole window has passed.

        It uses up none of the tries: the limit says nothing of this request.
        """
        now_ns = self._clock.monotonic_ns()
        if not self._limited_until_ns:
            self._limited_until_ns = now_ns + LIMIT_WINDOW_NS
        if now_ns >= self._limited_until_ns:
            return None
        delay_ns = self._policy._delay_ns(min(self._limited, 6), self._clock.spread())
        self._limited += 1
        return self._due_ns(min(delay_ns, LONGEST_LIMITED_NS), evidence)

    def last_due_ns(self, evidence: Evidence | None = None) -> int:
        """When the last look is due, after which nothing is tried again."""
        return self._due_ns(self._policy._delay_ns(0, 0.0), evidence)

    def asked_due_ns(self, evidence: Evidence | None) -> int:
        """The earliest time that an answer's Retry-After allows."""
        return self._due_ns(0, evidence)

    def _due_ns(self, delay_ns: int, evidence: Evidence | None) -> int:
        if evidence is not None and evidence.retry_after:
            seconds = retry_after_s(evidence.retry_after, evidence.date)
            asked_s = min(seconds, self._policy.max_retry_after)
            delay_ns = max(delay_ns, int(asked_s * SECOND_NS))
        return self._clock.monotonic_ns() + delay_ns


def retry_after_s(value: bytes, date: bytes) -> float:
    """The seconds that a Retry-After header asks for; 0 where it cannot be read.

    It is a number of seconds, or a date: then it is counted from the answer's own
    Date. Source: RFC 9110, section 10.2.3.
    """
    text = value.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, now = http_date_s(value), http_date_s(date)
    if until is None or now is None:
        return 0.0
    return max(0.0, until - now)
