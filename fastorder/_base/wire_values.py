"""Single values of a row that the gateway lists, as the models keep them."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from fastorder._base.outside_text import from_outside

if TYPE_CHECKING:
    from collections.abc import Mapping

Number = TypeVar("Number", bound=IntEnum)

DEEPEST = 4
"""How far an unknown member is kept as it is; what lies deeper is a text."""


def plain(value: Any) -> Any:
    """A member as it is kept; a text is made fit to be shown.

    Raises:
        TypeError: it is an object or a list.
    """
    if isinstance(value, str):
        return from_outside(value)
    if isinstance(value, (dict, list)):
        raise TypeError(f"a text or a number was expected, was {type(value).__name__}")
    return value


def count_from(value: Any, name: str) -> int:
    """A whole number of 0 or more; a limit of risk may rest on it.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or value < 0:
        shown = from_outside(repr(value))
        raise ValueError(f"{name} must be a whole number of 0 or more, was {shown}")
    return value


def number_from(number: Any) -> Decimal:
    """A number, exact: the shortest text of a float is what stood on the wire.

    Where it may not be, in a text of more digits than a float keeps, the answer was
    read with decimals; see ``gateway/exact_numbers``.

    Raises:
        TypeError: it is no number.
    """
    if isinstance(number, Decimal):
        return number
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise TypeError(f"a number was expected, was {type(number).__name__}")
    return Decimal(repr(number))


def decimal_from(number: Any) -> Decimal | None:
    """The same; None where there is none."""
    return None if number is None else number_from(number)


def member_of(kind: type[Number], number: int) -> Number | int:
    """The member with this number; the number itself where there is none."""
    try:
        return kind(number)
    except ValueError:
        kept: int = plain(number)
        return kept


def as_float(name: str) -> Any:
    """A property: the nearest float of an exact number, None where it has none."""

    def nearest(row: Any) -> float | None:
        value = getattr(row, name)
        return None if value is None else float(value)

    return property(nearest, doc=f"``{name}`` as the nearest float.")


def unknown_members(row: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The members of a row that are not known, their texts fit to be shown."""
    names = row.keys() - known
    return {from_outside(name): _kept(row[name], 1) for name in sorted(names)}


def _kept(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return from_outside(value)
    if not isinstance(value, (dict, list)):
        return value
    if depth > DEEPEST:
        return f"({type(value).__name__} of {len(value)})"
    if isinstance(value, list):
        return [_kept(each, depth + 1) for each in value]
    return {from_outside(key): _kept(each, depth + 1) for key, each in value.items()}
