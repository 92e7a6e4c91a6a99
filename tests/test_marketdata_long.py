"""Ten million ticks: live, in bulk, in chunks and on a cluster, the same to the bit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_cluster import local_cluster
from plain_bars import random_ticks

from fastorder.marketdata import (
    BarBuilder,
    Bars,
    MultiTimeframe,
    _vectors,
    aggregate_ticks,
    bars_of_file,
    resample,
)
from fastorder.marketdata.cluster import bars_of_folder

pytestmark = pytest.mark.long

MANY = 10_000_000
FRAMES = ["1s", "1m", "5m", "1h", "1d"]


@pytest.fixture(scope="module")
def ticks():
    time, price, size, side = random_ticks(MANY, seed=5)
    return time, price * 0.1, size, side


@pytest.fixture(scope="module")
def bulk(ticks):
    time, price, size, side = ticks
    return {f: aggregate_ticks(time, price, size, f, side=side) for f in FRAMES}


def batches(columns, rows=1_000_000):
    for start in range(0, MANY, rows):
        piece = [column[start : start + rows].tolist() for column in columns]
        yield from zip(*piece, strict=True)


@pytest.mark.parametrize("path", _vectors.vector_paths())
def test_every_vector_path_in_bulk(ticks, bulk, path):
    before = _vectors.vector_path()
    if not _vectors.use_vector_path(path):
        pytest.skip(f"this machine has no {path}")
    time, price, size, side = ticks
    assert aggregate_ticks(time, price, size, "1m", side=side) == bulk["1m"]
    assert resample(bulk["1s"], "5m") == bulk["5m"]
    _vectors.use_vector_path(before)


def test_threads(ticks, bulk):
    time, price, size, side = ticks
    for frame in FRAMES:
        made = aggregate_ticks(time, price, size, frame, side=side, threads=3)
        assert made == bulk[frame], frame


def test_live(ticks, bulk):
    builder = BarBuilder("1m", sides=True)
    made = [bar for tick in batches(ticks) if (bar := builder.update(*tick))]
    assert [*made, builder.snapshot()] == list(bulk["1m"])


def test_several_timeframes_live(ticks, bulk):
    every = MultiTimeframe(FRAMES, sides=True)
    made = {frame: [] for frame in FRAMES}
    for tick in batches(ticks):
        for frame, bar in every.update(*tick):
            made[frame].append(bar)
    for frame in FRAMES:
        assert [*made[frame], every.snapshot(frame)] == list(bulk[frame]), frame


def test_longer_bars_from_any_shorter(bulk):
    for i, shorter in enumerate(FRAMES):
        for longer in FRAMES[i:]:
            assert resample(bulk[shorter], longer) == bulk[longer], (shorter, longer)


def test_volume_is_conserved(ticks, bulk):
    for bars in bulk.values():
        columns = bars.to_numpy()
        assert columns["volume"].sum() == ticks[2].sum()
        assert columns["ticks"].sum() == MANY
        assert np.all(columns["high"] >= np.maximum(columns["open"], columns["close"]))
        assert np.all(columns["low"] <= np.minimum(columns["open"], columns["close"]))


def test_chunks_and_files(ticks, bulk, tmp_path):
    table = pa.table(
        dict(zip(("time_ns", "price", "size", "side"), ticks, strict=True))
    )
    pq.write_table(table, tmp_path / "ticks.parquet")
    made = Bars.joined(bars for bars, _ in bars_of_file(tmp_path / "ticks.parquet"))
    assert made == bulk["1m"]


def test_cluster(ticks, bulk, tmp_path):
    names = ("time_ns", "price", "size", "side")
    for i, start in enumerate(range(0, MANY, 777_777)):
        folder = tmp_path / "ticks" / "contract=MNQZ6" / f"day=2026-01-{i + 1:02}"
        folder.mkdir(parents=True)
        piece = {
            n: c[start : start + 777_777] for n, c in zip(names, ticks, strict=True)
        }
        pq.write_table(pa.table(piece), folder / "part-0.parquet")
    with local_cluster(workers=2) as client:
        bars_of_folder(tmp_path / "ticks", tmp_path / "bars", "1m", client=client)
    found = tmp_path / "bars" / "contract=MNQZ6" / "bars.parquet"
    assert pq.read_table(found, partitioning=None).equals(pa.table(bulk["1m"]))


def test_memory_stays_bounded_on_a_long_file(tmp_path):
    """Thirty times the rows: the most memory that the process takes hardly moves."""
    pytest.importorskip("resource")
    peaks = []
    for groups in (3, 90):
        path = tmp_path / f"{groups}.parquet"
        schema = pa.schema(
            {"time_ns": pa.int64(), "price": pa.float64(), "size": pa.int64()}
        )
        with pq.ParquetWriter(path, schema) as writer:
            for i in range(groups):
                time = np.arange(1_000_000) * 1000 + i * 1_000_000_000 + 10**18
                columns = [time, np.ones(1_000_000), np.ones(1_000_000, np.int64)]
                writer.write_table(pa.table(columns, schema=schema))
        program = (
            "import resource, sys; from fastorder.marketdata.__main__ import main;"
            f"code = main([{str(path)!r}, {str(tmp_path / 'b.csv')!r}, '--quiet']);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        peaks.append(int(done.stdout))
        Path(path).unlink()
    assert peaks[1] < 1.5 * peaks[0]
