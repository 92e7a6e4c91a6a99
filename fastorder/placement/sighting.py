"""Whether a row that the gateway shows is a certain order, and what became of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from fastorder.enums import OrderType
from fastorder.gateway.altered_text import PLAIN
from fastorder.gateway.rows import (
    created_s,
    is_id,
    is_leg,
    is_of_account,
    is_rejected,
    same_contract,
    same_price,
    same_tag,
    side_of,
    size_of,
    type_of,
)
from fastorder.placement.states import Event

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder.enums import Side
    from fastorder.gateway.rows import Row, Rows

MADE_FROM_A_QUOTE = frozenset({OrderType.JOIN_BID, OrderType.JOIN_ASK})
"""Types that the gateway may list as another one, a limit order say."""


class Owner(Enum):
    """Whose a row is."""

    OURS = "ours"
    ANOTHERS = "another's"
    UNCLEAR = "not to be told"


def owner_of(
    row: Row,
    order: OrderRequest,
    tag: str,
    contract_id: str,
    since_s: float,
    longest: int = 0,
) -> Owner:
    """Whose a row is.

    One that has the tag is the order, unless it is a leg: that one may be of the order,
    which is there then, or the order itself with a parent that it was given. One whose
    tag cannot be read may be: it is another's only if something else tells it apart.

    Args:
        since_s: the order cannot be older than this, on the gateway's clock.
        longest: see ``longest_tag``, of the list that has the row.
    """
    shown, leg = row.get("customTag"), is_leg(row)
    tagged = same_tag(shown, tag, longest)
    if tagged:
        return Owner.OURS if leg is False else Owner.UNCLEAR
    if tagged is False or (leg is True and not _has_text(shown)):
        return Owner.ANOTHERS
    if _is_older(row, since_s) or not _may_be(row, order, contract_id):
        return Owner.ANOTHERS
    return Owner.UNCLEAR


def longest_tag(rows: Rows) -> int:
    """How long tags in this list are: a gateway that cuts them cuts all of them.

    Those of legs are made of a tag and an ending, and say nothing.
    """
    tags = [row.get("customTag") for row in rows if is_leg(row) is False]
    plain = [tag for tag in tags if isinstance(tag, str) and PLAIN.fullmatch(tag)]
    return max(map(len, plain), default=0)


def found_as(row: Row, order: OrderRequest, contract_id: str) -> Event:
    """What the order that has the tag is."""
    contract, side = row.get("contractId"), side_of(row)
    if same_contract(contract, contract_id) is False or side not in (order.side, None):
        return Event.MISMATCH
    rejected = is_rejected(row)
    if side is None or rejected is None or not isinstance(contract, str):
        return Event.INCONCLUSIVE
    if order.custom_tag is not None and not _is_alike(row, order):
        return Event.MISMATCH
    return Event.FOUND_REJECTED if rejected else Event.FOUND


def is_shown_by(
    row: Row, order: OrderRequest, tag: str, contract_id: str, since_s: float
) -> bool:
    """Whether an event of the hub proves that an order is there.

    All that a look-up leaves open has to be told: the account and the tag, that it is
    no leg, that it was made since the call, contract, side, and a status that is alive
    or filled. A rejection, and whatever cannot be read, is for the look-ups to judge.
    """
    made_s = created_s(row)
    return (
        is_id(row.get("id"))
        and is_id(row.get("accountId"))
        and is_of_account(row, order.account_id)
        and same_tag(row.get("customTag"), tag) is True
        and is_leg(row) is False
        and made_s is not None
        and made_s >= since_s
        and found_as(row, order, contract_id) is Event.FOUND
    )


def is_of(row: Row, contract_id: str, side: Side) -> bool:
    """Whether a row with the tag of a lost order may be it; a leg is not."""
    return (
        is_leg(row) is not True
        and same_contract(row.get("contractId"), contract_id) is not False
        and side_of(row) in (side, None)
    )


def _has_text(shown: object) -> bool:
    return isinstance(shown, str) and bool(shown.strip())


def _is_older(row: Row, since_s: float) -> bool:
    made_s = created_s(row)
    return made_s is not None and made_s < since_s


def _may_be(row: Row, order: OrderRequest, contract_id: str) -> bool:
    return (
        same_contract(row.get("contractId"), contract_id) is not False
        and side_of(row) in (order.side, None)
        and size_of(row) in (order.quantity, None)
        and _may_be_of_type(row, order)
    )


def _is_alike(row: Row, order: OrderRequest) -> bool:
    """Whether the owner of a tag that was chosen for it may be this very order."""
    return (
        size_of(row) in (order.quantity, None)
        and _may_be_of_type(row, order)
        and _may_have_price(row, "limitPrice", order.limit_price)
        and _may_have_price(row, "stopPrice", order.stop_price)
    )


def _may_be_of_type(row: Row, order: OrderRequest) -> bool:
    kind = order.order_type
    return kind in MADE_FROM_A_QUOTE or type_of(row) in (kind, None)


def _may_have_price(row: Row, name: str, price: object) -> bool:
    return price is None or same_price(row.get(name), price) is not False
