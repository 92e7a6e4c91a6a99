"""Bars as the folder has them: with their source, and where contracts roll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.marketdata.bars import Bars as PlainBars
from fastorder.store.market.bar_files import PRICES
from fastorder.store.market.ticks import points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from fastorder.marketdata.frames import Every
    from fastorder.store.market.continuous import Roll


class Bars(PlainBars):
    """Bars of the folder; what plain bars can do, these can.

    Attributes:
        name: what they are of.
        source: ``gateway``, ``ticks`` for our own, or what an import was called.
        tick_size: what a price of one is worth, where prices are whole ticks.
        rolls: where one contract follows another, with the prices of both there.
    """

    __slots__ = ("name", "rolls", "source", "tick_size")

    name: str
    source: str
    tick_size: Decimal
    rolls: tuple[Roll, ...]

    @classmethod
    def _kept(
        cls,
        columns: Mapping[str, Any],
        every: str | Every,
        *,
        name: str,
        source: str,
        tick_size: Decimal,
        rolls: tuple[Roll, ...] = (),
    ) -> Bars:
        """Bars over columns; see ``from_columns``."""
        bars = cls.from_columns(columns, every)
        assert isinstance(bars, Bars)
        return bars._told(name, source, tick_size, rolls)

    @classmethod
    def _over(cls, plain: PlainBars) -> Bars:
        """The same bars, in the same memory."""
        return cls(
            plain.columns(),
            plain.every,
            first_partial=plain.first_partial,
            last_partial=plain.last_partial,
            tally=plain.tally,
            gaps=plain.gaps,
        )

    def _told(
        self, name: str, source: str, tick_size: Decimal, rolls: tuple[Roll, ...] = ()
    ) -> Bars:
        """The same bars, which now say what they are."""
        self.name, self.source = name, source
        self.tick_size, self.rolls = tick_size, rolls
        return self

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.name} from {self.source}>"

    def __reduce__(self) -> tuple[Any, ...]:
        what = (self.name, self.source, self.tick_size, self.rolls)
        return _rebuilt, (super().__reduce__(), what)


def _rebuilt(plain: tuple[Any, tuple[Any, ...]], what: tuple[Any, ...]) -> Bars:
    make, given = plain
    return Bars._over(make(*given))._told(*what)


def in_points(columns: Mapping[str, Any], tick_size: Decimal) -> dict[str, Any]:
    """Columns with prices in points; the others stay where they lie."""
    import numpy

    return {
        name: points(numpy.asarray(column), tick_size) if name in PRICES else column
        for name, column in columns.items()
    }
