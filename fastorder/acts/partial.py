"""Close a part of a position, then look at what is left and what protects it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.acts.audit import tell_limits
from fastorder.acts.contract_work import result_of_ticket
from fastorder.acts.holding import Closing, held_by_both
from fastorder.errors import RequestFailed
from fastorder.gateway.rows import same_contract
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS, why_ended

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder.acts.desk import Desk
    from fastorder.acts.holding import Holding
    from fastorder.acts.report import PartialCloseReport
    from fastorder.models import Order
    from fastorder.session.ticket_group import Steps

LOOK_NS = 4 * SECOND_NS
"""So long it looks for a position and trades that say the same."""


def partial_close(
    desk: Desk, contract_id: str, quantity: int
) -> Steps[PartialCloseReport]:
    """Close so many contracts. It is sent once at most."""
    from fastorder.acts.report import PartialCloseReport  # an act loads it

    begun_s = desk.clock.wall_s()
    ticket = desk.close(contract_id, quantity)
    try:
        result = yield ticket
        closing = _closing(desk, result, quantity, begun_s)
        until_ns = desk.now_ns() + LOOK_NS
        found = yield from held_by_both(
            desk, contract_id, until_ns, closing, with_orders=True
        )
        yield from tell_limits(desk, until_ns)
    except STOPS as stop:
        return PartialCloseReport(result_of_ticket(ticket), None, why=why_ended(stop))
    except RequestFailed as error:
        return PartialCloseReport(result_of_ticket(ticket), None, why=str(error))
    if found.why:
        return PartialCloseReport(result_of_ticket(ticket), None, why=found.why)
    why = f"its legs are not all known: {found.orders_why}" if found.orders_why else ""
    oversized = _oversized(found, contract_id)
    return PartialCloseReport(result_of_ticket(ticket), found.size, oversized, why)


def _closing(
    desk: Desk, result: OrderResult, quantity: int, begun_s: float
) -> Closing | None:
    """What the trades have to show; of a close that was not taken they show none."""
    since_s = desk.gateway_s(begun_s)
    if not result.success or since_s is None:
        return None
    return Closing(quantity, since_s)


def _oversized(found: Holding, contract_id: str) -> tuple[Order, ...]:
    """The legs of more contracts than are left."""
    sight = found.sight
    assert sight is not None
    return tuple(
        order
        for order in sight.orders
        if order.id in sight.legs
        and same_contract(order.contract_id, contract_id) is True
        and not sight.waits_for_entry(order)
        and order.size > abs(found.size)
    )
