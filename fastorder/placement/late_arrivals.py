"""Looks for a day for orders reported absent or rejected.

The proof says what the gateway listed, so it is wrong where the gateway books an order
later still. The tag is never used again for another order, so whatever carries it is
that order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder._core.codec.request import render_search_since
from fastorder._core.flow.result import OrderResult
from fastorder._core.transport.evidence import Receiver
from fastorder.budgets.lanes import Lane
from fastorder.enums import Outcome
from fastorder.errors import RequestFailed, SearchOrderError
from fastorder.gateway.altered_text import plain_form
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.rows import created_s, is_leg, is_rejected, is_row
from fastorder.gateway.server_clock import MARGIN_S, UNSYNCED_MARGIN_S
from fastorder.placement.sighting import is_of
from fastorder.requests.query import Query
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.evidence import Evidence
    from fastorder.enums import Side
    from fastorder.gateway.rows import Row, Rows
    from fastorder.placement.interlock import Interlock
    from fastorder.requests.session_port import SessionPort
    from fastorder.runtime.clock import Clock

    class OrderSession(SessionPort, Protocol):
        """The session whose orders are looked for."""

        expects_late_arrivals: bool

        @property
        def interlock(self) -> Interlock:
            """Which orders are in doubt."""

        def tagged(
            self, tag: str, account_id: int | None = None
        ) -> Ticket[OrderResult] | None:
            """The ticket of the order with this tag."""

        def halt(self, reason: str) -> None:
            """Shut the gate for good."""

        def late_arrival(self, result: OrderResult) -> None:
            """An order is there that was reported absent or rejected."""

        def outcome_corrected(self, result: OrderResult) -> None:
            """More is known of an order that is not live."""


MINUTE_NS = 60 * SECOND_NS

LIFE_S = 86_400
"""How long an order is looked for after the proof of its absence or end."""

PAUSES_NS = tuple(minutes * MINUTE_NS for minutes in (1, 1, 2, 4, 7, 15, 60))
"""Before each look-up: 1, 2, 4, 8, 15, 30 minutes after the proof, then each hour."""

MAY_BE_LIVE = frozenset({Outcome.ACCEPTED, Outcome.UNKNOWN})
"""Outcomes of an order that the gateway may list as live."""


LISTS = "Order/search lists"


class MissingOrder:
    """One order that is looked for.

    Args:
        ticket: shows what was reported to its caller.
        contract_id, side: what an order with its tag has to be of.
        called_s: when it was asked for, on the wall clock.
        proved_s: when its absence or its rejection was proved, on the wall clock.
        clock: both clocks.
        margin_s: how long before the call a look-up starts.
    """

    __slots__ = (
        "_called_ns",
        "_called_s",
        "_clock",
        "_margin_s",
        "contract_id",
        "side",
        "ticket",
        "until_ns",
    )

    def __init__(
        self,
        ticket: Ticket[OrderResult],
        contract_id: str,
        side: Side,
        called_s: float,
        proved_s: float,
        clock: Clock,
        margin_s: int = MARGIN_S,
    ) -> None:
        self.ticket = ticket
        self.contract_id = contract_id
        self.side = side
        self._clock = clock
        self._called_s = called_s
        self._margin_s = margin_s
        now_ns, now_s = clock.monotonic_ns(), clock.wall_s()
        self._called_ns = now_ns - int((now_s - called_s) * SECOND_NS)
        left_s = min(proved_s + LIFE_S - now_s, LIFE_S)
        self.until_ns = now_ns + int(left_s * SECOND_NS)

    @property
    def called_s(self) -> float:
        """When it was asked for, at the earliest: the wall clock may have been set."""
        ago_s = (self._clock.monotonic_ns() - self._called_ns) / SECOND_NS
        return min(self._called_s, self._clock.wall_s() - ago_s) - self._margin_s

    @property
    def reported(self) -> Outcome:
        """The outcome that was reported to its caller."""
        assert self.ticket.result is not None
        return self.ticket.result.outcome

    def is_shown_by(self, row: Row) -> bool:
        """Whether a row with its tag may be this order; a leg of its bracket is not."""
        return is_of(row, self.contract_id, self.side)


class AccountWatch:
    """The orders of one account that are looked for.

    Attributes:
        missing: by tag.
        due_ns: when the next look-up is due.
        lookups: how many there were since the newest proof.
    """

    __slots__ = ("due_ns", "lookups", "missing")

    def __init__(self) -> None:
        self.missing: dict[str, MissingOrder] = {}
        self.due_ns = FOREVER_NS
        self.lookups = 0

    def forget_old(self, now_ns: int) -> None:
        """Drop those whose day is over."""
        for tag, missing in tuple(self.missing.items()):
            if missing.until_ns <= now_ns:
                del self.missing[tag]


class LateArrivals(Receiver):
    """Looks for the orders of one executor that were reported absent or rejected.

    It is woken by the engine. Where nothing runs between the calls, that is while the
    next call waits for its answer.

    Args:
        session: sends the look-ups, and knows the orders of now.

    Attributes:
        pauses_ns: before each look-up of an account; the last one is repeated.
    """

    def __init__(self, session: OrderSession) -> None:
        self.pauses_ns = PAUSES_NS
        self._session = session
        self._watches: dict[int, AccountWatch] = {}
        self._arrived: dict[str, MissingOrder] = {}
        self._queries: set[Ticket[Any]] = set()  # on their way
        self._planned_ns = FOREVER_NS
        self._has_warned = False

    # ------------------------------------------------------------ who is looked for

    def ticket_ended(self, ticket: Ticket[OrderResult]) -> None:
        """A request has ended: look for its order from now on, or no longer.

        A rejected order is looked for where a look-up has shown the rejection. One
        that was accepted under a tag is the order that the gateway lists for it.
        """
        result, placement = ticket.result, ticket._protocol
        if ticket.kind != "place" or ticket.tag is None or result is None:
            return
        clock = self._session.clock
        if result.outcome is Outcome.ACCEPTED:
            self._forget(ticket)
        elif result.outcome is Outcome.NOT_PLACED or (
            result.outcome is Outcome.REJECTED and placement.in_doubt
        ):
            order, called_s = placement.order, placement.called_s
            contract_id, now_s = placement.contract_id, clock.wall_s()
            self._add(
                MissingOrder(ticket, contract_id, order.side, called_s, now_s, clock)
            )
            self.plan()

    def expect_again(
        self,
        ticket: Ticket[OrderResult],
        contract_id: str,
        side: Side,
        called_s: float,
        proved_s: float,
    ) -> None:
        """Look for an order of an earlier run too, once ``plan`` is called."""
        clock = self._session.clock
        self._add(
            MissingOrder(
                ticket, contract_id, side, called_s, proved_s, clock, UNSYNCED_MARGIN_S
            )
        )

    def _add(self, missing: MissingOrder) -> None:
        ticket = missing.ticket
        assert ticket.account_id is not None
        assert ticket.tag is not None
        watch = self._watches.setdefault(ticket.account_id, AccountWatch())
        watch.missing[ticket.tag] = missing
        watch.lookups = 0
        # not later than planned: proofs that follow fast must not put the look-up off
        watch.due_ns = min(watch.due_ns, self._now_ns() + self.pauses_ns[0])
        self._session.expects_late_arrivals = True

    def _forget(self, ticket: Ticket[OrderResult]) -> None:
        watch = self._watches.get(ticket.account_id or 0)
        if watch is not None:
            watch.missing.pop(ticket.tag or "", None)

    def find(self, tag: str) -> Ticket[OrderResult] | None:
        """The ticket of an order that is looked for, or has arrived."""
        missing = self._arrived.get(tag)
        for watch in self._watches.values():
            missing = missing or watch.missing.get(tag)
        return None if missing is None else missing.ticket

    def acknowledge(self, tag: str) -> None:
        """Its caller has asked for it and hears of its arrival: no doubt is left."""
        missing = self._arrived.get(tag)
        if missing is not None and missing.ticket.account_id is not None:
            interlock = self._session.interlock
            interlock.clear(missing.ticket.account_id, missing.contract_id, tag)

    # ------------------------------------------------------------ when

    def plan(self) -> None:
        """Have the engine wake this for the next look-up.

        Raises:
            ExecutorClosed, ExecutorMisuse.
        """
        dues = (watch.due_ns for watch in self._watches.values())
        due_ns = min(dues, default=FOREVER_NS)
        if due_ns < self._planned_ns:
            self._session.engine.wake_at(due_ns, self)
            self._planned_ns = due_ns

    def _on_timer(self) -> None:
        """Look at the accounts that are due."""
        now_ns = self._now_ns()
        if now_ns < self._planned_ns:
            return  # an earlier one has come since
        self._planned_ns = FOREVER_NS
        for account_id, watch in tuple(self._watches.items()):
            watch.forget_old(now_ns)
            if not watch.missing:
                del self._watches[account_id]
            elif watch.due_ns <= now_ns:
                self._look(account_id, watch, now_ns)
        self._session.expects_late_arrivals = bool(self._watches)
        if not self._session.engine.closed:  # by a hook
            self.plan()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes: nothing to do."""

    def _on_error(self, error: Any) -> None:
        """Let the event loop report it."""
        raise error

    # ------------------------------------------------------------ looking

    def _look(self, account_id: int, watch: AccountWatch, now_ns: int) -> None:
        """Ask for the account's orders since the oldest that is looked for."""
        pause = min(watch.lookups + 1, len(self.pauses_ns) - 1)
        watch.lookups += 1
        watch.due_ns = now_ns + self.pauses_ns[pause]
        if any(query.account_id == account_id for query in self._queries):
            return  # the last look is not over: a second would overtake it
        ticket = self._query(account_id, watch)
        self._queries.add(ticket)
        try:
            self._session.launch(ticket)
        except Exception as error:  # no token, say; the next look-up may have one
            self._queries.discard(ticket)
            self._warn(error)

    def _query(self, account_id: int, watch: AccountWatch) -> Ticket[Any]:
        from fastorder.config import ONE_TRY  # loaded with the executor

        session = self._session
        since_s = min(missing.called_s for missing in watch.missing.values())
        start_s = session.server_clock.window_start_s(since_s)
        query = Query(
            Endpoint.SEARCH_ORDERS,
            render_search_since(account_id, start_s),
            SearchOrderError,
            ONE_TRY,  # the next look-up is the next try
            session.clock,
        )
        return session.read_ticket(query, account_id=account_id, lane=Lane.LOOK_UPS)

    def query_ended(self, ticket: Ticket[Any]) -> None:
        """A read has ended; one of these shows who has arrived, or nothing at all."""
        if ticket not in self._queries:
            return
        self._queries.discard(ticket)
        try:
            rows = _listed(ticket._value())
        except Exception as error:
            if not self._session.engine.closed:
                self._warn(error)
            return
        self._has_warned = False
        watch = self._watches.get(ticket.account_id or 0)
        if watch is not None:
            self._compare(watch, rows, LISTS)

    def witness(self, row: Row) -> None:
        """An event of the user hub shows an order; it may be one that is looked for.

        It has to be no leg, made since the call as far as a look-up would reach, and
        alive or filled. A rejection, and what cannot be read, is for the next look.
        """
        watch = self._watches.get(row.get("accountId") or 0) if is_row(row) else None
        made_s = created_s(row)
        if watch is None or made_s is None or is_leg(row) is not False:
            return
        missing = watch.missing.get(str(row.get("customTag")))
        if missing is None or is_rejected(row) is not False:
            return
        if made_s >= self._session.server_clock.window_start_s(missing.called_s):
            self._compare(watch, [row], "an event of the user hub shows")

    def _warn(self, error: Exception) -> None:
        """Once for all look-ups that fail in a row; a failure shows nothing."""
        if not self._has_warned:
            log().warning("no look for orders that were not placed: %s", error)
        self._has_warned = True

    # ------------------------------------------------------------ what is found

    def _compare(self, watch: AccountWatch, rows: Rows, found_by: str) -> None:
        """What a tag's way may have added does not count: a late order is not missed.

        But one that has the tag of another order as it was written is that one.
        """
        folded = {plain_form(tag): tag for tag in watch.missing}
        shown: dict[str, Rows] = {}
        for row in rows:
            tag = row.get("customTag")
            if not isinstance(tag, str):
                continue
            if tag not in watch.missing:
                found = folded.get(plain_form(tag))
                if found is None or self._is_of_another(tag, watch.missing[found]):
                    continue
                tag = found
            if watch.missing[tag].is_shown_by(row):
                shown.setdefault(tag, []).append(row)
        for tag, its_rows in shown.items():
            if not self._tag_was_placed_again(tag, watch.missing[tag]):
                self._has_come(watch, tag, its_rows, found_by)

    def _has_come(
        self, watch: AccountWatch, tag: str, rows: Rows, found_by: str
    ) -> None:
        missing = watch.missing[tag]
        live = [row for row in rows if is_rejected(row) is False]
        dead = [row for row in rows if is_rejected(row)]
        if live:
            del watch.missing[tag]
            self._arrives(tag, missing, live, found_by)
        elif not dead:
            what = f"order {rows[0]['id']} has the tag {tag}, and no status to be read"
            self._warn(RequestFailed(what))
        elif missing.reported is not Outcome.REJECTED:
            self._arrives_rejected(tag, missing, dead[0]["id"])

    def _is_of_another(self, tag: str, missing: MissingOrder) -> bool:
        """Whether the account has an order under this very tag."""
        return self._session.tagged(tag, missing.ticket.account_id) is not None

    def _tag_was_placed_again(self, tag: str, missing: MissingOrder) -> bool:
        """Whether the caller has placed the tag once more, and that may be listed."""
        newer = self._session.tagged(tag, missing.ticket.account_id)
        if newer is None or newer is missing.ticket:
            return False
        return newer.result is None or newer.result.outcome in MAY_BE_LIVE

    def _arrives(
        self, tag: str, missing: MissingOrder, rows: Rows, found_by: str
    ) -> None:
        """It is there after all: close the interlock, and tell everybody."""
        ticket, session = missing.ticket, self._session
        assert ticket.account_id is not None
        session.interlock.add(ticket.account_id, missing.contract_id, tag)
        self._arrived[tag] = missing
        ids = sorted({row["id"] for row in rows})
        numbers = ", ".join(map(str, ids))
        listed = f"{'order' if len(ids) == 1 else 'orders'} {numbers}"
        proof = f"it came late: {found_by} {listed} with its tag"
        log().error(
            "order %s of account %s, which was told %s, has come late: "
            "%s %s with its tag; new orders of its contract are "
            "refused until resolve(%r) is called",
            tag,
            ticket.account_id,
            missing.reported.name,
            found_by,
            listed,
            tag,
        )
        if len(ids) > 1:
            session.halt(f"several orders carry the tag {tag}: {numbers}")
        result = _as_listed(missing, Outcome.ACCEPTED, ids[0], proof)
        ticket._settle_with(result)
        session.late_arrival(result)

    def _arrives_rejected(self, tag: str, missing: MissingOrder, order_id: int) -> None:
        """It came, and was rejected: no order lives, so nobody has to act."""
        what = f"Order/search lists order {order_id} with its tag as rejected, unfilled"
        proof = f"it came late: {what}"
        log().warning(
            "order %s, which was told %s: %s", tag, missing.reported.name, proof
        )
        result = _as_listed(missing, Outcome.REJECTED, order_id, proof)
        missing.ticket._settle_with(result)
        self._session.outcome_corrected(result)

    def _now_ns(self) -> int:
        return self._session.clock.monotonic_ns()


def _listed(document: dict[str, Any]) -> Rows:
    """The rows that can be read; one that cannot does not hide the others."""
    rows = document.get("orders")
    if not isinstance(rows, list):
        raise RequestFailed(f"{Endpoint.SEARCH_ORDERS.path}: the answer has no orders")
    return [row for row in rows if is_row(row)]


def _as_listed(
    missing: MissingOrder, outcome: Outcome, order_id: int, proof: str
) -> OrderResult:
    reported = missing.ticket.result
    assert reported is not None
    return OrderResult(
        outcome,
        order_id=order_id,
        error=None if outcome is Outcome.ACCEPTED else proof,
        tag=reported.tag,
        attempts=reported.attempts,
        http_status=reported.http_status,
        timing=reported.timing,
        proof=proof,
    )
