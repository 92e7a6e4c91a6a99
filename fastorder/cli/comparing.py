"""What a change is of: the order as it is listed, each value before and after."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.acts.legs import kind_of
from fastorder.cli.contract_names import short
from fastorder.cli.money import dollars
from fastorder.enums import OrderStatus
from fastorder.errors import InvalidField, RequestFailed, UnknownSymbol

if TYPE_CHECKING:
    from fastorder import Contract, Order, Position

OF_ORDER = {"quantity": "size", "limit": "limit_price", "stop": "stop_price"}
"""What of an order a change is of, by its name as a trader's ``modify`` takes it."""

NOT_LISTED = "which is not listed as working"


@dataclass(frozen=True)
class Change:
    """One value.

    Attributes:
        what: quantity, limit or stop.
        before: as it is listed; None where that is not known.
        after: as it is asked for.
        ticks: from the one to the other, below 0 where it is lower; None where that
            cannot be told.
        money: what they come to for the whole order, in dollars.
    """

    what: str
    before: Decimal | int | None
    after: Decimal | int
    ticks: Decimal | int | None = None
    money: Decimal | None = None

    def __str__(self) -> str:
        old = "not known" if self.before is None else plain(self.before)
        words = f"{self.what} from {old} to {plain(self.after)}"
        if self.ticks is None or self.money is None:
            return words
        if not self.ticks:
            return f"{words} (no tick)"
        way = "lower" if self.ticks < 0 else "higher"
        far = counted(abs(self.ticks), "tick")
        return f"{words} ({far} {way} = {dollars(self.money)})"

    @property
    def row(self) -> dict[str, Any]:
        """As a member of a result's ``changes``."""
        return {
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "ticks": self.ticks,
        }


@dataclass(frozen=True)
class Compared:
    """A change of one order.

    Attributes:
        words: the order and its changes, for people.
        changes: of each value.
    """

    words: str
    changes: list[Change]


def plain(number: Decimal | int) -> str:
    """All its digits, without an exponent."""
    return f"{number:f}" if isinstance(number, Decimal) else str(number)


def whole(ticks: Decimal) -> Decimal | int:
    """Ticks as a whole number where they are; a price between two ticks has parts."""
    return int(ticks) if ticks == int(ticks) else ticks.quantize(Decimal("0.01"))


def compared(trader: Any, order: int, asked: dict[str, Any]) -> Compared:
    """A change of an order by its number."""
    listed, why = _listed(trader)
    found = next((each for each in listed if each.id == order), None)
    if found is None:
        return _unseen(f"order {order}, {why or NOT_LISTED}", asked)
    return _seen(trader, found, asked)


def compared_leg(
    trader: Any, what: str, symbol: str, price: Decimal, order: int | None
) -> Compared:
    """A move of the live leg of a bracket.

    Args:
        what: "stop" or "target".
        order: the leg's number or its entry's; None where there is one alone.
    """
    name = "stop" if what == "stop" else "limit"
    contract_id = trader.contract(symbol).id
    listed, why = _listed(trader)
    legs = [
        each
        for each in listed
        if each.parent_id is not None
        and each.contract_id == contract_id
        and kind_of(each) == what
        and each.status is OrderStatus.OPEN
        and order in (None, each.id, each.parent_id)
    ]
    if len(legs) == 1:
        return _seen(trader, legs[0], {name: price})
    several = "; ".join(map(in_words, legs))
    no_leg = f"of which no live {what} is listed"
    which = f"several are live, --order says which ({several})" if legs else no_leg
    return _unseen(why or which, {name: price})


def in_words(order: Order) -> str:
    """Such as "order 5, SELL 2 MNQ.Z26 STOP at 29407.75"."""
    prices = [
        f"{price:f}"
        for price in (order.stop_price, order.limit_price)
        if price is not None
    ]
    at = f" at {' and '.join(prices)}" if prices else ""
    what = f"{order.side} {order.size} {short(order.contract_id)} {order.type}"
    return f"order {order.id}, {what}{at}"


def of_number(trader: Any, order: int) -> str:
    """An order in words, by its number."""
    return compared(trader, order, {}).words


def held_in_words(trader: Any, symbol: str | None) -> str:
    """What an act would end: positions and working orders, of a contract or of all."""
    only = None if symbol is None else trader.contract(symbol).id
    try:
        positions, orders = trader.positions(), trader.open_orders()
    except RequestFailed as error:
        return f"what is open could not be read ({error})"
    held = [
        f"{_net_in_words(each)} {short(each.contract_id)} at {each.average_price:f}"
        for each in positions
        if only in (None, each.contract_id)
    ]
    working = sum(only in (None, each.contract_id) for each in orders)
    what = ", ".join(held) or "no position"
    return f"{what}; {counted(working, 'working order')}"


def _net_in_words(position: Position) -> str:
    """With its sign; a listed one may not say which way it is open."""
    try:
        return f"{position.net:+}"
    except ValueError:
        return f"{position.size} (long or short is not known)"


def _listed(trader: Any) -> tuple[list[Order], str]:
    """The working orders; none, and why, where they cannot be read."""
    try:
        return trader.open_orders(), ""
    except RequestFailed as error:
        return [], f"which could not be looked at ({error})"


def _seen(trader: Any, order: Order, asked: dict[str, Any]) -> Compared:
    contract = _contract_of(trader, order)
    changes = [_change(order, contract, name, value) for name, value in asked.items()]
    return _told(in_words(order), changes)


def _unseen(words: str, asked: dict[str, Any]) -> Compared:
    return _told(words, [Change(name, None, value) for name, value in asked.items()])


def _told(words: str, changes: list[Change]) -> Compared:
    """An order in words, and behind them what changes of it."""
    told = "; ".join(map(str, changes))
    return Compared(f"{words}: {told}" if told else words, changes)


def _change(order: Order, contract: Contract | None, name: str, value: Any) -> Change:
    before = getattr(order, OF_ORDER[name])
    if name == "quantity" or before is None or contract is None:
        return Change(name, before, value)
    ticks = (value - before) / contract.tick_size
    money = abs(ticks) * order.size * contract.tick_value
    return Change(name, before, value, whole(ticks), money)


def _contract_of(trader: Any, order: Order) -> Contract | None:
    """Its contract; None where the gateway lists none of this id: no ticks then."""
    try:
        found: Contract = trader.contract(order.contract_id)
    except (UnknownSymbol, InvalidField):
        return None
    return found
