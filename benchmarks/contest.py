"""Contenders timed in turn, round by round, so that a slow minute hits all alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from contenders import WorkerError, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contenders import Process


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

    def summary(self) -> dict[str, Any]:
        """Percentiles and the rounds' medians, in microseconds."""
        return {
            **{f"p{at}_us": micro(self.percentile(at)) for at in (50, 95, 99)},
            "max_us": micro(max(self.orders)),
            "orders": len(self.orders),
            "round_medians_us": [micro(one) for one in self.medians],
        }


def micro(nanoseconds: float) -> float:
    """Microseconds, to a hundredth."""
    return round(nanoseconds / 1000, 2)


def spread(ratios: list[float]) -> list[float]:
    """Median, least and most."""
    return [round(one, 3) for one in (median(ratios), min(ratios), max(ratios))]


def ratio(own: Times, other: Times) -> list[float]:
    """``own`` to ``other`` by the medians of each round: median, least and most."""
    pairs = zip(own.medians, other.medians, strict=True)
    return spread([one / another for one, another in pairs])


def in_turn(
    running: Mapping[str, Process],
    rounds: int,
    act: Callable[[str, Process], None],
) -> dict[str, str]:
    """Let each act once in every round, each round from another one on.

    One that fails is left out from then on; the answer says why.
    """
    names = list(running)
    failed: dict[str, str] = {}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name in failed:
                continue
            try:
                act(name, running[name])
            except WorkerError as error:
                failed[name] = str(error)
                tell(f"  {name} is left out: {error}")
    return failed
