"""What the gateway tells of a strategy's orders, made into the events of a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.enums import OrderStatus, OrderType, Outcome, Side
from fastorder.strategy.changes import Changes
from fastorder.strategy.events import Fill, OrderEvent, PositionChange
from fastorder.strategy.orders import Order
from fastorder.strategy.tags import Tagged, tagged
from fastorder.strategy.venue import Desk

if TYPE_CHECKING:
    from decimal import Decimal

    from fastorder.models import Order as Row
    from fastorder.models import Trade

UNSETTLED = ("asked", "unknown")
"""An order of which the gateway has shown nothing yet."""

GONE: dict[object, str] = {
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.EXPIRED: "expired",
}
NOT_THERE = {
    Outcome.REJECTED: "rejected",
    Outcome.NOT_SENT: "not sent",
    Outcome.NOT_PLACED: "not placed",
}
KINDS: dict[object, str] = {
    OrderType.LIMIT: "limit",
    OrderType.MARKET: "market",
    OrderType.STOP: "stop",
    OrderType.TRAILING_STOP: "trailing stop",
}


class DeskRows(Desk):
    """One strategy at the gateway: its orders as rows, trades and answers tell of them.

    Whatever comes first tells, and each thing is told once: an order that a row or a
    trade shows was accepted, whether its answer has come or not.

    Attributes:
        orders: all that are known, by their numbers.
        legs: of each entry, by its number.
        numbers: the gateway's, by the orders'.
        sent_as: the tags of orders, by their numbers.
        fills: that were told.
        told: the gateway's numbers of the trades that were told.
    """

    name: str
    run: Any

    def _begin_rows(self) -> None:
        self.orders: dict[int, Order] = {}
        self.legs: dict[int, list[Order]] = {}
        self.numbers: dict[int, int] = {}
        self.sent_as: dict[int, str] = {}
        self.by_tag: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.told: set[int] = set()
        self.unanswered: set[int] = set()  # asked for by a process that is gone
        self._going: dict[int, tuple[str, int]] = {}
        self._changes: dict[int, Changes] = {}
        self._changed: set[int] = set()  # what is to be kept
        self._new_trades: list[Trade] = []
        self._has_lost = False

    # ---------------------------------------------------------------- whose it is

    def order_of(self, row: Row) -> Order | None:
        """The order that a row is of; None where it is none of this strategy."""
        if row.parent_id is not None:
            parent = self._parent_of(row.parent_id)
            return None if parent is None else self._leg_of(parent, row)
        known = self.by_tag.get(row.custom_tag or "")
        if known is not None:
            return known
        named = tagged(row.custom_tag)
        if named is None or named.name != self.name:
            return None
        return self._adopted(named, row)

    def _parent_of(self, gateway_id: int) -> Order | None:
        """The entry of a leg; its row may be known though none has told of it."""
        desk, order = self.run.owner_of.get(gateway_id, (None, None))
        row = self.run.trader.state.orders.get(gateway_id) if order is None else None
        if row is not None and row.parent_id is None:
            desk, order = self, self.order_of(row)
            if order is not None:
                self.know(order, gateway_id)
        return order if desk is self else None

    def _leg_of(self, parent: Order, row: Row) -> Order:
        role = "take profit" if row.type == OrderType.LIMIT else "stop loss"
        for leg in self.legs.get(parent.id, ()):
            if leg.role == role:
                return leg
        number = parent.id + (1 if role == "stop loss" else 2)
        return self._take_over(number, parent.symbol, role, row, parent)

    def _adopted(self, named: Tagged, row: Row) -> Order | None:
        """An order with the strategy's tag that an earlier process could not keep."""
        symbol = self.run.symbols.get(row.contract_id)
        if symbol is None:
            return None
        order = self._take_over(named.number, symbol, named.role, row, None)
        self.note_tag(order, row.custom_tag or "")
        return order

    def note_tag(self, order: Order, tag: str) -> None:
        """What an order was sent as."""
        self.sent_as[order.id] = tag
        self.by_tag[tag] = order

    def _take_over(
        self, number: int, symbol: str, role: str, row: Row, parent: Order | None
    ) -> Order:
        if number in self.orders:  # a later process has used it meanwhile
            number = self.run.number + 1
        self.run.number = max(self.run.number, number + (parent is None) * 2)
        order = Order(
            number,
            symbol,
            1 if row.side == Side.BUY else -1,
            row.size,
            KINDS.get(row.type, "limit"),
            role,
            price_of(row),
            row.created_ns or self.now_ns(),
            parent=parent,
        )
        self._add(order)
        return order

    def _add(self, order: Order) -> None:
        self.alive[order.id] = order
        self.hold(order)
        self._changed.add(order.id)

    def hold(self, order: Order) -> None:
        """An order is known."""
        self.orders[order.id] = order
        if order.parent is not None:
            self.legs.setdefault(order.parent.id, []).append(order)

    def know(self, order: Order, gateway_id: int) -> None:
        """The gateway's number of an order."""
        if self.numbers.get(order.id) != gateway_id:
            self.numbers[order.id] = gateway_id
            self.run.owner_of[gateway_id] = (self, order)
            self._changed.add(order.id)

    # ---------------------------------------------------------------- answers

    def answered(self, order: Order, result: Any) -> None:
        """What became of placing an order; a row may have told before."""
        outcome, number = result.outcome, result.order_id
        if outcome is Outcome.ACCEPTED:
            self.know(order, number)
            self._accept(order)
            self.run.retell(number)
        elif order.status in UNSETTLED:
            if outcome is Outcome.UNKNOWN:
                self._doubt(order, why_of(result))
            else:
                self.not_there(order, outcome, why_of(result))

    def _accept(self, order: Order, size: int | None = None) -> None:
        if order.status not in UNSETTLED:
            return
        order.status = "accepted"
        order.size = order.size if size is None else size
        self._changed.add(order.id)
        self.tell(OrderEvent(self.now_ns(), order, "accepted", Outcome.ACCEPTED))
        self._send_wishes(order)

    def _doubt(self, order: Order, why: str) -> None:
        """Nobody knows whether it is there; told once, and looked up again."""
        if order.status == "asked":
            order.status = "unknown"
            self._changed.add(order.id)
            event = OrderEvent(self.now_ns(), order, "unknown", Outcome.UNKNOWN, why)
            self.tell(event)
        self.run.look_up(self, order)

    def not_there(self, order: Order, outcome: Outcome, why: str) -> None:
        """It was refused, or never left: it is no order, and its legs are none."""
        what = NOT_THERE[outcome]
        self._over(order, what)
        self._drop_legs(order, what)
        self.tell(OrderEvent(self.now_ns(), order, what, outcome, why))

    def _over(self, order: Order, what: str) -> None:
        order.status = what
        self.alive.pop(order.id, None)
        self._changes.pop(order.id, None)
        self._changed.add(order.id)

    def _drop_legs(self, order: Order, what: str) -> None:
        """The legs that the gateway never showed have ended with their entry."""
        for leg in self.legs.get(order.id, ()):
            if leg.id not in self.numbers:
                self._over(leg, what)

    def _send_wishes(self, order: Order) -> None:
        """Ask for what had to wait until the order is known at the gateway."""
        raise NotImplementedError

    # ---------------------------------------------------------------- rows

    def take_order(self, row: Row, *, ends: bool = True) -> None:
        """A row of an order.

        Args:
            row: it may be of another strategy, or of none.
            ends: whether it may end the order: not where trades are still to come.
        """
        order = self.order_of(row)
        if order is None:
            return
        self.know(order, row.id)
        if row.status == OrderStatus.REJECTED:
            if order.status == "unknown":
                self.not_there(order, Outcome.REJECTED, "the gateway lists it as that")
            return  # where it is asked for, its answer says why
        self._accept(order, row.size)
        if ends and row.status in GONE and order.alive:
            self._going[order.id] = (GONE[row.status], row.fill_volume)
            self._check_gone(order)
        elif row.status == OrderStatus.OPEN and order.alive:
            self._shown_open(order, row)
        self.run.retell(row.id)

    def _shown_open(self, order: Order, row: Row) -> None:
        price = price_of(row)
        if order.status == "waiting":
            order.status, order.price = "accepted", price
            self._changed.add(order.id)
            self.tell(OrderEvent(self.now_ns(), order, "active"))
            self._send_wishes(order)
            return
        is_moved = order.kind in ("limit", "stop") and price != order.price
        is_news = row.size != order.size or is_moved
        if self.changes_of(order).shown(row.size, price, is_news=is_news):
            self._modified(order, row.size, price)

    def changes_of(self, order: Order) -> Changes:
        """The changes of an order that are under way."""
        found = self._changes.get(order.id)
        if found is None:
            found = self._changes[order.id] = Changes(order.size, order.price)
        return found

    def rows_were_lost(self) -> None:
        """There was a gap: what the next row of an order shows, it is."""
        for changes in self._changes.values():
            changes.rows_were_lost()

    def _modified(self, order: Order, size: int, price: float | None) -> None:
        order.size, order.price = size, price
        self._changed.add(order.id)
        self.tell(OrderEvent(self.now_ns(), order, "modified"))

    def _check_gone(self, order: Order) -> None:
        """It has ended, once each trade of it was told."""
        what, filled = self._going.get(order.id, ("", 0))
        if not what or order.filled < filled:
            return
        del self._going[order.id]
        self._over(order, what)
        self._drop_legs(order, what)
        self.tell(OrderEvent(self.now_ns(), order, what))

    # ---------------------------------------------------------------- trades

    def take_trade(self, order: Order, trade: Trade) -> None:
        """A trade of an order; each counts once."""
        if trade.id in self.told:
            return
        self.told.add(trade.id)
        self._new_trades.append(trade)
        self._accept(order)
        order.filled += trade.size
        is_filled = order.filled >= order.size and order.alive
        if is_filled:
            self._over(order, "filled")
        self._changed.add(order.id)
        self._place_legs(order, float(trade.price))
        self._move(order.symbol, order.side * trade.size)
        self._tell_fill(order, trade)
        if is_filled:
            self.tell(OrderEvent(self.now_ns(), order, "filled"))
        self._tell_position(order.symbol)
        self._check_gone(order)

    def take_back(self, order: Order, trade: Trade) -> None:
        """The exchange has taken a trade back."""
        if trade.id not in self.told:
            return
        self.told.discard(trade.id)
        self._new_trades.append(trade)
        self.run.warn(self, f"trade {trade.id} of {order!r} was taken back")
        self._move(order.symbol, -order.side * trade.size)
        self._tell_position(order.symbol)

    def lose(self, symbol: str, size: int) -> None:
        """Others have closed a part of what it holds."""
        held = self.positions[symbol]
        self.run.warn(self, f"{size} of {held} {symbol} were closed by others")
        self._move(symbol, -size if held > 0 else size)
        self._has_lost = True
        self._tell_position(symbol)

    def _move(self, symbol: str, size: int) -> None:
        before = self.positions[symbol]
        self.positions[symbol] = before + size
        self._held += abs(before + size) - abs(before)

    def _tell_fill(self, order: Order, trade: Trade) -> None:
        fill = Fill(
            trade.created_ns or self.now_ns(), order, order.symbol, order.side,
            trade.size, float(trade.price), dollars(trade.profit_and_loss),
            dollars(trade.fees) + dollars(trade.commissions),
            self.positions[order.symbol],
        )  # fmt: skip
        self.fills.append(fill)
        if self._hears["on_fill"]:
            self.call("on_fill", fill)

    def _tell_position(self, symbol: str) -> None:
        if self._hears["on_position"]:
            size, net = self.positions[symbol], self.run.net(symbol)
            self.call("on_position", PositionChange(self.now_ns(), symbol, size, net))

    def _place_legs(self, order: Order, price: float) -> None:
        """The legs of an entry lie so far from its fill."""
        tick = self.tick_size(order.symbol)
        for leg in self.legs.get(order.id, ()):
            if leg.status == "waiting":
                way = leg.side if leg.role == "stop loss" else -leg.side
                leg.price = price + way * leg.distance_ticks * tick

    # ---------------------------------------------------------------- telling

    def tell(self, event: OrderEvent) -> None:
        """Tell the strategy of an order."""
        if self._hears["on_order"]:
            self.call("on_order", event)

    def call(self, name: str, *given: Any) -> None:
        """Call a handler of the strategy."""
        raise NotImplementedError


def price_of(row: Row) -> float | None:
    """The limit of an order, or its stop; None at the market."""
    price = row.stop_price if row.limit_price is None else row.limit_price
    return None if price is None else float(price)


def dollars(amount: Decimal | None) -> float:
    """An amount that may not be told."""
    return 0.0 if amount is None else float(amount)


def why_of(result: Any) -> str:
    """Why a request did not do what it was to."""
    return str(result.error or result.message)
