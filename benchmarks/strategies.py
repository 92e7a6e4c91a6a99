"""The tables of strategies beside other engines, and the targets that they answer."""

from __future__ import annotations

from typing import Any

from besides import NOT_RUN, missing, run_of
from results import kept
from tables import table, times, verdict

SCENE = "strategies"
BARS, EACH, RULES = range(3)
"""The tasks of ``strategy/speed.py``, in its order."""

LEAST = {
    BARS: {"backtesting.py": 10, "backtrader": 100, "nautilus_trader": 100},
    EACH: {"nautilus_trader": 20},
    RULES: {"hftbacktest": 1},
}
"""How many times as long the others have to take, at least."""

MOST_MIB = 120
LEAST_A_SECOND = {BARS: 1.3e6, EACH: 2.5e6, RULES: 15e6}


def tables() -> str:
    """Each task: what every engine did, and what it took."""
    if missing(SCENE):
        return NOT_RUN
    parts = []
    for task, engines in kept(SCENE)["tasks"].items():
        head = (task, "rows a second", "rows", "orders", "peak", "time, fastorder is 1")
        rows = [line(*each) for each in engines.items() if "failed" not in each[1]]
        parts.append(table(head, rows))
        parts += [
            f"Left out: {name}, {row['failed']}.\n"
            for name, row in engines.items()
            if "failed" in row
        ]
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
    for at, (task, engines) in enumerate(kept(SCENE)["tasks"].items()):
        (_, own), *others = engines.items()
        rate, least = 1e6 / own["us"][0], LEAST_A_SECOND[at]
        text = f"{task}: rows a second"
        rows.append(verdict(text, f">= {least:,.0f}", f"{rate:,.0f}", rate >= least))
        for name, row in others:
            if "failed" not in row:
                ratio, times_of = row["ratio"], LEAST[at][name]
                text = f"{task}: as fast as {name}"
                met = ratio[0] >= times_of
                rows.append(verdict(text, f">= {times_of}x", times(ratio), met))
        if at == BARS:
            peak, text = own["peak_mib"], f"{task}: peak memory"
            target = f"< {MOST_MIB} MiB"
            rows.append(verdict(text, target, f"{peak:.0f} MiB", peak < MOST_MIB))
    return rows
