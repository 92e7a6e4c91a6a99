"""The tables of strategies beside other engines, and the targets that they answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from besides import NOT_RUN, missing, run_of
from results import kept
from tables import table, times, verdict

SCENE = "strategies"


class Wanted(NamedTuple):
    """What was asked for of a task."""

    a_second: float
    times: dict[str, int]
    """How many times as long each of the others has to take, at least."""
    mib: int = 0


WANTED = (
    Wanted(
        1.3e6, {"backtesting.py": 10, "backtrader": 100, "nautilus_trader": 100}, 120
    ),
    Wanted(2.5e6, {"nautilus_trader": 20}),
    Wanted(15e6, {"hftbacktest": 1}),
)
"""In the order of the tasks of ``strategy/speed.py``."""


def by_task() -> dict[str, dict[str, dict[str, Any]]]:
    """The engines that ran, task by task; the first of each is fastorder."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in kept(SCENE)["contenders"].values():
        found.setdefault(row["task"], {})[row["engine"]] = row
    return found


def tables() -> str:
    """Each task: what every engine did, and what it took."""
    if missing(SCENE):
        return NOT_RUN
    parts = []
    for task, engines in by_task().items():
        head = (task, "rows a second", "rows", "orders", "peak", "time, fastorder is 1")
        parts.append(table(head, [line(*each) for each in engines.items()]))
    for name, why in kept(SCENE)["left_out"].items():
        parts.append(f"Left out: {name}, {why}.\n")
    return "\n".join(parts) + run_of(SCENE)


def line(name: str, row: dict[str, Any]) -> list[str]:
    """An engine's row."""
    return [
        f"**{name}**" if name.startswith("fastorder") else name,
        f"{1e6 / row['us'][0]:,.0f}",
        f"{row['rows']:,}",
        f"{row['orders']:,}",
        f"{row['peak_mib']:,.0f} MiB",
        times(row["ratio"]),
    ]


def targets() -> list[list[str]]:
    """What was asked for, as far as it was run."""
    if missing(SCENE):
        return []
    rows = []
    for (task, engines), wanted in zip(by_task().items(), WANTED, strict=True):
        (_, own), *others = engines.items()
        rate, least = 1e6 / own["us"][0], wanted.a_second
        text = f"{task}: rows a second"
        rows.append(verdict(text, f">= {least:,.0f}", f"{rate:,.0f}", rate >= least))
        for name, row in others:
            if name not in wanted.times:  # another way to write the same, of our own
                continue
            ratio, least = row["ratio"], wanted.times[name]
            text, met = f"{task}: faster than {name}", ratio[0] >= least
            rows.append(verdict(text, f">= {least}x", times(ratio), met))
        if wanted.mib:
            peak, target = own["peak_mib"], f"< {wanted.mib} MiB"
            text, met = f"{task}: peak memory", peak < wanted.mib
            rows.append(verdict(text, target, f"{peak:.0f} MiB", met))
    return rows
