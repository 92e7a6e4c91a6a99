"""Starts the reads of an executor, for its verbs and for its acts alike.

Each read keeps all digits of its numbers, the Date of its answer, and is heard of by
the limits. A verb gets models; an act gets the rows, of which it needs a few members
alone: what it has to close must not depend on a price that cannot be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.outside_text import from_outside
from fastorder.errors import SearchOrderByIdError, SearchOrderError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_filter import WORKING, OrderFilter
from fastorder.gateway.rows import rows_in
from fastorder.requests.order_pages import OrderPages
from fastorder.requests.query import ExactQuery
from fastorder.runtime.log import log
from fastorder.verbs.answers import UNREADABLE, readable, row_of, rows_of
from fastorder.verbs.time_span import wire_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum

    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.evidence import Evidence
    from fastorder.budgets.lanes import Lane
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Rows
    from fastorder.models import Order
    from fastorder.requests.page_walk import PageWalk
    from fastorder.risk.sightings import Sightings
    from fastorder.session.dispatcher import Dispatcher

    Convert = Callable[[dict[str, Any]], Any]


class ListOf(NamedTuple):
    """What an endpoint lists: the model's name, and the number of each row."""

    model: str
    number: str = "id"


LISTS = {
    Endpoint.SEARCH_POSITIONS: ListOf("Position"),
    Endpoint.SEARCH_ORDERS: ListOf("Order"),
    Endpoint.QUERY_ORDERS: ListOf("Order"),
    Endpoint.SEARCH_TRADES: ListOf("Trade", "orderId"),
}


class DatedQuery(ExactQuery):
    """A read that keeps the Date of its answer: one out of a cache stands still."""

    __slots__ = ("date",)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.date = b""

    def on_evidence(self, evidence: Evidence) -> Any:
        """An exchange has ended."""
        self.date = evidence.date
        return super().on_evidence(evidence)


class TypedReads:
    """Starts reads.

    Args:
        dispatcher: sends them.
        policy: when each is tried again.

    Attributes:
        sightings: hears of what is read, where there are limits.
    """

    def __init__(self, dispatcher: Dispatcher, policy: RetryPolicy) -> None:
        self.sightings: Sightings | None = None
        self._dispatcher = dispatcher
        self._policy = policy

    # ------------------------------------------------------------ models

    def read(
        self,
        endpoint: Endpoint,
        request: dict[str, Any] | bytes,
        convert: Convert,
        codes: type[IntEnum] | None = None,
        *,
        lane: Lane | None = None,
        asked: str = "",
    ) -> Ticket[Any]:
        """Start a read; its result is what ``convert`` makes of the answer.

        Args:
            asked: what was asked for, for an error; "" where the endpoint tells.
        """
        if self.sightings is not None and isinstance(request, dict):
            convert = self.sightings.watching(endpoint, request, convert)
        return self._start(endpoint, request, convert, codes, lane, asked)

    def order(
        self, number: int, account_id: int, *, lane: Lane | None = None
    ) -> Ticket[Order]:
        """Start to read one order; one of another number or account is none."""
        from fastorder.models import Order  # loaded with the executor

        def take(document: dict[str, Any]) -> Order:
            order = Order.from_wire(row_of(document, "order"))
            if (order.id, order.account_id) != (number, account_id):
                what = f"order {number} of account {account_id} was asked for"
                raise ValueError(f"{what}, {order.id} of {order.account_id} came")
            return order

        request = {"accountId": account_id, "orderId": number}
        return self.read(
            Endpoint.ORDER_BY_ID,
            request,
            take,
            SearchOrderByIdError,
            lane=lane,
            asked=f"order {number} of account {account_id}",
        )

    def pages(
        self, wanted: OrderFilter, walk: PageWalk, *, one: bool = False
    ) -> Ticket[list[Order]]:
        """Start to read the pages of a list of orders, as one read."""
        convert = self._pages_heard(wanted, one, rows_of(_model("Order")))
        return self._start_pages(wanted, walk, convert, one=one)

    # ------------------------------------------------------------ rows

    def rows(
        self, endpoint: Endpoint, request: dict[str, Any], lane: Lane
    ) -> Ticket[Rows]:
        """Start to read a list of an account; its result is the rows of it."""
        models = rows_of(_model(LISTS[endpoint].model), request["accountId"])
        if self.sightings is not None:
            models = self.sightings.watching(endpoint, request, models)
        convert = self._as_rows(endpoint, request["accountId"], models)
        return self._start(endpoint, request, convert, SearchOrderError, lane)

    def since(self, account_id: int, since_s: int) -> dict[str, Any]:
        """What asks for the rows of an account since a time, in whole seconds."""
        from datetime import datetime, timezone  # loaded with the executor

        moment = datetime.fromtimestamp(since_s, timezone.utc)
        return {"accountId": account_id, "startTimestamp": wire_text(moment)}

    def page_rows(self, wanted: OrderFilter, walk: PageWalk, lane: Lane) -> Ticket[Any]:
        """The same of a list of orders that is read page by page."""
        account_id = wanted.account_id
        models = rows_of(_model("Order"), account_id)
        models = self._pages_heard(wanted, False, models)
        convert = self._as_rows(Endpoint.QUERY_ORDERS, account_id, models)
        return self._start_pages(wanted, walk, convert, lane=lane)

    def _as_rows(
        self, endpoint: Endpoint, account_id: int, heard: Convert
    ) -> Callable[[dict[str, Any]], Rows]:
        model, number = LISTS[endpoint]

        def convert(document: dict[str, Any]) -> Rows:
            rows = rows_in(document, f"{model.lower()}s", account_id, number)
            if self.sightings is not None:
                try:
                    heard(document)
                except UNREADABLE as error:
                    why = from_outside(repr(error))
                    log().warning("%s: no news for the limits: %s", endpoint.path, why)
            return rows

        return convert

    # ------------------------------------------------------------ how they start

    def _start(
        self,
        endpoint: Endpoint,
        request: dict[str, Any] | bytes,
        convert: Convert,
        codes: type[IntEnum] | None,
        lane: Lane | None,
        asked: str = "",
    ) -> Ticket[Any]:
        import orjson  # loaded with the executor

        body = request if isinstance(request, bytes) else orjson.dumps(request)
        clock = self._dispatcher.clock
        query = DatedQuery(endpoint, body, codes, self._policy, clock, asked)
        ticket = self._dispatcher.read_ticket(
            query, readable(endpoint, convert), lane=lane
        )
        return self._dispatcher.launch(ticket)

    def _start_pages(
        self,
        wanted: OrderFilter,
        walk: PageWalk,
        convert: Convert,
        *,
        one: bool = False,
        lane: Lane | None = None,
    ) -> Ticket[Any]:
        clock = self._dispatcher.clock
        pages = OrderPages(wanted, walk, self._policy, clock, one=one)
        convert = readable(Endpoint.QUERY_ORDERS, convert)
        ticket = self._dispatcher.read_ticket(
            pages, convert, wanted.account_id, lane=lane
        )
        return self._dispatcher.launch(ticket)

    def _pages_heard(self, wanted: OrderFilter, one: bool, convert: Convert) -> Convert:
        if self.sightings is None:
            return convert
        everything = OrderFilter(wanted.account_id, WORKING)
        is_whole = wanted == everything and not one
        return self.sightings.watching_pages(wanted.account_id, is_whole, convert)


def _model(name: str) -> Any:
    from fastorder import models  # loaded with the executor

    return getattr(models, name)
