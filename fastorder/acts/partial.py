"""Close a part of a position, then look at what is left and what protects it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.acts.looks import look
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.acts.desk import Desk
    from fastorder.acts.report import PartialCloseReport
    from fastorder.session.ticket_group import Steps

LOOK_NS = 2 * SECOND_NS


def partial_close(
    desk: Desk, contract_id: str, quantity: int
) -> Steps[PartialCloseReport]:
    """Close so many contracts. It is sent once at most."""
    from fastorder.acts.report import PartialCloseReport  # an act loads it

    result = yield desk.close(contract_id, quantity)
    sight = yield from look(desk, desk.now_ns() + LOOK_NS)
    if sight.why:
        return PartialCloseReport(result, None, why=sight.why)
    held = sight.positions.get(contract_id, 0)
    oversized = tuple(
        order
        for order in sight.orders
        if order.id in sight.legs
        and order.contract_id == contract_id
        and not sight.waits_for_entry(order)
        and order.size > abs(held)
    )
    return PartialCloseReport(result, held, oversized)
