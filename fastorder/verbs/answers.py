"""What the answer of a read becomes: models, or a RequestFailed that says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder.errors import FastOrderError, RequestFailed
from fastorder.gateway.rows import rows_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.gateway.endpoints import Endpoint

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised where an answer is not made as the gateway makes its answers."""


def rows_of(
    kind: Any, account_id: int | None = None
) -> Callable[[dict[str, Any]], Any]:
    """Makes models of the rows of an answer, listed under their name: "orders".

    Args:
        kind: the model.
        account_id: whose all of them have to be; None for rows of no account.
    """
    name = f"{kind.__name__.lower()}s"
    number = None if name == "contracts" else "id"  # a contract's id is a text

    def convert(document: dict[str, Any]) -> list[Any]:
        rows = rows_in(document, name, account_id, number)
        found = [kind.from_wire(row) for row in rows]
        if account_id is not None and any(
            each.account_id != account_id for each in found
        ):
            raise ValueError(f"{name} must be of account {account_id}, some are not")
        return found

    return convert


def row_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The one row of an answer; null is none."""
    row = document[name]
    if not isinstance(row, dict):
        raise TypeError(f"{name} must be an object, was {type(row).__name__}")
    return row


def readable(
    endpoint: Endpoint, convert: Callable[[dict[str, Any]], Any]
) -> Callable[[dict[str, Any]], Any]:
    """The same conversion; what it cannot read becomes a RequestFailed."""

    def converted(document: dict[str, Any]) -> Any:
        try:
            return convert(document)
        except UNREADABLE as error:
            if isinstance(error, FastOrderError):
                raise
            why = from_outside(repr(error))
        # behind it would stand the error that quotes the answer
        raise RequestFailed(f"{endpoint.path}: the answer cannot be read: {why}", 200)

    return converted
