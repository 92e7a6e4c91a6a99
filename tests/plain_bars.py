"""Bars in plain Python, written from the guide and not from the kernel; and ticks."""

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from fastorder.marketdata import Bar

# no test is about how fast the machine is
settings.register_profile("bars", deadline=None)
settings.load_profile("bars")

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
START = 1_700_000_000 * SECOND
"""2023-11-14 22:13:20 UTC."""
QUARTERS = st.integers(-200, 200).map(lambda n: n * 0.25)


def columns(ticks):
    """Ticks as tuples of (time, price, size, side) to four columns."""
    rows = list(zip(*ticks, strict=True)) or [()] * 4
    whole = bool(ticks) and isinstance(ticks[0][1], int)
    kinds = (np.int64, np.int64 if whole else np.float64, np.int64, np.int8)
    return [np.array(row, kind) for row, kind in zip(rows, kinds, strict=True)]


def ticks(
    most=60,
    gaps=(0, 1, SECOND, 20 * SECOND, 70 * SECOND, 3 * DAY),
    prices=None,
    largest=50,
):
    """A strategy of lists of ticks in order of time."""
    steps = st.lists(
        st.tuples(
            st.one_of(st.sampled_from(gaps), st.integers(0, 90 * SECOND)),
            QUARTERS if prices is None else prices,
            st.integers(1, largest),
            st.sampled_from([-1, 0, 1]),
        ),
        max_size=most,
    )
    return st.tuples(st.integers(0, 2 * DAY), steps).map(_in_order)


def _in_order(given):
    time, steps = given
    made = []
    for step, price, size, side in steps:
        time += step
        made.append((START + time, price, size, side))
    return made


def random_ticks(n, seed=1, mean_ns=50_000_000):
    """Four long columns that wander by quarter points."""
    chance = np.random.default_rng(seed)
    time = np.cumsum(chance.integers(0, 2 * mean_ns, n)) + START
    price = 20_000 + np.cumsum(chance.integers(-1, 2, n)) * 0.25
    size = chance.integers(1, 10, n)
    return time, price, size, chance.integers(-1, 2, n).astype(np.int8)


def bar(time, part):
    """One bar of some ticks."""
    prices = [tick[1] for tick in part]
    exact = sum((Fraction(p) * s for _, p, s, _ in part), Fraction(0))
    return Bar(
        time,
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        sum(tick[2] for tick in part),
        len(part),
        sum(tick[2] for tick in part if tick[3] > 0),
        sum(tick[2] for tick in part if tick[3] < 0),
        float(exact),
    )


def bare(bars):
    """Bars without what a plain sum does not know."""
    return [b._replace(value_rest=None, partial=False) for b in bars]


def time_bars(given, length, offset=0):
    """Bars of a length of time."""
    parts = {}
    for tick in given:
        parts.setdefault(offset + (tick[0] - offset) // length * length, []).append(
            tick
        )
    return [bar(time, part) for time, part in parts.items()]


def threshold_bars(given, is_full):
    """Bars that are closed by the tick that fills them, and the unfinished one."""
    made, part = [], []
    for tick in given:
        part.append(tick)
        if is_full(part):
            made.append(bar(part[0][0], part))
            part = []
    return made + ([bar(part[0][0], part)] if part else [])


def signed(given):
    """The sides of ticks, by the tick rule where they are not known."""
    sides, sign, last = [], 0, None
    for _, price, _, side in given:
        if not side and last is not None:
            side = (price > last) - (price < last)
        sign = side or sign
        sides.append(sign)
        last = price
    return sides


def imbalance_bars(given, level):
    """Bars closed by the tick that brings buyers and sellers so far apart."""
    made, part, balance = [], [], 0
    for tick, sign in zip(given, signed(given), strict=True):
        part.append(tick)
        balance += sign * tick[2]
        if abs(balance) >= level or (tick[2] >= level and sign):
            made.append(bar(part[0][0], part))
            part, balance = [], 0
    return made + ([bar(part[0][0], part)] if part else [])


def bricks(given, step):
    """The edges of renko bricks, from and to."""
    made, low, high = [], None, None
    for _, price, _, _ in given:
        if low is None:
            low = high = floor(price / step)
        while price >= (high + 1) * step:
            made.append((high * step, (high + 1) * step))
            low, high = high, high + 1
        while price <= (low - 1) * step:
            made.append((low * step, (low - 1) * step))
            low, high = low - 1, low
    return made
