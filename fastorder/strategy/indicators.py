"""Indicators: a function of a strategy's own over the columns of its closed bars.

Where bars arrive, it is called at each bar that is asked for, with the last ``history``
up to it. In a backtest it is called on pieces of many bars, which is what makes it
fast; and some of its values are held against what they would be live: at bars all
along, and where they change and are the largest, as one that looks ahead tells there.
``check`` runs the strategy on all of them as they would be live.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastorder._base.counted import counted
from fastorder.strategy.errors import StrategyError

PIECE = 1 << 15
"""So many bars of a backtest are computed at once, and more where the history is long:
what is known of the future is small, and so is the memory for it."""

PLACES, LATER_PLACES = 32, 4
"""At so many bars of the first piece it is held against what it would be live, and of
each other; at as many more where it changes."""

ALIKE = 1e-7
"""By this share of its largest value nearby, a value may differ: a sum over many bars
is rounded otherwise than one over few."""


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


def column_of(indicator: Any, columns: Columns) -> Any:
    """What an indicator's function makes of columns: float64, of the same length.

    Raises:
        StrategyError: it makes something else, or raises; that error is the cause.
    """
    import numpy as np

    try:
        made = indicator.function(columns)
        if isinstance(made, np.ma.MaskedArray):
            made = np.ma.filled(made.astype(np.float64), np.nan)
        if np.iscomplexobj(made):
            raise TypeError("its values are complex")
        found = np.asarray(made, np.float64)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise StrategyError(f"{indicator.name} failed: {text}") from error
    if found.shape != columns.close.shape:
        raise StrategyError(
            f"{indicator.name} must give one value for each bar, "
            f"{len(columns.close)} here, gave the shape {found.shape}"
        )
    return found


def piece(indicator: Any, columns: Columns, start: int) -> Any:
    """The values of a backtest's next bars, from one on.

    Raises:
        StrategyError: one comes to something else on the bars that it would have live.
    """
    if start >= len(columns.close):
        return []
    history = indicator.history
    end = min(len(columns.close), start + max(PIECE, PLACES * history))
    first = max(0, start + 1 - history)
    found = column_of(indicator, columns.part(first, end))[start - first :]
    for at in _places(found, PLACES if not start else LATER_PLACES):
        _check_live(indicator, found[at], columns, start + at)
    return found


def _places(found: Any, many: int) -> list[int]:
    """Where a piece is looked at: all along, at its ends, and where it changes."""
    import numpy as np

    last = len(found) - 1
    along = np.linspace(0, max(0, last - 1), many)
    steps = np.flatnonzero(np.diff(found) != 0)
    changes = (
        steps[np.linspace(0, len(steps) - 1, many).astype(int)] if len(steps) else []
    )
    ends = _ends(found)
    places = np.concatenate([along, changes, np.add(changes, 1), ends, [last]])
    return [int(at) for at in np.unique(places.astype(int))]


def _ends(found: Any) -> list[Any]:
    """Where the least and the largest stand of what is finite."""
    import numpy as np

    is_finite = np.isfinite(found)
    if is_finite.all():
        return [found.argmin(), found.argmax()]
    known = np.flatnonzero(is_finite)
    if not len(known):
        return []
    return [known[found[known].argmin()], known[found[known].argmax()]]


def _check_live(indicator: Any, value: float, columns: Columns, at: int) -> None:
    """Hold a value against what it would be live."""
    import numpy as np

    part = columns.part(max(0, at + 1 - indicator.history), at + 1)
    nearby = column_of(indicator, part)
    live, finite = float(nearby[-1]), nearby[np.isfinite(nearby)]
    scale = ALIKE * float(np.abs(finite).max()) if len(finite) else 0.0
    if not np.isclose(value, live, ALIKE, scale, equal_nan=True):
        when = np.datetime64(int(columns.time_ns[at]), "ns").astype("datetime64[s]")
        raise StrategyError(
            f"{indicator.name} is {value:.10g} at {when} UTC, computed with many bars "
            f"at once, and live it would be {live:.10g}, of "
            f"{counted(len(part.close), 'bar')}: it knows what comes later, needs "
            f"more history than {indicator.history}, or carries a rounding on from "
            "bar to bar"
        )
