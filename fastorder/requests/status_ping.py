"""The protocol of a ping that a caller asks for: does the gateway answer, how fast."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from fastorder._base.outside_text import from_outside
from fastorder._core.flow.protocol import Finish, RequestProtocol, Send
from fastorder.errors import RequestFailed
from fastorder.gateway.endpoints import Endpoint

if TYPE_CHECKING:
    from fastorder._core.transport.evidence import Evidence

PONG = b"pong"
"""What the gateway answers. Source: a client that has asserted it."""


class State(Enum):
    """Where a ping stands."""

    SENDING = "on its way, not answered yet"
    DONE = "done"


class StatusPing(RequestProtocol):
    """One exchange, no second try; it ends with the seconds that the answer took."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.SENDING

    def start(self) -> Send:
        """Send it."""
        return Send(Endpoint.PING, b"")

    def on_evidence(self, evidence: Evidence) -> Finish[float | RequestFailed]:
        """The exchange has ended."""
        if not evidence.complete:
            return self._failed(f"no answer: {evidence.curl_error}")
        if evidence.http_status != 200:
            return self._failed(f"HTTP {evidence.http_status}", evidence.http_status)
        if evidence.body.strip().strip(b'"').lower() != PONG:
            shown = from_outside(evidence.body[:40].decode("latin-1"))
            return self._failed(f"the answer must be pong, was {shown}", 200)
        self.state = State.DONE
        return Finish((evidence.finished_ns - evidence.written_ns) / 1e9)

    def on_stop(self, evidence: Evidence | None) -> Finish[float | RequestFailed]:
        """The executor closes."""
        return self._failed("the executor was closed")

    def on_broken_off(self, why: str) -> Finish[float | RequestFailed]:
        """It never reached the engine."""
        return self._failed(why)

    def _failed(
        self, why: str, status: int | None = None
    ) -> Finish[float | RequestFailed]:
        self.state = State.DONE
        return Finish(RequestFailed(f"{Endpoint.PING.path}: {why}", status))
