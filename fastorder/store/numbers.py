"""Exact numbers as the integers of a column, and back."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

U, E9 = 6, 9
"""Digits after the point: of money, of prices."""

LEAST, MOST = -(2**63), 2**63 - 1

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def scaled(value: Decimal | None, digits: int, name: str, rest: dict[str, Any]) -> Any:
    """A number as an integer of its last digit; None from None.

    Args:
        name: of the member; where a digit is lost, ``rest`` keeps the number under it.

    Raises:
        ValueError: it is no number, or 64 bits do not hold it.
    """
    if value is None:
        return None
    if not value.is_finite():
        raise ValueError(f"{name} must be a number, was {value}")
    moved = value.scaleb(digits, _WIDE)
    number = int(moved.to_integral_value(ROUND_HALF_EVEN, _WIDE))
    if number != moved:
        rest[name] = str(value)
    return within(number, name)


def within(number: int, name: str) -> int:
    """Refuse what 64 bits do not hold.

    Raises:
        ValueError: so.
    """
    if not LEAST <= number <= MOST:
        raise ValueError(f"{name} must fit into 64 bits, was {number}")
    return number


def money(micros: int | None) -> Decimal | None:
    """Dollars, exact, to the cent at least."""
    if micros is None:
        return None
    cents, less = divmod(micros, 10_000)
    return Decimal(cents).scaleb(-2) if not less else Decimal(micros).scaleb(-U)


def price(billionths: int | None) -> Decimal | None:
    """A price, exact, without zeros at its end."""
    if billionths is None:
        return None
    number = Decimal(billionths).scaleb(-E9).normalize()
    return number if number.as_tuple().exponent <= 0 else number.quantize(Decimal(1))  # type: ignore[operator]


def day_of(number: int | None) -> date | None:
    """A date from yyyymmdd."""
    if number is None:
        return None
    return date(number // 10_000, number // 100 % 100, number % 100)
