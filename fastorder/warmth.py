"""Connections opened ahead of the first order, and kept open.

A round is as many pings at once as there are connections to keep: each takes one of
its own, so each is opened where it was missing and used where it was idle.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from fastorder._core.protocol import Finish, RequestProtocol, Send
from fastorder._core.ticket import Ticket
from fastorder._core.transfer import Receiver
from fastorder.endpoints import Endpoint
from fastorder.errors import RequestFailed

if TYPE_CHECKING:
    from fastorder._core.transfer import Evidence
    from fastorder.dispatch import Dispatch

PING_EVERY_NS = 15_000_000_000
"""Less than an idle connection may last: 30 s here, a minute at most load balancers."""

SOONEST_NS = 1_000_000_000
"""The shortest time between two rounds, however often connections end."""


class State(Enum):
    """Where a ping stands."""

    SENDING = "on its way, not answered yet"
    DONE = "done"


class Ping(RequestProtocol):
    """The protocol of a ping: one exchange, no second try, any HTTP answer is one."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.SENDING

    def start(self) -> Send:
        """Send it."""
        return Send(Endpoint.PING, b"")

    def on_evidence(self, evidence: Evidence) -> Finish[RequestFailed | None]:
        """The exchange has ended."""
        self.state = State.DONE
        if evidence.complete:
            return Finish(None)
        return Finish(RequestFailed(f"no connection: {evidence.curl_error}"))

    def on_stop(self, evidence: Evidence | None) -> Finish[RequestFailed | None]:
        """The executor closes."""
        self.state = State.DONE
        return Finish(RequestFailed("no connection: the executor was closed"))


def ping_round(dispatch: Dispatch, connections: int) -> list[Ticket[None]]:
    """Start as many pings at once."""
    return [
        dispatch.launch(Ticket(dispatch, Ping(), "read")) for _ in range(connections)
    ]


class WarmKeeper(Receiver):
    """Pings idle connections, and opens anew those that the other side ends."""

    __slots__ = ("_dispatch", "_due_ns", "_last_ns", "connections")

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._last_ns = 0
        self._due_ns = 0
        self.connections = 0

    def keep(self, connections: int) -> list[Ticket[None]]:
        """Open this many connections now, and keep them warm from now on."""
        self.connections = max(connections, self.connections)
        return self._ping()

    def hurry(self) -> None:
        """A connection was lost while idle: open it anew, before an order needs it."""
        due_ns = max(self._dispatch.clock.monotonic_ns(), self._last_ns + SOONEST_NS)
        if self.connections and due_ns < self._due_ns:
            self._wake_at(due_ns)

    def wake(self) -> None:
        """The time of a round has come, unless it was moved."""
        now_ns = self._dispatch.clock.monotonic_ns()
        if now_ns < self._due_ns:
            return
        quiet_ns = now_ns - self._dispatch.gateway_time.seen_ns
        if self.connections == 1 and quiet_ns < SOONEST_NS:
            self._wake_at(now_ns + PING_EVERY_NS)
        else:
            self._ping()

    def stop(self, evidence: object) -> None:
        """The executor closes: nothing to do."""

    def fail(self, error: Exception) -> None:
        """Let the event loop report it."""
        raise error

    def _ping(self) -> list[Ticket[None]]:
        self._last_ns = self._dispatch.clock.monotonic_ns()
        self._dispatch.tidy()
        tickets = ping_round(self._dispatch, self.connections)
        self._wake_at(self._last_ns + PING_EVERY_NS)
        return tickets

    def _wake_at(self, due_ns: int) -> None:
        self._due_ns = due_ns
        self._dispatch.engine.wake_at(due_ns, self)
