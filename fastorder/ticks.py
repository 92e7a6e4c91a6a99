"""Prices, ticks and money of a contract, in whole numbers, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder._core.codec.price import TickGrid
from fastorder.errors import FastOrderError, InvalidField, WrongFieldType

if TYPE_CHECKING:
    from typing import Literal

MICROS = 1_000_000
"""Micro-dollars of a dollar."""


class TradedInTicks:
    """What a contract's tick and its value make of prices, ticks and dollars."""

    __slots__ = ()

    tick_size: Decimal
    tick_value: Decimal

    def ticks(self, price: int | float | Decimal) -> int:
        """How many ticks a price is, or a distance of prices.

        Raises:
            InvalidField: it lies between two ticks; ``round_to_tick`` chooses one.
            WrongFieldType: it is no number.
        """
        return TickGrid(self.tick_size).ticks(price)

    def price(self, ticks: int) -> Decimal:
        """The exact price, or distance, of so many ticks.

        Raises:
            WrongFieldType: it is no whole number.
        """
        return Decimal(TickGrid(self.tick_size).text(_whole("ticks", ticks)))

    def round_to_tick(
        self, price: int | float | Decimal, how: Literal["nearest", "down", "up"]
    ) -> Decimal:
        """The price on a tick that is meant by one that may lie between two.

        Args:
            price: any price; a float counts as its shortest text.
            how: "down" and "up" go to the lower and the higher price, below zero too;
                "nearest" to the nearer, half-way to the higher.

        Raises:
            InvalidField, WrongFieldType: it is no price, or ``how`` none of the three.
        """
        grid = TickGrid(self.tick_size)
        return Decimal(grid.text(grid.round(price, how)))

    @property
    def tick_micros(self) -> int:
        """What a tick of one contract is worth, in whole micro-dollars.

        Raises:
            FastOrderError: it is worth a fraction of one; no contract known is.
        """
        over, under = self.tick_value.as_integer_ratio()
        micros, rest = divmod(over * MICROS, under)
        if rest:
            raise FastOrderError(
                f"tick_value must be whole micro-dollars, was {self.tick_value}"
            )
        return micros

    def money(self, ticks: int, quantity: int = 1) -> int:
        """What so many ticks of so many contracts are worth, in micro-dollars.

        Args:
            ticks: of each contract; below zero for a loss.
            quantity: contracts; below zero for a short position.

        Raises:
            WrongFieldType: one of them is no whole number.
        """
        each = self.tick_micros * _whole("ticks", ticks)
        return each * _whole("quantity", quantity)


def dollars(micros: int) -> Decimal:
    """Micro-dollars as exact dollars."""
    return Decimal(_whole("micros", micros, 90)).scaleb(-6)


def _whole(name: str, value: object, bits: int = 63) -> int:
    """A whole number, of whatever integer type."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise WrongFieldType(name, "must be a whole number", value)
    try:
        number: int = value.__index__()
    except TypeError:  # an array has it too
        raise WrongFieldType(name, "must be a whole number", value) from None
    if number.bit_length() > bits:
        raise InvalidField(name, f"must have at most {bits} bits", value)
    return number
