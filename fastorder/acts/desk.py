"""What an act may ask of its executor: reads, changes, waits; all of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.waits import Wait
from fastorder.budgets.lanes import Lane
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_filter import WORKING, OrderFilter
from fastorder.requests.page_walk import PageWalk
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.gateway.rows import Rows
    from fastorder.models import Order
    from fastorder.runtime.clock import Clock
    from fastorder.verbs.base import BaseExecutor


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
        self._reads = executor._reads

    @property
    def clock(self) -> Clock:
        """Monotonic and wall time."""
        return self._dispatcher.clock

    @property
    def has_limits(self) -> bool:
        """Whether anybody else wants to know what is read."""
        return self._reads.sightings is not None

    def now_ns(self) -> int:
        """The monotonic clock."""
        return self._dispatcher.clock.monotonic_ns()

    def gateway_s(self, at_s: float) -> float | None:
        """What the gateway's clock showed at a wall time; up to 1 s less."""
        return self._dispatcher.server_clock.shown_at_s(at_s)

    def in_lane(self, lane: Lane) -> Desk:
        """The same, but for where its reads stand in a budget."""
        return Desk(self.executor, self.account_id, lane)

    def waited_s(self, ticket: Ticket[Any]) -> float | None:
        """For how long a request has waited for room in a budget; None: it does not."""
        return self._dispatcher.waited_s(ticket)

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

    def read_positions(self) -> Ticket[Rows]:
        """Ask for the positions."""
        request = {"accountId": self.account_id}
        return self._reads.rows(Endpoint.SEARCH_POSITIONS, request, self._lane)

    def read_working(self) -> Ticket[Rows]:
        """Ask for the orders that may still fill, every page of them."""
        wanted = OrderFilter(self.account_id, WORKING)
        return self._reads.page_rows(wanted, PageWalk(), self._lane)

    def read_order(self, order_id: int) -> Ticket[Order]:
        """Ask for one order."""
        return self._reads.order(order_id, self.account_id, lane=self._lane)

    def read_orders(self, back_s: int) -> Ticket[Rows]:
        """Ask for the orders of the last so many seconds, of every status."""
        request = self._since(back_s)
        return self._reads.rows(Endpoint.SEARCH_ORDERS, request, self._lane)

    def read_trades(self, back_s: int) -> Ticket[Rows]:
        """Ask for the trades of the last so many seconds."""
        request = self._since(back_s)
        return self._reads.rows(Endpoint.SEARCH_TRADES, request, self._lane)

    def ask(self, endpoint: Endpoint, request: dict[str, Any]) -> Ticket[Any]:
        """Ask for anything else."""
        return self._reads.read(endpoint, request, dict, lane=self._lane)

    def _since(self, back_s: int) -> dict[str, Any]:
        since_s = self._dispatcher.server_clock.window_start_s(
            self.clock.wall_s(), back_s
        )
        return self._reads.since(self.account_id, int(since_s))

    # ------------------------------------------------------------ what is known here

    def open_changes(self) -> list[Ticket[Any]]:
        """The changes of the account that are on their way or in doubt."""
        return [
            ticket
            for ticket in self._dispatcher.unsettled()
            if ticket.account_id == self.account_id
        ]

    def open_places(self) -> dict[str, list[str]]:
        """The tags of orders that are on their way or in doubt, by contract id."""
        tags: dict[str, list[str]] = {}
        for ticket in self.open_changes():
            placement = ticket._protocol  # None where another thread has ended it
            if ticket.kind == "place" and placement is not None:
                tags.setdefault(placement.contract_id, []).append(ticket.tag or "")
        return tags

    def placed_within(self, seconds: int) -> frozenset[int]:
        """The numbers of the orders that the gateway took from this executor."""
        since_ns = self.now_ns() - seconds * SECOND_NS
        return self._placed(lambda result: bool(result.timing.called >= since_ns))

    def placed_since(self, since_ns: int) -> frozenset[int]:
        """Those whose answer has come since a time on the monotonic clock."""
        return self._placed(lambda result: bool(result.timing.parsed >= since_ns))

    def contract_of(self, order_id: int) -> str | None:
        """The contract of an order that this executor knows of."""
        return self._dispatcher.order_contracts.of(order_id)

    def _placed(self, fits: Callable[[OrderResult], bool]) -> frozenset[int]:
        return frozenset(
            ticket.result.order_id
            for ticket in self._dispatcher.recent()
            if ticket.kind == "place"
            and ticket.account_id == self.account_id
            and ticket.result is not None
            and ticket.result.success
            and ticket.result.order_id is not None
            and fits(ticket.result)
        )
