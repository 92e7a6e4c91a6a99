"""A long file of ticks to bars of a minute, one chunk at a time, on one core.

Prints the speed of each tenth of the file, reading included, and the most memory that
the process ever had: neither may grow with the file. The volume of the bars is compared
with that of the ticks. A billion ticks take a file of some gigabytes:

    python benchmarks/marketdata/long_file.py --rows 1e9 --folder /var/tmp
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastorder.marketdata import bars_of_file

CHUNK = 1_000_000
START = 1_700_000_000_000_000_000
TENTHS = 10


def chunk_of(at: int, rows: int) -> pa.Table:
    """Some ticks at ten a second; the same for the same place in the file."""
    chance = np.random.default_rng(at)
    first = START + at * 100_000_000
    return pa.table(
        {
            "time_ns": first + np.arange(rows) * 100_000_000,
            "price": 20_000 + chance.integers(-400, 401, rows) * 0.25,
            "size": chance.integers(1, 10, rows),
        }
    )


def write(path: Path, rows: int, volume: multiprocessing.Queue) -> None:
    """Write the file and say how much was traded in it."""
    total = 0
    with pq.ParquetWriter(path, chunk_of(0, 0).schema) as file:
        for at in range(0, rows, CHUNK):
            chunk = chunk_of(at, min(CHUNK, rows - at))
            total += int(chunk["size"].to_numpy().sum())
            file.write_table(chunk)
    volume.put(total)


def written(path: Path, rows: int) -> int:
    """The volume of a file that another process writes, whose memory does not count."""
    spawn = multiprocessing.get_context("spawn")
    volume = spawn.Queue()
    writer = spawn.Process(target=write, args=(path, rows, volume))
    writer.start()
    total = volume.get()
    writer.join()
    return total


def aggregate(path: Path, rows: int) -> tuple[int, int]:
    """Print the speed of each tenth; how many bars, and their volume."""
    bars = volume = 0
    tenth, done, before, busy = 1, 0.0, time.perf_counter(), time.process_time()
    print(f"{'ticks':>15}{'M/s':>9}{'M/s of CPU':>12}{'most MB':>9}")
    for made, share in bars_of_file(path, "1m"):
        bars += len(made)
        volume += sum(made.volume)
        if share > done and share >= tenth / TENTHS:
            now, cpu = time.perf_counter(), time.process_time()
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            part = rows * (share - done) / 1e6
            print(
                f"{int(rows * share):15,}{part / (now - before):9.1f}"
                f"{part / (cpu - busy):12.1f}{most:9}",
                flush=True,
            )
            tenth, done, before, busy = tenth + 1, share, now, cpu
    return bars, volume


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e8, help="ticks (1e8)")
    parser.add_argument("--folder", type=Path, help="where the file is made")
    options = parser.parse_args()
    rows = int(options.rows)
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "ticks.parquet"
        traded = written(path, rows)
        print(f"{rows:,} ticks, {path.stat().st_size / 1e9:.2f} GB")
        bars, volume = aggregate(path, rows)
    print(f"{bars:,} bars")
    if volume != traded:
        sys.exit(f"the bars hold a volume of {volume}, the ticks {traded}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
