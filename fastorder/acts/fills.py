"""What became of an order after the gateway took it: filled, in part, cancelled ...

It is read: the order's own row, and the trades that name it. Both have to say the same
before an order is told to be filled; one of them may be behind.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder.acts.looks import read
from fastorder.acts.report import Fill, FillState
from fastorder.enums import OrderStatus, Outcome
from fastorder.errors import RequestFailed
from fastorder.models import Trade
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.gateway.rows import Rows
    from fastorder.models import Order
    from fastorder.session.ticket_group import Steps

FIRST_PAUSE_NS = SECOND_NS // 20
LONGEST_PAUSE_NS = SECOND_NS
TRADES_BACK_S = 86_400
"""Fills are looked for in the trades of a day."""

STATES = {
    OrderStatus.FILLED: FillState.FILLED,
    OrderStatus.CANCELLED: FillState.CANCELLED,
    OrderStatus.EXPIRED: FillState.EXPIRED,
    OrderStatus.REJECTED: FillState.REJECTED,
}
NEVER_PLACED = {
    Outcome.REJECTED: FillState.REJECTED,
    Outcome.NOT_SENT: FillState.NOT_PLACED,
    Outcome.NOT_PLACED: FillState.NOT_PLACED,
}


def filled(
    desk: Desk, placed: OrderResult, ticket: Ticket[OrderResult] | None, timeout: float
) -> Steps[Fill]:
    """Read an order until it has ended, or the time is over.

    Args:
        placed: what is known of it.
        ticket: its ticket where it is in doubt: it may be settled meanwhile.
        timeout: seconds.
    """
    until_ns = desk.now_ns() + int(timeout * SECOND_NS)
    while placed.outcome is Outcome.UNKNOWN and desk.now_ns() < until_ns:
        yield desk.sleep(min(desk.now_ns() + FIRST_PAUSE_NS, until_ns))
        if ticket is None:
            break
        placed = ticket.result or placed
    if placed.outcome in NEVER_PLACED:
        return Fill(NEVER_PLACED[placed.outcome], placed, why=placed.message)
    if placed.order_id is None:
        return Fill(FillState.UNKNOWN, placed, why=placed.message)
    return (yield from _read_until(desk, placed, placed.order_id, until_ns))


def _read_until(
    desk: Desk, placed: OrderResult, order_id: int, until_ns: int
) -> Steps[Fill]:
    pause_ns, fill = FIRST_PAUSE_NS, None
    while True:
        latest = yield from _read_once(desk, placed, order_id, until_ns)
        if latest.order is not None or fill is None or fill.order is None:
            fill = latest
        if fill.is_final and not fill.why:
            return fill
        if desk.now_ns() >= until_ns:
            return fill
        yield desk.sleep(min(desk.now_ns() + pause_ns, until_ns))
        pause_ns = min(2 * pause_ns, LONGEST_PAUSE_NS)


def look_once(
    desk: Desk, placed: OrderResult, order_id: int, timeout: float
) -> Steps[Fill]:
    """Read an order once, however it stands.

    Args:
        timeout: what the answers may take, in seconds.
    """
    until_ns = desk.now_ns() + int(timeout * SECOND_NS)
    return (yield from _read_once(desk, placed, order_id, until_ns))


def _read_once(
    desk: Desk, placed: OrderResult, order_id: int, until_ns: int
) -> Steps[Fill]:
    """One look at the order, and at the trades where it has any."""
    asked = desk.read_order(order_id)
    yield desk.wait([asked], until_ns)
    try:
        order = read(asked)
        if not _may_have_traded(order):
            return fill_of(placed, order, ())
        listed = desk.read_trades(TRADES_BACK_S)
        yield desk.wait([listed], until_ns)
        return fill_of(placed, order, _trades_of(read(listed), order_id))
    except (
        RequestFailed,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        why = f"accepted, and it could not be read: {error}"
        return Fill(FillState.UNKNOWN, placed, why=why)


def _trades_of(rows: Rows, order_id: int) -> tuple[Trade, ...]:
    mine = [Trade.from_wire(row) for row in rows if row["orderId"] == order_id]
    return tuple(reversed([trade for trade in mine if not trade.voided]))


def _may_have_traded(order: Order) -> bool:
    """Whether its row says so, by whichever of its members."""
    is_filled = order.status is OrderStatus.FILLED
    return bool(order.fill_volume) or is_filled or order.filled_price is not None


def fill_of(placed: OrderResult, order: Order, trades: tuple[Trade, ...]) -> Fill:
    """What a look has shown: the row, the trades, and whether they say the same."""
    traded = sum(trade.size for trade in trades)
    quantity = max(order.fill_volume, traded)
    state = FillState.WORKING
    if isinstance(order.status, OrderStatus):
        state = STATES.get(order.status, state)
    if quantity and state is FillState.WORKING:
        state = FillState.PARTLY_FILLED
    why = _contradiction(order, traded)
    if state is FillState.FILLED and quantity != order.size:
        state = FillState.UNKNOWN
    return Fill(state, placed, quantity, _average(order, trades), trades, order, why)


def _contradiction(order: Order, traded: int) -> str:
    """What the row says against itself, or against the trades; empty for nothing."""
    volume, size = order.fill_volume, order.size
    if order.status is OrderStatus.FILLED and volume != size:
        return f"its row says filled, and {volume} of {size}; {traded} are traded"
    if traded != volume:
        return f"{traded} of {volume} filled are listed in the trades so far"
    if order.filled_price is not None and not volume:
        return f"its row has a price of {order.filled_price}, and nothing filled"
    return ""


def _average(order: Order, trades: tuple[Trade, ...]) -> Decimal | None:
    """Of the trades where all are listed, else what the order's row says."""
    traded = sum(trade.size for trade in trades)
    if traded and traded >= order.fill_volume:
        paid = sum((trade.price * trade.size for trade in trades), Decimal(0))
        return paid / traded
    return order.filled_price
