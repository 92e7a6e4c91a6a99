"""A list of orders that is read page by page, as a loop goes over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.codec.field_checks import account_id_from, symbol_from
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.gateway.order_filter import OrderFilter
from fastorder.requests.page_walk import MOST_ROWS, PageWalk
from fastorder.verbs.option_checks import check_type
from fastorder.verbs.time_span import checked_span, wire_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from datetime import datetime

    from fastorder._core.flow.ticket import Ticket
    from fastorder.enums import OrderStatus
    from fastorder.gateway.contracts import ContractCache
    from fastorder.models import Order
    from fastorder.session.dispatcher import Dispatcher

    ReadPage = Callable[[OrderFilter, PageWalk], Ticket[list[Order]]]


class OrderQuery:
    """What ``query_orders`` reads; a loop over it reads anew each time.

    Args:
        read_page: starts to read the next page of a list.
        wanted: which orders.
        size: rows on a page.
    """

    def __init__(self, read_page: ReadPage, wanted: OrderFilter, size: int) -> None:
        self._read_page = read_page
        self._wanted = wanted
        self._size = size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of account {self._wanted.account_id}>"

    def _tickets(self) -> Iterator[Ticket[list[Order]]]:
        """The reads of the pages, each started when it is asked for."""
        walk = PageWalk(self._size, newest_first=self._wanted.newest_first)
        while not walk.is_complete:
            yield self._read_page(self._wanted, walk)


class AsyncOrderQuery(OrderQuery):
    """Orders for ``async for``, and page by page with ``pages()``."""

    async def pages(self) -> AsyncIterator[list[Order]]:
        """Lists of orders, each as it is read; none is empty."""
        for ticket in self._tickets():
            if page := await ticket:
                yield page

    async def __aiter__(self) -> AsyncIterator[Order]:
        async for page in self.pages():
            for order in page:
                yield order


class BlockingOrderQuery(OrderQuery):
    """Orders for ``for``, and page by page with ``pages()``.

    Args:
        wait: waits for a ticket, and gives its result.
    """

    def __init__(
        self,
        read_page: ReadPage,
        wanted: OrderFilter,
        size: int,
        wait: Callable[[Ticket[list[Order]]], list[Order]],
    ) -> None:
        super().__init__(read_page, wanted, size)
        self._wait = wait

    def pages(self) -> Iterator[list[Order]]:
        """Lists of orders, each as it is read; none is empty."""
        for ticket in self._tickets():
            if page := self._wait(ticket):
                yield page

    def __iter__(self) -> Iterator[Order]:
        for page in self.pages():
            yield from page


def order_filter(
    dispatcher: Dispatcher,
    contracts: ContractCache,
    account_id: int,
    statuses: Iterable[OrderStatus | int] | None,
    symbol: str | None,
    since: datetime | None,
    until: datetime | None,
    newest_first: bool,
) -> OrderFilter:
    """What a query asks for, checked.

    Raises:
        WrongFieldType, InvalidField, UnknownSymbol: nothing was sent.
    """
    account = account_id_from(account_id)
    wanted = _statuses_from(statuses)
    if symbol is not None:
        symbol = contracts.find(symbol_from(symbol)).contract_id
    start, end = checked_span(dispatcher, since, until)
    check_type("newest_first", newest_first, bool, "must be True or False")
    return OrderFilter(
        account,
        wanted,
        symbol,
        None if start is None else wire_text(start),
        None if end is None else wire_text(end),
        newest_first,
    )


STATUSES_RULE = "must be a list of OrderStatus"


def _statuses_from(statuses: Iterable[OrderStatus | int] | None) -> tuple[int, ...]:
    """As they are asked for; none at all where any will do."""
    if statuses is None:
        return ()
    if isinstance(statuses, (int, str, bytes)):
        raise WrongFieldType("statuses", STATUSES_RULE, statuses)
    wanted = tuple(statuses)
    if not wanted:
        raise InvalidField("statuses", "must be at least one, or not given", [])
    for status in wanted:
        if isinstance(status, bool) or not isinstance(status, int):
            raise WrongFieldType("statuses", STATUSES_RULE, status)
        if not 0 <= status <= 255:
            raise InvalidField("statuses", "must be numbers from 0 to 255", status)
    return wanted


def page_size_from(size: int) -> int:
    """Rows on a page.

    Raises:
        WrongFieldType, InvalidField: it is no number, or not from 2 to 100.
    """
    if type(size) is not int:
        raise WrongFieldType("page_size", "must be a whole number", size)
    if not 2 <= size <= MOST_ROWS:
        raise InvalidField("page_size", f"must be from 2 to {MOST_ROWS}", size)
    return size
