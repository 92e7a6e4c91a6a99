"""The way from a protocol's command to the engine, and the book of open requests."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fastorder._core.ticket import Carrier, Ticket
from fastorder._core.transfer import Evidence, Route, Security
from fastorder.auth import TokenStore
from fastorder.clock import Clock
from fastorder.endpoints import Endpoint
from fastorder.enums import Outcome
from fastorder.gateway_time import GatewayTime

if TYPE_CHECKING:
    from fastorder._core.engine import Engine
    from fastorder._core.protocol import Send
    from fastorder._core.result import OrderResult
    from fastorder.config import Timeouts

KEPT_ENDED = 256
"""How many ended requests stay visible."""

UNKNOWN = Outcome.UNKNOWN


class Dispatch(Carrier):
    """Sends for the tickets of one executor, and knows which are open.

    Args:
        engine: drives libcurl.
        base_url: the gateway's, without a path.
        security: where trust in the gateway's certificate comes from.
        timeouts: limits of one exchange.
    """

    def __init__(
        self, engine: Engine, base_url: str, security: Security, timeouts: Timeouts
    ) -> None:
        self.engine = engine
        self.clock = Clock()
        self.gateway_time = GatewayTime(self.clock)
        self.tokens = TokenStore()
        self._routes = {
            endpoint: Route(
                base_url + endpoint.path,
                security,
                once=endpoint.changes,
                is_post=endpoint is not Endpoint.PING,
                connect_ms=timeouts.connect_ms,
                request_ms=timeouts.request_ms,
            )
            for endpoint in Endpoint
        }
        self._open: dict[Ticket[Any], None] = {}
        self._unknown: dict[str, Ticket[OrderResult]] = {}
        self._ended: deque[Ticket[OrderResult]] = deque(maxlen=KEPT_ENDED)

    def launch(self, ticket: Ticket[Any]) -> Ticket[Any]:
        """Start a ticket; on a warm connection its request has left on return.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and nothing was sent.
        """
        self._open[ticket] = None
        try:
            ticket.obey(ticket.protocol.start())
        except BaseException:
            self._open.pop(ticket, None)
            raise
        return ticket

    def send(self, command: Send, ticket: Ticket[Any]) -> None:
        """Hand a request to the engine, with the token of this moment."""
        endpoint = command.endpoint
        token = self.tokens.header() if endpoint.authorized else None
        self.engine.submit(self._routes[endpoint], command.body, token, ticket)

    def heard(self, evidence: Evidence) -> None:
        """Keep the gateway's own time, which every answer tells."""
        self.gateway_time.note(evidence.date, evidence.finished_ns)

    def ended(self, ticket: Ticket[Any]) -> None:
        """Book the end of a ticket."""
        self._open.pop(ticket, None)
        if ticket.kind == "read":
            return
        result = ticket.result
        if ticket.tag is None or result is None or result.outcome is not UNKNOWN:
            ticket.rest()
            self._ended.append(ticket)
        else:
            self._unknown[ticket.tag] = ticket

    def unsettled(self) -> tuple[Ticket[OrderResult], ...]:
        """The changes that are open or whose outcome is unknown, oldest first."""
        open_ = (ticket for ticket in self._open if ticket.kind != "read")
        return (*self._unknown.values(), *open_)

    def recent(self) -> tuple[Ticket[OrderResult], ...]:
        """The last changes that have ended, oldest first."""
        return tuple(self._ended)

    def tagged(self, tag: str) -> Ticket[OrderResult] | None:
        """The ticket of the order with this tag; None where none is known."""
        known = (*self.unsettled(), *reversed(self._ended))
        return next((ticket for ticket in known if ticket.tag == tag), None)

    def look_again(self, ticket: Ticket[OrderResult]) -> None:
        """Look up an order whose outcome is unknown.

        Raises:
            ExecutorClosed, ExecutorMisuse: and the ticket is as it was.
        """
        assert ticket.tag is not None
        del self._unknown[ticket.tag]
        ticket.done = False
        self._open[ticket] = None
        try:
            ticket.obey(ticket.protocol.look_again())
        except BaseException:
            ticket.done = True
            self.ended(ticket)
            raise
