"""The protocol of a history: its pages, walked backwards, as one read.

The gateway keeps the newest bars of a window, so each page ends where the one before
began. A page may be shorter than was asked for and still not be the last, so the walk
ends at the start of the window, or with a page that brings nothing.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Protocol

from fastorder._base.answer_kind import AnswerKind
from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside
from fastorder._core.flow.classify import classify
from fastorder._core.flow.protocol import Pause
from fastorder._core.transport.evidence import Evidence
from fastorder.errors import RequestFailed, RetrieveBarsError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.inflation import plain_body
from fastorder.requests.query import Query, State
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.protocol import Command
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock

MOST_BARS = 20_000
"""What the gateway gives at once. Source: its pages."""

STALL_NS = 60 * SECOND_NS
"""How long one page may take, its tries included; a rate limit's window is not counted.
"""

EMPTY_FIRST, EMPTY_LATER = 3, 2
"""How often an empty page is asked for until it is believed."""


class Pages(Protocol):
    """What collects the bars."""

    count: int
    page_size: int

    @property
    def oldest_ns(self) -> int:
        """When the oldest bar opens that is there."""

    def take_bytes(self, answer: bytes) -> int | None:
        """How many bars an answer brings; None where it is not as expected."""

    def take_document(self, document: dict[str, Any]) -> int:
        """The same of an answer that was read otherwise."""


class BarPages(Query):
    """Asks for the bars of a window until all are there, or as many as are wanted.

    Args:
        request: of the first page; its ``limit`` is what is wanted in all.
        pages: collects the bars.
        reach_ns: before a bar that opens earlier than this, the window has no other.
        policy, clock: pauses and time; each page has the tries of a read.
        progress: called after each page with the bars so far, and when the oldest of
            them opens.
    """

    __slots__ = (
        "_begun_ns",
        "_clock",
        "_empty",
        "_pages",
        "_progress",
        "_reach_ns",
        "_request",
        "_wanted",
    )

    def __init__(
        self,
        request: dict[str, Any],
        pages: Pages,
        reach_ns: int,
        policy: RetryPolicy,
        clock: Clock,
        progress: Callable[[int, datetime], object] | None = None,
    ) -> None:
        self._request = request
        self._wanted: int = request["limit"]
        super().__init__(Endpoint.BARS, b"", RetrieveBarsError, policy, clock)
        self._pages = pages
        self._reach_ns = reach_ns
        self._clock = clock
        self._progress = progress
        self._empty = 0
        self._begin_page()

    def on_evidence(
        self, evidence: Evidence
    ) -> Command[dict[str, Any] | RequestFailed]:
        """An exchange has ended."""
        if evidence.complete and evidence.http_status == 200:
            return self._take(evidence)
        if classify(evidence, self._policy).kind is AnswerKind.RATE_LIMITED:
            due_ns = self._schedule.limited_due_ns(evidence)
            if due_ns is not None:
                self._begun_ns = due_ns
                return self._wait(due_ns)
        if self._is_stuck() and not evidence.complete:
            return self._given_up("it gives no answer in time")
        command = super().on_evidence(evidence)
        if self.state is State.RETRY_WAIT:
            log().warning("%s: asked again, %r", self._endpoint.path, evidence)
        return command

    def _take(self, evidence: Evidence) -> Command[dict[str, Any] | RequestFailed]:
        """Read an answer; what cannot be read is asked for again."""
        try:
            most = self._endpoint.answer_limit
            body = plain_body(evidence.body, evidence.coding, most)
            new = self._pages.take_bytes(body)
            if new is None:
                answer = classify(Evidence(body=body), self._policy)
                if answer.kind is AnswerKind.REFUSED:
                    return self._finish(self._failure(evidence, answer))
                if answer.kind is not AnswerKind.ACCEPTED or answer.reply is None:
                    raise ValueError(answer.reason)
                new = self._pages.take_document(answer.reply.document or {})
        except ValueError as error:  # a BarError is one
            return self._again(f"the answer cannot be read: {error}")
        return self._go_on(new)

    def _go_on(self, new: int) -> Command[dict[str, Any] | RequestFailed]:
        stale = self._pages.page_size > 1 and not new  # one alone may be the overlap
        if self._pages.page_size == 0 or stale:
            self._empty += 1
            most = EMPTY_LATER if self._pages.count else EMPTY_FIRST
            if self._empty < most and not self._schedule.spent:
                return self._again("old bars" if stale else "an empty answer")
            return self._finish({})
        if new and self._progress is not None:
            oldest_s = self._pages.oldest_ns / 1e9
            moment = datetime.fromtimestamp(oldest_s, timezone.utc)
            self._progress(self._pages.count, moment)
        if not new or self._has_all():
            return self._finish({})
        self._begin_page()
        return self.start()

    def _has_all(self) -> bool:
        if self._pages.count >= self._wanted:
            return True
        return self._pages.oldest_ns < self._reach_ns

    def _begin_page(self) -> None:
        import orjson  # loaded with the executor

        request = dict(self._request)
        left = self._wanted
        if self._pages.count:
            left = self._wanted - self._pages.count + 1  # it may repeat the last one
            request["endTime"] = time_text(self._pages.oldest_ns)
            request["includePartialBar"] = False
        request["limit"] = min(left, MOST_BARS)
        self._body = orjson.dumps(request)
        self._schedule = RetrySchedule(self._policy, self._clock)
        self._renewed = False
        self._empty = 0
        self._begun_ns = self._clock.monotonic_ns()

    def _is_stuck(self) -> bool:
        return self._clock.monotonic_ns() - self._begun_ns >= STALL_NS

    def _again(self, why: str) -> Command[dict[str, Any] | RequestFailed]:
        if self._schedule.spent or self._is_stuck():
            return self._given_up(why)
        log().warning("%s: asked again after %s", self._endpoint.path, why)
        return self._wait(self._schedule.next_due_ns())

    def _wait(self, due_ns: int) -> Pause:
        self.state = State.RETRY_WAIT
        return Pause(due_ns)

    def _given_up(self, why: str) -> Command[dict[str, Any] | RequestFailed]:
        so_far = (
            f" (after {counted(self._pages.count, 'bar')})" if self._pages.count else ""
        )
        text = from_outside(why)
        return self._finish(RequestFailed(f"{self._endpoint.path}: {text}{so_far}"))


def time_text(time_ns: int) -> str:
    """A time as it goes on the wire: to the microsecond, and never too early."""
    seconds, micros = divmod(-(-time_ns // 1000), 1_000_000)
    moment = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{micros:06d}Z" if micros else f"{moment}Z"
