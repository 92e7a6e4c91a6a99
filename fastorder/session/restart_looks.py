# cython: annotation_typing=False
"""The look-ups after a restart: one for all orders of an account, the rest in turn.

Thousands of orders may be in doubt then. One list of the account shows those that are
there. Those that it does not show are looked up one by one, as absence is proved for
each by itself; a few at a time, so that they fill no queue. In between, the loop has
its turns: a new order or a cancel does not wait for any of it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from fastorder._core.codec.request import render_search_since
from fastorder._core.flow.classify import classify
from fastorder._core.transport.evidence import Evidence, Receiver
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import listed_orders
from fastorder.gateway.rows import is_leg
from fastorder.gateway.server_clock import UNSYNCED_MARGIN_S
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Row, Rows
    from fastorder.requests.session_port import SessionPort

    Recalled = tuple[Ticket[OrderResult], float]
    Shown = tuple[Ticket[OrderResult], float, Row, bytes]

    class RestartSession(SessionPort, Protocol):
        """The session whose orders are looked up."""

        def look(self, endpoint: Endpoint, body: bytes, receiver: Receiver) -> None:
            """Ask for something; the receiver judges the answer itself."""

        def exchange_ended(self, evidence: Evidence, receiver: Receiver) -> None:
            """An exchange has ended."""

        def begins_anew(self, receiver: Receiver) -> bool:
            """Whether a read may leave once more, on another connection."""

        def exchange_lost(self, receiver: Receiver) -> None:
            """Nothing more is heard of an exchange."""

        def launch_recalled(
            self, ticket: Ticket[OrderResult], sent_s: float
        ) -> Ticket[OrderResult]:
            """Look one up by itself."""


SLICE_NS = SECOND_NS // 500
"""So long the orders that were found are told in one go."""

REST_NS = SECOND_NS // 1000
"""Then the loop has a turn of its own."""

AT_ONCE = 8
"""So many orders are looked up by themselves in one go."""

APART_NS = SECOND_NS // 20
"""The time between two such."""


class RestartLooks(Receiver):
    """Looks up what an earlier run has left in doubt.

    Args:
        session: sends, and keeps the book.
    """

    def __init__(self, session: RestartSession) -> None:
        self._session = session
        self._accounts: deque[AccountLook] = deque()
        self._found: deque[Shown] = deque()
        self._rest: deque[Recalled] = deque()
        self._rest_due_ns = 0

    def begin(self, recalled: list[Recalled], policy: RetryPolicy) -> None:
        """Look them up; their tickets are in the book.

        Args:
            recalled: each with when it was sent, in seconds since the epoch.
            policy: tells which HTTP statuses may pass.
        """
        accounts: dict[Any, list[Recalled]] = {}
        for ticket, sent_s in recalled:
            accounts.setdefault(ticket.account_id, []).append((ticket, sent_s))
        for group in accounts.values():
            if len(group) == 1:
                self._rest.append(group[0])
            else:
                self._accounts.append(AccountLook(self, group, policy))
        self._go_on()

    def look(self, body: bytes, account: AccountLook) -> None:
        """Ask for the orders of an account."""
        self._session.look(Endpoint.SEARCH_ORDERS, body, account)

    def window_start_s(self, since_s: float) -> int:
        """Where a list has to start that shows an order of that time."""
        clock = self._session.server_clock
        return clock.window_start_s(since_s, UNSYNCED_MARGIN_S)

    def carries(self, account: AccountLook) -> bool:
        """Whether its look is on its way."""
        return self._session.engine.carries(account)

    def seen(self, evidence: Evidence, account: AccountLook) -> None:
        """An exchange has ended."""
        self._session.exchange_ended(evidence, account)

    def begins_anew(self, account: AccountLook) -> bool:
        """Whether a look may leave once more, on another connection."""
        return self._session.begins_anew(account)

    def lost(self, account: AccountLook) -> None:
        """Nothing more is heard of a look."""
        self._session.exchange_lost(account)

    def shown(self, shown: list[Shown]) -> None:
        """The list has shown these."""
        self._found.extend(shown)

    def not_shown(self, recalled: list[Recalled]) -> None:
        """It has not shown these, or was not read."""
        self._rest.extend(recalled)
        self._go_on()

    def _go_on(self) -> None:
        """Do a part of what is left.

        The next turn is asked for first: what is raised puts it off, and loses nothing.
        """
        engine, clock = self._session.engine, self._session.clock
        now_ns = clock.monotonic_ns()
        if not (self._accounts or self._found or self._rest) or engine.closed:
            return
        is_idle = not self._accounts and len(self._found) == 0
        engine.wake_at(now_ns + (APART_NS if is_idle else REST_NS), self)
        while self._accounts:
            self._accounts.popleft().start()
        while self._found and clock.monotonic_ns() < now_ns + SLICE_NS:
            self._tell(*self._found.popleft())
        if now_ns >= self._rest_due_ns:
            self._rest_due_ns = now_ns + APART_NS
            for _ in range(min(AT_ONCE, len(self._rest))):
                self._session.launch_recalled(*self._rest.popleft())

    def _tell(
        self, ticket: Ticket[OrderResult], sent_s: float, row: Row, date: bytes
    ) -> None:
        """Give an order what the list has shown of it, as its own look-up's answer."""
        if ticket.settled:
            return
        try:
            ticket._protocol.resume(sent_s)
            ticket._on_evidence(_showing(row, date))
        except BaseException as error:
            ticket._on_error(error)  # type: ignore[arg-type]  # as the engine does
            if not isinstance(error, Exception):
                raise

    def _on_timer(self) -> None:
        """The loop has had its turn."""
        self._go_on()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes; it ends the tickets too."""

    def _on_error(self, error: Any) -> None:
        """Let the event loop report it."""
        raise error


class AccountLook(Receiver):
    """One list of the orders of one account.

    Args:
        looks: what it works for.
        group: the orders of the account that are in doubt.
        policy: tells which HTTP statuses may pass.
    """

    def __init__(
        self, looks: RestartLooks, group: list[Recalled], policy: RetryPolicy
    ) -> None:
        self._looks = looks
        self._group = group
        self._policy = policy
        self._account_id: Any = group[0][0].account_id

    def start(self) -> None:
        """Ask, from a day before the oldest: the wall clock may have been set since."""
        since_s = min(sent_s for _, sent_s in self._group)
        start_s = self._looks.window_start_s(since_s)
        try:
            self._looks.look(render_search_since(self._account_id, start_s), self)
        except BaseException:
            if not self._looks.carries(self):
                self._give_up()
            raise

    def _on_evidence(self, evidence: Evidence) -> None:
        """Tell those that it shows; one that it does not show it says nothing of."""
        self._looks.seen(evidence, self)
        answer = classify(evidence, self._policy)
        rows = listed_orders(answer, self._account_id)
        by_tag = _by_tag(rows or [])
        shown, not_shown = [], []
        for ticket, sent_s in self._group:
            row = by_tag.get(ticket.tag)
            if row is None:
                not_shown.append((ticket, sent_s))
            else:
                shown.append((ticket, sent_s, row, evidence.date))
        self._group = []
        self._looks.shown(shown)
        self._looks.not_shown(not_shown)

    def _give_up(self) -> None:
        group, self._group = self._group, []
        self._looks.not_shown(group)

    def _may_begin_anew(self) -> bool:
        """It got no answer on an old connection: whether it may leave once more."""
        return self._looks.begins_anew(self)

    def _on_timer(self) -> None:
        """It asks for no wake-up."""

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes; it ends the tickets too."""

    def _on_error(self, error: Any) -> None:
        """The list is not understood: each is looked up by itself."""
        self._looks.lost(self)
        self._give_up()
        raise error


def _by_tag(rows: Rows) -> dict[Any, Row]:
    """The one order of each tag; what is shown twice, or as a leg, shows nothing."""
    found: dict[Any, Row] = {}
    twice = set()
    for row in rows:
        tag = row.get("customTag")
        if not isinstance(tag, str) or is_leg(row) is True:
            continue
        if tag in found:
            twice.add(tag)
        found[tag] = row
    return {tag: row for tag, row in found.items() if tag not in twice}


def _showing(row: Row, date: bytes) -> Evidence:
    """The answer, cut down to one order: of the others its look-up judges nothing."""
    from json import dumps  # loaded with the executor

    document = {"orders": [row], "success": True, "errorCode": 0, "errorMessage": None}
    return Evidence(body=dumps(document).encode(), date=date)
