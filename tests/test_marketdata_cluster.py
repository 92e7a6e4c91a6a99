"""Bars on a cluster: the same as one process makes, also where a worker dies."""

import os
import signal
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_cluster import local_cluster
from plain_bars import SECOND, random_ticks

from fastorder.marketdata import BadTick, BarError, aggregate_ticks, globex
from fastorder.marketdata import cluster as clustered
from fastorder.marketdata.cluster import bars_of_folder, tick_files

CONTRACTS = {"MNQZ6": 1, "MESZ6": 2}
PIECES = 6


def ticks_of(seed):
    time, price, size, side = random_ticks(30_000, seed, SECOND)
    return time, price * 0.1, size, side


def cut(columns, pieces=PIECES):
    """Cut anywhere, also within a bar and between ticks of the same time."""
    edges = np.linspace(0, len(columns[0]), pieces + 1).astype(int) + 7
    edges[0], edges[-1] = 0, len(columns[0])
    return [[c[a:b] for c in columns] for a, b in pairwise(edges)]


def laid_out(folder):
    """The ticks of the contracts, a folder for each day."""
    for name, seed in CONTRACTS.items():
        for i, (when, price, size, side) in enumerate(cut(ticks_of(seed))):
            day = folder / f"contract={name}" / f"day=2026-01-{i + 5:02}"
            day.mkdir(parents=True)
            table = pa.table(
                {"time_ns": when, "price": price, "size": size, "side": side}
            )
            pq.write_table(table, day / "part-0.parquet", row_group_size=1000)
    return folder


def alone(name, every, **options):
    when, price, size, side = ticks_of(CONTRACTS[name])
    return aggregate_ticks(when, price, size, every, side=side, **options)


def check(target, counts, every, **options):
    assert sorted(counts) == sorted(CONTRACTS)
    for name, count in counts.items():
        expected = alone(name, every, **options)
        found = pq.read_table(target / f"contract={name}" / "bars.parquet")
        assert count == len(expected)
        assert found.drop_columns(
            ["contract"] if "contract" in found.column_names else []
        ).equals(pa.table(expected))


@pytest.fixture
def source(tmp_path):
    return laid_out(tmp_path / "ticks")


@pytest.fixture(scope="module")
def client():
    with local_cluster(workers=3) as client:
        yield client


@pytest.mark.parametrize("every", ["1m", "1d"])
def test_one_process_makes_the_bars_of_a_folder(source, tmp_path, every):
    counts = bars_of_folder(source, tmp_path / "bars", every)
    check(tmp_path / "bars", counts, every)


@pytest.mark.parametrize("every", ["1s", "1h", "1w"])
def test_workers_make_the_same_bars_to_the_bit(source, tmp_path, client, every):
    assert len(client.nthreads()) == 3
    counts = bars_of_folder(source, tmp_path / "bars", every, client=client)
    check(tmp_path / "bars", counts, every)


def test_workers_know_sessions(source, tmp_path, client):
    sessions = globex("2023-11-13", "2023-11-17")
    counts = bars_of_folder(
        source, tmp_path / "bars", "1h", client=client, sessions=sessions
    )
    check(tmp_path / "bars", counts, "1h", sessions=sessions)


def gate(folder):
    """Make a worker stop within the third file, until it is told to go on."""
    made = clustered.read_ticks
    if getattr(made, "is_gate", False):
        return

    def gated(path, *given, **options):
        if "2026-01-07" in str(path) and not (Path(folder) / "go").exists():
            (Path(folder) / f"at-{os.getpid()}").touch()
            while not (Path(folder) / "go").exists():
                time.sleep(0.01)
        return made(path, *given, **options)

    gated.is_gate = True
    clustered.read_ticks = gated


def test_a_worker_that_is_killed_in_mid_run_changes_nothing(source, tmp_path, client):
    client.run(gate, str(tmp_path))
    before = set(client.run(os.getpid).values())
    made = {}
    run = threading.Thread(
        target=lambda: made.update(
            bars_of_folder(source, tmp_path / "bars", "1m", client=client)
        )
    )
    run.start()
    while not list(tmp_path.glob("at-*")):
        time.sleep(0.01)
    victim = int(next(tmp_path.glob("at-*")).name.removeprefix("at-"))
    assert victim in before
    os.kill(victim, signal.SIGKILL)
    (tmp_path / "go").touch()
    run.join(120)
    check(tmp_path / "bars", made, "1m")
    assert victim not in set(client.run(os.getpid).values())
    assert not list((tmp_path / "bars").rglob("*.part"))


def test_a_bad_tick_on_a_worker_is_told_with_its_file(source, tmp_path, client):
    path = source / "contract=MESZ6" / "day=2026-01-07" / "part-0.parquet"
    table = pq.read_table(path, partitioning=None)
    price = table["price"].to_numpy().copy()
    price[2500] = np.nan
    pq.write_table(table.set_column(1, "price", pa.array(price)), path)
    with pytest.raises(
        BadTick, match=r"2026-01-07/part-0.parquet: price must be"
    ) as caught:
        bars_of_folder(source, tmp_path / "bars", client=client)
    assert caught.value.index == 2500
    assert not (tmp_path / "bars" / "contract=MESZ6").exists()


def test_files_that_overlap_are_refused(source, tmp_path):
    days = sorted((source / "contract=MNQZ6").iterdir())
    days[1].rename(days[1].with_name("day=2025-12-31"))
    with pytest.raises(BarError, match="must not start before .* ends"):
        bars_of_folder(source, tmp_path / "bars")


def test_files_without_ticks_and_contracts_without_bars_do_no_harm(tmp_path):
    source = laid_out(tmp_path / "ticks")
    empty = pq.read_table(next(source.rglob("*.parquet")), partitioning=None).slice(
        0, 0
    )
    for place in ("contract=MNQZ6/day=2026-02-01", "contract=NONE/day=2026-01-05"):
        (source / place).mkdir(parents=True)
        pq.write_table(empty, source / place / "part-0.parquet")
    counts = bars_of_folder(source, tmp_path / "bars")
    assert counts.pop("NONE") == 0
    check(tmp_path / "bars", counts, "1m")


def test_a_folder_without_ticks_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(BarError, match="must hold contract=NAME/day=DATE"):
            bars_of_folder(folder, tmp_path / "bars")


def test_bars_of_a_number_of_ticks_are_not_made_in_pieces(source, tmp_path):
    with pytest.raises(BarError, match="only time bars can be made in pieces"):
        bars_of_folder(source, tmp_path / "bars", "500 ticks")


def test_the_files_of_a_contract_are_in_order_of_their_days(source):
    contracts = tick_files(source)
    assert [contract.name for contract in contracts] == ["MESZ6", "MNQZ6"]
    assert [file.parent.name for file in contracts[0].files] == [
        f"day=2026-01-{i + 5:02}" for i in range(PIECES)
    ]
