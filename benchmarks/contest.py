"""Contenders timed in turn, round by round, so that a slow minute hits all alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server import Server


@dataclass
class Times:
    """One contender's nanoseconds: for each round, for each order."""

    rounds: list[list[int]] = field(default_factory=list)

    @property
    def orders(self) -> list[int]:
        """Every order of every round."""
        return [time for one in self.rounds for time in one]

    @property
    def medians(self) -> list[float]:
        """The median of each round."""
        return [median(one) for one in self.rounds]

    def percentile(self, percent: int) -> float:
        """Over every order of every round."""
        return quantiles(self.orders, n=100, method="inclusive")[percent - 1]

    def ratio_to(self, floor: Times) -> tuple[float, float, float]:
        """The ratio of the medians round by round: its median, least and most."""
        pairs = zip(self.medians, floor.medians, strict=True)
        ratios = sorted(own / other for own, other in pairs)
        return median(ratios), ratios[0], ratios[-1]


def contest(
    server: Server,
    contenders: Mapping[str, Callable[[Server, int], list[int]]],
    rounds: int,
    orders: int,
) -> dict[str, Times]:
    """Time every contender in every round; each round starts with another one."""
    names = list(contenders)
    times = {name: Times() for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            times[name].rounds.append(contenders[name](server, orders))
    return times
