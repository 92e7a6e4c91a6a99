"""OrderExecutor for code without an event loop: the same verbs, without await.

It runs the same core from the calling thread, which waits inside libcurl with the GIL
released. It needs no event loop and touches none, so it works in a notebook beside a
running one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import fastorder  # noqa: F401 (first: another thread may be in the middle of it)
from fastorder._base.hints import with_alone
from fastorder._base.near_names import known_as, with_near_names
from fastorder._core.flow.result import OrderResult
from fastorder._core.transport.poll_engine import PollEngine
from fastorder.acts.verbs import ActVerbs
from fastorder.auth.credentials import credentials_from
from fastorder.session.keepalive import ping_round
from fastorder.verbs.explained import QUERIES, explained
from fastorder.verbs.order_query import BlockingOrderQuery, page_size_from
from fastorder.verbs.sigint import (
    LONGEST_TURN_NS,
    BlockingSubmitter,
    DeferredSigint,
    started_and_waited_for,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.ticket import Ticket
    from fastorder.enums import OrderStatus
    from fastorder.trader.waiting import Trader as Trader

T = TypeVar("T")


@with_alone
class OrderExecutor(ActVerbs[OrderResult]):
    """Places, modifies and cancels orders from plain code; every verb waits.

    One executor belongs to the thread that used it first. Ctrl-C ends a wait, not the
    order: ``intents()`` lists what is open, and the next call, ``resolve(tag)`` say,
    carries it on. A verb of several requests is stopped by it: see ``acts()``.
    Between calls nothing runs: a connection is used again for 30 seconds after its
    last use.

    Args, Raises: see ``fastorder.OrderExecutor``.
    """

    _runs_between_calls = False

    def _make_engine(self, max_connections: int) -> PollEngine:
        self._poll_engine = PollEngine(max_connections=max_connections)
        return self._poll_engine

    def _make_submit(self) -> Callable[[OrderRequest, int], OrderResult]:
        return BlockingSubmitter(self._submitter, self._poll_engine).submit

    def _deliver(self, ticket: Ticket[OrderResult]) -> OrderResult:
        return self._wait(ticket)

    def _carry_out(
        self,
        start: Callable[..., Ticket[Any]],
        given: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        return started_and_waited_for(start, given, named, self._poll_engine)

    def _wait(self, ticket: Ticket[T]) -> T:
        return wait_for(ticket, self._poll_engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @with_near_names
    def connect(self, connections: int = 1) -> None:
        """Open warm connections (DNS, TCP, TLS), so that the first order pays nothing.

        Args:
            connections: how many, from 1 to the executor's ``max_connections``.

        Raises:
            RequestFailed: a connection could not be opened; the text says why.
            InvalidField, WrongFieldType: it is no such number.
            ExecutorClosed, ExecutorMisuse: nothing was opened.
        """
        count = self._checked_connections(connections)
        for ticket in ping_round(self._dispatcher, count):
            self._wait(ticket)

    @with_near_names
    @explained()
    def close(self, drain: float | None = None) -> None:
        """Close; what is on its way may end first.

        Once its thread has ended, any other will do, and nothing is waited for.

        Raises:
            ExecutorMisuse: it is another thread's; it stays open.
            InvalidField, WrongFieldType: ``drain`` is no such number; it stays open.
        """
        if self.closed:
            return
        seconds = self._check_close(drain)
        if self._engine.driver_ended:
            self._close_now()
            return
        until = time.monotonic() + seconds
        sigint = DeferredSigint()
        try:
            sigint.defer()
            while self._drained() and (left := until - time.monotonic()) > 0:
                self._poll_engine.turn(int(min(left, 1.0) * LONGEST_TURN_NS))
                sigint.deliver()
        finally:  # Ctrl-C ends the wait, and it closes all the same
            try:
                self._close_now()
            finally:
                sigint.end()

    def recover(self) -> list[OrderResult]:
        """Look up what an earlier run with the same journal left unresolved.

        It happens by itself before the next order; nothing of it is sent again.

        Returns:
            The OrderResult of each order that was left; none without a journal.

        Raises:
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was looked up.
        """
        return [self._wait(ticket) for ticket in self._idempotency.recover()]

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
    ) -> BlockingOrderQuery:
        """The account's orders that fit, oldest first, read a page at a time.

        A page is asked for when the loop comes to it. Orders that come and go
        meanwhile move the others from page to page: none is missed or given twice that
        fits all the time.

        Returns:
            A BlockingOrderQuery. ``for`` over it gives orders; over its ``pages()``,
            lists of them.
        """
        wanted = self._order_filter(
            account_id,
            statuses=statuses,
            symbol=symbol,
            since=since,
            until=until,
            newest_first=newest_first,
        )
        return BlockingOrderQuery(
            self._read_page, wanted, page_size_from(page_size), self._wait
        )

    @with_near_names
    def login(self, user_name: str, api_key: str, *, renew: bool = True) -> None:
        """Get a token for a user name and an API key, and use it from then on.

        Args:
            user_name: of the platform; not an e-mail address.
            api_key: the key that the platform made for this user.
            renew: keep both, in memory alone, and log in again by itself: before the
                token ends, and where the gateway answers HTTP 401.

        Raises:
            RequestFailed: the gateway gives no token.
            InvalidField, WrongFieldType: nothing was sent; the text shows no key.
            ExecutorClosed, ExecutorMisuse: nothing was sent.
        """
        credentials = credentials_from(user_name, api_key)
        del user_name, api_key  # a traceback with local variables must not show them
        self._wait(self._login(credentials, renew))


known_as(OrderExecutor, "OrderExecutor")

__all__ = ["OrderExecutor", "Trader"]

if not TYPE_CHECKING:  # a type checker would take any name for one of the module

    def __dir__() -> list[str]:
        """What is for users, loaded or not."""
        return [*__all__, *(name for name in globals() if name[:2] == "__")]

    def __getattr__(name: str) -> object:
        """The trader, on its first use: it stands above this module."""
        if name != "Trader":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = import_module("fastorder.trader.waiting").Trader
        return value
