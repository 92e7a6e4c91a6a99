"""Ticks that are kept: the same files whatever the order, read by any tool."""

import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_files import MS, QUARTER, T0, random_ticks

import fastorder.store
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.marketdata import aggregate_ticks
from fastorder.marketdata.cluster import bars_of_folder
from fastorder.store import MarketData
from fastorder.store.market import FolderInUse, MarketDataError, TickGap, TornFile
from fastorder.store.market import folder as folders
from fastorder.store.market.folder import LocalFolder, folder_at
from fastorder.store.market.lock import Lock
from fastorder.store.market.merging import columns_from, merged
from fastorder.store.market.names import contract_name, named
from fastorder.store.market.tick_files import TickFiles

DAY_NS = 86_400_000 * MS

moments = st.integers(0, 5)
ticks = st.lists(
    st.tuples(
        moments, st.integers(-2, 2), st.integers(1, 2), st.sampled_from([-1, 0, 1])
    ),
    max_size=12,
)


def part(rows):
    time_ns, price, size, side = zip(*rows, strict=True) if rows else ((),) * 4
    return columns_from([T0 + t * MS for t in time_ns], price, size, side)


def rows_of(columns):
    return list(zip(*(column.tolist() for column in columns), strict=True))


def files_of(root):
    """Every file, but for the locks, with what it holds."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(Path(root).rglob("*.parquet"))
    }


# ------------------------------------------------------------ merging


@given(st.lists(ticks, max_size=4))
def test_of_ticks_alike_there_are_as_many_as_one_delivery_has_at_most(deliveries):
    found = merged([part(rows) for rows in deliveries])
    most = Counter()
    for rows in deliveries:
        most |= Counter(rows_of(part(rows)))
    assert Counter(rows_of(found.ticks)) == most
    times = found.ticks.time_ns.tolist()
    assert times == sorted(times)
    given_rows = sum(map(len, deliveries))
    assert len(times) + found.repeated == given_rows


@given(ticks, ticks, ticks, st.randoms(use_true_random=False))
def test_deliveries_in_any_order_and_repetition_give_the_same_ticks(a, b, c, dice):
    parts = [part(rows) for rows in (a, b, c)]
    again = [*parts, *dice.choices(parts, k=3)]
    dice.shuffle(again)
    step = merged(again[:2]).ticks
    for each in again[2:]:  # one after the other, as they come
        step = merged([step, each]).ticks
    assert Counter(rows_of(step)) == Counter(rows_of(merged(parts).ticks))


@settings(deadline=None, max_examples=40)
@given(
    st.sets(st.integers(0, 3 * 86_400), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_any_order_and_repetition_of_the_same_ticks_gives_the_same_files(
    tmp_path_factory, seconds, dice
):
    """Of ticks at different times; those of one moment keep the order they came in."""
    rows = [(T0 + s * 1000 * MS, s % 50, 1 + s % 3, 1) for s in sorted(seconds)]
    roots = []
    for shuffled in (False, True):
        root = tmp_path_factory.mktemp("ticks")
        store = TickFiles(folder_at(root))
        pieces = [rows]
        if shuffled:
            some = dice.sample(rows, dice.randint(1, len(rows)))
            pieces = [some, dice.sample(rows, len(rows)), some]
        for piece in pieces:
            store.add("MNQZ26", QUARTER, [columns_from(*zip(*piece, strict=True))])
        roots.append(files_of(root))
    assert roots[0] == roots[1]


def test_runs_that_overlap_give_the_same_bytes_in_any_order(tmp_path):
    whole = random_ticks(20_000)
    edges = np.searchsorted(whole.time_ns, whole.time_ns[[4_000, 9_000, 14_000]])
    runs = [(0, edges[1]), (edges[0], edges[2]), (edges[1], 20_000), (0, 20_000)]
    found = []
    for order in ([3], [0, 1, 2], [2, 1, 0], [1, 2, 0, 1, 3]):
        root = tmp_path / str(order)
        store = TickFiles(folder_at(root))
        for start, stop in (runs[at] for at in order):
            store.add("MNQZ26", QUARTER, [whole.rows(slice(start, stop))])
        found.append(files_of(root))
    assert all(one == found[0] for one in found)


# ------------------------------------------------------------ files


@pytest.fixture
def data(tmp_path):
    return MarketData(tmp_path / "data")


def keep(data, columns, name="MNQZ26", size=QUARTER, **options):
    return data._ticks.add(name, size, [columns], **options)


def test_a_tick_takes_less_than_five_bytes(data, tmp_path):
    keep(data, random_ticks(200_000))
    taken = sum(len(content) for content in files_of(tmp_path).values())
    assert taken / 200_000 < 5


def test_ticks_are_read_without_a_copy(data):
    keep(data, random_ticks(1_000))
    found = data.ticks("MNQZ26")
    assert pa.table(found).equals(found.table)
    assert found.time_ns.base is not None
    assert found.price_ticks.dtype == np.int64
    address = found.table["price"].chunk(0).buffers()[1].address
    assert found.price_ticks.__array_interface__["data"][0] == address
    assert repr(found) == "<1,000 ticks of MNQZ26>"


def test_a_time_span_is_cut_to_the_tick(data):
    whole = random_ticks(5_000, apart_ms=60_000)
    keep(data, whole)
    first, last = int(whole.time_ns[700]), int(whole.time_ns[4_000])
    since = datetime.fromtimestamp(first // MS / 1000, timezone.utc)
    until = datetime.fromtimestamp(last // MS / 1000, timezone.utc)
    times = data.ticks("MNQZ26", since, until).time_ns
    assert (times[0], len(times)) == (
        first,
        int(((whole.time_ns >= first) & (whole.time_ns < last)).sum()),
    )
    days = data.days("MNQZ26")
    one = data.ticks("MNQZ26", str(days[1]), days[1])
    parts = [data.ticks("MNQZ26", day, day) for day in days]
    assert sum(map(len, parts)) == 5_000
    assert 0 < len(one) < 5_000


def test_days_are_counted_from_now(tmp_path):
    data = MarketData(tmp_path, now_ns=lambda: T0 + 3 * DAY_NS)
    keep(
        data,
        columns_from([T0, T0 + DAY_NS, T0 + 2 * DAY_NS], [1, 2, 3], [1] * 3, [0] * 3),
    )
    assert data.ticks("MNQZ26", days=2).price_ticks.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"since": datetime(2026, 8, 6)}, InvalidField),
        ({"since": "yesterday"}, InvalidField),
        ({"since": 7}, WrongFieldType),
        ({"since": "2026-08-08"}, InvalidField),
        ({"since": "2026-08-07", "until": "2026-08-06"}, InvalidField),
        ({"since": "2026-08-06", "days": 1}, InvalidField),
        ({"days": 0}, InvalidField),
        ({"days": "many"}, WrongFieldType),
        ({"roll": "feeling"}, InvalidField),
        ({"adjust": "up"}, InvalidField),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(options, error, data):
    keep(data, random_ticks(10))
    with pytest.raises(error):
        data.ticks("MNQ", **options)


def test_what_is_not_kept_is_told_with_what_is(data):
    with pytest.raises(MarketDataError, match="there are those of no contract"):
        data.ticks("MNQ")
    keep(data, random_ticks(10))
    with pytest.raises(MarketDataError, match="ticks of ES must .* of MNQZ26"):
        data.ticks("ES")
    with pytest.raises(MarketDataError, match="in that time, there are none"):
        data.ticks("MNQ", "2026-10-05")


def test_another_tick_size_is_refused(data):
    keep(data, random_ticks(10))
    with pytest.raises(MarketDataError, match=r"tick_size must be 0.25 .* was 1"):
        keep(data, random_ticks(10), size=Decimal(1))


def test_names_of_a_contract_mean_the_same():
    for name in ("MNQZ6", "mnqz26", "MNQ 2026-12", "CON.F.US.MNQ.Z26"):
        assert contract_name(name, 2026) == "MNQZ26"
    assert contract_name("CON.F.US.EP.Z26") == contract_name("ESZ26") == "ESZ26"
    assert named("EP").product == "ES"
    with pytest.raises(InvalidField):
        contract_name("MNQ")


# ------------------------------------------------------------ written whole


def test_a_write_that_fails_leaves_what_was_there(data, tmp_path, monkeypatch):
    keep(data, random_ticks(100))
    before = files_of(tmp_path)

    def cut(path, content):
        path.write_bytes(content[:-1])

    monkeypatch.setattr(folders, "_write_synced", cut)
    with pytest.raises(TornFile, match="must read as it was written"):
        keep(data, random_ticks(200))
    monkeypatch.undo()
    assert files_of(tmp_path) == before
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(call, data, tmp_path, monkeypatch):
    keep(data, random_ticks(100))
    before = files_of(tmp_path)

    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, call, full)
    with pytest.raises(OSError, match="No space left"):
        keep(data, random_ticks(200))
    monkeypatch.undo()
    assert files_of(tmp_path) == before
    assert not list(tmp_path.rglob("*.part"))


def test_what_a_writer_left_half_is_no_tick(data, tmp_path):
    keep(data, random_ticks(100))
    path = next(tmp_path.rglob("*.parquet"))
    path.with_name(".part-0.parquet.1.part").write_bytes(b"half")
    assert len(data.ticks("MNQZ26")) == 100


def test_one_write_waits_for_another_and_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "WAIT_S", 0.05)
    data = MarketData(tmp_path)
    with Lock(tmp_path / ".writing", "write"), pytest.raises(FolderInUse):
        keep(data, random_ticks(10))
    keep(data, random_ticks(10))


def test_two_writers_of_a_day_keep_what_both_bring(tmp_path):
    from threading import Thread

    whole = random_ticks(4_000)
    stores = [TickFiles(folder_at(tmp_path)) for _ in range(4)]

    def write(number):
        for start in range(number * 100, 4_000, 400):
            piece = whole.rows(slice(start, start + 100))
            stores[number].add("MNQZ26", QUARTER, [piece])

    threads = [Thread(target=write, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    found = stores[0].day("MNQZ26", stores[0].days("MNQZ26")[0]).ticks
    assert Counter(rows_of(found)) <= Counter(rows_of(whole))
    assert len(found.time_ns) >= 3_900  # alike ones at the cuts count once


# ------------------------------------------------------------ other tools


def test_duckdb_and_polars_read_the_folder_without_us(data, tmp_path):
    whole = random_ticks(3_000, apart_ms=60_000)
    keep(data, whole)
    pattern = f"{tmp_path}/data/ticks/*/*/*.parquet"
    rows = duckdb.sql(
        "select contract, sum(size)::bigint, max(price * 0.25) from "
        f"read_parquet('{pattern}', hive_partitioning=true) group by contract"
    ).fetchall()
    assert rows == [("MNQZ26", int(whole.size.sum()), whole.price.max() * 0.25)]
    frame = polars.scan_parquet(pattern, hive_partitioning=True)
    by_day = frame.group_by("day").len().collect()
    assert by_day["len"].sum() == 3_000
    assert sorted(map(str, by_day["day"])) == [str(d) for d in data.days("MNQZ26")]
    about = duckdb.sql(
        f"select decode(value) from parquet_kv_metadata('{pattern}') "
        "where decode(key) = 'fastorder' limit 1"
    ).fetchall()[0][0]
    assert '"tick_size": "0.25"' in about


def test_the_cluster_takes_the_folder_as_it_is(data, tmp_path):
    whole = random_ticks(20_000, apart_ms=5_000)
    keep(data, whole)
    counts = bars_of_folder(tmp_path / "data" / "ticks", tmp_path / "bars", "1m")
    ours = aggregate_ticks(*whole[:3], "1m", side=whole.side)
    assert counts == {"MNQZ26": len(ours)}
    table = pa.parquet.read_table(
        tmp_path / "bars" / "contract=MNQZ26" / "bars.parquet"
    )
    assert table["close"].to_pylist() == ours.close.tolist()
    mine = data.bars("MNQZ26", "1m", source="ticks", prices="ticks")
    assert mine.close == ours.close
    assert data.bars("MNQZ26", "1m", source="ticks").close[0] == ours.close[0] / 4


def test_a_folder_may_be_anywhere_that_fsspec_knows():
    data = MarketData("memory://market")
    whole = random_ticks(2_000, apart_ms=60_000)
    keep(data, whole.rows(slice(0, 1_500)), gaps=[TickGap(T0, T0 + 1, "why")])
    keep(data, whole.rows(slice(1_000, 2_000)))
    found = data.ticks("MNQ")
    assert Counter(rows_of(merged([whole]).ticks)) == Counter(
        zip(found.time_ns.tolist(), found.price_ticks.tolist(), found.size.tolist(),
            found.side.tolist(), strict=True)
    )  # fmt: skip
    assert data.contracts() == ["MNQZ26"]
    with pytest.raises(MarketDataError, match="must be known to fsspec"):
        MarketData("nothing-of-the-kind://x")


def test_base_names_are_loaded_at_their_first_use():
    code = (
        "import sys, fastorder, fastorder.store\n"
        "assert not {'numpy', 'pyarrow'} & set(sys.modules)\n"
        "fastorder.store.MarketData('x')\n"
        "assert not {'numpy', 'pyarrow', 'pandas'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert fastorder.store.Ticks.__module__ == "fastorder.store"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = fastorder.store.Nothing


def test_a_local_folder_shows_its_place(tmp_path):
    assert repr(MarketData(tmp_path)) == f"<MarketData in {tmp_path}>"
    assert LocalFolder(tmp_path).names("nowhere") == []
