"""Rows of the hub and of reads, checked, as the models keep them.

The hub leaves members out that are null, and some gateways give ids as text. What a row
has to have and cannot be read makes the whole row unreadable: half of it is believed
by nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fastorder._base.outside_text import from_outside
from fastorder.gateway.rows import is_id, side_of, size_of
from fastorder.models import Account, Order, Position, Trade

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Model = TypeVar("Model")
IDS = frozenset({"id", "accountId", "orderId", "parentOrderId", "linkedOrderId"})
LONGEST_ID = 19
"""Digits of the largest number of 64 bits."""


class Unreadable(ValueError):
    """A row cannot be read."""


def order_from(row: Mapping[str, Any]) -> Order:
    """An order.

    Raises:
        Unreadable: it lacks what every order has.
    """
    return _read("order", _checked_order, row)


def trade_from(row: Mapping[str, Any]) -> Trade:
    """A trade; one without a result opens a position.

    Raises:
        Unreadable: it lacks what every trade has.
    """
    return _read("trade", _checked_trade, {"profitAndLoss": None, **row})


def position_from(row: Mapping[str, Any]) -> Position:
    """A position; of size 0 where it is flat.

    Raises:
        Unreadable: it lacks what every position has.
    """
    return _read("position", _checked_position, row)


def account_from(row: Mapping[str, Any]) -> Account:
    """An account.

    Raises:
        Unreadable: it lacks what every account has.
    """
    return _read("account", Account.from_wire, row)


def _read(
    what: str, make: Callable[[dict[str, Any]], Model], row: Mapping[str, Any]
) -> Model:
    known = dict(row)
    for name in IDS & row.keys():
        known[name] = _number(row[name])
    try:
        if not is_id(known.get("id")):
            raise ValueError("id must be a number above 0")
        return make(known)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as bad:
        why = from_outside(str(bad))[:200]
        raise Unreadable(f"a row of the {what}s cannot be read: {why}") from None


def _number(value: Any) -> Any:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[: LONGEST_ID + 1])
    return value


def _checked_order(row: dict[str, Any]) -> Order:
    _of_account(row)
    if size_of(row) is None or side_of(row) is None:
        raise ValueError("size and side must be there")
    if type(row.get("status")) is not int or type(row.get("type")) is not int:
        raise ValueError("status and type must be whole numbers")
    order = Order.from_wire(row)
    if type(order.fill_volume) is not int or order.fill_volume < 0:
        raise ValueError("fillVolume must be a whole number of 0 or more")
    return order


def _checked_trade(row: dict[str, Any]) -> Trade:
    _of_account(row)
    if not is_id(row.get("orderId")):
        raise ValueError("orderId must be a number above 0")
    if not size_of(row) or side_of(row) is None:
        raise ValueError("size and side must be there")
    return Trade.from_wire(row)


def _checked_position(row: dict[str, Any]) -> Position:
    _of_account(row)
    position = Position.from_wire(row)
    _ = position.net  # raises where it is neither long nor short
    return position


def _of_account(row: dict[str, Any]) -> None:
    if not is_id(row.get("accountId")):
        raise ValueError("accountId must be a number above 0")
    contract_id = row.get("contractId")
    if not isinstance(contract_id, str) or not contract_id.strip():
        raise ValueError("contractId must be a text")
