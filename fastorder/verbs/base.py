"""The verbs of a trader, shared by the async executor and the blocking one.

Each verb checks its arguments, renders the request, and starts a ticket. What a caller
gets is the subclass's choice: the ticket itself, or the result once it is there.
"""

from __future__ import annotations

import sys
import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

from fastorder._base.hints import object_hint, says_what_it_gives
from fastorder._base.near_names import for_users, with_near_names
from fastorder._core.codec.field_checks import (
    account_id_from,
    connections_from,
    order_id_from,
    quantity_from,
    symbol_from,
)
from fastorder._core.codec.order import OrderRequest
from fastorder._core.codec.request import (
    render_cancel,
    render_modify,
)
from fastorder._core.flow.ticket import Ticket
from fastorder._core.transport.engine import monotonic_ns
from fastorder._core.transport.gate import Gate
from fastorder.auth.credentials import Credentials
from fastorder.budgets.budget import budget_for
from fastorder.contracts.book import ContractBook
from fastorder.contracts.refresh import ContractRefresh
from fastorder.errors import (
    ConfigurationError,
    ExecutorMisuse,
    FastOrderError,
    Halted,
    InvalidField,
    UnknownTag,
    Unshown,
    WrongFieldType,
    was,
)
from fastorder.gateway.contracts import ContractCache
from fastorder.requests.order_change import Cancellation, Modification
from fastorder.requests.position_close import PositionClose
from fastorder.runtime.clock import Clock
from fastorder.session.dispatcher import REFUSALS, Dispatcher
from fastorder.session.outcome_log import OutcomeLog
from fastorder.session.ticket_group import TicketGroup
from fastorder.session.tls import checked_base_url, security_for
from fastorder.submission.idempotency import IdempotencyStore
from fastorder.submission.submitter import Submitter
from fastorder.verbs.accounts import AccountVerbs
from fastorder.verbs.contracts import ContractVerbs
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import CHANGES, OF_CONTRACT, READS, explained
from fastorder.verbs.history import HistoryVerbs
from fastorder.verbs.option_checks import (
    check_budgets,
    check_hook,
    check_limits,
    check_type,
    connections_limit,
    path_from,
    policies_from,
    quantity_limit,
)
from fastorder.verbs.orders import OrderVerbs, ResultT
from fastorder.verbs.session import SessionVerbs
from fastorder.verbs.sigint import undisturbed
from fastorder.verbs.typed_reads import TypedReads

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from decimal import Decimal

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.engine import Engine
    from fastorder.budgets.left import BudgetsLeft
    from fastorder.budgets.limits import Budgets
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.journal import Journal
    from fastorder.models import Price
    from fastorder.requests.amendment import Amendment
    from fastorder.risk.control import Risk
    from fastorder.risk.denials import Denial, Denied
    from fastorder.risk.limits import RiskLimits
    from fastorder.session.change_reports import Observer
    from fastorder.session.ticket_group import Steps

T = TypeVar("T")

BASE_URL = "https://api.topstepx.com"


