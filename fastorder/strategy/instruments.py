"""Instruments: the grid, the money and the end of what is traded in a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from fastorder._base.near_names import class_with_near_names
from fastorder.strategy.errors import BadData
from fastorder.strategy.fees import FEES

_TICKS = """
MNQ .25 .5 | MES .25 1.25 | MCL .01 1 | NQ .25 5 | ES .25 12.5
"""
"""Products, the distance of two prices, and dollars that it is worth; what is paid
stands in ``fees``. An ``Instrument`` of yours goes first."""


@class_with_near_names
@dataclass(frozen=True)
class Instrument:
    """What a backtest must know of a contract.

    Attributes:
        symbol: what strategies call it.
        tick_size: the distance of two prices, exact: text or Decimal.
        tick_value: dollars that a tick is worth.
        fee: dollars for each contract and side.
        commission: dollars for each contract and side.
        expires_ns: its end, in nanoseconds since 1970 UTC; None where it is not known.
        spread_ticks: between bid and ask, where the data have no quotes.
        slippage_ticks: of an order at the market.
        stop_slippage_ticks: of a stop that was triggered.
        depth: contracts that each price holds for a taker; 0 is no limit.

    Raises:
        BadData: a number breaks a rule.
    """

    symbol: str
    tick_size: Decimal
    tick_value: Decimal
    fee: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    expires_ns: int | None = None
    spread_ticks: int = 1
    slippage_ticks: int = 0
    stop_slippage_ticks: int = 1
    depth: int = 0

    def __post_init__(self) -> None:
        for name in ("tick_size", "tick_value", "fee", "commission"):
            value = exact(f"{self.symbol}.{name}", getattr(self, name))
            object.__setattr__(self, name, value)
            if value < 0 or (value == 0 and name.startswith("tick")):
                raise BadData(f"{self.symbol}.{name} must be above 0, was {value}")
            if name != "tick_size":
                micros(value)

    @cached_property
    def grid(self) -> tuple[int, int]:
        """The tick size as a fraction."""
        return self.tick_size.as_integer_ratio()

    @property
    def tick_micros(self) -> int:
        """Micro-dollars that a tick is worth."""
        return micros(self.tick_value)

    def price(self, ticks: int) -> float:
        """Ticks as a price."""
        numerator, denominator = self.grid
        return ticks * numerator / denominator

    def contract(self, sessions: Any = None) -> Any:
        """The same for the exchange."""
        from fastorder.matching import Contract

        return Contract(
            self.symbol,
            self.tick_micros,
            micros(self.fee),
            micros(self.commission),
            self.spread_ticks,
            self.slippage_ticks,
            self.stop_slippage_ticks,
            self.depth,
            opens=tuple(sessions.opens) if sessions is not None else (),
            closes=tuple(sessions.closes) if sessions is not None else (),
            expires_ns=self.expires_ns,
            tick_size=self.tick_size,
        )


def exact(name: str, value: object) -> Decimal:
    """A number as it is written.

    Raises:
        BadData: it is none.
    """
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite():
        raise BadData(f"{name} must be a number, was {value!r}")
    return found


def micros(dollars: Decimal) -> int:
    """Dollars in whole micro-dollars.

    Raises:
        BadData: there are parts of one.
    """
    found = dollars * 1_000_000
    if found % 1:
        raise BadData(f"an amount must be whole micro-dollars, was {dollars}")
    return int(found)


def _known() -> dict[str, Instrument]:
    rows = (row.split() for row in _TICKS.replace("\n", "|").split("|") if row.strip())
    found = {}
    for symbol, *numbers in rows:
        tick_size, tick_value = map(Decimal, numbers)
        fee, commission = (rule.value for rule in FEES[symbol])
        found[symbol] = Instrument(symbol, tick_size, tick_value, fee, commission)
    return found


KNOWN = _known()


def instrument_of(symbol: str, given: dict[str, Instrument]) -> Instrument:
    """The instrument of a symbol: the one that is given, or a known one.

    Raises:
        BadData: it is neither.
    """
    found = given.get(symbol) or KNOWN.get(symbol)
    if found is None:
        raise BadData(
            f"nothing is known of {symbol}, only of {', '.join(sorted(KNOWN))}: give "
            f"instruments=[Instrument({symbol!r}, tick_size, tick_value, fee)]"
        )
    return found


Instrument.__module__ = "fastorder.strategy"  # where it is imported from
