"""Asks the gateway for its contracts anew once it refuses one as not active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder.enums import Outcome
from fastorder.errors import (
    ClosePositionError,
    FastOrderError,
    PartialClosePositionError,
    PlaceOrderError,
)
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.rows import rows_in
from fastorder.requests.query import Query
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.contracts.book import ContractBook
    from fastorder.requests.session_port import SessionPort

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised where an answer is not made as the gateway makes its answers."""

APART_NS = 60 * SECOND_NS
"""The shortest time between two lists that a refusal has asked for."""

NOT_ACTIVE = {
    "place": PlaceOrderError.ContractNotActive,
    "close": ClosePositionError.ContractNotActive,
    "partial close": PartialClosePositionError.ContractNotActive,
}
"""The code that says so, by what was asked for."""


class ContractRefresh:
    """Hears of what the gateway refuses.

    Args:
        book: what is known of contracts; it takes the list.
        session: sends the read of it.
    """

    def __init__(self, book: ContractBook, session: SessionPort) -> None:
        self._book = book
        self._session = session
        self._not_before_ns = 0

    def refused(self, ticket: Ticket[OrderResult]) -> None:
        """A change has ended, and was not accepted."""
        result = ticket.result
        if result is None or result.outcome is not Outcome.REJECTED:
            return
        if result.error_code != NOT_ACTIVE.get(ticket.kind):
            return
        contract_id = ticket._protocol.contract_id  # a place and a close have one
        self._book.not_active(contract_id)
        now_ns = self._session.clock.monotonic_ns()
        if now_ns < self._not_before_ns:
            return
        self._not_before_ns = now_ns + APART_NS
        try:
            self._ask()
        except FastOrderError as error:  # closed, say; the next look asks again
            log().warning("the contracts were not asked for: %s", error)

    def _ask(self) -> None:
        from fastorder.config import ONE_TRY  # loaded with the executor

        session = self._session
        query = Query(
            Endpoint.LIST_CONTRACTS, b'{"live":false}', None, ONE_TRY, session.clock
        )
        session.launch(session.read_ticket(query, self._take))

    def _take(self, document: dict[str, Any]) -> None:
        from fastorder.models import Contract  # loaded with the executor

        try:
            rows = rows_in(document, "contracts", number=None)
            listed = [Contract.from_wire(row) for row in rows]
        except UNREADABLE as error:
            why = from_outside(repr(error))
            log().warning("the list of contracts cannot be read: %s", why)
            return
        self._book.take_list(listed)
