"""The protocol of a list of orders that is read page by page, as one read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder.errors import SearchOrderError
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.query import ExactQuery
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Command
    from fastorder.config import RetryPolicy
    from fastorder.errors import RequestFailed
    from fastorder.gateway.order_filter import OrderFilter
    from fastorder.gateway.rows import Rows
    from fastorder.requests.page_walk import PageWalk
    from fastorder.runtime.clock import Clock


class OrderPages(ExactQuery):
    """Reads pages of Order/v2/query until it has what is wanted.

    It ends with a document whose ``orders`` are the rows of those pages.

    Args:
        wanted: which orders.
        walk: where the reading stands; it moves on with each page.
        policy, clock: pauses and time; each page has the tries of a read.
        one: end with the first page that has rows, instead of with the last.
    """

    __slots__ = ("_clock", "_one", "_rows", "_walk", "_wanted")

    def __init__(
        self,
        wanted: OrderFilter,
        walk: PageWalk,
        policy: RetryPolicy,
        clock: Clock,
        *,
        one: bool = False,
    ) -> None:
        body = wanted.body(walk.offset, walk.size)
        super().__init__(Endpoint.QUERY_ORDERS, body, SearchOrderError, policy, clock)
        self._clock = clock
        self._wanted = wanted
        self._walk = walk
        self._one = one
        self._rows: Rows = []

    def _answered(
        self, document: dict[str, Any]
    ) -> Command[dict[str, Any] | RequestFailed]:
        try:
            rows = self._walk.take(document.get("orders"), document.get("totalCount"))
            self._rows += [row for row in rows if self._wanted.passes(row)]
        except (TypeError, ValueError) as error:
            return self._unreadable(from_outside(str(error)))
        if self._walk.is_complete or (self._one and self._rows):
            newest_first = self._wanted.newest_first
            self._rows.sort(key=lambda row: row["id"], reverse=newest_first)
            return self._finish({"orders": self._rows})
        return self._next_page()

    def _next_page(self) -> Command[dict[str, Any] | RequestFailed]:
        self._body = self._wanted.body(self._walk.offset, self._walk.size)
        self._schedule = RetrySchedule(self._policy, self._clock)
        self._renewed = False
        return self.start()
