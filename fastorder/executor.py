"""OrderExecutor: orders from ``await``, on the running event loop."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastorder._base.hints import async_with_alone
from fastorder._base.near_names import known_as, with_near_names
from fastorder._core.flow.result import OrderResult
from fastorder._core.flow.ticket import Ticket
from fastorder._core.transport.loop_engine import LoopEngine
from fastorder.acts.verbs import ActVerbs
from fastorder.auth.credentials import credentials_from
from fastorder.errors import ExecutorMisuse
from fastorder.session.keepalive import Keepalive
from fastorder.verbs.explained import QUERIES, explained
from fastorder.verbs.order_query import AsyncOrderQuery, page_size_from

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest
    from fastorder.enums import OrderStatus


@async_with_alone
class OrderExecutor(ActVerbs[Ticket[OrderResult]]):
    """Places, modifies and cancels orders from an event loop.

    It may be made outside a running loop; the first use binds it to the loop and the
    thread of that use, and any other is refused. Every verb sends at once and returns
    a ``Ticket``: await it for the ``OrderResult``. An await that is cancelled ends the
    wait, not the order; ``intents()`` and ``resolve(tag)`` keep it in sight. It stops
    a verb of several requests, which ``acts()`` keeps in sight.

    Args:
        base_url: the gateway; http is taken for a loopback address only.
        ca_file: a PEM file of authorities to trust instead of the system's.
        retry: when a request is tried again; ``RetryPolicy()`` where not given.
        timeouts: limits of one request; ``Timeouts()`` where not given.
        max_connections: how many connections may be open at once.
        max_quantity: orders of more contracts are refused before anything is sent.
        journal: a file in which every order is written down before it leaves; an order
            that was under way when the program ended is looked up on the next start.
        durability: "process" outlives the process's end, "power" the machine's too.
        kill_file: while this file is there, no new exposure leaves.
        budgets: no more requests leave than this; none are counted where not given.
        on_unknown: called with the OrderResult of an order of unknown outcome, once.
        on_late_arrival: called with the OrderResult of an order that came after the
            proof that it was not placed, or after a look-up showed it rejected, once.
        risk: a RiskLimits that orders are held to; none where it is not given.
        on_breach: called with the code, the account and a text where a loss limit is
            breached, once for an account and a trading day.

    Raises:
        ConfigurationError: an argument is not usable.
        JournalError: the journal cannot be used; the text says why.
    """

    def _make_engine(self, max_connections: int) -> LoopEngine:
        self._loop_engine = LoopEngine(max_connections=max_connections)
        return self._loop_engine

    @cached_property
    def _keepalive(self) -> Keepalive:
        return Keepalive(self._dispatcher)

    def _make_submit(self) -> Callable[[OrderRequest, int], Ticket[OrderResult]]:
        return self._submitter.submit

    def _deliver(self, ticket: Ticket[OrderResult]) -> Ticket[OrderResult]:
        return ticket

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def connect(self, connections: int = 1) -> None:
        """Open warm connections (DNS, TCP, TLS), and keep them warm until the close.

        Args:
            connections: how many, from 1 to the executor's ``max_connections``.

        Raises:
            RequestFailed: a connection could not be opened; the text says why.
            InvalidField, WrongFieldType: it is no such number.
            ExecutorClosed, ExecutorMisuse: nothing was opened.
        """
        import asyncio  # this runs in a loop: it is loaded

        keepalive = self._keepalive
        self._loop_engine.idle_lost = keepalive.hurry
        await asyncio.gather(*keepalive.keep(self._checked_connections(connections)))

    @explained()
    async def aclose(self, drain: float | None = None) -> None:
        """Close; what is on its way may end first.

        Once its event loop is closed, any other will do, and nothing is waited for.

        Raises:
            ExecutorMisuse: it is another loop's or thread's; it stays open.
            InvalidField, WrongFieldType: ``drain`` is no such number; it stays open.
        """
        if self.closed:
            return
        seconds = self._check_close(drain)
        if self._engine.driver_ended:
            self.close()
            return
        import asyncio  # this runs in a loop: it is loaded

        drained = [ended(ticket) for ticket in self._drained()]
        try:
            if drained:
                await asyncio.wait(drained, timeout=seconds)
        finally:  # an aclose that is cancelled closes all the same
            self._close_now()

    def close(self) -> None:
        """Close, where there is no loop to await ``aclose`` in: it has ended.

        One that was never used can be closed so too. Nothing is waited for.

        Raises:
            ExecutorMisuse: its event loop is open.
        """
        if self.closed:
            return
        if self._engine.used and not self._engine.driver_ended:
            raise ExecutorMisuse(
                "an executor must be closed in its event loop while that is open: "
                "await aclose()"
            )
        self._close_now()

    async def recover(self) -> list[OrderResult]:
        """Look up what an earlier run with the same journal left unresolved.

        It happens by itself before the next order; nothing of it is sent again.

        Returns:
            The OrderResult of each order that was left; none without a journal.

        Raises:
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was looked up.
        """
        return [await ticket for ticket in self._idempotency.recover()]

    # ------------------------------------------------------------ reads

    @with_near_names
    @explained(QUERIES)
    def query_orders(
        self,
        account_id: int,
        *,
        statuses: Iterable[OrderStatus | int] | None = None,
        symbol: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        page_size: int = 100,
    ) -> AsyncOrderQuery:
        """The account's orders that fit, oldest first, read a page at a time.

        A page is asked for when the loop comes to it. Orders that come and go
        meanwhile move the others from page to page: none is missed or given twice that
        fits all the time.

        Returns:
            An AsyncOrderQuery. ``async for`` over it gives orders; over its
            ``pages()``, lists of them.
        """
        wanted = self._order_filter(
            account_id,
            statuses=statuses,
            symbol=symbol,
            since=since,
            until=until,
            newest_first=newest_first,
        )
        return AsyncOrderQuery(self._read_page, wanted, page_size_from(page_size))

    @with_near_names
    def login(
        self, user_name: str, api_key: str, *, renew: bool = True
    ) -> Ticket[None]:
        """Get a token for a user name and an API key, and use it from then on.

        Args:
            user_name: of the platform; not an e-mail address.
            api_key: the key that the platform made for this user.
            renew: keep both, in memory alone, and log in again by itself: before the
                token ends, and where the gateway answers HTTP 401.

        Returns:
            A Ticket to be awaited.

        Raises:
            RequestFailed: the gateway gives no token; raised by the await.
            InvalidField, WrongFieldType: nothing was sent; the text shows no key.
            ExecutorClosed, ExecutorMisuse: nothing was sent.
        """
        credentials = credentials_from(user_name, api_key)
        del user_name, api_key  # a traceback with local variables must not show them
        return self._login(credentials, renew)


def ended(ticket: Ticket[Any]) -> Future[None]:
    """Done once a ticket is; it takes no result, so that an error is not lost in it."""
    import asyncio  # this runs in a loop: it is loaded

    future = asyncio.get_running_loop().create_future()

    def is_done(_: Ticket[Any]) -> None:
        if not future.done():
            future.set_result(None)

    ticket._call_when_done(is_done)
    return future


known_as(OrderExecutor, "OrderExecutor")  # and called in errors
