"""Bars, ticks and means that every engine is given."""

from __future__ import annotations

from collections import deque

import numpy as np

MINUTE = 60_000_000_000
FIRST = 1_700_000_000_000_000_000 // MINUTE * MINUTE
FAST, SLOW = 20, 100
TICK = 100_000_000


def bar_columns(n):
    """Bars of a minute that go at random, on the grid of MNQ."""
    rng = np.random.default_rng(1)
    close = rng.integers(-8, 9, n).cumsum() * 0.25 + 20_000
    close += max(0.0, 5_000 - close.min())
    opening = np.concatenate([close[:1], close[:-1]])
    return {
        "time_ns": FIRST + np.arange(n) * MINUTE,
        "open": opening,
        "high": np.maximum(opening, close),
        "low": np.minimum(opening, close),
        "close": close,
        "volume": np.ones(n, np.int64),
    }


class Means:
    """Two running means, as plain Python has them."""

    def __init__(self):
        self.fast, self.slow = deque([0.0] * FAST), deque([0.0] * SLOW)
        self.of_fast = self.of_slow = 0.0
        self.n = 0

    def way(self, close):
        """1 or -1 once there are enough, 0 before."""
        self.of_fast += close - self.fast.popleft()
        self.fast.append(close)
        self.of_slow += close - self.slow.popleft()
        self.slow.append(close)
        self.n += 1
        if self.n < SLOW:
            return 0
        return 1 if self.of_fast * SLOW > self.of_slow * FAST else -1


def running_mean(column, n):
    """The mean of the last ``n`` of a column at each place; NaN before it has so many.

    Prices on a grid of quarters add up without rounding.
    """
    sums = np.cumsum(column)
    sums[n:] -= sums[:-n].copy()
    sums[: n - 1] = np.nan
    return np.divide(sums, n, out=sums)


def tick_columns(n):
    """Trades ten a second: times, prices in ticks of 0.25, sizes, sides."""
    rng = np.random.default_rng(1)
    return (
        FIRST + np.arange(n) * TICK,
        100_000 + rng.integers(-1, 2, n).cumsum(),
        rng.integers(1, 9, n),
        rng.integers(-1, 2, n).astype(np.int8),
    )
