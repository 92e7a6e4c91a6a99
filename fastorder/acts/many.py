"""Several orders at once: all are checked before the first of them leaves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.order import OrderRequest
from fastorder._core.flow.result import OrderResult
from fastorder._core.flow.ticket import Ticket
from fastorder.acts.contract_work import result_of_ticket
from fastorder.enums import Outcome
from fastorder.errors import FastOrderError, InvalidField, WrongFieldType
from fastorder.session.ticket_group import STOPS

if TYPE_CHECKING:
    from fastorder.acts.report import PlacedMany
    from fastorder.session.ticket_group import Steps
    from fastorder.submission.submitter import Submitter

MOST = 100
"""Orders of one call. Source: the venue takes 200 requests in 60 s."""


def orders_from(given: Any) -> list[OrderRequest]:
    """The orders of a call.

    Raises:
        WrongFieldType, InvalidField: it is no list of orders, or too long a one.
    """
    if isinstance(given, (str, bytes, OrderRequest)) or not hasattr(given, "__iter__"):
        raise WrongFieldType("orders", "must be a list of OrderRequest", given)
    orders = list(given)
    for order in orders:
        if not isinstance(order, OrderRequest) or order.symbol is None:
            raise WrongFieldType("orders", "must hold whole OrderRequests only", order)
    if len(orders) > MOST:
        raise InvalidField("orders", f"must be at most {MOST}", len(orders))
    return orders


def check_all(submitter: Submitter, orders: list[OrderRequest]) -> None:
    """Refuse what would be refused once others have left already, but for the limits.

    Raises:
        UnknownSymbol, InvalidField, KeyReused, Halted, Interlocked: of any of them; and
            nothing was sent.
    """
    named: dict[str, tuple[int, bytes]] = {}
    for place, order in enumerate(orders):
        submitter.check(order, place, named)


def place_many(
    submitter: Submitter, orders: list[OrderRequest], called_ns: int
) -> Steps[PlacedMany]:
    """Send orders at once; what becomes of each is told, in the order given.

    What refuses the first of them is raised: nothing has left. What refuses a later
    one, a limit that the others have used up say, is its result: NOT_SENT.
    """
    from fastorder.acts.report import PlacedMany  # an act loads it

    sent: list[Ticket[OrderResult] | OrderResult] = []
    for order in orders:
        try:
            sent.append(submitter.submit(order, called_ns))
        except FastOrderError as error:
            if not any(isinstance(each, Ticket) for each in sent):
                raise
            sent.append(_not_sent(error))
    with suppress(*STOPS):  # all have left: what became of them is told all the same
        yield [each for each in sent if isinstance(each, Ticket)]
    return PlacedMany(
        tuple(
            result_of_ticket(each) if isinstance(each, Ticket) else each
            for each in sent
        )
    )


def _not_sent(error: FastOrderError) -> OrderResult:
    proof = "not a byte of it left this machine"
    return OrderResult(Outcome.NOT_SENT, error=str(error), proof=proof)
