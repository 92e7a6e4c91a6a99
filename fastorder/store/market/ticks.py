"""Ticks as they are read: columns over Arrow's memory, with what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.marketdata.building import aggregate_ticks
from fastorder.marketdata.text import counted

if TYPE_CHECKING:
    from decimal import Decimal

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Every
    from fastorder.marketdata.sessions import Sessions
    from fastorder.store.market.continuous import Roll
    from fastorder.store.market.stream import TickGap


class Ticks:
    """Ticks in order of time, as columns.

    Polars, pandas, DuckDB and pyarrow take the whole through Arrow's PyCapsule
    interface, without a copy.

    Attributes:
        table: the columns as a pyarrow table: ``time_ns``, ``price`` in ticks, ``size``
            and ``side``: 1 where the buyer was the aggressor, -1 the seller, 0 not
            known.
        name: what they are of.
        tick_size: what a price of one is worth.
        gaps: where ticks are known to be missing.
        rolls: where one contract follows another.
    """

    def __init__(
        self,
        table: Any,
        name: str,
        tick_size: Decimal,
        gaps: tuple[TickGap, ...] = (),
        rolls: tuple[Roll, ...] = (),
    ) -> None:
        self.table = table
        self.name = name
        self.tick_size = tick_size
        self.gaps = gaps
        self.rolls = rolls

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        gaps = f", {counted(len(self.gaps), 'gap')}" if self.gaps else ""
        return f"<{counted(len(self), 'tick')} of {self.name}{gaps}>"

    @property
    def time_ns(self) -> Any:
        """When, in nanoseconds since 1970 UTC: a NumPy array of int64."""
        return self.table["time_ns"].to_numpy()

    @property
    def price_ticks(self) -> Any:
        """The prices in whole ticks: a NumPy array of int64."""
        return self.table["price"].to_numpy()

    @property
    def price(self) -> Any:
        """The prices in points: a NumPy array of float64, made anew."""
        return points(self.price_ticks, self.tick_size)

    @property
    def size(self) -> Any:
        """Contracts: a NumPy array of int64."""
        return self.table["size"].to_numpy()

    @property
    def side(self) -> Any:
        """The aggressor: a NumPy array of int8."""
        return self.table["side"].to_numpy()

    def bars(
        self,
        every: str | Every = "1m",
        *,
        prices: str = "points",
        sessions: Sessions | None = None,
    ) -> Bars:
        """Our own bars of them; those that may lack ticks are marked at both ends.

        Args:
            every: a timeframe or another rule.
            prices: ``points``, or ``ticks`` for whole numbers.
            sessions: when the market is open; ticks at other times are left out.
        """
        price = self.price if prices == "points" else self.table["price"]
        columns = (self.table["time_ns"], price, self.table["size"])
        side = self.table["side"]
        return aggregate_ticks(*columns, every, side=side, sessions=sessions)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def points(ticks: Any, tick_size: Decimal) -> Any:
    """Whole ticks as points: each the float that is nearest to the exact price."""
    over, under = tick_size.as_integer_ratio()
    return ticks * float(over) / float(under)
