"""How far the market went against a round trip and with it, where ticks are there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fastorder.store.round_trips import Trip

Ticks: TypeAlias = tuple[Sequence[int], Sequence[Any]]
"""Times in nanoseconds, ascending, and the price at each: floats or Decimals."""


def excursion(
    trip: Trip, tick: tuple[int, int] | None, ticks: Ticks | None
) -> tuple[int | None, int | None]:
    """The worst and the best in millionths of a dollar; None where nothing is known."""
    if tick is None or not tick[0] or ticks is None:
        return None, None
    times, prices = ticks
    first = bisect_left(times, trip.entry_ns)
    end = bisect_right(times, trip.exit_ns)
    if first == end:
        return None, None
    between = prices[first:end]
    low, high = (_billionths(each(between)) for each in (min, max))
    down, up = (
        (each * trip.size - trip.entry_sum) * tick[1] // tick[0] for each in (low, high)
    )
    return (
        (min(down, 0), max(up, 0)) if trip.side == 0 else (min(-up, 0), max(-down, 0))
    )


def _billionths(price: Any) -> int:
    exact = price if isinstance(price, Decimal) else Decimal(repr(float(price)))
    return int(exact.scaleb(9).to_integral_value())
