"""Bars and ticks to Parquet and back: time and bytes, beside pandas and a peer.

    python benchmarks/market/files.py [--rows 1000000] [--rounds 7]

Each round runs all contenders, one after the other, and a table has the median of the
rounds. Ours writes, syncs, reads again and renames; the others write. The peer's
catalog has an environment of its own, made at the first run; where it cannot be made,
that is said.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).parent.parent))

import environments

from fastorder.marketdata import Bars
from fastorder.store import MarketData
from fastorder.store.market.merging import Columns, columns_from

TICK = Decimal("0.25")
START_NS = 1_767_225_600_000_000_000
"""2026-01-01 UTC."""


def bars_of(rows: int) -> dict[str, np.ndarray]:
    """Bars of a minute, a random walk of some ticks each."""
    dice = np.random.default_rng(1)
    close = 118_000 + np.cumsum(dice.integers(-8, 9, rows))
    before = np.roll(close, 1)
    return {
        "time_ns": START_NS + np.arange(rows) * 60_000_000_000,
        "open": before,
        "high": np.maximum(before, close) + dice.integers(0, 6, rows),
        "low": np.minimum(before, close) - dice.integers(0, 6, rows),
        "close": close,
        "volume": dice.integers(1, 2_000, rows),
    }


def ticks_of(rows: int) -> Columns:
    """Ticks of one trading day, many of them in one millisecond."""
    dice = np.random.default_rng(2)
    steps = np.where(dice.random(rows) < 0.4, 0, dice.geometric(1 / 100, rows))
    return columns_from(
        START_NS + 5 * 86_400_000_000_000 + np.cumsum(steps) * 1_000_000,
        118_000 + np.cumsum(dice.choice([-1, 0, 0, 0, 1], rows)),
        dice.geometric(0.5, rows),
        dice.choice([-1, 1], rows),
    )


class Timed:
    """Seconds of each thing that was timed, by its name, round by round."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}
        self.bytes: dict[str, float] = {}

    def run(self, name: str, what) -> None:
        """Time a call."""
        wall, cpu = time.perf_counter(), time.process_time()
        what()
        self.wall.setdefault(name, []).append(time.perf_counter() - wall)
        self.cpu.setdefault(name, []).append(time.process_time() - cpu)

    def size(self, name: str, folder: Path, rows: int) -> None:
        """Note how many bytes a row takes."""
        files = [path for path in folder.rglob("*.parquet") if path.is_file()]
        self.bytes[name] = sum(path.stat().st_size for path in files) / rows


def ours(timed: Timed, folder: Path, columns: dict, ticks: Columns) -> None:
    """What this library does."""
    data, rows = MarketData(folder), len(ticks.time_ns)
    bars = Bars.from_columns(columns, "1m")
    options = {"tick_size": TICK, "source": "gateway"}
    timed.run("bars, write", lambda: data.add_bars("MNQZ26", bars, **options))
    whole = {"prices": "ticks"}
    timed.run("bars, read", lambda: data.bars("MNQZ26", "1m", **whole))
    timed.run("bars, read in points", lambda: data.bars("MNQZ26", "1m"))
    timed.size("bars, write", folder, len(bars))
    shutil.rmtree(folder)
    timed.run("ticks, write", lambda: data._ticks.add("MNQZ26", TICK, [ticks]))
    timed.run("ticks, read", lambda: data.ticks("MNQZ26"))
    timed.size("ticks, write", folder, rows)


def pandas(timed: Timed, folder: Path, columns: dict, ticks: Columns) -> None:
    """pandas as people use it: prices in floats, its own choices."""
    frames = {"bars": pd.DataFrame(columns), "ticks": pd.DataFrame(ticks._asdict())}
    for name, frame in frames.items():
        for price in ("open", "high", "low", "close", "price"):
            if price in frame:
                frame[price] = frame[price] / 4
        path = folder / f"{name}.parquet"
        timed.run(f"pandas {name}, write", lambda f=frame, p=path: f.to_parquet(p))
        timed.run(f"pandas {name}, read", lambda p=path: pd.read_parquet(p))
        timed.bytes[f"pandas {name}, write"] = path.stat().st_size / len(frame)


def peer(rows: int) -> dict[str, float] | str:
    """What the peer's catalog takes for the bars, or why it does not run."""
    room = environments.made("nautilus")
    if room.python is None:
        return str(room.missing)
    asked = subprocess.run(
        [room.python, str(Path(__file__).with_name("nautilus_peer.py")), str(rows)],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        return asked.stderr.strip().splitlines()[-1]
    return json.loads(asked.stdout.splitlines()[-1])


def main() -> None:
    """Run all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    columns, ticks = bars_of(given.rows), ticks_of(given.rows)
    timed = Timed()
    peers = []
    for _ in range(given.rounds):
        for contender in (ours, pandas):
            folder = Path(tempfile.mkdtemp())
            try:
                contender(timed, folder, columns, ticks)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        peers.append(peer(given.rows))
    print(f"{given.rows:,} rows, medians of {given.rounds} rounds\n")
    print("| what | seconds | of processor time | bytes a row |\n|---|---|---|---|")
    for name in timed.wall:
        wall, cpu = (statistics.median(t[name]) for t in (timed.wall, timed.cpu))
        size = f"{timed.bytes[name]:.2f}" if name in timed.bytes else ""
        print(f"| {name} | {wall:.3f} | {cpu:.3f} | {size} |")
    if isinstance(peers[0], str):
        print(f"\nnautilus' catalog did not run: {peers[0]}")
        return
    for name in ("write", "read"):
        wall = statistics.median(each[name] for each in peers)
        size = f"{peers[0]['bytes']:.2f}" if name == "write" else ""
        print(f"| nautilus' catalog, bars, {name} | {wall:.3f} | | {size} |")


if __name__ == "__main__":
    main()
