"""What an answer of the gateway says of orders: a refusal, rows, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.answer_kind import AnswerKind
from fastorder.errors import PlaceOrderError, error_name
from fastorder.gateway.rows import is_of_account, is_row, rows_in

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder._core.transport.evidence import Evidence
    from fastorder.gateway.rows import Row, Rows

PENDING_CODES = frozenset({PlaceOrderError.OrderPending, PlaceOrderError.UnknownError})
"""Codes on place after which the order may live: they name no refusal."""

UNAUTHORIZED = 401
UNAUTHORIZED_TEXT = "HTTP 401: the gateway takes no token of this executor"


def unauthorized(evidence: Evidence, answer: Answer) -> bool:
    """Whether the gateway has answered in full that it does not take the token."""
    return (
        evidence.http_status == UNAUTHORIZED and answer.kind is AnswerKind.CLIENT_ERROR
    )


def code_of(answer: Answer) -> int | None:
    """The gateway's own code; None where it gave none."""
    return None if answer.reply is None else answer.reply.error_code


def refuses(answer: Answer) -> bool:
    """Whether the code of a refusal names one."""
    code = code_of(answer)
    return code not in PENDING_CODES and error_name(PlaceOrderError, code) is not None


def refusal_name(answer: Answer) -> str:
    """The code and its name, for people."""
    code = code_of(answer)
    return f"{error_name(PlaceOrderError, code) or 'unlisted code'} ({code})"


def tag_in_use(answer: Answer) -> bool:
    """Whether a refusal says that the tag belongs to an order already.

    The gateway has no code of its own for it; the text decides.
    """
    text = answer.reason.lower()
    return "custom tag" in text or "customtag" in text


def why_inconclusive(answer: Answer) -> str:
    """Why a look-up shows nothing, for people."""
    if answer.kind is AnswerKind.ACCEPTED:
        return "look-up failed: its answer lists no orders that can be read"
    return f"look-up failed: {answer.reason or answer.kind.value}"


def listed_orders(answer: Answer, account_id: int) -> Rows | None:
    """The orders of a look-up that was read in full; None where it was not."""
    return _listed(answer, "orders", "id", account_id)


def listed_trades(answer: Answer, account_id: int) -> Rows | None:
    """The trades of an answer that was read in full; None where it was not."""
    return _listed(answer, "trades", "orderId", account_id)


def listed_positions(answer: Answer, account_id: int) -> Rows | None:
    """The positions of an answer that was read in full; None where it was not."""
    return _listed(answer, "positions", "id", account_id)


def shown_order(answer: Answer, order_id: int, account_id: int) -> Row | None:
    """The order that was asked for by its number; None where it is not shown."""
    row = _document(answer).get("order")
    if row is None or not is_row(row) or row["id"] != order_id:
        return None
    return dict(row) if is_of_account(row, account_id) else None


def _listed(answer: Answer, name: str, number: str, account_id: int) -> Rows | None:
    try:
        return rows_in(_document(answer), name, account_id, number)
    except (TypeError, ValueError):
        return None


def _document(answer: Answer) -> dict[str, Any]:
    if answer.kind is not AnswerKind.ACCEPTED or answer.reply is None:
        return {}
    return answer.reply.document or {}
