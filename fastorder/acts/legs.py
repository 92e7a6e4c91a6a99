"""The live legs of brackets, told apart: which one a move of the stop is of."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fastorder.acts.audit import audit
from fastorder.acts.contract_work import result_of_ticket
from fastorder.acts.far import check_near
from fastorder.acts.looks import look
from fastorder.enums import OrderStatus, OrderType
from fastorder.errors import InvalidField, RequestFailed
from fastorder.gateway.rows import same_contract
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from fastorder._core.codec.price import TickGrid
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.models import Order, Price
    from fastorder.session.ticket_group import Steps

STOP, TARGET = "stop", "target"
SUFFIXES = {STOP: "-SL", TARGET: "-TP"}
TYPES = {
    STOP: (OrderType.STOP, OrderType.TRAILING_STOP, OrderType.STOP_LIMIT),
    TARGET: (OrderType.LIMIT,),
}
LOOKS = 3
"""That no leg is listed is believed after so many looks: one may be behind."""

APART_NS = SECOND_NS // 4
LOOK_NS = 5 * SECOND_NS
LAG_NS = 4 * SECOND_NS
"""So long it is looked for legs that the list of working orders may lack."""


def move_leg(
    desk: Desk,
    what: str,
    symbol: str,
    contract_id: str,
    price: Price,
    grid: TickGrid | None,
    order_id: int | None,
    modify: Callable[[int], Ticket[OrderResult]],
) -> Steps[OrderResult]:
    """Find a leg and change its price.

    Args:
        what: STOP or TARGET.
        symbol: as the caller calls the contract.
        price: the new one.
        grid: the contract's ticks; None where they are not known.
        order_id: of the leg or of its entry; None where there is one alone.
        modify: changes an order's price.

    Raises:
        InvalidField: there is none, or it cannot be told which; the text lists them.
            Or the price is none that is meant.
        RequestFailed: the orders could not be read.
    """
    looks, until_ns = 0, desk.now_ns() + LAG_NS
    while True:
        sight = yield from look(desk, desk.now_ns() + LOOK_NS)
        if sight.why:
            raise sight.refusal or RequestFailed(f"the orders: {sight.why}")
        found = [
            order
            for order in legs_of(sight, contract_id, what)
            if order_id in (None, order.id, order.parent_id)
        ]
        if found:
            doubt = ""
            break
        looks += 1
        doubt = yield from _doubt(desk, contract_id, sight)
        if looks >= LOOKS and (not doubt or desk.now_ns() >= until_ns):
            break
        yield desk.sleep(desk.now_ns() + APART_NS)
    leg = _only(found, what, symbol, contract_id, order_id, sight, doubt)
    _check_side(leg, what, price, sight)
    now = _price_of(leg)
    if now is not None:
        hint = f"not a distance; modify_order({leg.id}, ...) takes any price"
        check_near("price", price, f"the {what} leg's price of now", now, grid, hint)
    ticket = modify(leg.id)
    with suppress(*STOPS):
        yield ticket
    return result_of_ticket(ticket)


def _doubt(desk: Desk, contract_id: str, sight: Sight) -> Steps[str]:
    """Why the look may lack orders of a contract; empty where nothing speaks for it."""
    books = yield from audit(desk, desk.now_ns() + LOOK_NS)
    if isinstance(books, str):
        return books
    return books.orders_doubt(contract_id, sight)


def legs_of(sight: Sight, contract_id: str, what: str) -> list[Order]:
    """The legs of a contract that are its stops, or its targets; suspended ones too."""
    return [
        order
        for order in sight.orders
        if order.id in sight.legs
        and same_contract(order.contract_id, contract_id) is True
        and kind_of(order) == what
    ]


def kind_of(leg: Order) -> str | None:
    """STOP or TARGET; None where its tag and its type do not agree."""
    by_type = next((what for what, types in TYPES.items() if leg.type in types), None)
    tag = leg.custom_tag or ""
    by_tag = next((what for what, end in SUFFIXES.items() if tag.endswith(end)), None)
    return by_type if by_tag in (None, by_type) else None


def _only(
    found: list[Order],
    what: str,
    symbol: str,
    contract_id: str,
    order_id: int | None,
    sight: Sight,
    doubt: str,
) -> Order:
    live = [order for order in found if order.status is OrderStatus.OPEN]
    if len(live) == 1:
        return _movable(live[0], what)
    if live:
        rule = f"must say which {what} leg of {symbol} is meant"
        raise InvalidField("order_id", rule, order_id, _listed(live))
    if found:
        hint = f"suspended until the entry fills: {_listed(found)}"
        raise InvalidField("symbol", f"must have a live {what} leg", symbol, hint)
    others = [
        order
        for order in sight.orders
        if same_contract(order.contract_id, contract_id) is not False
    ]
    of_order = "" if order_id is None else f" of order {order_id}"
    hint = f"working: {_listed(others) or 'none'}" + (f"; {doubt}" if doubt else "")
    rule = f"must have a live {what} leg{of_order}"
    raise InvalidField("symbol", rule, symbol, hint)


def _movable(leg: Order, what: str) -> Order:
    if leg.type is OrderType.TRAILING_STOP:
        rule = f"must have a {what} leg with a price of its own"
        hint = f"it trails: modify_order({leg.id}, ..., trail_price=) moves it"
        raise InvalidField("symbol", rule, leg.contract_id, hint)
    return leg


def _check_side(leg: Order, what: str, price: Price, sight: Sight) -> None:
    """Refuse a stop beyond the target of its own bracket, and the reverse."""
    for other in sight.orders:
        bound = _price_of(other)
        if other.parent_id != leg.parent_id or other.id == leg.id or bound is None:
            continue
        below = (what == STOP) == (leg.side.value == 1)  # a sell stop, a buy target
        if (price >= bound) if below else (price <= bound):
            way = "below" if below else "above"
            rule = f"must be {way} the other leg's {bound}"
            raise InvalidField("price", rule, price, f"leg {other!r}")


def _price_of(leg: Order) -> Decimal | None:
    return leg.limit_price if leg.stop_price is None else leg.stop_price


def _listed(orders: list[Order]) -> str:
    return ", ".join(map(repr, orders))
