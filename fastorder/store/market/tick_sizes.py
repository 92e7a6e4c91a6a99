"""Prices and the ticks that they are: exact, or refused."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from fastorder.errors import InvalidField, WrongFieldType
from fastorder.store.market.errors import MarketDataError

FLOAT_OFF = 1e-4
"""How far from a whole tick a float64 may be: far more than it rounds."""

LARGEST = 2.0**53


def checked_tick_size(given: Any) -> Decimal:
    """A tick size as an exact number, without zeros behind it.

    Raises:
        InvalidField, WrongFieldType: it is none.
    """
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise WrongFieldType(
            "tick_size", "must be a number above 0, or its text", given
        )
    try:
        size = Decimal(str(given))
    except InvalidOperation:
        raise InvalidField("tick_size", "must be a number above 0", given) from None
    if not size.is_finite() or size <= 0:
        raise InvalidField("tick_size", "must be a number above 0", given)
    return Decimal(format(size.normalize(), "f"))


def whole_ticks(price: Decimal, tick_size: Decimal) -> int | None:
    """The ticks of an exact price; None where it lies between two."""
    ticks, rest = divmod(price, tick_size)
    return None if rest else int(ticks)


def ticks_of(prices: Any, tick_size: Decimal, off: float = FLOAT_OFF) -> Any:
    """A column of prices as int64 in ticks.

    Args:
        prices: float64 points; integers are taken for points too.
        tick_size: what a price of one is worth.
        off: how far from a whole tick each may be, in ticks.

    Raises:
        OffTick: a price lies between two ticks, or is no number; with its place.
    """
    import numpy

    over, under = tick_size.as_integer_ratio()
    exact = numpy.asarray(prices, numpy.float64) * float(under) / float(over)
    whole = numpy.rint(exact)
    bad = ~(numpy.abs(exact - whole) <= off) | ~(numpy.abs(whole) < LARGEST)
    if bad.any():
        at = int(numpy.argmax(bad))
        raise OffTick(float(prices[at]), tick_size, at)
    return whole.astype(numpy.int64)


class OffTick(MarketDataError):
    """A price lies between two ticks.

    Attributes:
        row: its place.
    """

    def __init__(self, price: float, tick_size: Decimal, row: int) -> None:
        super().__init__(price, tick_size, row)
        self.price = price
        self.tick_size = tick_size
        self.row = row

    @property
    def why(self) -> str:
        """What is wrong, without its place."""
        return (
            f"a price must be a multiple of the tick size {self.tick_size}, "
            f"was {self.price}"
        )

    def __str__(self) -> str:
        return f"{self.why} (row {self.row})"
