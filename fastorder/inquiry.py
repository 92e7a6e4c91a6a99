"""The protocol of a read: repeated until it is answered or the schedule is spent."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

from fastorder._core.protocol import Command, Finish, Pause, RequestProtocol, Send
from fastorder._core.reading import Reading, read
from fastorder.answers import NOT_LET_IN, unauthorized
from fastorder.enums import Sign
from fastorder.errors import AuthLost, RequestFailed, error_name
from fastorder.schedule import Schedule

if TYPE_CHECKING:
    from fastorder._core.transfer import Evidence
    from fastorder.clock import Clock
    from fastorder.config import RetryPolicy
    from fastorder.endpoints import Endpoint

PASSING = frozenset({Sign.NOT_SENT, Sign.SILENCE, Sign.BUSY, Sign.LIMITED})
"""What may be different the next time."""


class State(Enum):
    """Where an inquiry stands."""

    SENDING = "on its way, not answered yet"
    RESTING = "waiting to be sent again"
    DONE = "done"


class Inquiry(RequestProtocol):
    """One read on its way; it ends with the gateway's document or a RequestFailed.

    Args:
        endpoint, body: the request; it changes nothing, so it may be repeated.
        codes: the endpoint's error codes, or None where it has none.
        policy, clock: pauses and time.
    """

    __slots__ = (
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
    ) -> None:
        self.state = State.SENDING
        self._endpoint = endpoint
        self._body = body
        self._codes = codes
        self._policy = policy
        self._schedule = Schedule(policy, clock)
        self._renewed = False  # sent again because of another token

    def start(self) -> Send:
        """Send the request."""
        self.state = State.SENDING
        return Send(self._endpoint, self._body)

    def on_evidence(
        self, evidence: Evidence
    ) -> Command[dict[str, Any] | RequestFailed]:
        """An exchange has ended."""
        reading = read(evidence, self._policy)
        if reading.sign is Sign.ACCEPTED and reading.reply is not None:
            return self._finish(reading.reply.document or {})
        lacks_token = unauthorized(evidence, reading)
        if lacks_token and self.another_token and not self._renewed:
            self._renewed = True
            return self.start()
        if self._schedule.spent or evidence.untrusted or reading.sign not in PASSING:
            return self._finish(self._failure(evidence, reading))
        self.state = State.RESTING
        return Pause(self._schedule.next_due_ns(evidence))

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

    def _failure(self, evidence: Evidence, reading: Reading) -> RequestFailed:
        code = reading.reply.error_code if reading.reply is not None else None
        name = error_name(self._codes, code) if self._codes else None
        what = f"{name} ({code})" if name else f"code {code}" if code else ""
        why = ": ".join(part for part in (what, reading.reason) if part)
        kind = RequestFailed
        if unauthorized(evidence, reading) and self._endpoint.authorized:
            kind = AuthLost
            why = NOT_LET_IN
        return kind(
            f"{self._endpoint.path}: {why or reading.sign.value}",
            http_status=evidence.http_status or None,
            error_code=code,
            error_name=name,
        )

    def _finish(
        self, value: dict[str, Any] | RequestFailed
    ) -> Finish[dict[str, Any] | RequestFailed]:
        self.state = State.DONE
        return Finish(value)
