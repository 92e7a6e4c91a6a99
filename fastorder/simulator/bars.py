"""History bars from the walk that the market follows."""

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
    from decimal import Decimal

    from fastorder.simulator.hours import Hours
    from fastorder.simulator.prices import Walk

DAY_OPEN_S = 22 * 3600  # 17:00 in Chicago in summer; winter is not modelled
UNIT_S = {1: 1, 2: 60, 3: 3600, 4: 86_400, 5: 7 * 86_400, 6: 30 * 86_400}
MOST_BARS = 20_000
SAMPLES = 6


def bars(
    walk: Walk,
    start_s: float,
    end_s: float,
    length_s: int,
    limit: int,
    now_s: float,
    partial: bool,
    hours: Hours | None = None,
) -> Iterator[dict[str, Any]]:
    """Bars by open time, newest first, at most ``limit``, of the walk as it is now.

    Bars of a day and more open when the session does. A bar's high and low are those
    of ``SAMPLES`` moments spread over it. Bars that would open while the market is
    closed are not there; a day's opens before that.
    """
    first_s = DAY_OPEN_S if length_s >= UNIT_S[4] else 0
    newest = int((min(end_s, now_s) - first_s) // length_s) * length_s + first_s
    if newest + length_s > now_s and not partial:
        newest -= length_s
    times = range(newest, ceil(start_s) - 1, -length_s)
    traded = times if length_s >= UNIT_S[4] or hours is None else _open(times, hours)
    opens = islice(traded, limit)
    still = copy(walk)
    return (_bar(still, open_s, min(open_s + length_s, now_s)) for open_s in opens)


def _open(times: range, hours: Hours) -> Iterator[int]:
    return (open_s for open_s in times if hours.is_open(open_s))


def _bar(walk: Walk, open_s: float, close_s: float) -> dict[str, Any]:
    first, last = step_of(open_s), max(step_of(open_s), step_of(close_s - STEP_S))
    steps = {first + (last - first) * i // (SAMPLES - 1) for i in range(SAMPLES)}
    prices: list[Decimal] = [walk.price(step) for step in sorted(steps)]
    return {
        "t": stamp(open_s),
        "o": number(prices[0]),
        "h": number(max(prices)),
        "l": number(min(prices)),
        "c": number(prices[-1]),
        "v": 1 + (last - first) * 3 + walk.ticks(first) % 97,
    }
