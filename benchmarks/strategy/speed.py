"""Strategies beside other engines: the same cross of two means, the same bars.

Seconds are of this process's CPU, peak memory is the process's. Each engine runs in an
environment of its own (``benchmarks/environments.py``), each in a process of its own,
turn by turn. The ratio is how much longer a row takes than fastorder's own on bars.

    python benchmarks/strategy/speed.py [--share 1] [--rounds 3] [--own]
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
FEWEST = 1_000


def measured(python: str, scene: str, rows: int) -> dict[str, float] | str:
    """One run of one engine in a process of its own; where it fails, why."""
    command = [python, str(HERE / "engines.py"), scene, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.splitlines()
        return lines[-1] if lines else f"exit code {done.returncode}"
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def told(runs: dict[str, list[dict[str, float]]]) -> None:
    """Print each engine's median, beside that of fastorder's on bars."""
    each_s = {
        name: statistics.median(row["seconds"] / row["rows"] for row in rows)
        for name, rows in runs.items()
        if rows
    }
    own_s = each_s.get("fastorder", float("nan"))
    for name, seconds in each_s.items():
        first = runs[name][0]
        print(
            f"{name:<58} {1 / seconds:>13,.0f} rows/s, "
            f"{first['trades']:>7,.0f} trades, {first['peak_mib']:>6,.0f} MiB, "
            f"{seconds / own_s:>8.2f} times"
        )


def main() -> None:
    """Measure what there is, and print it."""
    from environments import made

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the rows")
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
        for name in list(pythons):
            scene, rows = SCENES[name]
            rows = max(FEWEST, round(rows * given.share))
            found = measured(pythons[name], scene, rows)
            if isinstance(found, str):
                print(f"{name}: {found}")
                del pythons[name]
            else:
                runs[name].append(found)
    told(runs)


if __name__ == "__main__":
    main()
