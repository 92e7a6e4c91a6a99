"""Prices that nobody means: a distance, or another contract's price, in their place."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder._core.codec.price import price_text
from fastorder.errors import InvalidField

if TYPE_CHECKING:
    from fastorder._core.codec.price import TickGrid
    from fastorder.models import Price

FARTHEST = Decimal("0.5")
"""Of a price: no future that the venue lists moves by half within a day."""

ALIKE = Decimal("0.2")
"""A distance in ticks that is within a fifth of a price's number is that price."""

NEAR_TICKS = 1000
"""So near is no price far, whatever share of a low price that is. The gateway takes no
larger distance of what trails."""


def check_near(
    field: str,
    price: Price,
    of: str,
    reference: Price,
    grid: TickGrid | None,
    hint: str,
) -> None:
    """Refuse a price that is far from one that is known to be meant.

    Args:
        field: the argument that has it.
        price: a price, checked already.
        of: what the other price is, for people.
        reference: that one; where it is zero or below, no price is far from it.
        grid: the contract's ticks; None where they are not known.
        hint: what to give instead.

    Raises:
        InvalidField: it is more than half of the reference, and 1000 ticks, away.
    """
    near = Decimal(0) if grid is None else grid.size * NEAR_TICKS
    if is_far(_exact(price), _exact(reference), near):
        rule = f"must be a price within 50 % of {of}, {reference}"
        raise InvalidField(field, rule, price, hint)


def check_near_ticks(
    field: str, distance: int, of: str, price: Price, grid: TickGrid
) -> None:
    """Refuse a leg's distance in ticks that is far, or is a price itself.

    Args:
        field: the argument that has it.
        distance: from the price, in ticks.
        of: what the price is, for people.
        price: where it fills, as far as that is known; no distance is far from one of
            zero or below.
        grid: the contract's ticks.

    Raises:
        InvalidField: it is more than 1000 ticks, and more than half of the price or as
            large as the price's number.
    """
    at, near = _exact(price), grid.size * NEAR_TICKS
    is_a_price = distance > NEAR_TICKS and abs(distance - at) <= at * ALIKE
    if is_far(at + distance * grid.size, at, near) or is_a_price:
        rule = f"must be a distance from {of} of {price}"
        raise InvalidField(field, rule, distance, "in ticks: is it a price?")


def is_far(price: Decimal, reference: Decimal, near: Decimal) -> bool:
    """Whether a price is more than half of another one away, and not near it."""
    away = abs(price - reference)
    return reference > 0 and away > max(reference * FARTHEST, near)


def _exact(price: Price) -> Decimal:
    return Decimal(price_text(price))
