"""One series out of a product's contracts: which is meant when, and prices made even.

A rule never looks ahead: by volume, the day after the next contract traded more is the
first of it; it never goes back. Prices of contracts before a roll are moved, never
those of the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import InvalidField
from fastorder.store.market.days import day_span
from fastorder.store.market.errors import MarketDataError
from fastorder.store.market.names import kept_name, third

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Adjust = Literal["none", "difference", "ratio"]
ADJUSTS = ("none", "difference", "ratio")
FOREVER_NS = 2**63 - 1

EQUITY_INDEX = frozenset(["ES", "MES", "NQ", "MNQ", "YM", "MYM", "RTY", "M2K"])
CURRENCIES = frozenset(
    ["6A", "6B", "6C", "6E", "6J", "6M", "6N", "6S", "E7", "M6A", "M6B", "M6E"]
)
FRIDAY, WEDNESDAY = 4, 2


@class_with_near_names
@dataclass(frozen=True)
class Calendar:
    """Rolls so many days before the third such weekday of the month of expiry.

    Args:
        weekday: of the last trading day: 4 is Friday, 2 is Wednesday.
        days_before: 8 days before the third Friday is a Thursday, when most of the
            trading in equity index futures goes over. That is a custom, no rule of CME.
    """

    weekday: int = FRIDAY
    days_before: int = 8

    def day(self, month: tuple[int, int]) -> date:
        """The first trading day of the contract after the one of that month."""
        day = third(self.weekday, month) - timedelta(self.days_before)
        return day + timedelta(max(7 - day.weekday(), 0) if day.weekday() > 4 else 0)


@dataclass(frozen=True)
class Dates:
    """Rolls on days that are stated.

    Args:
        days: the first trading day of each contract but the first; contract to day.
    """

    days: tuple[tuple[str, date], ...]


RollRule = Literal["volume", "calendar"] | Calendar | Dates


class Roll(NamedTuple):
    """Where one contract follows another.

    Attributes:
        at_ns: from when on it is the next one.
        day: the first trading day of the next one.
        before, after: the contracts.
        before_ticks, after_ticks: the last price of each up to then, in ticks, as it
            was; None where none is known.
    """

    at_ns: int
    day: date
    before: str
    after: str
    before_ticks: int | None = None
    after_ticks: int | None = None


class Segment(NamedTuple):
    """A contract, and when it is the one that is meant."""

    contract: str
    since_ns: int
    until_ns: int


def in_order(contracts: Sequence[str]) -> list[str]:
    """Contracts by their months."""
    months = {name: kept_name(name) for name in contracts}
    known = [name for name, found in months.items() if found and found.month]
    return sorted(known, key=lambda name: (months[name].month, name))  # type: ignore[union-attr]


def rolls_of(
    product: str,
    contracts: Sequence[str],
    rule: RollRule,
    volumes: Mapping[str, Mapping[date, int]],
) -> list[Roll]:
    """Where the contracts of a product follow each other.

    Args:
        product: such as MNQ.
        contracts: those that have data, in any order.
        rule: what decides.
        volumes: of each contract, by trading day; asked by the rule of volume alone.

    Raises:
        InvalidField: no such rule, or none that is known for this product.
    """
    ordered = in_order(contracts)
    if isinstance(rule, Dates):
        return _by_dates(ordered, rule)
    if rule == "volume":
        return _by_volume(ordered, volumes)
    if rule == "calendar":
        rule = _known_calendar(product)
    if not isinstance(rule, Calendar):
        raise InvalidField("roll", "must be volume, calendar, Calendar or Dates", rule)
    days = [rule.day(kept_name(name).month) for name in ordered[:-1]]  # type: ignore[union-attr,arg-type]
    return [
        _roll(day, before, after)
        for day, (before, after) in zip(days, pairwise(ordered), strict=True)
    ]


def _known_calendar(product: str) -> Calendar:
    if product in EQUITY_INDEX:
        return Calendar()
    if product in CURRENCIES:
        return Calendar(WEDNESDAY, 7)
    raise InvalidField(
        "roll",
        "must be stated for products other than equity index and currencies, as a "
        f"Calendar or Dates, or be volume; {product} has no known calendar",
        "calendar",
    )


def _by_dates(ordered: Sequence[str], rule: Dates) -> list[Roll]:
    days = dict(rule.days)
    missing = [name for name in ordered[1:] if name not in days]
    if missing:
        raise InvalidField("roll", f"must have the day of {missing[0]}", rule.days)
    found = [_roll(days[b], a, b) for a, b in pairwise(ordered)]
    if any(one.day >= other.day for one, other in pairwise(found)):
        raise InvalidField(
            "roll", "must have later days for later contracts", rule.days
        )
    return found


def _by_volume(
    ordered: Sequence[str], volumes: Mapping[str, Mapping[date, int]]
) -> list[Roll]:
    found: list[Roll] = []
    days = sorted({day for each in volumes.values() for day in each})
    now = 0
    for day, following in pairwise(days):
        traded = [volumes.get(name, {}).get(day, 0) for name in ordered]
        if not found and not traded[now]:
            now = next(at for at, volume in enumerate(traded) if volume)
        best = max(range(now, len(ordered)), key=lambda at: traded[at])
        if traded[best] > traded[now]:
            found.append(_roll(following, ordered[now], ordered[best]))
            now = best
    return found


def _roll(day: date, before: str, after: str) -> Roll:
    return Roll(day_span(day)[0], day, before, after)


def segments(contracts: Sequence[str], rolls: Sequence[Roll]) -> list[Segment]:
    """The contracts that are meant, one after the other."""
    if not rolls:
        first = in_order(contracts)[:1]
        return [Segment(name, 0, FOREVER_NS) for name in first]
    edges = [0, *(roll.at_ns for roll in rolls), FOREVER_NS]
    names = [rolls[0].before, *(roll.after for roll in rolls)]
    return [Segment(n, a, b) for n, (a, b) in zip(names, pairwise(edges), strict=True)]


def moves(rolls: Sequence[Roll], adjust: Adjust) -> list[float]:
    """What is done to the prices of each segment: so much is added, or a factor.

    Args:
        rolls: in order, with both prices where prices are moved.
        adjust: ``difference`` adds whole ticks, ``ratio`` multiplies.

    Raises:
        InvalidField: no such way.
        MarketDataError: a price is not known, or a ratio has none above 0.
    """
    if adjust not in ADJUSTS:
        raise InvalidField("adjust", f"must be one of {', '.join(ADJUSTS)}", adjust)
    if adjust == "none":
        return [0.0] * (len(rolls) + 1)
    total = 0.0 if adjust == "difference" else 1.0
    found = [total]
    for roll in reversed(rolls):
        total = _moved(total, roll, adjust)
        found.append(total)
    return found[::-1]


def _moved(total: float, roll: Roll, adjust: Adjust) -> float:
    before, after = roll.before_ticks, roll.after_ticks
    if before is None or after is None:
        missing = roll.before if before is None else roll.after
        raise MarketDataError(
            f"prices can be moved only where both contracts have one before the roll "
            f"of {roll.day}, {missing} has none"
        )
    if adjust == "difference":
        return total + (after - before)
    if before <= 0 or after <= 0:
        raise MarketDataError(
            f"a ratio needs prices above 0, were {before} and {after} at the roll "
            f"of {roll.day}: take adjust='difference'"
        )
    return total * after / before


def adjusted(prices: Any, move: float, adjust: Adjust) -> Any:
    """A column of prices in ticks, moved; whole ticks stay whole but for a ratio."""
    import numpy

    if adjust == "ratio":
        return numpy.asarray(prices) * move
    return prices if not move else numpy.asarray(prices) + int(move)
