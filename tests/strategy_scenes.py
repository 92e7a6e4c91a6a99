"""Data and strategies that the tests of strategies share."""

from typing import ClassVar

import numpy as np

from fastorder.marketdata import Bars
from fastorder.strategy import Strategy, Ticks

MINUTE = 60_000_000_000
MONDAY = 1_788_134_400_000_000_000 - 1_788_134_400_000_000_000 % MINUTE
"""2026-08-31, 00:00 UTC: a Monday."""


def bars(closes, start=MONDAY, every=MINUTE, spread=0.0):
    """Bars of a minute through these closes, each opening where the last one closed."""
    closes = np.asarray(closes, float)
    opens = np.concatenate([closes[:1], closes[:-1]])
    return Bars.from_columns(
        {
            "time_ns": start + np.arange(len(closes)) * every,
            "open": opens,
            "high": np.maximum(opens, closes) + spread,
            "low": np.minimum(opens, closes) - spread,
            "close": closes,
            "volume": np.ones(len(closes), np.int64),
        },
        f"{every // 1_000_000_000}s",
    )


def walk(n, seed=1, step=8, start=20_000.0):
    """Prices on the grid of MNQ that go at random."""
    rng = np.random.default_rng(seed)
    return start + np.cumsum(rng.integers(-step, step + 1, n)) * 0.25


def random_bars(n, seed=1, spread=1.0, **more):
    return bars(walk(n, seed), spread=spread, **more)


def ticks(n, seed=1, gap_ns=700_000_000, start=MONDAY):
    rng = np.random.default_rng(seed)
    return Ticks(
        start + np.cumsum(rng.integers(1, 2 * gap_ns, n)),
        walk(n, seed, 2),
        rng.integers(1, 9, n),
        rng.integers(-1, 2, n).astype(np.int8),
    )


class Told(Strategy):
    """Keeps what it is told; does what it is made with, at which bar or tick."""

    symbol = "MNQ"
    _plan: ClassVar = {}

    def start(self):
        self.told = []
        self.n = 0
        self.bars = self.subscribe(history=20)

    def on_bar(self, bar):
        self.told.append(("bar", self.now_ns, bar.end_ns))
        act = self._plan.get(self.n)
        self.n += 1
        if act:
            act(self)

    def on_order(self, event):
        self.told.append((event.what, event.time_ns, event.order, event.reason))

    def on_fill(self, fill):
        self.told.append(("fill", fill.time_ns, fill, ""))

    def on_timer(self, name):
        self.told.append(("timer", self.now_ns, name, ""))


def planned(plan, **members):
    """A strategy that keeps what it is told, and acts at some of its bars."""
    return type("Planned", (Told,), {"_plan": plan, **members})


def told(result, what=None):
    """What the strategy was told, of one kind where that is given."""
    rows = result._run.strategies[0].told
    return [row for row in rows if what is None or row[0] == what]
