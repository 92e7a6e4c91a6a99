"""The verbs that read: accounts, orders, trades; is the token good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.hints import moment_hint
from fastorder._base.outside_text import from_outside
from fastorder._core.codec.field_checks import account_id_from
from fastorder._core.codec.request import render_search_since
from fastorder.errors import (
    FastOrderError,
    InvalidField,
    RequestFailed,
    SearchOrderError,
)
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.query import Query
from fastorder.verbs.delivery import delivered
from fastorder.verbs.option_checks import check_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from enum import IntEnum

    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.gateway.contracts import ContractCache
    from fastorder.models import Account, Order, Trade
    from fastorder.session.dispatcher import Dispatcher

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised where an answer is not made as the gateway makes its answers."""


class ReadVerbs:
    """What can be asked of the gateway; each raises RequestFailed where it fails."""

    _dispatcher: Dispatcher
    _contracts: ContractCache
    _policy: RetryPolicy

    @delivered
    def validate_token(self) -> Ticket[None]:
        """Ask the gateway whether the token is good, and use the one it gives for it.

        The gateway gives a token that lasts longer, so this keeps one alive that was
        set and not logged in with. A token that has ended is not sure to be taken.

        Raises:
            AuthLost: the gateway does not take the token; of the async executor when
                awaited, as the next.
            RequestFailed: it could not be asked, or refuses the token by a code.
            TokenMissing: no token was set.
        """
        return self._dispatcher.renewal.validate(self._policy)

    @delivered
    def accounts(self, *, only_active: bool = True) -> Ticket[list[Account]]:
        """The accounts of the token's user."""
        from fastorder.models import Account  # loaded with the executor

        check_type("only_active", only_active, bool, "must be True or False")
        request = {"onlyActiveAccounts": only_active}
        return self._read(Endpoint.SEARCH_ACCOUNTS, request, rows_of(Account))

    @delivered
    def search_orders(self, account_id: int, since: datetime) -> Ticket[list[Order]]:
        """The account's orders since a time (aware), of every status."""
        from fastorder.models import Order  # loaded with the executor

        body = since_body(account_id, since)
        return self._read(
            Endpoint.SEARCH_ORDERS, body, rows_of(Order), SearchOrderError
        )

    @delivered
    def open_orders(self, account_id: int) -> Ticket[list[Order]]:
        """The account's working orders; suspended bracket legs are not among them."""
        from fastorder.models import Order  # loaded with the executor

        request = {"accountId": account_id_from(account_id)}
        return self._read(
            Endpoint.SEARCH_OPEN_ORDERS, request, rows_of(Order), SearchOrderError
        )

    @delivered
    def trades(self, account_id: int, since: datetime) -> Ticket[list[Trade]]:
        """The account's fills since a time (aware), newest first."""
        from fastorder.models import Trade  # loaded with the executor

        body = since_body(account_id, since)
        return self._read(Endpoint.SEARCH_TRADES, body, rows_of(Trade))

    def _read(
        self,
        endpoint: Endpoint,
        request: dict[str, Any] | bytes,
        convert: Callable[[dict[str, Any]], Any],
        codes: type[IntEnum] | None = None,
    ) -> Ticket[Any]:
        """Start a read; its result is what ``convert`` makes of the answer."""
        import orjson  # loaded with the executor

        body = request if isinstance(request, bytes) else orjson.dumps(request)
        query = Query(endpoint, body, codes, self._policy, self._dispatcher.clock)
        ticket = self._dispatcher.read_ticket(query, readable(endpoint, convert))
        return self._dispatcher.launch(ticket)


YEAR_10000_S = 253_402_300_800
"""Seconds from 1970 to the first moment that a text of the wire does not hold."""


def since_body(account_id: int, since: datetime) -> bytes:
    """The body of a search for what an account has since a time.

    Raises:
        WrongFieldType, InvalidField: it is no time, or no aware one, or before 1970.
    """
    from datetime import datetime  # loaded with the executor

    check_type("since", since, datetime, "must be a datetime", moment_hint(since))
    if since.utcoffset() is None:
        hint = "its astimezone() is, for local time"
        raise InvalidField("since", "must be aware of its time zone", since, hint)
    since_s = int(since.timestamp())
    if since_s < 0:
        raise InvalidField("since", "must not be before 1970", since)
    if since_s >= YEAR_10000_S:
        raise InvalidField("since", "must be in UTC not after 9999", since)
    return render_search_since(account_id_from(account_id), since_s)


def rows_of(kind: Any) -> Callable[[dict[str, Any]], Any]:
    """Makes models of the rows of an answer, listed under their name: "orders"."""
    name = f"{kind.__name__.lower()}s"

    def convert(document: dict[str, Any]) -> list[Any]:
        rows = document[name]
        if not isinstance(rows, list):  # null is not "none"
            raise TypeError(f"{name} must be a list, was {type(rows).__name__}")
        return [kind.from_wire(row) for row in rows]

    return convert


def readable(
    endpoint: Endpoint, convert: Callable[[dict[str, Any]], Any]
) -> Callable[[dict[str, Any]], Any]:
    """The same conversion; what it cannot read becomes a RequestFailed."""

    def converted(document: dict[str, Any]) -> Any:
        try:
            return convert(document)
        except UNREADABLE as error:
            if isinstance(error, FastOrderError):
                raise
            why = from_outside(repr(error))
        # behind it would stand the error that quotes the answer
        raise RequestFailed(f"{endpoint.path}: the answer cannot be read: {why}", 200)

    return converted
