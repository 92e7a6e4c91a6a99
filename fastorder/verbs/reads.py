"""The verbs that read: accounts, orders, positions, trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.codec.field_checks import account_id_from, order_id_from
from fastorder.errors import SearchOrderError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_filter import WORKING, OrderFilter
from fastorder.requests.page_walk import PageWalk
from fastorder.requests.status_ping import StatusPing
from fastorder.verbs.answers import rows_of
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import READS, explained
from fastorder.verbs.option_checks import check_type
from fastorder.verbs.order_query import order_filter
from fastorder.verbs.time_span import checked_moment, checked_span, wire_text

if TYPE_CHECKING:
    from datetime import datetime

    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.gateway.contracts import ContractCache
    from fastorder.models import Account, Order, Position, Trade
    from fastorder.session.dispatcher import Dispatcher
    from fastorder.verbs.typed_reads import TypedReads


class ReadVerbs:
    """What can be asked of the gateway; each raises RequestFailed where it fails."""

    _dispatcher: Dispatcher
    _contracts: ContractCache
    _policy: RetryPolicy
    _reads: TypedReads

    @delivered
    def validate_token(self) -> Ticket[None]:
        """Ask the gateway whether the token is good, and use the one it gives for it.

        The gateway gives a token that lasts longer, so this keeps one alive that was
        set and not logged in with. A token that has ended is not sure to be taken.

        Returns:
            None. With an event loop, a Ticket to be awaited.

        Raises:
            AuthLost: the gateway does not take the token. With an event loop, raised
                by the await, as the next.
            RequestFailed: it could not be asked, or refuses the token by a code.
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was sent.
        """
        return self._dispatcher.renewal.validate(self._policy)

    @delivered
    def ping(self) -> Ticket[float]:
        """Whether the gateway answers, and how fast: seconds from question to answer.

        It takes no token.

        Returns:
            Seconds. With an event loop, a Ticket that gives them when awaited.

        Raises:
            RequestFailed: there was no answer, or another one than pong. With an event
                loop, raised by the await.
            ExecutorClosed, ExecutorMisuse: nothing was sent.
        """
        return self._dispatcher.launch(self._dispatcher.read_ticket(StatusPing()))

    @delivered
    @explained(READS)
    def accounts(self, *, only_active: bool = True) -> Ticket[list[Account]]:
        """The accounts of the token's user.

        Args:
            only_active: leave out those that are not active any more.

        Returns:
            A list of Accounts.
        """
        from fastorder.models import Account  # loaded with the executor

        check_type("only_active", only_active, bool, "must be True or False")
        request = {"onlyActiveAccounts": only_active}
        return self._reads.read(Endpoint.SEARCH_ACCOUNTS, request, rows_of(Account))

    @delivered
    @explained(READS)
    def orders(
        self, account_id: int, since: datetime, until: datetime | None = None
    ) -> Ticket[list[Order]]:
        """The account's orders of every status that were made in a time span.

        Returns:
            A list of Orders.
        """
        from fastorder.models import Order  # loaded with the executor

        body = self._span_body(account_id, since, until)
        rows = rows_of(Order, body["accountId"])
        return self._reads.read(Endpoint.SEARCH_ORDERS, body, rows, SearchOrderError)

    search_orders = orders
    """The same under its older name."""

    @delivered
    @explained(READS)
    def open_orders(self, account_id: int) -> Ticket[list[Order]]:
        """The account's orders that can still trade, oldest first.

        The legs of a bracket are among them before their entry is filled, as
        SUSPENDED. An order that comes while several pages are read may be missing.

        Returns:
            A list of Orders.
        """
        wanted = OrderFilter(account_id_from(account_id), WORKING)
        return self._reads.pages(wanted, PageWalk())

    @delivered
    @explained(READS)
    def order(self, order_id: int | str, account_id: int) -> Ticket[Order]:
        """One order by its number.

        Returns:
            An Order. An account that has none of this number is a RequestFailed.
        """
        return self._reads.order(order_id_from(order_id), account_id_from(account_id))

    @delivered
    @explained(READS)
    def positions(self, account_id: int) -> Ticket[list[Position]]:
        """The account's open positions, one for each contract; none where it is flat.

        An answer with rows of another account is not believed: that is a
        RequestFailed.

        Returns:
            A list of Positions.
        """
        from fastorder.models import Position  # loaded with the executor

        account = account_id_from(account_id)
        rows = rows_of(Position, account)
        request = {"accountId": account}
        return self._reads.read(
            Endpoint.SEARCH_POSITIONS, request, rows, SearchOrderError
        )

    @delivered
    @explained(READS)
    def trades(
        self, account_id: int, since: datetime, until: datetime | None = None
    ) -> Ticket[list[Trade]]:
        """The account's fills in a time span, newest first.

        Returns:
            A list of Trades: one for each fill, so an order may have several.
        """
        from fastorder.models import Trade  # loaded with the executor

        body = self._span_body(account_id, since, until)
        rows = rows_of(Trade, body["accountId"])
        return self._reads.read(Endpoint.SEARCH_TRADES, body, rows, SearchOrderError)

    def _order_filter(self, account_id: int, **given: Any) -> OrderFilter:
        """What the facades' ``query_orders`` read, checked."""
        wanted = order_filter(self._dispatcher, self._contracts, account_id, **given)
        self._dispatcher.check_ready()  # now, and not only when a loop begins
        return wanted

    def _read_page(self, wanted: OrderFilter, walk: PageWalk) -> Ticket[list[Order]]:
        return self._reads.pages(wanted, walk, one=True)

    def _span_body(self, account_id: int, since: Any, until: Any) -> dict[str, Any]:
        if since is None:
            checked_moment("since", since)
        account = account_id_from(account_id)
        start, end = checked_span(self._dispatcher, since, until)
        request = {"accountId": account, "startTimestamp": wire_text(start)}  # type: ignore[arg-type]
        if end is not None:
            request["endTimestamp"] = wire_text(end)
        return request
