"""Whether the owner of a tag has the brackets that an order asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.enums import OrderType
from fastorder.gateway.rows import type_of

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder.gateway.rows import Row, Rows

Brackets = tuple[OrderType | None, OrderType | None]
"""What a stop loss and a take profit are; None where there is none."""

LOSSES = frozenset({OrderType.STOP, OrderType.TRAILING_STOP})


def same_brackets(owner: Row, rows: Rows, order: OrderRequest) -> bool | None:
    """Whether the listed legs of an order are those that are asked for.

    None where it cannot be told: a leg is not read, or not listed yet. How far they
    are from the entry is in ticks here, and a price there: only that of a trailing stop
    can be compared.
    """
    legs = [row for row in rows if row.get("parentOrderId") == owner["id"]]
    kinds = [type_of(leg) for leg in legs]
    if None in kinds:
        return None
    pairs = tuple(zip(_listed(kinds), _asked(order), strict=True))
    if any(listed not in (None, asked) for listed, asked in pairs):
        return False
    if any(listed is None and asked for listed, asked in pairs):
        return None
    trails = [leg.get("trailDistance") for leg in legs]
    ticks = [abs(each) for each in trails if type(each) is int]
    if order.trailing_stop_loss and ticks:
        return ticks == [order.stop_loss_ticks]
    return True


def _asked(order: OrderRequest) -> Brackets:
    loss = OrderType.TRAILING_STOP if order.trailing_stop_loss else OrderType.STOP
    return (
        None if order.stop_loss_ticks is None else loss,
        None if order.take_profit_ticks is None else OrderType.LIMIT,
    )


def _listed(kinds: list[OrderType | None]) -> Brackets:
    losses = [kind for kind in kinds if kind in LOSSES]
    has_profit = OrderType.LIMIT in kinds
    return losses[0] if losses else None, OrderType.LIMIT if has_profit else None
