"""What the whole numbers of a file of ticks may count, where nobody has said it."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

UNIT_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
SINCE_1970 = {"dotnet": 621_355_968_000_000_000, "filetime": 116_444_736_000_000_000}
"""Units of 100 ns that count from the years 1 and 1601: what stands for 1970."""

EARLIEST_NS = 315_532_800_000_000_000
"""1980: a first tick before that is of another unit."""

LATEST_NS = 9_214_646_400_000_000_000
"""2262."""

YEAR_2100_NS = 4_102_444_800_000_000_000
"""Units of 100 ns up to here are nanoseconds of 1990 at most: nobody has such ticks."""

MOST_NAMED = 3
WORTHS = ("1e-9", "0.01", "1e-8", "1e-7", "1e-6", "1e-5", "0.0001", "0.001", "0.1")
"""What a whole number may be worth, the likeliest first."""

TICKS = [
    (Fraction(tick), low, high)
    for tick, low, high in (
        ("5e-7", 0.004, 0.02),
        ("5e-5", 0.5, 3),
        ("1e-4", 0.5, 5),
        ("5e-4", 1, 10),
        ("0.001", 1, 20),
        ("0.005", 10, 150),
        ("0.01", 10, 250),
        ("1/256", 90, 130),
        ("1/32", 90, 200),
        ("0.1", 500, 6_000),
        ("0.25", 100, 60_000),
        ("1", 5_000, 100_000),
        ("5", 10_000, 200_000),
    )
]
"""Ticks of futures, and what they cost, from and to."""

LOWEST, HIGHEST = 0.004, 200_000
SMALLEST = 500
"""The smallest tick there is, in units of 1e-9."""


def ns_of(number: int, unit: str) -> int:
    """Nanoseconds since 1970 of a whole number."""
    if unit in SINCE_1970:
        return (number - SINCE_1970[unit]) * 100
    return number * UNIT_NS[unit]


def likely_times(number: int) -> list[str]:
    """The units in which a time is one of ticks, the likeliest first."""
    latest_ns = dict.fromkeys(SINCE_1970, YEAR_2100_NS)
    return [
        unit
        for unit in (*SINCE_1970, *UNIT_NS)
        if EARLIEST_NS <= ns_of(number, unit) < latest_ns.get(unit, LATEST_NS)
    ]


def likely_worths(prices: Iterable[float]) -> list[tuple[str, float]]:
    """What whole prices may be worth, and what the highest is then; likeliest first."""
    whole = [abs(int(price)) for price in prices]
    step, most = gcd(*whole), max(whole)
    found = [
        (worth, float(most * Fraction(worth)))
        for worth in WORTHS
        if _is_likely(step * Fraction(worth), float(most * Fraction(worth)))
    ]
    if not found and step % SMALLEST == 0 and LOWEST <= most / 1e9 <= HIGHEST:
        found = [("1e-9", most / 1e9)]  # of no future that is known here
    return found[:MOST_NAMED]


def _is_likely(step: Fraction, most: float) -> bool:
    return any(low <= most <= high and step % tick == 0 for tick, low, high in TICKS)
