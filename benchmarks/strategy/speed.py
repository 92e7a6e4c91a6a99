"""Strategies beside other engines: the same work, the same rows, turn by turn.

Seconds are of a process's CPU, peak memory is the process's. Each engine runs in an
environment of its own (``benchmarks/environments.py``), each in a process of its own.
The first of a task is fastorder; the ratio is how much longer the others take a row.

    python benchmarks/strategy/speed.py [--share 1] [--rounds 3] [--own]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

TITLE = "Strategies beside other engines"
OWN = "project"
FEWEST = 1_000


@dataclass(frozen=True)
class Entry:
    """A program of ``engines.py``, its rows, and whose Python runs it."""

    scene: str
    rows: int
    environment: str = OWN


TASKS = {
    "bars: a cross of two means, a minute each": {
        "fastorder": Entry("bars", 1_000_000),
        "fastorder (means in Python)": Entry("bars-one-by-one", 1_000_000),
        "backtesting.py": Entry("backtesting", 1_000_000, "backtesting"),
        "backtrader": Entry("backtrader", 100_000, "backtrader"),
        "nautilus_trader": Entry("nautilus", 200_000, "nautilus"),
    },
    "each tick: a handler is called": {
        "fastorder": Entry("each", 5_000_000),
        "nautilus_trader": Entry("nautilus-each", 1_000_000, "nautilus"),
    },
    "minutes of ticks: a strategy once a minute, ten orders that rest": {
        "fastorder, with the firm's rules": Entry("rules", 5_000_000),
        "hftbacktest": Entry("hftbacktest", 5_000_000, "hftbacktest"),
    },
}
"""Those that take minutes for a million are given fewer rows."""


def measured(python: str, entry: Entry, share: float) -> dict[str, Any] | str:
    """One run of one engine in a process of its own; where it fails, why."""
    rows = max(FEWEST, round(entry.rows * share))
    command = [python, str(HERE / "engines.py"), entry.scene, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.splitlines()
        return lines[-1] if lines else f"exit code {done.returncode}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def taken(entries: dict[str, tuple[str, Entry]], given: Any) -> dict[str, Any]:
    """A task's engines in turn, round by round: the medians, or why one failed."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in entries}
    failed: dict[str, str] = {}
    for _ in range(given.rounds):
        for name, (python, entry) in entries.items():
            if name not in failed:
                found = measured(python, entry, given.share)
                if isinstance(found, str):
                    failed[name] = found
                else:
                    runs[name].append(found)
    own = next(iter(runs))
    if own in failed:  # there is nothing to compare the others with
        raise SystemExit(f"{own}: {failed[own]}")
    base = each_us(runs[own])
    return {
        name: {"failed": failed[name]} if name in failed else summed(of, base)
        for name, of in runs.items()
    }


def each_us(runs: list[dict[str, Any]]) -> list[float]:
    """Microseconds a row, of each round."""
    return [run["seconds"] / run["rows"] * 1e6 for run in runs]


def summed(runs: list[dict[str, Any]], base: list[float]) -> dict[str, Any]:
    """Medians with the least and the most; ratios are the rounds' own."""
    own = each_us(runs)
    ratios = [mine / least for mine, least in zip(own, base, strict=True)]
    return {
        "rows": runs[0]["rows"],
        "orders": runs[0]["trades"],
        "peak_mib": round(statistics.median(run["peak_mib"] for run in runs), 1),
        "us": spread(own),
        "ratio": spread(ratios),
    }


def spread(values: list[float]) -> list[float]:
    """The median, the least and the most."""
    found = (statistics.median(values), min(values), max(values))
    return [round(value, 5) for value in found]


def flat(tasks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each that ran, and why others did not, by its own and its task's short name."""
    ran, left_out = {}, {}
    for task, engines in tasks.items():
        for name, row in engines.items():
            short = f"{name.partition(',')[0]}, {task.partition(':')[0]}"
            if "failed" in row:
                left_out[short] = row["failed"]
            else:
                ran[short] = {"engine": name, "task": task, **row}
    return {"contenders": ran, "left_out": left_out}


def told(task: str, engines: dict[str, Any]) -> None:
    """Print a task."""
    print(f"\n{task}")
    for name, row in engines.items():
        if "failed" in row:
            print(f"  {name}: {row['failed']}")
            continue
        middle, least, most = row["ratio"]
        print(
            f"  {name:<34} {1e6 / row['us'][0]:>13,.0f} rows/s, {row['orders']:>7,} "
            f"orders, {row['peak_mib']:>6,.0f} MiB, {middle:>8.2f} times "
            f"({least:.2f} to {most:.2f})"
        )


def main() -> None:
    """Measure what there is, print it, and keep a whole run."""
    from environments import made, own
    from results import keep

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows")
    parser.add_argument("--own", action="store_true", help="without the others")
    given = parser.parse_args()
    tasks: dict[str, dict[str, Any]] = {}
    for task, engines in TASKS.items():
        entries, missing = {}, {}
        for name, entry in engines.items():
            if given.own and entry.environment != OWN:
                continue
            there = own() if entry.environment == OWN else made(entry.environment)
            if there.python is None:
                missing[name] = {"failed": there.missing}
            else:
                entries[name] = (there.python, entry)
        tasks[task] = taken(entries, given) | missing
        told(task, tasks[task])
    if given.share == 1 and not given.own:
        keep("strategies", TITLE, **flat(tasks))


if __name__ == "__main__":
    main()
