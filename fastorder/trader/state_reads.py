"""The reads of the state: through an executor, with the look-ups of its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.looks import read
from fastorder.acts.waits import Wait
from fastorder.budgets.lanes import Lane
from fastorder.errors import FastOrderError, RequestFailed, SearchOrderByIdError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_filter import WORKING, OrderFilter
from fastorder.gateway.rows import rows_in
from fastorder.realtime.state.looks import Look, Looked
from fastorder.requests.page_walk import PageWalk
from fastorder.requests.query import ExactQuery
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.gateway.rows import Rows
    from fastorder.session.ticket_group import Steps
    from fastorder.verbs.base import BaseExecutor

LONGEST_S = 30
"""What a look may take; what was not answered by then counts as not read."""

ACTIVE = b'{"onlyActiveAccounts":true}'


class LookReader:
    """Reads what the state asks for, on the executor's own loop.

    Args:
        executor: sends.
    """

    def __init__(self, executor: BaseExecutor[Any]) -> None:
        self._executor = executor

    def ask(self, look: Look, answered: Callable[[Looked], None]) -> None:
        """Start a look; see ``Reader``."""
        try:
            self.do(
                lambda executor: look_steps(executor, look),
                lambda ticket: answered(looked_of(ticket)),
            )
        except FastOrderError as error:
            answered(Looked(0, why=str(error)))

    def do(
        self,
        make_steps: Callable[[BaseExecutor[Any]], Steps[Any]],
        ended: Callable[[Ticket[Any]], None],
    ) -> None:
        """Take the steps of a verb; ``ended`` is called with its ticket."""
        group = self._executor._group("state", make_steps(self._executor))
        if group.done:
            ended(group)
        else:
            group._call_when_done(ended)


def looked_of(ticket: Ticket[Looked]) -> Looked:
    """What a look has come to; where it failed, why."""
    try:
        return ticket._value()
    except FastOrderError as error:
        return Looked(0, why=str(error))


def look_steps(executor: BaseExecutor[Any], look: Look) -> Steps[Looked]:
    """Ask for everything at once, and keep what was answered."""
    looks = Looks(executor, look)
    yield looks.wait()
    return looks.looked()


class Looks:
    """The requests of one look."""

    def __init__(self, executor: BaseExecutor[Any], look: Look) -> None:
        self._executor = executor
        self._dispatcher = executor._dispatcher
        self._look = look
        self._begun_ns = self._dispatcher.clock.monotonic_ns()
        account = {"accountId": look.account_id}
        self._lists: dict[str, Ticket[Any]] = {}
        if look.whole:
            self._lists["positions"] = self._rows(Endpoint.SEARCH_POSITIONS, account)
            self._lists["working"] = self._working()
        if look.whole and look.back_s:
            orders, trades = Endpoint.SEARCH_ORDERS, Endpoint.SEARCH_TRADES
            self._lists["orders"] = self._rows(orders, self._since(look.back_s))
            self._lists["trades"] = self._rows(trades, self._since(look.trades_back_s))
            self._lists["accounts"] = self._accounts()
        self._by_id = {number: self._order(number) for number in look.by_id}

    def wait(self) -> Wait:
        """Done once all are answered, or it has taken too long."""
        until_ns = self._begun_ns + LONGEST_S * SECOND_NS
        tickets = [*self._lists.values(), *self._by_id.values()]
        return Wait(self._dispatcher, until_ns, tickets)

    def looked(self) -> Looked:
        """What was answered; why it is not whole, where one of them was not."""
        looked = Looked(self._begun_ns)
        try:
            for name, ticket in self._lists.items():
                setattr(looked, name, rows_of(name, ticket))
            for number, ticket in self._by_id.items():
                looked.by_id[number] = shown(ticket)
        except (FastOrderError, TypeError, ValueError) as error:
            looked.why = str(error)
        return looked

    def _rows(self, endpoint: Endpoint, request: dict[str, Any]) -> Ticket[Any]:
        return self._executor._reads.rows(endpoint, request, Lane.LOOK_UPS)

    def _accounts(self) -> Ticket[Any]:
        policy, clock = self._executor._policy, self._dispatcher.clock
        query = ExactQuery(Endpoint.SEARCH_ACCOUNTS, ACTIVE, None, policy, clock)
        return self._launch(query)

    def _working(self) -> Ticket[Any]:
        wanted = OrderFilter(self._look.account_id, WORKING)
        return self._executor._reads.page_rows(wanted, PageWalk(), Lane.LOOK_UPS)

    def _order(self, number: int) -> Ticket[Any]:
        body = b'{"accountId":%d,"orderId":%d}' % (self._look.account_id, number)
        policy, clock = self._executor._policy, self._dispatcher.clock
        codes = SearchOrderByIdError
        return self._launch(
            ExactQuery(Endpoint.ORDER_BY_ID, body, codes, policy, clock)
        )

    def _since(self, back_s: float) -> dict[str, Any]:
        clock = self._dispatcher.server_clock
        since_s = clock.window_start_s(self._dispatcher.clock.wall_s(), int(back_s) + 1)
        return self._executor._reads.since(self._look.account_id, since_s)

    def _launch(self, query: ExactQuery) -> Ticket[Any]:
        ticket = self._dispatcher.read_ticket(
            query, None, self._look.account_id, lane=Lane.LOOK_UPS
        )
        return self._dispatcher.launch(ticket)


def rows_of(name: str, ticket: Ticket[Any]) -> Rows:
    """The rows of a list.

    Raises:
        RequestFailed, TypeError, ValueError: it was not answered, or cannot be read.
    """
    told = read(ticket)
    return rows_in(told, name) if name == "accounts" else told


def shown(ticket: Ticket[Any]) -> dict[str, Any] | None:
    """The row of an order; None where the gateway says that there is none.

    Raises:
        RequestFailed, ValueError: it was not answered, or cannot be read.
    """
    try:
        row = read(ticket).get("order")
    except RequestFailed as error:
        if error.error_code == SearchOrderByIdError.OrderNotFound:
            return None
        raise
    if not isinstance(row, dict):
        raise ValueError("the answer shows no order")
    return row
