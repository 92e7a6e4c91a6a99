"""What a row of the gateway shows; where it cannot be told, None.

A verdict about money rests on a few members of a row: whose it is, of which contract,
how much of it. Each is checked here for its type and its range. What cannot be judged
is not taken for another's, nor for nothing: a look-up with such a row is inconclusive.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from fastorder._base.timestamps import has_zone, time_from
from fastorder._core.codec.price import price_text
from fastorder.enums import OrderStatus, OrderType, PositionType, Side, net_size
from fastorder.gateway.altered_text import is_altered, is_cut

Row = dict[str, Any]
Rows = list[Row]

LARGEST_ID = (1 << 63) - 1
"""The gateway's ids are 64-bit numbers; so are a journal's."""

LARGEST_SIZE = (1 << 31) - 1

EARLIEST_S = 946_684_800.0
"""2000-01-01: no order of this gateway is older."""

STATUSES = frozenset(OrderStatus) - {OrderStatus.NONE}
ENDED = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
    }
)


def is_id(value: object) -> bool:
    """Whether it is a number that the gateway gives to orders, trades, accounts."""
    return type(value) is int and 0 < value <= LARGEST_ID


def is_row(row: object, number: str = "id") -> bool:
    """Whether it is an object with an id under this name."""
    return isinstance(row, dict) and is_id(row.get(number))


def rows_in(
    document: Row,
    name: str,
    account_id: int | None = None,
    number: str | None = "id",
) -> Rows:
    """The rows that an answer lists under a name.

    Args:
        account_id: whose all of them have to be; None for rows of no account.
        number: the member that is their number; None where they have none.

    Raises:
        TypeError, ValueError: it lists none that can be read: an absent or null list is
            not an empty one, a row without its number is no row, rows of another
            account are not what was asked for, and two that say different things under
            one number cannot both be true.
    """
    rows = document.get(name)
    if not isinstance(rows, list):
        raise TypeError(f"{name} must be a list, was {type(rows).__name__}")
    if not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{name} must be a list of objects with ids")
    if number is not None and not all(is_row(row, number) for row in rows):
        raise TypeError(f"{name} must be a list of objects with ids")
    if account_id is not None and not all(is_of_account(r, account_id) for r in rows):
        raise ValueError(f"{name} must be of account {account_id}, some are not")
    if number == "id" and not _is_consistent(rows):
        raise ValueError(f"{name} must not say different things under one id")
    return rows


def _is_consistent(rows: Rows) -> bool:
    last = {row["id"]: row for row in rows}
    return len(last) == len(rows) or all(last[row["id"]] == row for row in rows)


def is_of_account(row: Row, account_id: int) -> bool:
    """Whether a row is of the account that was asked for; most say whose they are."""
    shown = row.get("accountId", account_id)
    return type(shown) is int and shown == account_id


def same_contract(shown: object, contract_id: str) -> bool | None:
    """Whether a row's contract is this one.

    Ids of two kinds, a number and a name, cannot be compared: the gateway may know one
    contract by both.
    """
    if not isinstance(shown, str) or not shown.strip():
        return None
    theirs, ours = shown.strip().casefold(), contract_id.strip().casefold()
    if theirs == ours:
        return True
    if is_altered(theirs, ours) or _kind_of_id(theirs) != _kind_of_id(ours):
        return None
    return None if not theirs.isdigit() and is_cut(theirs, ours) else False


def _kind_of_id(contract_id: str) -> str:
    return "number" if contract_id.isdigit() else contract_id.partition(".")[0]


def same_tag(shown: object, tag: str, longest: int = 0) -> bool | None:
    """Whether a row's tag is this one; one that was altered on its way may be.

    Args:
        longest: of the tags that the list has: what is shorter was not cut there.
    """
    if not isinstance(shown, str) or not shown.strip():
        return None
    if shown == tag:
        return True
    return None if is_altered(shown, tag) or is_cut(shown, tag, longest) else False


def is_leg(row: Row) -> bool | None:
    """Whether an order is a leg of another one's bracket."""
    parent = row.get("parentOrderId")
    if parent is None or (type(parent) is int and parent == 0):
        return False
    return True if is_id(parent) and parent != row.get("id") else None


def same_price(shown: object, price: Any) -> bool | None:
    """Whether a row's price is this one."""
    if type(shown) not in (int, float, Decimal) or not isfinite(shown):  # type: ignore[arg-type]
        return None
    return Decimal(str(shown)) == Decimal(price_text(price))


def side_of(row: Row) -> Side | None:
    """The side of an order or a trade."""
    side: Side | None = _member(Side, row.get("side"))
    return side


def type_of(row: Row) -> OrderType | None:
    """The type of an order."""
    kind: OrderType | None = _member(OrderType, row.get("type"))
    return kind


def size_of(row: Row) -> int | None:
    """How many contracts an order, a trade or a position is of; 0 of none."""
    return _count(row.get("size"))


def status_of(row: Row) -> OrderStatus | None:
    """The status of an order."""
    status = _member(OrderStatus, row.get("status"))
    return status if status in STATUSES else None


def is_rejected(row: Row) -> bool | None:
    """Whether an order was rejected with nothing filled: then none of it lives."""
    status = status_of(row)
    if status is not OrderStatus.REJECTED:
        return None if status is None else False
    filled = _count(row.get("fillVolume"))
    return None if filled is None else filled == 0


def traded(row: Row) -> int:
    """How much a trade has bought: below zero where it sold, 0 where it was voided.

    Raises:
        ValueError: it cannot be read.
    """
    voided = row.get("voided", False)
    if voided is True:
        return 0
    side, size = side_of(row), size_of(row)
    if side is None or not size or voided is not False:
        raise ValueError(f"a trade of order {row['orderId']} cannot be read")
    return size if side is Side.BUY else -size


def held(row: Row) -> int:
    """How much a position is of: below zero where it is short.

    Raises:
        ValueError: it cannot be read.
    """
    size = size_of(row)
    if size is None:
        raise ValueError(f"position {row['id']} cannot be read")
    try:
        return net_size(_member(PositionType, row.get("type")), size)
    except ValueError:
        raise ValueError(f"position {row['id']} cannot be read") from None


def created_s(row: Row) -> float | None:
    """When the gateway made it, by its own clock, in seconds since the epoch.

    A time without a zone may be hours off, and one before there was a gateway is the
    zero of some clock: neither says when.
    """
    text = row.get("creationTimestamp")
    try:
        moment = time_from(text)
    except (TypeError, ValueError):
        return None
    if moment is None or not has_zone(text):
        return None
    made_s = moment.timestamp()
    return made_s if made_s >= EARLIEST_S else None


def _member(kind: Any, value: object) -> Any:
    if type(value) is not int:
        return None
    try:
        return kind(value)
    except ValueError:
        return None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= LARGEST_SIZE else None
