"""Many orders, on several processes: what was counted, and which seeds failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from campaign.checker import Case, judged
from campaign.parts import in_parts
from campaign.run import Weather, live
from fastorder.enums import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 500
SEEDS_APART = 10**9
"""The orders of campaign n have the seeds from n times this."""

KEPT_FAILURES = 100


@dataclass(slots=True)
class Tally:
    """What many lives came to."""

    orders: int = 0
    exchanges: int = 0
    faulty: int = 0
    sends: int = 0
    ends: int = 0
    unknown_first: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    failures: list[tuple[int, list[str]]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another one in."""
        for name in ("orders", "exchanges", "faulty", "sends", "ends"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unknown_first += other.unknown_first
        self.outcomes += other.outcomes
        self.failed += other.failed
        self.failures = (self.failures + other.failures)[:KEPT_FAILURES]

    def count(self, seed: int, weather: Weather) -> None:
        """Live one order and judge it."""
        life = live(seed, weather)
        case = Case(life.ledger)
        self.orders += 1
        self.exchanges += life.network.count.exchanges
        self.faulty += life.network.count.faulty
        self.sends += len(case.facts("left"))
        self.ends += len(case.facts("died"))
        told = case.told
        self.unknown_first += bool(told) and told[0].outcome is Outcome.UNKNOWN
        self.outcomes[told[-1].outcome.name if told else "nobody was told"] += 1
        wrong = judged(case)
        if wrong:
            self.failed += 1
            self.failures.append((seed, wrong))

    @property
    def fault_share(self) -> float:
        """The share of exchanges in which something went wrong."""
        return self.faulty / max(self.exchanges, 1)

    def share(self, count: int) -> float:
        """A count for each order."""
        return count / max(self.orders, 1)


def tally(seeds: range, weather: Weather) -> Tally:
    """Live the orders with these seeds."""
    counted = Tally()
    for seed in seeds:
        counted.count(seed, weather)
    return counted


def campaign(
    orders: int, seed: int, weather: Weather, processes: int
) -> Iterator[Tally]:
    """The tally so far, again and again until every order has lived."""
    first, counted = seed * SEEDS_APART, Tally()
    live_all = partial(tally, weather=weather)
    for part in in_parts(live_all, first, orders, CHUNK, processes):
        counted.add(part)
        yield counted
