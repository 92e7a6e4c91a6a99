"""Prices to ticks and back: exact, or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.matching.errors import MatchingError, OffGrid

if TYPE_CHECKING:
    from fastorder.matching.settings import Contract

MOST = 10**12
"""No price is as high, nor as many ticks."""

NEAR = 1e-6
"""How far from a tick, in ticks, a float may be that was meant to lie on it."""


def ticks_of(contract: Contract, price: Decimal | float | str) -> int:
    """A price in ticks.

    Raises:
        OffGrid: it lies between two ticks, or is no number.
    """
    exact = price if isinstance(price, Decimal) else Decimal(str(price))
    tick_size = _tick_size(contract)
    if exact.is_finite() and abs(exact) < MOST and not exact % tick_size:
        return int(exact / tick_size)
    raise OffGrid(f"price must be a multiple of {tick_size}, was {price}")


def tick_column(contract: Contract, prices: Any) -> Any:
    """Prices in ticks: a NumPy column of int64.

    Args:
        contract: the one with a tick_size.
        prices: a column of float64.

    Raises:
        OffGrid: one lies between two ticks, or is no number.
    """
    import numpy as np

    column = np.asarray(prices, dtype=np.float64) / float(_tick_size(contract))
    ticks = np.round(column)
    with np.errstate(invalid="ignore"):  # of what is infinite
        wrong = ~(np.abs(column - ticks) <= NEAR) | ~(np.abs(column) < MOST)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise OffGrid(
            f"price must be a multiple of {contract.tick_size}, "
            f"was {float(np.asarray(prices)[row])!r}",
            row,
        )
    return ticks.astype(np.int64)


def price_of(contract: Contract, ticks: int) -> Decimal:
    """Ticks as a price."""
    return ticks * _tick_size(contract)


def _tick_size(contract: Contract) -> Decimal:
    if contract.tick_size is None:
        raise MatchingError(f"{contract.name} must have a tick_size for that")
    return contract.tick_size
