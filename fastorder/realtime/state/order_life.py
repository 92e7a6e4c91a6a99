"""The life of one order with its legs, step by step, out of rows that only grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastorder.enums import OrderStatus, OrderType
from fastorder.realtime.state.orders import has_ended

if TYPE_CHECKING:
    from fastorder.models import Order, Trade
    from fastorder.realtime.state.account_rows import AccountRows

STOPS = (OrderType.STOP, OrderType.TRAILING_STOP, OrderType.STOP_LIMIT)
PRICES = ("size", "limit_price", "stop_price")
ENDS: dict[object, str] = {
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.EXPIRED: "expired",
    OrderStatus.REJECTED: "rejected",
}
WORKS = (OrderStatus.OPEN, OrderStatus.PENDING, OrderStatus.PENDING_CANCELLATION)


class OrderStep(NamedTuple):
    """Something that has happened to an order, or to a leg of it.

    Attributes:
        what: "accepted"; "fill" for each trade, then "filled"; "working" of a leg;
            "changed" where its price or size is another; "cancelled", "expired",
            "rejected"; "voided" where a trade was taken back.
        part: "entry", "stop" or "target".
        order: the order, or the leg, as it is now; None where only the answer is known.
        trade: of a fill, the trade.
    """

    what: str
    part: str
    order: Order | None = None
    trade: Trade | None = None

    def __str__(self) -> str:
        name = "" if self.part == "entry" else f"{self.part} "
        text = f"{name}{self.what}"
        if self.trade is not None:
            return f"{text}: {self.trade.size} at {self.trade.price}"
        return text


class Part:
    """What was told of one order so far."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.trades: dict[int, bool] = {}
        self.status: OrderStatus | int | None = None
        self.prices: tuple[object, ...] | None = None
        self.is_over = False


class OrderLife:
    """An order and its legs, followed.

    Args:
        rows: of its account.
        order_id: the entry.
        legs: how many legs it was placed with.
    """

    def __init__(self, rows: AccountRows, order_id: int, legs: int = 0) -> None:
        self._rows = rows
        self._order_id = order_id
        self._legs = legs
        self._parts: dict[int, Part] = {order_id: Part("entry")}
        self._is_told = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing can happen to it any more, and all of it was told."""
        entry = self._parts[self._order_id]
        if not entry.is_over or not all(part.is_over for part in self._parts.values()):
            return False
        return not entry.trades or len(self._parts) > self._legs

    def steps(self) -> list[OrderStep]:
        """What has happened since the last time."""
        found = []
        if not self._is_told:
            self._is_told = True
            held = self._rows.orders.get(self._order_id)
            order = None if held is None else held.order
            found.append(OrderStep("accepted", "entry", order))
        for order in self._family():
            part = self._parts.setdefault(order.id, Part(part_of(order)))
            found += self._steps_of(order, part)
        return found

    def _family(self) -> list[Order]:
        orders = [held.order for held in list(self._rows.orders.values())]
        mine = [
            order
            for order in orders
            if order is not None
            and (order.id == self._order_id or order.parent_id == self._order_id)
        ]
        return sorted(mine, key=lambda order: order.id)

    def _steps_of(self, order: Order, part: Part) -> list[OrderStep]:
        found = self._trades(order, part)
        found += self._status(order, part)
        prices = tuple(getattr(order, name) for name in PRICES)
        told = part.prices is not None and part.status in WORKS and not part.is_over
        if told and prices != part.prices and not found:
            found.append(OrderStep("changed", part.part, order))
        if order.status in WORKS:
            part.prices = prices
        return found

    def _trades(self, order: Order, part: Part) -> list[OrderStep]:
        """Each trade is told once, and once that it was taken back."""
        found = []
        for trade in self._rows.trades_of(order.id):
            was = part.trades.get(trade.id)
            part.trades[trade.id] = trade.voided
            if was is None:
                found.append(OrderStep("fill", part.part, order, trade))
            if was is not True and trade.voided:
                found.append(OrderStep("voided", part.part, order, trade))
        return found

    def _status(self, order: Order, part: Part) -> list[OrderStep]:
        """Its end is told once, after all of its trades."""
        before, part.status = part.status, order.status
        if part.is_over:
            return []
        if has_ended(order):
            if self._rows.told(order.id) < order.fill_volume:
                return []  # a trade is on its way
            part.is_over = True
            return [OrderStep(ENDS[order.status], part.part, order)]
        if order.status is OrderStatus.OPEN is not before and part.part != "entry":
            return [OrderStep("working", part.part, order)]
        return []


def part_of(order: Order) -> str:
    """Which leg of a bracket an order is."""
    return "stop" if order.type in STOPS else "target"
