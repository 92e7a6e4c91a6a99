"""Strategies beside other engines: the same cross of two means, the same bars.

Seconds are of this process's CPU, peak memory is the process's. Each engine runs in an
environment of its own (``benchmarks/environments.py``), each in a process of its own,
turn by turn.

    python benchmarks/strategy/speed.py [--bars 1000000] [--rounds 3] [--own]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

SCENES = {
    "fastorder": ("bars", 1_000_000),
    "fastorder, a handler for each tick": ("each", 5_000_000),
    "fastorder, ticks to minutes, ten orders, the firm's rules": ("rules", 5_000_000),
    "backtesting.py": ("backtesting", 1_000_000),
    "backtrader": ("backtrader", 100_000),
}
"""Each with its program and its rows: backtrader takes minutes for more."""

OWN = ("bars", "each", "rules")


def measured(python: str, scene: str, rows: int) -> dict[str, float]:
    """One run of one engine in a process of its own."""
    command = [python, str(HERE / "engines.py"), scene, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure what there is, and print it."""
    from environments import made

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--own", action="store_true", help="without the others")
    given = parser.parse_args()
    pythons = {}
    for name, (scene, _) in SCENES.items():
        if scene in OWN:
            pythons[name] = sys.executable
        elif not given.own:
            there = made(scene)
            if there.python is None:
                print(f"{name}: {there.missing}")
            else:
                pythons[name] = there.python
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
    for _ in range(given.rounds):
        for name, python in pythons.items():
            runs[name].append(measured(python, *SCENES[name]))
    for name, rows in runs.items():
        seconds = statistics.median(row["seconds"] for row in rows)
        rate = rows[0]["rows"] / seconds
        print(
            f"{name:<58} {rate:>13,.0f} rows/s, {rows[0]['trades']:>7,.0f} trades, "
            f"{rows[0]['peak_mib']:>6,.0f} MiB"
        )


if __name__ == "__main__":
    main()
