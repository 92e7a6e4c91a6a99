"""The protocol of a read: repeated until it is answered or the schedule is spent."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

from fastorder._base.answer_kind import AnswerKind
from fastorder._core.flow.classify import Answer, classify
from fastorder._core.flow.protocol import Command, Finish, Pause, RequestProtocol, Send
from fastorder.errors import AuthLost, RequestFailed, error_name
from fastorder.gateway.exact_numbers import with_all_digits
from fastorder.gateway.responses import UNAUTHORIZED_TEXT, unauthorized
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.gateway.endpoints import Endpoint
    from fastorder.runtime.clock import Clock

RETRYABLE = frozenset(
    {
        AnswerKind.NOT_SENT,
        AnswerKind.NO_ANSWER,
        AnswerKind.TRANSIENT_ERROR,
        AnswerKind.RATE_LIMITED,
    }
)
"""What may be different the next time."""


class State(Enum):
    """Where a query stands."""

    SENDING = "on its way, not answered yet"
    RETRY_WAIT = "waiting to be asked again"
    DONE = "done"


class Query(RequestProtocol):
    """One read on its way; it ends with the gateway's document or a RequestFailed.

    Args:
        endpoint, body: the request; it changes nothing, so it may be repeated.
        codes: the endpoint's error codes, or None where it has none.
        policy, clock: pauses and time.
        asked: what was asked for, where an error has to say it; else "".
    """

    __slots__ = (
        "_asked",
        "_body",
        "_codes",
        "_endpoint",
        "_policy",
        "_renewed",
        "_schedule",
        "state",
    )

    def __init__(
        self,
        endpoint: Endpoint,
        body: bytes,
        codes: type[IntEnum] | None,
        policy: RetryPolicy,
        clock: Clock,
        asked: str = "",
    ) -> None:
        self.state = State.SENDING
        self._asked = asked
        self._endpoint = endpoint
        self._body = body
        self._codes = codes
        self._policy = policy
        self._schedule = RetrySchedule(policy, clock)
        self._renewed = False  # sent again because of another token

    def start(self) -> Send:
        """Send the request."""
        self.state = State.SENDING
        return Send(self._endpoint, self._body)

    def on_evidence(
        self, evidence: Evidence
    ) -> Command[dict[str, Any] | RequestFailed]:
        """An exchange has ended."""
        answer = classify(evidence, self._policy)
        if answer.kind is AnswerKind.ACCEPTED and answer.reply is not None:
            return self._read(evidence, answer.reply.document or {})
        lacks_token = unauthorized(evidence, answer)
        if lacks_token and self.another_token and not self._renewed:
            self._renewed = True
            return self.start()
        is_final = evidence.untrusted or evidence.held_back is not None
        if self._schedule.spent or is_final or answer.kind not in RETRYABLE:
            return self._finish(self._failure(evidence, answer))
        self.state = State.RETRY_WAIT
        return Pause(self._schedule.next_due_ns(evidence))

    def _read(
        self, evidence: Evidence, document: dict[str, Any]
    ) -> Command[dict[str, Any] | RequestFailed]:
        """An answer is whole, and says success."""
        return self._answered(document)

    def _answered(
        self, document: dict[str, Any]
    ) -> Command[dict[str, Any] | RequestFailed]:
        """The gateway has answered; a read of several pages asks for the next one."""
        return self._finish(document)

    def on_time(self) -> Command[dict[str, Any] | RequestFailed]:
        """A pause is over."""
        return self.start()

    def on_stop(
        self, evidence: Evidence | None
    ) -> Finish[dict[str, Any] | RequestFailed]:
        """The executor closes."""
        return self._finish(
            RequestFailed(f"{self._endpoint.path}: the executor was closed")
        )

    def on_broken_off(self, why: str) -> Finish[dict[str, Any] | RequestFailed]:
        """It never reached the engine."""
        return self._finish(RequestFailed(f"{self._endpoint.path}: {why}"))

    def _failure(self, evidence: Evidence, answer: Answer) -> RequestFailed:
        code = answer.reply.error_code if answer.reply is not None else None
        name = error_name(self._codes, code) if self._codes else None
        what = f"{name} ({code})" if name else f"code {code}" if code else ""
        why = ": ".join(part for part in (what, answer.reason) if part)
        kind = RequestFailed
        if unauthorized(evidence, answer) and self._endpoint.authorized:
            kind = AuthLost
            why = UNAUTHORIZED_TEXT
        asked = f", asked for {self._asked}" if self._asked else ""
        return kind(
            f"{self._endpoint.path}{asked}: {why or answer.kind.value}",
            http_status=evidence.http_status or None,
            error_code=code,
            error_name=name,
        )

    def _finish(
        self, value: dict[str, Any] | RequestFailed
    ) -> Finish[dict[str, Any] | RequestFailed]:
        self.state = State.DONE
        return Finish(value)

    def _unreadable(self, why: str) -> Finish[dict[str, Any] | RequestFailed]:
        """It says success, and cannot be read."""
        text = f"{self._endpoint.path}: the answer cannot be read: {why}"
        return self._finish(RequestFailed(text, 200))


class ExactQuery(Query):
    """A read whose numbers keep all their digits: Decimals where a float does not."""

    __slots__ = ()

    def _read(
        self, evidence: Evidence, document: dict[str, Any]
    ) -> Command[dict[str, Any] | RequestFailed]:
        try:
            exact = with_all_digits(evidence.body, document)
        except (ArithmeticError, ValueError):  # Python has a bound, JSON has none
            return self._unreadable("a number in it is too long")
        return self._answered(exact)
