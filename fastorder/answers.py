"""What an answer of the gateway says of orders: its refusal, its rows, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.enums import Sign
from fastorder.errors import PlaceOrderError, error_name
from fastorder.times import time_from

if TYPE_CHECKING:
    from fastorder._core.reading import Reading
    from fastorder._core.transfer import Evidence

PENDING_CODES = frozenset({PlaceOrderError.OrderPending, PlaceOrderError.UnknownError})
"""Codes on place after which the order may live: they name no refusal."""

UNAUTHORIZED = 401
NOT_LET_IN = "HTTP 401: the gateway takes no token of this executor"

Rows = list[dict[str, Any]]


def unauthorized(evidence: Evidence, reading: Reading) -> bool:
    """Whether the gateway has answered in full that it does not take the token."""
    return evidence.http_status == UNAUTHORIZED and reading.sign is Sign.TURNED_AWAY


def code_of(reading: Reading) -> int | None:
    """The gateway's own code; None where it gave none."""
    return None if reading.reply is None else reading.reply.error_code


def refuses(reading: Reading) -> bool:
    """Whether the code of a refusal names one."""
    code = code_of(reading)
    return code not in PENDING_CODES and error_name(PlaceOrderError, code) is not None


def refusal_name(reading: Reading) -> str:
    """The code and its name, for people."""
    code = code_of(reading)
    return f"{error_name(PlaceOrderError, code) or 'unlisted code'} ({code})"


def tag_in_use(reading: Reading) -> bool:
    """Whether a refusal says that the tag belongs to an order already.

    The gateway has no code of its own for it; the text decides.
    """
    text = reading.reason.lower()
    return "custom tag" in text or "customtag" in text


def why_blind(reading: Reading) -> str:
    """Why a look-up shows nothing, for people."""
    if reading.sign is Sign.ACCEPTED:
        return "look-up failed: its answer lists no orders that can be read"
    return f"look-up failed: {reading.reason or reading.sign.value}"


def listed_orders(reading: Reading) -> Rows | None:
    """The orders of a look-up that was read in full; None where it was not."""
    return _listed(reading, "orders", "id")


def listed_trades(reading: Reading) -> Rows | None:
    """The trades of an answer that was read in full; None where it was not."""
    return _listed(reading, "trades", "orderId")


def shown_order(reading: Reading, order_id: int) -> dict[str, Any] | None:
    """The order that was asked for by its number; None where it is not shown."""
    row = _document(reading).get("order")
    if row is None or not is_row(row) or row["id"] != order_id:
        return None
    return dict(row)


def _listed(reading: Reading, name: str, number: str) -> Rows | None:
    """An absent or null list is not an empty one, and a row without a number no row."""
    rows = _document(reading).get(name)
    if not isinstance(rows, list):
        return None
    return rows if all(is_row(row, number) for row in rows) else None


def _document(reading: Reading) -> dict[str, Any]:
    if reading.sign is not Sign.ACCEPTED or reading.reply is None:
        return {}
    return reading.reply.document or {}


def is_row(row: Any, number: str = "id") -> bool:
    """Whether a row shows an order: a positive number is its id."""
    return isinstance(row, dict) and type(row.get(number)) is int and row[number] > 0


def created_s(row: dict[str, Any]) -> float | None:
    """When the gateway made an order, by its own clock; None where it does not say."""
    try:
        moment = time_from(row.get("creationTimestamp"))
    except (TypeError, ValueError):
        return None
    return None if moment is None else moment.timestamp()
