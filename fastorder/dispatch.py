"""The way from a protocol's command to the engine, and the book of requests."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fastorder._core.route import Origin, Route
from fastorder._core.ticket import Carrier, Ticket
from fastorder.auth import TokenStore
from fastorder.clock import Clock
from fastorder.doubts import Doubts
from fastorder.endpoints import Endpoint
from fastorder.enums import Outcome
from fastorder.errors import ExecutorClosed, ExecutorMisuse, TokenMissing
from fastorder.gateway_time import GatewayTime
from fastorder.latecomers import Latecomers
from fastorder.renewal import Renewal

if TYPE_CHECKING:
    from fastorder._core.engine import Engine
    from fastorder._core.gate import Gate
    from fastorder._core.protocol import Send
    from fastorder._core.result import OrderResult
    from fastorder._core.route import Security
    from fastorder._core.transfer import Evidence
    from fastorder.config import Timeouts
    from fastorder.witness import Witness

KEPT_ENDED = 256
"""How many ended requests stay visible."""

ACCEPTED, UNKNOWN = Outcome.ACCEPTED, Outcome.UNKNOWN

REFUSALS = (ExecutorClosed, ExecutorMisuse, TokenMissing)
"""What a request is refused with before anything of it is sent."""
PLACE = Endpoint.PLACE


class Dispatch(Carrier):
    """Sends for the tickets of one executor, and knows which are open.

    Args:
        engine: drives libcurl.
        base_url: the gateway's, without a path.
        security: where trust in the gateway's certificate comes from.
        timeouts: limits of one exchange.
        gate: what new exposure has to pass.
        witness: hears what becomes of orders; None where nobody wants to know.

    Attributes:
        expects_latecomers: orders that were told to be absent or dead are looked for.
    """

    def __init__(
        self,
        engine: Engine,
        base_url: str,
        security: Security,
        timeouts: Timeouts,
        gate: Gate,
        witness: Witness | None,
    ) -> None:
        self.engine = engine
        self.gate = gate
        self.witness = witness
        self.clock = Clock()
        self.gateway_time = GatewayTime(self.clock)
        self.tokens = TokenStore()
        self.renewal = Renewal(self)
        self.expects_latecomers = False
        self.latecomers = Latecomers(self)
        self.doubts = Doubts()
        self.doubts.known_order = self._known_order
        origin = Origin(base_url, security, connect_ms=timeouts.connect_ms)
        self._routes = {
            endpoint: Route(
                origin,
                endpoint.path,
                once=endpoint.changes,
                authorized=endpoint.authorized,
                is_post=endpoint is not Endpoint.PING,
                request_ms=timeouts.request_ms,
                answer_limit=endpoint.answer_limit,
            )
            for endpoint in Endpoint
        }
        self._open: dict[Ticket[Any], None] = {}
        self._ended: deque[Ticket[OrderResult]] = deque(maxlen=KEPT_ENDED)

    def launch(self, ticket: Ticket[Any]) -> Ticket[Any]:
        """Start a ticket; on a warm connection its request has left on return.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and nothing was sent. After
                anything else, a Ctrl-C say, it may have been, so it stays in the book.
        """
        if self.renewal.by_hand:
            self.renewal.wake()
        self._open[ticket] = None
        try:
            ticket.obey(ticket.protocol.start())
        except REFUSALS:
            self._open.pop(ticket, None)
            raise
        return ticket

    def launch_resumed(self, ticket: Ticket[Any], sent_s: float) -> Ticket[Any]:
        """Look up an order from before a restart; it is never sent again."""
        self.check_ready()
        self._open[ticket] = None
        ticket.obey(ticket.protocol.resume(sent_s))
        return ticket

    def check_ready(self) -> None:
        """Refuse what could not be sent now.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing.
        """
        self.engine.check()
        self.tokens.header()

    def close(self) -> None:
        """Close the engine; a ticket that it never got ends too, with nothing sent."""
        self.engine.close()
        for ticket in tuple(self._open):
            if not ticket.settled:
                ticket.stop(None)

    # ------------------------------------------------------------ for tickets

    def send(self, command: Send, ticket: Ticket[Any]) -> None:
        """Hand a request to the engine, with the token of this moment."""
        endpoint = command.endpoint
        route = self._routes[endpoint]
        token = None
        ticket.token_number = 0
        if route.authorized:
            if self.renewal.holding and self.renewal.holds(command, ticket):
                return
            ticket.token_number = self.tokens.number
            token = self.tokens.header()
        if self.witness is not None and endpoint is PLACE:
            self._note_resend(ticket)
        self.engine.submit(
            route,
            command.body,
            token,
            ticket,
            self.gate if command.gated else None,
            command.valid_until_ns,
        )

    def _note_resend(self, ticket: Ticket[Any]) -> None:
        """The intent stands for the first send; any other is written down first."""
        tries = ticket.protocol.tries
        if tries > 1 and self.witness is not None and ticket.tag is not None:
            self.witness.sends_again(ticket.tag, tries)

    def heard(self, evidence: Evidence) -> None:
        """Keep the gateway's own time, which every answer tells."""
        self.gateway_time.note(evidence.date, evidence.finished_ns)

    def unauthorized(self, ticket: Ticket[Any]) -> None:
        """See to another token; the ticket's protocol is told if there is one."""
        if ticket.token_number:
            another = self.renewal.refused(ticket.token_number)
            ticket.protocol.another_token = another

    def told(self, ticket: Ticket[Any]) -> None:
        """An order's outcome is unknown for now; it stays in the book."""
        if self.witness is not None:
            self.witness.unknown(ticket)

    def ended(self, ticket: Ticket[Any]) -> None:
        """Book the end of a ticket."""
        if ticket.kind == "read" or ticket.result is None:
            self._open.pop(ticket, None)
            self.renewal.ended(ticket)
            self.latecomers.read_ended(ticket)
            return
        if self.witness is not None:
            self.witness.ended(ticket)
        result = ticket.result
        outcome = result.outcome
        if outcome is UNKNOWN and ticket.tag is not None:
            return  # the executor was closed before the proof
        self._open.pop(ticket, None)
        if outcome is not ACCEPTED or self.expects_latecomers:
            self.latecomers.ended(ticket)
        ticket.rest()
        self._ended.append(ticket)

    def tidy(self) -> None:
        """Do what waits for the disk, while no order is on its way."""
        if self.witness is not None and not self._open:
            self.witness.tidy()

    def halt(self, reason: str) -> None:
        """Shut the gate for good."""
        self.gate.shut(reason, final=True)

    # ------------------------------------------------------------ the book

    def unsettled(self) -> tuple[Ticket[OrderResult], ...]:
        """The changes that are open or whose outcome is unknown, oldest first."""
        return tuple(ticket for ticket in self._open if ticket.kind != "read")

    def recent(self) -> tuple[Ticket[OrderResult], ...]:
        """The last changes that have ended, oldest first."""
        return tuple(self._ended)

    def _known_order(self, account_id: int) -> int | None:
        """The latest order of an account that the gateway has confirmed."""
        for ticket in reversed(self._ended):
            result = ticket.result
            if ticket.account_id != account_id or ticket.kind != "place":
                continue
            if result is not None and result.success:
                return result.order_id
        return None

    def tagged(self, tag: str) -> Ticket[OrderResult] | None:
        """The ticket of the order with this tag; None where none is known."""
        known = (*self.unsettled(), *reversed(self._ended))
        found = next((ticket for ticket in known if ticket.tag == tag), None)
        return self.latecomers.find(tag) if found is None else found

    def look_again(self, ticket: Ticket[OrderResult]) -> None:
        """Look up an order whose outcome is unknown.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and the ticket is as it was.
        """
        self.check_ready()
        ticket.done = False
        ticket.obey(ticket.protocol.look())
