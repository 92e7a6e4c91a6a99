"""Many changes, on several processes: what was told, and which seeds failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from campaign.changes import complaints, lived
from campaign.parts import in_parts

CHUNK = 500
KEPT_FAILURES = 100


@dataclass(slots=True)
class ChangeTally:
    """What many changes came to.

    Attributes:
        told: how often each kind ended with each outcome.
    """

    changes: int = 0
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: int = 0
    failures: list[tuple[int, list[str]]] = field(default_factory=list)

    def add(self, other: ChangeTally) -> None:
        """Count another one in."""
        self.changes += other.changes
        self.told += other.told
        self.failed += other.failed
        self.failures = (self.failures + other.failures)[:KEPT_FAILURES]

    def count(self, seed: int, faults: float) -> None:
        """Live one change and judge it."""
        change = lived(seed, faults)
        last = [fact.value for fact in change.ledger if fact.what == "told"][-1:]
        self.changes += 1
        self.told[change.kind, last[0].outcome.name if last else "nobody"] += 1
        wrong = complaints(change)
        if wrong:
            self.failed += 1
            self.failures.append((seed, wrong))


def change_tally(seeds: range, faults: float) -> ChangeTally:
    """Live the changes with these seeds."""
    counted = ChangeTally()
    for seed in seeds:
        counted.count(seed, faults)
    return counted


def change_campaign(
    changes: int, first: int, faults: float, processes: int
) -> ChangeTally:
    """Live so many changes, from this seed on."""
    counted = ChangeTally()
    live_all = partial(change_tally, faults=faults)
    for part in in_parts(live_all, first, changes, CHUNK, processes):
        counted.add(part)
    return counted
