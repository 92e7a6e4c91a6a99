"""Recovery: what a strategy kept, made into what the gateway shows, before it starts.

What has happened meanwhile is taken in as it would have been heard, and held back: the
strategy starts with its orders and its position as they are, and is told then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.enums import OrderStatus
from fastorder.strategy.errors import BadData
from fastorder.strategy.orders import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.models import Order as Row
    from fastorder.models import Trade
    from fastorder.strategy.live_desk import LiveDesk


ENDED = (
    OrderStatus.FILLED,
    OrderStatus.CANCELLED,
    OrderStatus.EXPIRED,
    OrderStatus.REJECTED,
)


def remember(desk: LiveDesk) -> None:
    """Give a desk what its strategy kept.

    Raises:
        BadData: it holds a contract of which this run hears nothing.
    """
    kept = desk.kept
    kept.forget_old()
    for row in kept.orders():
        _remember_order(desk, row)
    desk.told = kept.trades()
    for symbol, size in kept.positions().items():
        if symbol not in desk.positions and size:
            raise BadData(
                f"{desk.name} holds {size} {symbol}, of which nothing is heard here: "
                f"give symbols=[{symbol!r}]"
            )
        if symbol in desk.positions:
            desk._move(symbol, size)
    desk.run.number = max(desk.run.number, kept.number())


def _remember_order(desk: LiveDesk, row: dict[str, Any]) -> None:
    parent = desk.orders.get(row["parent"] or 0)
    order = Order(
        row["id"], row["symbol"], row["side"], row["size"], row["kind"], row["role"],
        row["price"], row["asked_ns"], tag=row["tag"], parent=parent,
        distance_ticks=row["distance_ticks"],
    )  # fmt: skip
    order.status, order.filled = row["status"], row["filled"]
    if order.status == "asked":  # its answer went to a process that is gone
        order.status = "unknown"
        desk.unanswered.add(order.id)
    desk.hold(order)
    if order.alive:
        desk.alive[order.id] = order
    if row["sent_as"]:
        desk.note_tag(order, row["sent_as"])
    if row["gateway_id"]:
        desk.know(order, row["gateway_id"])
        desk._changed.discard(order.id)


def reconcile(
    desks: Iterable[LiveDesk], rows: Iterable[Row], trades: Iterable[Trade]
) -> None:
    """Take in what the gateway shows; what is new of it is held back for telling."""
    desks = list(desks)
    ordered = sorted({row.id: row for row in rows}.values(), key=lambda row: row.id)
    for desk in desks:
        desk.hold_events()
    for row in ordered:
        for desk in desks:
            if not _is_old(desk, row):
                desk.take_order(row, ends=False)
    _take_trades(desks, trades)
    for row in ordered:
        for desk in desks:
            if not _is_old(desk, row):
                desk.take_order(row)
    for desk in desks:
        desk.run.number = max(desk.run.number, max(desk.orders, default=0))
        _doubt_the_rest(desk)


def _is_old(desk: LiveDesk, row: Row) -> bool:
    """Whether an order has ended so long ago that the strategy was told by then."""
    ended_ns = row.updated_ns or row.created_ns
    has_ended = row.status in ENDED
    return has_ended and ended_ns is not None and ended_ns < desk.kept.told_ns


def _take_trades(desks: list[LiveDesk], trades: Iterable[Trade]) -> None:
    found = {trade.id: trade for trade in trades}
    for trade in sorted(found.values(), key=lambda t: (t.created_ns or 0, t.id)):
        if not desks:
            return
        owner = desks[0].run.owner_of.get(trade.order_id)
        if owner is None:
            continue
        desk, order = owner
        if (trade.created_ns or desk.kept.told_ns) < desk.kept.told_ns:
            continue
        if trade.voided:
            desk.take_back(order, trade)
        else:
            desk.take_trade(order, trade)


def _doubt_the_rest(desk: LiveDesk) -> None:
    """What was sent and is listed nowhere may be there or not."""
    for order in desk.live():
        if order.status == "unknown":
            if order.id in desk.unanswered:
                order.status = "asked"
            desk._doubt(order, "no order with its tag is listed")
