"""What an act may ask of its executor: reads, changes, waits; all of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.codec.request import render_search_since
from fastorder.acts.waits import Wait
from fastorder.budgets.lanes import Lane
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_filter import WORKING, OrderFilter
from fastorder.requests.order_pages import OrderPages
from fastorder.requests.page_walk import PageWalk
from fastorder.requests.query import Query
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.evidence import Evidence
    from fastorder.runtime.clock import Clock
    from fastorder.verbs.base import BaseExecutor


class DatedQuery(Query):
    """A read that keeps the Date of its answer: one out of a cache stands still."""

    __slots__ = ("date",)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.date = b""

    def on_evidence(self, evidence: Evidence) -> Any:
        """An exchange has ended."""
        self.date = evidence.date
        return super().on_evidence(evidence)


class Desk:
    """One account at one executor.

    Args:
        executor: sends.
        account_id: whose positions and orders.
        lane: where its reads stand in a budget: those of an act go before all others.
    """

    def __init__(
        self,
        executor: BaseExecutor[Any],
        account_id: int,
        lane: Lane = Lane.LOOK_UPS,
    ) -> None:
        self.account_id = account_id
        self._lane = lane
        self.executor = executor
        self._dispatcher = executor._dispatcher

    @property
    def clock(self) -> Clock:
        """Monotonic and wall time."""
        return self._dispatcher.clock

    def now_ns(self) -> int:
        """The monotonic clock."""
        return self._dispatcher.clock.monotonic_ns()

    def wait(self, tickets: list[Ticket[Any]], until_ns: int) -> Wait:
        """Done once they are, or at that time."""
        return Wait(self._dispatcher, until_ns, tickets)

    def sleep(self, until_ns: int) -> Wait:
        """Done at that time."""
        return Wait(self._dispatcher, until_ns)

    # ------------------------------------------------------------ changes

    def cancel(self, order_id: int) -> Ticket[OrderResult]:
        """Cancel an order."""
        return self.executor._cancel(order_id, self.account_id)

    def close(
        self, contract_id: str, quantity: int | None = None
    ) -> Ticket[OrderResult]:
        """Close a position, or a part of it."""
        return self.executor._close_contract(contract_id, self.account_id, quantity)

    # ------------------------------------------------------------ reads

    def read_positions(self) -> tuple[Ticket[Any], DatedQuery]:
        """Ask for the positions."""
        return self._read(
            Endpoint.SEARCH_POSITIONS, b'{"accountId":%d}' % self.account_id
        )

    def read_working(self) -> Ticket[Any]:
        """Ask for the orders that may still fill, every page of them."""
        wanted = OrderFilter(self.account_id, WORKING)
        pages = OrderPages(wanted, PageWalk(), self.executor._policy, self.clock)
        ticket = self._dispatcher.read_ticket(
            pages, None, self.account_id, lane=self._lane
        )
        return self._dispatcher.launch(ticket)

    def read_order(self, order_id: int) -> Ticket[Any]:
        """Ask for one order."""
        body = b'{"accountId":%d,"orderId":%d}' % (self.account_id, order_id)
        return self._read(Endpoint.ORDER_BY_ID, body)[0]

    def read_orders(self, back_s: int) -> Ticket[Any]:
        """Ask for the orders of the last so many seconds, of every status."""
        return self._read(Endpoint.SEARCH_ORDERS, self._since(back_s))[0]

    def read_trades(self, back_s: int) -> Ticket[Any]:
        """Ask for the trades of the last so many seconds."""
        return self._read(Endpoint.SEARCH_TRADES, self._since(back_s))[0]

    def ask(self, endpoint: Endpoint, request: dict[str, Any]) -> Ticket[Any]:
        """Ask for anything else."""
        import orjson  # loaded with the executor

        return self._read(endpoint, orjson.dumps(request))[0]

    def _since(self, back_s: int) -> bytes:
        since_s = self._dispatcher.server_clock.window_start_s(
            self.clock.wall_s(), back_s
        )
        return render_search_since(self.account_id, since_s)

    def _read(self, endpoint: Endpoint, body: bytes) -> tuple[Ticket[Any], DatedQuery]:
        query = DatedQuery(endpoint, body, None, self.executor._policy, self.clock)
        ticket = self._dispatcher.read_ticket(
            query, None, self.account_id, lane=self._lane
        )
        return self._dispatcher.launch(ticket), query

    # ------------------------------------------------------------ what is known here

    def open_places(self) -> dict[str, list[str]]:
        """The tags of orders that are on their way or in doubt, by contract id."""
        tags: dict[str, list[str]] = {}
        for ticket in self._dispatcher.unsettled():
            if ticket.kind == "place" and ticket.account_id == self.account_id:
                contract_id = ticket._protocol.contract_id
                tags.setdefault(contract_id, []).append(ticket.tag or "")
        return tags

    def placed_within(self, seconds: int) -> frozenset[int]:
        """The numbers of the orders that the gateway took from this executor."""
        since_ns = self.now_ns() - seconds * SECOND_NS
        return frozenset(
            ticket.result.order_id
            for ticket in self._dispatcher.recent()
            if ticket.kind == "place"
            and ticket.account_id == self.account_id
            and ticket.result is not None
            and ticket.result.success
            and ticket.result.order_id is not None
            and ticket.result.timing.called >= since_ns
        )
