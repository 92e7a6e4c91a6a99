"""History bars of so many trades: each step of the walk is a trade of one contract."""

from __future__ import annotations

from copy import copy
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any

from fastorder.simulator.book import number
from fastorder.simulator.clock import stamp
from fastorder.simulator.prices import STEP_S, step_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.simulator.hours import Hours
    from fastorder.simulator.prices import Walk

TICK_UNIT = 7
MOST_SAMPLES = 100


def tick_bars(
    walk: Walk,
    start_s: float,
    end_s: float,
    trades: int,
    limit: int,
    now_s: float,
    partial: bool,
    hours: Hours | None = None,
) -> Iterator[dict[str, Any]]:
    """Bars of so many trades, newest first, at most ``limit``; counted from 1970.

    A bar opens at the time of its first trade. One whose first trade would be while the
    market is closed is not there.
    """
    now = step_of(now_s)
    newest = step_of(min(end_s, now_s)) // trades * trades
    if newest + trades - 1 > now and not partial:
        newest -= trades
    opens = iter(range(newest, ceil(start_s / STEP_S) - 1, -trades))
    if hours is not None:
        opens = (step for step in opens if hours.is_open(step * STEP_S))
    still = copy(walk)
    chosen = islice(opens, limit)
    return (_bar(still, first, min(first + trades - 1, now)) for first in chosen)


def _bar(walk: Walk, first: int, last: int) -> dict[str, Any]:
    steps = range(first, last + 1)
    if len(steps) > MOST_SAMPLES:
        apart = (last - first) / (MOST_SAMPLES - 1)
        sampled = [first + round(apart * i) for i in range(MOST_SAMPLES)]
    else:
        sampled = list(steps)
    prices = [walk.price(step) for step in sampled]
    return {
        "t": stamp(first * STEP_S),
        "o": number(prices[0]),
        "h": number(max(prices)),
        "l": number(min(prices)),
        "c": number(prices[-1]),
        "v": len(steps),
    }
