"""Carries commands to the engine, and keeps the list of open requests."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fastorder._core.flow.protocol import Send
from fastorder._core.flow.ticket import DispatcherBase, Ticket
from fastorder._core.transport.request_head import Origin, Route
from fastorder.auth.renewal import Renewal
from fastorder.auth.token_store import TokenStore
from fastorder.budgets.lanes import Lane
from fastorder.enums import Outcome
from fastorder.errors import ExecutorClosed, ExecutorMisuse, TokenMissing
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_contracts import OrderContracts
from fastorder.gateway.server_clock import ServerClock
from fastorder.placement.interlock import Interlock
from fastorder.placement.late_arrivals import LateArrivals
from fastorder.requests.closes_under_way import ClosesUnderWay
from fastorder.runtime.clock import Clock
from fastorder.runtime.log import log
from fastorder.session.change_reports import ChangeReports
from fastorder.session.restart_looks import RestartLooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.protocol import Command, RequestProtocol
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.engine import Engine
    from fastorder._core.transport.evidence import Evidence, Receiver
    from fastorder._core.transport.gate import Gate
    from fastorder._core.transport.request_head import Security
    from fastorder.budgets.budget import RequestBudget
    from fastorder.budgets.lanes import LaneNumber
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.session.outcome_log import OutcomeLog

KEPT_ENDED = 256
"""How many ended requests stay visible."""

KEPT_ACTS = 32
"""The same of verbs of several requests."""

ACCEPTED, UNKNOWN = Outcome.ACCEPTED, Outcome.UNKNOWN
REJECTED = Outcome.REJECTED

REFUSALS = (ExecutorClosed, ExecutorMisuse, TokenMissing)
"""What a request is refused with before anything of it is sent."""
PLACE = Endpoint.PLACE
WAITED_FOR_ROOM = "it waited for room in the request budget"
LOOK_UPS, HISTORY = int(Lane.LOOK_UPS), int(Lane.HISTORY)


class Dispatcher(DispatcherBase):
    """Sends for the tickets of one executor, and knows which are open.

    Args:
        engine: drives libcurl.
        base_url: the gateway's, without a path.
        security: where trust in the gateway's certificate comes from.
        timeouts: limits of one exchange.
        gate: what new exposure has to pass.
        outcome_log: hears what becomes of orders; None where nobody wants to know.

    Attributes:
        reports: tells the log and observers of changes that have ended.
        groups: the verbs of several requests that are under way.
        ended_groups: the last of those that have changed something.
        budget: what every request has to pass; None where none is counted.
        on_refused: called with the ticket of a change that was rejected; None where
            nobody wants to know.
        closes: those that may still be sent again.
        order_contracts: of the orders that were placed or read.
        expects_late_arrivals: orders reported absent or rejected are looked for.
        risk: hears of changes that have ended, where there are limits.
    """

    def __init__(
        self,
        engine: Engine,
        base_url: str,
        security: Security,
        timeouts: Timeouts,
        gate: Gate,
        outcome_log: OutcomeLog | None,
    ) -> None:
        self.engine = engine
        engine.on_failure = _say
        self.gate = gate
        self.outcome_log = outcome_log
        self.reports = ChangeReports()
        self.risk: Any = None
        self.clock = Clock()
        self.server_clock = ServerClock(self.clock)
        self.tokens = TokenStore()
        self.renewal = Renewal(self)
        self.budget: RequestBudget | None = None
        self.on_refused: Callable[[Ticket[Any]], None] | None = None
        self.order_contracts = OrderContracts()
        self.expects_late_arrivals = False
        self.late_arrivals = LateArrivals(self)
        self.closes = ClosesUnderWay()
        self.interlock = Interlock()
        self.interlock.known_order = self._known_order
        origin = Origin(base_url, security, connect_ms=timeouts._connect_ms)

        def route(endpoint: Endpoint, *, goes_first: bool) -> Route:
            return Route(
                origin,
                endpoint.path,
                once=endpoint.changes,
                lessens=goes_first,
                authorized=endpoint.authorized,
                is_post=endpoint is not Endpoint.PING,
                request_ms=timeouts._request_ms * endpoint.patience,
                answer_limit=endpoint.answer_limit,
                coding=endpoint.coding,
                lane=endpoint.lane,
            )

        self._routes = {
            endpoint: route(endpoint, goes_first=endpoint.lessens)
            for endpoint in Endpoint
        }
        self._urgent_routes = {
            endpoint: route(endpoint, goes_first=True)
            for endpoint in Endpoint
            if not endpoint.changes
        }
        self.groups: dict[Any, None] = {}
        self.ended_groups: deque[Any] = deque(maxlen=KEPT_ACTS)
        self._open: dict[Ticket[Any], None] = {}
        self._recalled: dict[Ticket[OrderResult], None] = {}  # not looked up yet
        self._restart_looks = RestartLooks(self)
        self._ended: deque[Ticket[OrderResult]] = deque(maxlen=KEPT_ENDED)

    def read_ticket(
        self,
        protocol: RequestProtocol,
        convert: Callable[[Any], Any] | None = None,
        account_id: int | None = None,
        lane: Lane | None = None,
    ) -> Ticket[Any]:
        """The ticket of a read; ``launch`` starts it.

        Args:
            protocol: what it asks.
            convert: makes its result out of what the protocol ends with.
            account_id: whose read it is; None where it is nobody's.
            lane: where it stands in the budget; where not given, as its endpoint does.
        """
        ticket: Ticket[Any] = Ticket(
            self, protocol, "read", account_id=account_id, convert=convert
        )
        if lane is not None:
            ticket._lane = int(lane)
        return ticket

    def launch(self, ticket: Ticket[Any]) -> Ticket[Any]:
        """Start a ticket; on a warm connection its request has left on return.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and nothing was sent. After
                anything else, a Ctrl-C say, the ticket says what became of it.
        """
        self._open[ticket] = None
        self.reports.began(ticket)
        try:
            if self.renewal.checks_at_launch:
                self.renewal._on_timer()
            ticket._execute(ticket._protocol.start())
        except REFUSALS:
            self._open.pop(ticket, None)
            raise
        except BaseException as error:
            self.broken_off(ticket, error)
            raise
        return ticket

    def enter(self, ticket: Ticket[OrderResult]) -> None:
        """Put a ticket into the book before its intent is written down.

        Whatever is raised between the two, the handler of a signal may raise anywhere,
        no intent is without a ticket. ``launch`` or ``withdraw`` follows.
        """
        self._open[ticket] = None

    def withdraw(self, ticket: Ticket[OrderResult]) -> None:
        """Take it out again: nothing of it was written down, and nothing has left."""
        self._open.pop(ticket, None)

    def broken_off(self, ticket: Ticket[Any], error: Any) -> None:
        """An exception stopped a ticket's start: end it, unless it is on its way.

        What the engine carries goes on, and so does what waits for a login. Anything
        else would be waited for, for ever.
        """
        if ticket.settled or self.engine.carries(ticket) or self.renewal.keeps(ticket):
            return
        if self.budget is not None and self.budget.keeps(ticket):
            return
        ticket._break_off(f"it was stopped before it left by {error!r}")

    def recall(self, ticket: Ticket[OrderResult], sent_s: float) -> None:
        """Put an order from before a restart into the book, as unknown; ask nothing."""
        ticket._show(ticket._protocol.recall(sent_s))
        self._recalled[ticket] = None

    def launch_recalled(
        self, ticket: Ticket[OrderResult], sent_s: float
    ) -> Ticket[OrderResult]:
        """Look up an order from before a restart; it is never sent again.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and the ticket is as it was.
        """
        self.check_ready()
        self._recalled.pop(ticket, None)
        self._open[ticket] = None
        ticket.done = False
        self._carry_on(ticket, ticket._protocol.resume(sent_s))
        return ticket

    def look_up_recalled(
        self, recalled: list[tuple[Ticket[OrderResult], float]], policy: RetryPolicy
    ) -> None:
        """Look up the orders from before a restart, one list for an account.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and the tickets are as they
                were.
        """
        self.check_ready()
        for ticket, _ in recalled:
            self._recalled.pop(ticket, None)
            self._open[ticket] = None
            ticket.done = False
        self._restart_looks.begin(recalled, policy)

    def look(self, endpoint: Endpoint, body: bytes, receiver: Receiver) -> None:
        """Ask for something; the receiver judges the answer itself."""
        self.check_ready()
        route, token = self._routes[endpoint], self.tokens.header()
        if self.budget is None:
            self.engine.submit(route, body, token, receiver)
        else:
            self._submit_counted(route, Send(endpoint, body), token, receiver, LOOK_UPS)

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
                ticket._on_close(None)
        for group in tuple(reversed(self.groups)):  # a part before its whole
            group._on_close(None)
        if self.budget is not None:
            self.budget.close()

    # ------------------------------------------------------------ for tickets

    def dispatch(self, command: Send, ticket: Ticket[Any]) -> None:
        """Hand a request to the engine, with the token of this moment."""
        endpoint = command.endpoint
        route = self._routes[endpoint]
        if ticket._lane >= 0 and not endpoint.changes and ticket._lane <= LOOK_UPS:
            route = self._urgent_routes[endpoint]
        token = None
        ticket._token_number = 0
        if route.authorized:
            if self.renewal.holding and self.renewal.holds(command, ticket):
                return
            ticket._token_number = self.tokens.number
            if not ticket._token_number:
                self.check_ready()  # a closed executor is told before a missing token
            token = self.tokens.header()
        if self.budget is not None:
            self._submit_counted(route, command, token, ticket, _lane_of(route, ticket))
            return
        if self.outcome_log is not None and endpoint is PLACE:
            self._note_resend(ticket)
        self.engine.submit(
            route,
            command.body,
            token,
            ticket,
            self.gate if command.gated else None,
            command.valid_until_ns,
        )

    def _submit_counted(
        self,
        route: Route,
        command: Send,
        token: bytes | None,
        receiver: Receiver,
        lane: LaneNumber,
    ) -> None:
        """Hand a request to the engine, if the budget lets it leave."""
        assert self.budget is not None
        self.engine.check()
        until_ns = self.budget.admits(
            command, receiver, lane, self.clock.monotonic_ns()
        )
        if not until_ns:
            return
        try:
            if self.outcome_log is not None and command.endpoint is PLACE:
                self._note_resend(receiver)  # type: ignore[arg-type]  # a ticket's
            self.engine.submit(
                route,
                command.body,
                token,
                receiver,
                self.gate if command.gated else None,
                min(command.valid_until_ns, until_ns),
            )
        except BaseException:
            if not self.engine.carries(receiver):
                self.budget.take_back(receiver)
            raise

    def leaves(self, receiver: Receiver, command: Send) -> None:
        """The budget has room for a request that has waited: send it."""
        try:
            if isinstance(receiver, Ticket):
                receiver._execute(receiver._protocol.after_hold(command))
            else:
                self.look(command.endpoint, command.body, receiver)
        except ExecutorClosed:
            receiver._on_close(None)
        except Exception as error:
            receiver._on_error(error)

    def holds(self, ticket: Ticket[Any]) -> bool:
        """Whether its request waits for a login, or for room in the budget."""
        return self.renewal.keeps(ticket) or self.waited_s(ticket) is not None

    def begins_anew(self, receiver: Receiver) -> bool:
        """Whether a read may leave once more, on another connection."""
        return self.budget is None or self.budget.begins_anew(receiver)

    def group_ended(self, group: Ticket[Any], *, is_kept: bool) -> None:
        """A verb of several requests has ended; what it did stays in sight."""
        self.groups.pop(group, None)
        if is_kept and group not in self.ended_groups:
            self.ended_groups.append(group)

    def wait_left(self, ticket: Ticket[Any]) -> None:
        """Nobody waits for a read any more: while it waits for room, it ends."""
        waited_s = self.waited_s(ticket)
        if waited_s is not None:
            ticket._break_off(f"{WAITED_FOR_ROOM}, {waited_s:.1f} s; it was not sent")

    def waited_s(self, ticket: Ticket[Any]) -> float | None:
        """For how long a request has waited for room; None where it does not."""
        return None if self.budget is None else self.budget.waited_s(ticket)

    def _note_resend(self, ticket: Ticket[Any]) -> None:
        """The intent stands for the first send; any other is written down first."""
        tries = ticket._protocol.tries
        if tries > 1 and self.outcome_log is not None and ticket.tag is not None:
            self.outcome_log.sends_again(ticket.tag, tries)

    def exchange_ended(self, evidence: Evidence, receiver: Receiver) -> None:
        """Keep the gateway's own time, which every whole answer tells."""
        if self.budget is not None:
            self.budget.ended(evidence, receiver, self.clock.monotonic_ns())
        if evidence.curl_code == 0:
            self.server_clock.note(evidence.date, evidence.finished_ns)

    def exchange_lost(self, receiver: Receiver) -> None:
        """Nothing more is heard of an exchange."""
        if self.budget is not None:
            self.budget.forgets(receiver)

    def token_refused(self, ticket: Ticket[Any]) -> None:
        """See to another token; the ticket's protocol is told if there is one."""
        if ticket._token_number:
            another = self.renewal.refused(ticket._token_number)
            ticket._protocol.another_token = another

    def token_changed(self) -> None:
        """What only a token has kept from being known is looked at now.

        On the loop alone; where it was set elsewhere, the next look is soon enough.
        """
        if not self.renewal.runs_between_calls or not self.engine.used:
            return  # nobody would read the answers
        try:
            self.engine.check()
        except REFUSALS:
            return
        for ticket in tuple(self._open):
            command = None if ticket.settled else ticket._protocol.on_new_token()
            if command is not None:
                self._carry_on(ticket, command)

    def outcome_unknown(self, ticket: Ticket[Any]) -> None:
        """An outcome is unknown for now; the request stays in the book."""
        self.reports.unknown(ticket)
        if self.outcome_log is not None and ticket.tag is not None:
            self.outcome_log.outcome_unknown(ticket)

    def client_failed(self, ticket: Ticket[Any], error: Any) -> None:
        """Say what nobody else would hear of."""
        log().error("%r: the client itself failed", ticket, exc_info=error)

    def ticket_ended(self, ticket: Ticket[Any]) -> None:
        """Book the end of a ticket: first here, then in the journal.

        So whatever is raised in between, it is not shown as open any more.
        """
        if self.budget is not None:
            self.budget.forgets(ticket)
        if ticket.kind == "read" or ticket.result is None:
            self._open.pop(ticket, None)
            self.order_contracts.note_read(ticket.result)
            self.renewal.ticket_ended(ticket)
            self.late_arrivals.query_ended(ticket)
            return
        result = ticket.result
        outcome = result.outcome
        is_over = outcome is not UNKNOWN or ticket.tag is None
        if is_over:  # else the executor was closed before the proof
            self._open.pop(ticket, None)
            self._ended.append(ticket)
        if self.risk is not None:
            self.risk._ticket_ended(ticket)
        try:
            if self.outcome_log is not None:
                self.outcome_log.ticket_ended(ticket)
        finally:
            self.reports.ended(ticket)
            if is_over:
                self._look_out_for(ticket, outcome)

    def _look_out_for(self, ticket: Ticket[Any], outcome: Outcome) -> None:
        """Have its late arrival noticed; let go of what is not needed any more."""
        self._note_contract(ticket, outcome)
        if outcome is REJECTED and self.on_refused is not None:
            self.on_refused(ticket)
        if outcome is not ACCEPTED or self.expects_late_arrivals:
            self.late_arrivals.ticket_ended(ticket)
        ticket._release()

    def _note_contract(self, ticket: Ticket[Any], outcome: Outcome) -> None:
        """Remember the contract of an order that is there, forget one that is gone."""
        kind, result = ticket.kind, ticket.result
        if kind == "place":
            if outcome is ACCEPTED and result is not None:
                placement = ticket._protocol
                self.order_contracts.note(
                    result.order_id, placement.contract_id, placement.order.order_type
                )
        elif kind == "cancel":
            self.order_contracts.forget(ticket._order_id)

    def late_arrival(self, result: OrderResult) -> None:
        """An order is there that was reported absent or rejected."""
        self.reports.late(result)
        if self.risk is not None:
            ticket = self.late_arrivals.find(result.tag or "")
            self.risk._late_arrival(None if ticket is None else ticket.account_id)
        if self.outcome_log is not None:
            self.outcome_log.late_arrival(result)

    def outcome_corrected(self, result: OrderResult) -> None:
        """More is known of an order than was reported; it is not live."""
        if self.outcome_log is not None:
            self.outcome_log.outcome_corrected(result)

    def tidy(self) -> None:
        """Do what waits for the disk, while no order is on its way."""
        if self.outcome_log is not None and not self._open:
            self.outcome_log.tidy()

    def halt(self, reason: str) -> None:
        """Shut the gate for good."""
        self.gate.shut(reason, final=True)

    # ------------------------------------------------------------ the book

    def unsettled(self) -> tuple[Ticket[OrderResult], ...]:
        """The changes that are open or whose outcome is unknown, oldest first."""
        changes = [ticket for ticket in self._open if ticket.kind != "read"]
        return (*self._recalled, *changes)

    def open_tickets(self) -> tuple[Ticket[Any], ...]:
        """Whatever is on its way or in doubt, reads too, oldest first."""
        return tuple(self._open)

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

    def tagged(
        self, tag: str, account_id: int | None = None
    ) -> Ticket[OrderResult] | None:
        """The ticket of the order with this tag; None where none is known.

        Args:
            account_id: whose; None for the latest of any.
        """
        for ticket in (*self.unsettled(), *reversed(self._ended)):
            if ticket.tag == tag and account_id in (None, ticket.account_id):
                return ticket
        return self.late_arrivals.find(tag)

    def look_again(self, ticket: Ticket[OrderResult]) -> None:
        """Look up an order whose outcome is unknown.

        Raises:
            ExecutorClosed, ExecutorMisuse, TokenMissing: and the ticket is as it was.
        """
        self.check_ready()
        ticket.done = False
        self._carry_on(ticket, ticket._protocol.on_resolve())

    def witness(self, tag: str, row: dict[str, Any]) -> None:
        """An event of the user hub shows an order: whoever is in doubt of it is told.

        Args:
            tag: of the order.
            row: as the event has it.
        """
        for ticket in tuple(self._open):
            if ticket.tag == tag and ticket.kind == "place" and not ticket.settled:
                command = ticket._protocol.on_witness(row)
                if command is not None:
                    self._carry_on(ticket, command)
        if self.expects_late_arrivals:
            self.late_arrivals.witness(row)

    def _carry_on(self, ticket: Ticket[Any], command: Command[Any] | None) -> None:
        try:
            ticket._execute(command)
        except BaseException as error:
            self.broken_off(ticket, error)
            raise


def _lane_of(route: Route, ticket: Ticket[Any]) -> LaneNumber:
    """Where a request stands in the budget: what a change asks is a look-up.

    History is counted apart by the gateway, whatever it is asked for.
    """
    if route.lane == HISTORY:
        return HISTORY
    if not route.once and ticket.kind != "read":
        return LOOK_UPS
    return route.lane if ticket._lane < 0 else ticket._lane


def _say(error: Any) -> None:
    """An error has ended an exchange; what becomes of its request is told there."""
    log().error("the client itself failed: %r", error, exc_info=error)