class BaseExecutor(
    OrderVerbs[ResultT],
    AccountVerbs,
    ContractVerbs,
    HistoryVerbs,
    SessionVerbs,
    ABC,
):
    """What every executor can do; see ``fastorder.OrderExecutor``."""

    __dir__ = for_users

    _runs_between_calls = True
    _budgets: Budgets | None = None  # as they were given

    @undisturbed
    @with_near_names
    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_connections: int = 64,
        max_quantity: int = 100,
        journal: str | os.PathLike[str] | None = None,
        durability: Literal["process", "power"] = "process",
        kill_file: str | os.PathLike[str] | None = None,
        budgets: Budgets | None = None,
        on_unknown: Callable[[OrderResult], Any] | None = None,
        on_late_arrival: Callable[[OrderResult], Any] | None = None,
        risk: RiskLimits | None = None,
        on_breach: Callable[[Denied, int, str], Any] | None = None,
    ) -> None:
        self._max_connections = connections_limit(max_connections)
        self._max_quantity = max_quantity = quantity_limit(max_quantity)
        self._policy, self._timeouts = policies_from(retry, timeouts)
        base_url = checked_base_url(base_url)
        security = security_for(base_url, path_from("ca_file", ca_file))
        check_budgets(budgets)
        check_hook("on_unknown", on_unknown)
        check_hook("on_late_arrival", on_late_arrival)
        check_hook("on_breach", on_breach, "a code, an account and a text")
        check_limits(risk, on_breach, max_quantity)
        self._gate = Gate(path_from("kill_file", kill_file))
        self._journal = _journal(path_from("journal", journal), durability)
        self._engine = self._make_engine(max_connections)
        self._dispatcher = Dispatcher(
            self._engine,
            base_url,
            security,
            self._timeouts,
            self._gate,
            self._outcome_log(on_unknown, on_late_arrival),
        )
        dispatcher = self._dispatcher
        if budgets is not None:
            self._count_within(budgets, base_url)
        dispatcher.renewal.runs_between_calls = self._runs_between_calls
        self._contracts = ContractCache(awaited=self._runs_between_calls)
        self._book = ContractBook(self._contracts, base_url, lambda: dispatcher.clock)
        dispatcher.on_refused = ContractRefresh(self._book, dispatcher).refused
        self._reads = TypedReads(dispatcher, self._policy)
        self._risk = self._make_risk(risk, on_breach)
        dispatcher.risk = self._risk
        self._idempotency = IdempotencyStore(
            self._dispatcher, self._policy, self._journal
        )
        self._submitter = Submitter(
            self._dispatcher,
            self._contracts,
            self._policy,
            self._idempotency,
            max_quantity,
            None if self._risk is None else self._risk._guard,
        )
        self._submit = self._make_submit()
        self._base_url = base_url
        self._made_at = _caller()

    def __repr__(self) -> str:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        if not hasattr(self, "_made_at"):
            return f"<{kind} not made>"
        state = "closed" if self._engine.closed else "open"
        return f"<{kind} {self._base_url} {state}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: its connections and its token cannot go to another process."""
        raise TypeError(
            f"an {type(self).__name__} must stay in its process, not be copied or "
            "pickled: make another one there"
        )

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None and not engine.closed and engine.used:
            warnings.warn(
                f"an executor was forgotten open; it was made at {self._made_at}",
                ResourceWarning,
                stacklevel=2,
            )
        if hasattr(self, "_made_at") and self._can_be_given_up():
            self._close_now()

    @property
    def base_url(self) -> str:
        """Where the gateway is."""
        return self._base_url

    @property
    def closed(self) -> bool:
        """Whether the executor is closed."""
        return self._engine.closed

    # ------------------------------------------------------------ token, contracts

    @with_near_names
    def set_token(self, token: str) -> None:
        """Use this token from the next request on; safe from any thread.

        Args:
            token: the text that the gateway gave at a login.

        Raises:
            InvalidToken: it is empty, or holds what a header may not hold; the text
                shows none of it.
        """
        error = self._dispatcher.tokens.set(token)
        if error is not None:
            del token  # a traceback that shows local variables must not show it
            raise error
        self._dispatcher.token_changed()

    def get_token(self) -> str | None:
        """The token in use; None where none was set. Safe from any thread.

        Returns:
            The text of the token: a secret, which no log should show.
        """
        return self._dispatcher.tokens.get()

    @with_near_names
    def set_contract_id(
        self,
        symbol: str,
        contract_id: int | str,
        *,
        tick_size: Decimal | float | str | None = None,
        negative_prices: bool | None = None,
    ) -> None:
        """Trade this contract under a symbol; safe from any thread.

        Args:
            symbol: such as "MNQ"; letter case does not matter.
            contract_id: such as "CON.F.US.MNQ.Z26"; a number goes on the wire as its
                decimal text, since the gateway's ids are text.
            tick_size: the smallest price step; where it is known, prices off the
                tick are refused before anything is sent.
            negative_prices: whether it has prices of zero and below. Where it is not
                given, the gateway's crude oil futures have them, and no others.

        Raises:
            InvalidField, WrongFieldType: an argument is wrong; all is as it was.
        """
        if negative_prices is not None:
            check_type(
                "negative_prices", negative_prices, bool, "must be True or False"
            )
        self._contracts.set(
            symbol_from(symbol), contract_id, tick_size, negative_prices
        )

    @with_near_names
    @explained()
    def get_contract_id(self, symbol: str) -> str:
        """The contract id of a symbol, as it goes on the wire. Safe from any thread.

        Returns:
            Such as "CON.F.US.MNQ.Z26".

        Raises:
            UnknownSymbol: the symbol has none yet; ``contract`` finds it.
            InvalidField, WrongFieldType: it is no symbol.
        """
        return self._contracts.find(symbol_from(symbol)).contract_id

    # ------------------------------------------------------------ amending

    @with_near_names
    @explained(CHANGES)
    def modify_order(
        self,
        order_id: int | str,
        account_id: int,
        *,
        quantity: int | None = None,
        limit_price: Price | None = None,
        stop_price: Price | None = None,
        trail_price: Price | None = None,
    ) -> ResultT:
        """Change a working order; what is not given stays as it is.

        At least one of quantity and prices has to be given, as new absolute values.

        Args:
            quantity: contracts, 1 to the executor's ``max_quantity``, which is 100
                where nothing else was given.
            limit_price, stop_price, trail_price: prices that the order has by its type.
                One off the tick is refused where the executor has placed or read the
                order, and so knows its contract. Otherwise a price of zero or below is
                let through where some contract of the executor has such prices.

        Raises:
            RiskDenied: the executor's limits refuse the change; nothing was sent.
        """
        return self._deliver(
            self._modify(
                order_id, account_id, quantity, limit_price, stop_price, trail_price
            )
        )

    def _modify(
        self,
        order_id: int | str,
        account_id: int,
        quantity: int | None = None,
        limit_price: Price | None = None,
        stop_price: Price | None = None,
        trail_price: Price | None = None,
    ) -> Ticket[OrderResult]:
        called_ns = monotonic_ns()
        number = order_id_from(order_id)
        account = account_id_from(account_id)
        if quantity is not None:  # one number from here on, whatever gave it
            quantity = quantity_from(quantity)
            self._submitter.check_quantity(quantity)
        prices = (
            ("limit_price", limit_price),
            ("stop_price", stop_price),
            ("trail_price", trail_price),
        )
        known = self._dispatcher.order_contracts
        has_negative = self._contracts.check_prices(known.of(number), prices)
        for name, price in prices:
            if price is not None and (kind := known.lacks(number, name)):
                rule = f"must not be given for order {number}: a {kind} order has none"
                raise InvalidField(name, rule, price)
        body = render_modify(
            account,
            number,
            quantity,
            limit_price,
            stop_price,
            trail_price,
            has_negative,
        )
        wanted = _given(
            size=quantity,
            limitPrice=limit_price,
            stopPrice=stop_price,
            trailPrice=trail_price,
        )
        modification = Modification(
            account,
            number,
            body,
            self._policy,
            self._dispatcher.clock,
            called_ns,
            wanted=wanted,
        )
        if self._risk is None:
            return self._amend(modification)
        self._engine.check()
        self._risk._admit_change(account, number, wanted)
        try:
            ticket = self._amend(modification)
        except REFUSALS:
            self._risk._not_changed(account, number, quantity)
            raise
        return ticket

    @with_near_names
    @explained(CHANGES)
    def cancel_order(self, order_id: int | str, account_id: int) -> ResultT:
        """Cancel a working order."""
        return self._deliver(self._cancel(order_id, account_id))

    def _cancel(self, order_id: int | str, account_id: int) -> Ticket[OrderResult]:
        called_ns = monotonic_ns()
        number = order_id_from(order_id)
        account = account_id_from(account_id)
        body = render_cancel(account, number)
        cancellation = Cancellation(
            account, number, body, self._policy, self._dispatcher.clock, called_ns
        )
        return self._amend(cancellation)

    @with_near_names
    @explained(OF_CONTRACT, CHANGES)
    def close_position(self, symbol: str, account_id: int) -> ResultT:
        """Close the whole position of a contract, at the market.

        The legs of a bracket are not cancelled by it: the gateway leaves them working.
        Where its answer is lost, the position is read, and the close is sent again only
        if it is still there.
        """
        return self._close(symbol, account_id, None)

    @with_near_names
    @explained(OF_CONTRACT, CHANGES)
    def partial_close_position(
        self, symbol: str, account_id: int, quantity: int
    ) -> ResultT:
        """Close a part of a position, at the market.

        It has no key that the gateway would know it by, so it is sent once at most:
        where its answer is lost its outcome is UNKNOWN, and the text says how many
        contracts are open now.

        Args:
            quantity: how many contracts, 1 to ``2**31 - 1``.
        """
        return self._close(symbol, account_id, quantity_from(quantity))

    def _close(self, symbol: str, account_id: int, quantity: int | None) -> ResultT:
        account, symbol = account_id_from(account_id), symbol_from(symbol)
        self._engine.check()
        contract_id = self._contracts.find(symbol).contract_id
        return self._deliver(self._close_contract(contract_id, account, quantity))

    def _close_contract(
        self, contract_id: str, account: int, quantity: int | None
    ) -> Ticket[OrderResult]:
        called_ns = monotonic_ns()
        closing = PositionClose(
            account,
            contract_id,
            quantity,
            self._policy,
            self._dispatcher.clock,
            called_ns,
            server_clock=self._dispatcher.server_clock,
        )
        ticket = self._launch_close(closing)
        self._dispatcher.closes.add(closing)
        return ticket

    def _launch_close(self, closing: PositionClose) -> Ticket[OrderResult]:
        if self._risk is None:
            return self._amend(closing)
        facts = closing.account_id, closing.contract_id, closing.quantity
        self._risk._closing(*facts)
        try:
            return self._amend(closing)
        except REFUSALS:
            self._risk._closed(*facts, False)
            raise

    def _amend(self, amendment: Amendment) -> Ticket[OrderResult]:
        ticket: Ticket[OrderResult] = Ticket(
            self._dispatcher,
            amendment,
            amendment.kind.action,
            None,
            amendment.account_id,
            amendment.order_id or None,
        )
        ticket._lane = amendment.lane
        older = [
            under_way._protocol
            for under_way in self._dispatcher.unsettled()
            if under_way._order_id == amendment.order_id
            and under_way.account_id == amendment.account_id
        ]
        self._dispatcher.launch(ticket)
        for amended in older:
            amended.superseded_by(amendment)
        return ticket

    # ------------------------------------------------------------ the kill switch

    @with_near_names
    def observe(self, observer: Observer) -> None:
        """Tell an observer of each place, modify, cancel and close, from now on.

        Args:
            observer: has ``change_began(ticket)`` and ``change_ended(ticket, result)``,
                as those of ``fastorder.telemetry``; what these raise is logged, and
                goes no further.

        Raises:
            WrongFieldType: it lacks one of the two methods.
        """
        self._dispatcher.reports.add(observer)

    @with_near_names
    def kill(self, reason: str = "kill() was called") -> None:
        """Let no new exposure leave from now on; cancels and closes still pass.

        Safe from any thread and from a signal handler. From its return, no order that
        had not begun to leave does: the gate is asked by the very function that hands
        the first byte to the kernel.

        Args:
            reason: why, for ``halted`` and for the errors of what is refused.
        """
        self._gate.shut(
            str(reason) or "no reason was given"
        )  # whatever it is, nothing keeps the gate open

    def resume(self) -> None:
        """Lift the kill switch.

        Raises:
            Halted: it cannot be lifted: the kill file is there, or the gate was shut
                for good, as by a journal that failed.
        """
        if not self._gate.open():
            raise Halted(f"the gate must be free to open: {self._gate.why}")

    @property
    def halted(self) -> str | None:
        """Why no new exposure may leave; None while it may."""
        return self._gate.why

    # ------------------------------------------------------------ limits

    @property
    def risk(self) -> Risk | None:
        """The limits, their state, and what is known of positions; None for none."""
        return self._risk

    @with_near_names
    def check(self, order: OrderRequest) -> tuple[Denial, ...]:
        """All that the limits refuse an order for now, without sending it.

        Args:
            order: an OrderRequest.

        Returns:
            The Denials; empty where it may leave, or where the executor has no limits.

        Raises:
            UnknownSymbol, WrongFieldType: it is no order that could be placed.
        """
        if not isinstance(order, OrderRequest) or order.symbol is None:
            raise WrongFieldType("order", "must be a whole OrderRequest", order)
        return () if self._risk is None else self._risk._denials(order)

    @delivered
    @explained(READS)
    def load_exposure(self, account_id: int) -> Ticket[None]:
        """Read what limits need to know of an account: four to six reads, in turn.

        Its orders, its positions and the day's trades; its balance where there is a
        ``trailing_loss``. Without limits nothing is read.

        Returns:
            None.
        """
        from fastorder.verbs.exposure_load import (
            exposure_steps,
        )  # few executors need it

        account = account_id_from(account_id)
        self._dispatcher.check_ready()
        steps = exposure_steps(self, account)
        return self._group("load exposure", steps, changes=False)

    @property
    def budgets(self) -> BudgetsLeft | None:
        """What is left of the request budgets now; None where there are none."""
        budget = self._dispatcher.budget
        return None if budget is None else budget.left()

    # ------------------------------------------------------------ what is open

    def intents(self) -> tuple[Ticket[OrderResult], ...]:
        """The changes that are on their way, and those of unknown outcome.

        Those that an earlier run with the same journal has left are among them from
        the start; each is looked up by ``resolve``, or before the next order. A modify,
        a cancel or a close of unknown outcome is read back for a while, and leaves.

        Returns:
            Their Tickets.
        """
        return self._dispatcher.unsettled()

    def acts(self) -> tuple[Ticket[Any], ...]:
        """The acts under way, and the last 32 that have ended, oldest first.

        An act is a verb of several requests that changes something. Its ``result`` is
        its report; one whose wait was cancelled is stopped, and reports all the same.

        Returns:
            Their Tickets.
        """
        under_way = [group for group in self._dispatcher.groups if group.changes]
        return (*self._dispatcher.ended_groups, *under_way)

    def recent(self) -> tuple[Ticket[OrderResult], ...]:
        """The last changes that have ended, oldest first.

        An order whose outcome is unknown is among ``intents``, and so is a change that
        is still read back; once that has ended, it is here, unknown or not.

        Returns:
            Their Tickets.
        """
        return self._dispatcher.recent()

    @with_near_names
    def resolve(self, tag: str) -> ResultT:
        """The result of the order with this tag; an unknown one is looked up again.

        An order is never sent again by this. One that came late, after the proof that
        it was not there or dead, is shown as accepted, and its contract is free again.

        Args:
            tag: of an order, as its result and its ticket show it.

        Returns:
            The OrderResult. With an event loop, the order's Ticket, which gives it when
            awaited.

        Raises:
            UnknownTag: this executor has sent no such order, or it ended long ago.
            WrongFieldType: it is no text.
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was looked up.
        """
        check_type("tag", tag, str, "must be text", object_hint("tag", tag))
        ticket = self._dispatcher.tagged(tag)
        if ticket is None:
            self._engine.check()
            raise UnknownTag(f"tag must be of an order of this executor, was {tag!r}")
        if not ticket.settled:
            self._idempotency.recover()
            self._dispatcher.look_again(ticket)
        self._dispatcher.late_arrivals.acknowledge(tag)
        return self._deliver(ticket)

    # ------------------------------------------------------------ for subclasses

    def _login(self, given: Credentials | FastOrderError, renew: bool) -> Ticket[None]:
        if not isinstance(given, Credentials):
            raise given  # here, where no local variable holds the key
        if not isinstance(renew, bool):  # a token in its place is not to be shown
            raise WrongFieldType("renew", "must be True or False", Unshown(renew))
        return self._dispatcher.renewal.log_in(given, self._policy, renew)

    def _outcome_log(
        self,
        on_unknown: Callable[[OrderResult], Any] | None,
        on_late_arrival: Callable[[OrderResult], Any] | None,
    ) -> OutcomeLog | None:
        if self._journal is None and on_unknown is None and on_late_arrival is None:
            return None
        engine = self._engine if self._runs_between_calls else None
        return OutcomeLog(
            self._journal, on_unknown, on_late_arrival, self._gate, Clock(), engine
        )

    def _make_risk(self, limits: RiskLimits | None, on_breach: Any) -> Risk | None:
        if limits is None:
            return None
        from fastorder.risk.control import Risk  # most executors have no limits
        from fastorder.risk.sightings import Sightings

        risk = Risk(
            limits,
            self._contracts,
            self._dispatcher.clock,
            self._journal,
            on_breach,
            awaited=self._runs_between_calls,
        )
        self._reads.sightings = Sightings(risk)
        self._book.on_shown = self._reads.sightings.contracts
        self._book.holds = risk._holds
        return risk

    def _count_within(self, budgets: Budgets, base_url: str) -> None:
        """Have every request counted."""
        self._budgets = budgets
        self._dispatcher.budget = budget_for(
            budgets, self._dispatcher, base_url, self._policy, self._timeouts
        )

    def _abandon(self) -> None:
        """It could not be made: its journal is free at once, for another one."""
        if getattr(self, "_dispatcher", None) is not None:
            self._dispatcher.close()
        elif getattr(self, "_engine", None) is not None:
            self._engine.close()
        journal: Journal | None = getattr(self, "_journal", None)
        if journal is not None:
            journal.close()

    def _can_be_given_up(self) -> bool:
        """Whether nothing of it goes on by itself, and this thread may say so."""
        engine = self._engine
        if engine.closed or engine.is_forked or sys.is_finalizing():
            return False
        if not engine.used or engine.driver_ended:
            return True
        try:
            engine.check()
        except ExecutorMisuse:
            return False  # the collector came in another thread, and sees to the rest
        return not self._runs_between_calls

    def _check_close(self, drain: float | None) -> float:
        """Refuse a close before any of it is done; for how many seconds it may wait.

        Raises:
            ExecutorMisuse: it is another thread's, loop's or process's.
            InvalidField, WrongFieldType: of ``drain``.
        """
        seconds = self._drain_s(drain)
        engine = self._engine
        is_used = engine.used and not engine.closed
        if is_used and (engine.is_forked or not engine.driver_ended):
            engine.check()
        return seconds

    def _close_now(self) -> None:
        """Close, and wait for nothing."""
        self._dispatcher.close()
        self._close_journal()

    def _close_journal(self) -> None:
        if self._dispatcher.outcome_log is not None:
            self._dispatcher.outcome_log.close()

    def _drain_s(self, drain: float | None) -> float:
        if drain is None:
            return self._timeouts.request
        if isinstance(drain, bool) or not isinstance(drain, (int, float)):
            raise WrongFieldType("drain", "must be a number of seconds", drain)
        if not drain >= 0:  # true for NaN as well
            raise InvalidField("drain", "must be at least 0 seconds", drain)
        return drain

    def _under_way(self) -> list[Ticket[OrderResult]]:
        return [ticket for ticket in self._dispatcher.unsettled() if not ticket.done]

    def _group(
        self, kind: str, steps: Steps[T], *, changes: bool = True
    ) -> TicketGroup[T]:
        """Start a verb of several requests."""
        self._engine.check()
        group = TicketGroup(self._dispatcher, kind, steps, changes=changes)
        return group._start()

    def _drained(self) -> list[Ticket[Any]]:
        """What a close waits for: changes on their way, and groups that go on."""
        return [*self._under_way(), *self._dispatcher.groups]

    def _checked_connections(self, connections: int) -> int:
        return connections_from(connections, self._max_connections)

    @abstractmethod
    def _make_engine(self, max_connections: int) -> Engine:
        """The engine that this kind of executor runs on."""

    @abstractmethod
    def _make_submit(self) -> Callable[[OrderRequest, int], ResultT]:
        """What sends an order; a verb returns what it returns."""

    def _carry_out(
        self,
        start: Callable[..., Ticket[Any]],
        given: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        """Start a ticket, and deliver it."""
        return self._deliver(start(*given, **named))

    @abstractmethod
    def _deliver(self, ticket: Ticket[OrderResult]) -> ResultT:
        """What a verb returns for its ticket."""


def _given(**values: Any) -> dict[str, Any]:
    """What was given of these."""
    return {name: value for name, value in values.items() if value is not None}


def _journal(path: str | None, durability: str) -> Journal | None:
    if path is None:
        if isinstance(durability, str) and durability == "process":
            return None
        raise ConfigurationError(
            f"durability must come with a journal, {was(durability)} without one"
        )
    from fastorder.journal import Journal  # SQLite; most executors need none

    return Journal(path, durability)


def _caller() -> str:
    """The file and line outside this package that is being run."""
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).startswith("fastorder"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


for _verb in (*vars(OrderVerbs).values(), *vars(BaseExecutor).values()):
    _plain = getattr(_verb, "__wrapped__", _verb)
    if getattr(_plain, "__annotations__", {}).get("return") == "ResultT":
        says_what_it_gives(_plain)
        says_what_it_gives(_verb)
