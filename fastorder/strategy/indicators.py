"""Indicators: a function of a strategy's own over the columns of its closed bars.

Where bars arrive, it is called with each that closes, on the last ``history`` bars. In
a backtest it is called on pieces of many bars, which is what makes it fast; and at some
of them on the bars that it would have had live, which have to come to the same. So one
that needs more history than it gets is refused, and one that knows the future.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.strategy.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.strategy._data import Indicator

PIECE = 1 << 16
"""So many bars of a backtest are computed at once, and more where the history is long:
what is known of the future is small, and so is the memory for it."""

PLACES = 16
"""At so many bars of the first piece it is held against what it would be live, and at
the last one of each other."""

ALIKE, ALIKE_IN_PRICES = 1e-7, 1e-9
"""By these shares, of the value and of the highest price, two values may differ: a sum
over many bars is rounded otherwise than one over few."""


class Columns(NamedTuple):
    """Closed bars, oldest first: NumPy columns of one length, not to be written.

    Attributes:
        open, high, low, close: prices as the market quotes them, float64.
        volume: contracts, int64.
        time_ns: when they opened, in nanoseconds since 1970 UTC, int64.
    """

    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    time_ns: Any

    def part(self, first: int, last: int) -> Columns:
        """The bars from one on, up to before another."""
        return Columns(*(column[first:last] for column in self))


def column_of(name: str, function: Callable[[Columns], Any], columns: Columns) -> Any:
    """What a function makes of columns: a float64 column of the same length.

    Raises:
        StrategyError: it makes something else, or raises; that error is the cause.
    """
    import numpy as np

    try:
        found = np.asarray(function(columns), np.float64)
    except Exception as error:
        raise StrategyError(
            f"{name} failed: {type(error).__name__}: {error}"
        ) from error
    if found.shape != columns.close.shape:
        raise StrategyError(
            f"{name} must give one value for each of {len(columns.close)} bars, gave "
            f"the shape {found.shape}"
        )
    return found


def piece(indicator: Indicator, columns: Columns, start: int) -> Any:
    """The values of a backtest's next bars, from one on.

    Raises:
        StrategyError: one comes to something else on the bars that it would have live.
    """
    if start == len(columns.close):
        return []
    history = indicator.history
    end = min(len(columns.close), start + max(PIECE, PLACES * history))
    first = max(0, start + 1 - history)
    found = column_of(indicator.name, indicator.function, columns.part(first, end))
    for at in _places(start, end):
        _check_live(indicator, found[at - first], columns, at)
    return found[start - first :]


def _places(start: int, end: int) -> list[int]:
    """Where a piece is looked at: the first one from its first bar to its last."""
    import numpy as np

    many = PLACES if not start else 1
    return [int(at) for at in np.linspace(end - 1, start, many)]


def _check_live(indicator: Indicator, value: float, columns: Columns, at: int) -> None:
    """Hold a value against what it would be live."""
    import numpy as np

    part = columns.part(max(0, at + 1 - indicator.history), at + 1)
    live = float(column_of(indicator.name, indicator.function, part)[-1])
    scale = ALIKE_IN_PRICES * float(np.abs(part.close).max())
    if not np.isclose(value, live, ALIKE, scale, equal_nan=True):
        raise StrategyError(
            f"{indicator.name} is {value:.10g} at {columns.time_ns[at]} ns over many "
            f"bars, and live it would be {live:.10g}, over the last {len(part.close)}: "
            f"it needs more history than {indicator.history}, or it knows the future"
        )
