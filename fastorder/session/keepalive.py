"""Connections opened ahead of the first order, and kept open.

A round is as many pings at once as there are connections to keep: each takes one of
its own, so each is opened where it was missing and used where it was idle.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from fastorder._core.flow.protocol import Finish, RequestProtocol, Send
from fastorder._core.transport.evidence import Receiver
from fastorder.errors import RequestFailed
from fastorder.gateway.endpoints import Endpoint

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.evidence import Evidence
    from fastorder.session.dispatcher import Dispatcher

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


def ping_round(dispatcher: Dispatcher, connections: int) -> list[Ticket[None]]:
    """Start as many pings at once."""
    tickets = (dispatcher.read_ticket(Ping()) for _ in range(connections))
    return [dispatcher.launch(ticket) for ticket in tickets]


class Keepalive(Receiver):
    """Pings idle connections, and opens anew those that the other side ends."""

    __slots__ = ("_dispatcher", "_due_ns", "_last_ns", "_round", "connections")

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._last_ns = 0
        self._due_ns = 0
        self._round: list[Ticket[None]] = []  # the latest
        self.connections = 0

    def keep(self, connections: int) -> list[Ticket[None]]:
        """Open this many connections now, and keep them warm from now on."""
        self.connections = max(connections, self.connections)
        return self._ping()

    def hurry(self) -> None:
        """A connection was lost while idle: open it anew, before an order needs it."""
        due_ns = max(self._dispatcher.clock.monotonic_ns(), self._last_ns + SOONEST_NS)
        if self.connections and due_ns < self._due_ns:
            self._wake_at(due_ns)

    def _on_timer(self) -> None:
        """The time of a round has come, unless it was moved."""
        now_ns = self._dispatcher.clock.monotonic_ns()
        if now_ns < self._due_ns:
            return
        quiet_ns = now_ns - self._dispatcher.server_clock.seen_ns
        is_used = self.connections == 1 and quiet_ns < SOONEST_NS
        if is_used or self._waits():
            self._wake_at(now_ns + PING_EVERY_NS)
        else:
            self._ping()

    def _on_close(self, evidence: object) -> None:
        """The executor closes: nothing to do."""

    def _on_error(self, error: Exception) -> None:
        """Let the event loop report it."""
        raise error

    def _ping(self) -> list[Ticket[None]]:
        self._last_ns = self._dispatcher.clock.monotonic_ns()
        self._dispatcher.tidy()
        tickets = ping_round(self._dispatcher, self.connections)
        self._wake_at(self._last_ns + PING_EVERY_NS)
        self._round = tickets
        return tickets

    def _waits(self) -> bool:
        """Whether pings of the last round wait for room: more of them warm nothing."""
        budget = self._dispatcher.budget
        return budget is not None and any(map(budget.keeps, self._round))

    def _wake_at(self, due_ns: int) -> None:
        self._due_ns = due_ns
        self._dispatcher.engine.wake_at(due_ns, self)
