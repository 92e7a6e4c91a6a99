"""What is recorded is kept once, whatever ends the recorder, the disk or the feed."""

import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killed_recorder import CONTRACT, time_of
from market_files import MS, QUARTER, T0, random_ticks

from fastorder._core.codec.market_events import MarketTrade, MarketTrades
from fastorder.errors import InvalidField
from fastorder.realtime.events import Gap
from fastorder.store import MarketData
from fastorder.store.market import (
    FolderInUse,
    MarketDataError,
    TickGap,
    TornFile,
    stream,
)
from fastorder.store.market import lock as locks
from fastorder.store.market import (
    recorder as recorders,
)
from fastorder.store.market.days import day_of, day_span
from fastorder.store.market.folder import LocalFolder
from fastorder.store.market.stream import StreamWriter, read_stream
from fastorder.trader.recording import RecordVerbs

PROGRAM = Path(__file__).with_name("killed_recorder.py")
KILLS = int(os.environ.get("FASTORDER_KILLS", "3"))
SEED = int(os.environ.get("FASTORDER_KILL_SEED", "7"))
SLOW_S = 60.0
"""The thread does nothing by itself within a test: ``flush`` does."""


@pytest.fixture
def data(tmp_path):
    return MarketData(tmp_path / "data")


def record(data, **options):
    return data.record({CONTRACT: QUARTER}, every_s=SLOW_S, **options)


def give(recorder, ticks):
    for row in zip(*(column.tolist() for column in ticks), strict=True):
        recorder.on_tick(CONTRACT, *row)


def rows(data, name="MNQZ26"):
    ticks = data.ticks(name)
    return list(
        zip(
            ticks.time_ns.tolist(),
            ticks.price_ticks.tolist(),
            ticks.size.tolist(),
            ticks.side.tolist(),
            strict=True,
        )
    )


def rows_of(ticks):
    return list(zip(*(column.tolist() for column in ticks), strict=True))


# ------------------------------------------------------------ what is told is kept


def test_ticks_are_read_while_they_are_recorded_and_after(data):
    ticks = random_ticks(5_000)
    with record(data) as recorder:
        give(recorder, ticks)
        assert recorder.flush().kept == 5_000
        assert rows(data) == rows_of(ticks)
    assert rows(data) == rows_of(ticks)
    assert not list(Path(data._folder.root).rglob("*.stream"))


def test_the_thread_writes_by_itself(data):
    with data.record({CONTRACT: QUARTER}, every_s=0.01) as recorder:
        give(recorder, random_ticks(10))
        due = time.monotonic() + 60
        while recorder.state.kept < 10 and time.monotonic() < due:
            time.sleep(0.01)
        assert recorder.state.kept == 10


def test_trades_of_a_hub_are_taken_with_their_side_and_gaps(data):
    heard = {}
    hub = SimpleNamespace(on=heard.__setitem__)
    ask = {"tick_size": QUARTER}
    trades = [
        MarketTrade(
            CONTRACT, price=Decimal("100.25"), volume=2, type=0, timestamp=T0, **ask
        ),
        MarketTrade(CONTRACT, price=Decimal("100.00"), volume=1, type=1, timestamp=T0),
        MarketTrade(CONTRACT, price=Decimal("100.10"), volume=1, type=1, timestamp=T0),
        MarketTrade(
            CONTRACT, price=Decimal("100.00"), volume=None, type=1, timestamp=T0
        ),
    ]
    other = MarketTrade(
        "CON.F.US.EP.Z26", price=Decimal(1), volume=1, type=0, timestamp=T0
    )
    with record(data, hub=hub) as recorder:
        heard["trades"](MarketTrades(CONTRACT, trades))
        heard["trades"](MarketTrades("CON.F.US.EP.Z26", [other]))
        heard["gap"](Gap(1, 0, "the socket ended"))
        recorder.on_tick(CONTRACT, T0 + 9 * MS, 402, 1)
    assert recorder.state[:5] == (3, 0, 0, 2, 1)
    assert rows(data) == [
        (T0, 401, 2, 1), (T0, 400, 1, -1), (T0 + 9 * MS, 402, 1, 0),
    ]  # fmt: skip
    begin = day_span(day_of(T0))[0]
    assert data.ticks("MNQZ26").gaps == (
        TickGap(begin, T0, "not recorded"),
        TickGap(T0, T0 + 9 * MS, "the socket ended"),
    )


def test_what_a_feed_repeats_after_a_gap_is_kept_once(data):
    ticks = random_ticks(2_000)
    with record(data) as recorder:
        give(recorder, ticks.rows(slice(0, 1_200)))
        recorder.on_gap("lost")
        first = int(np.searchsorted(ticks.time_ns, ticks.time_ns[1_000]))
        give(recorder, ticks.rows(slice(first, 2_000)))
    assert sorted(rows(data)) == sorted(rows_of(ticks))
    assert [gap.why for gap in data.ticks("MNQZ26").gaps] == ["not recorded"]


alike = st.tuples(st.integers(0, 4), st.integers(0, 1))


@settings(deadline=None)
@given(
    st.lists(alike, min_size=2, max_size=30),
    st.lists(st.tuples(st.integers(-4, 2), st.integers(1, 15)), max_size=5),
    st.booleans(),
)
def test_wherever_connections_are_cut_what_lacks_lies_in_a_gap(ticks, cuts, closes):
    traded = sorted((T0 + ms * MS, 400 + up, 1, 1) for ms, up in ticks)
    with tempfile.TemporaryDirectory() as folder:
        data = MarketData(folder)
        recorder, start, end = record(data), 0, len(traded) // 2
        furthest = end
        for moved, length in [*cuts, (0, 0)]:
            for tick in traded[start:end]:
                recorder.on_tick(CONTRACT, *tick)
            start = max(end + moved, 0)  # some are repeated, or some are lost
            end = start + length
            if start < min(end, len(traded)):
                furthest = max(furthest, min(end, len(traded)))
            if closes:
                recorder.close()
                recorder = record(data)
            else:
                recorder.on_gap("cut")
        recorder.close()
        kept, gaps = Counter(rows(data)), data.ticks("MNQZ26").gaps
    for tick, count in Counter(traded[:furthest]).items():
        assert kept[tick] <= count
        if kept[tick] < count:
            assert any(g.since_ns <= tick[0] <= g.until_ns for g in gaps), tick


def test_a_cut_between_two_trades_alike_is_told_as_a_gap(data):
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, T0, 400, 1, 1)
        recorder.on_gap("cut")
        recorder.on_tick(CONTRACT, T0, 400, 1, 1)
    whole = data.ticks("MNQZ26")
    assert len(whole) == 1  # repeated, or another one: it cannot be told
    assert whole.gaps[1:] == (TickGap(T0, T0 + 1, "cut"),)


def test_a_recorder_that_comes_again_has_a_gap_between(data):
    for start in (T0, T0 + 3_600_000 * MS):
        with record(data) as recorder:
            recorder.on_tick(CONTRACT, start, 400, 1)
    whole = data.ticks("MNQZ26")
    assert whole.gaps[1] == TickGap(T0, T0 + 3_600_000 * MS, "not recorded")


def test_late_ticks_and_other_days_go_where_they_belong(data):
    day_ns = 86_400_000 * MS
    times = [T0, T0 + day_ns, T0 + 5 * MS, T0 + day_ns + 1, T0 - 1]
    with record(data) as recorder:
        for number, time_ns in enumerate(times):
            recorder.on_tick(CONTRACT, time_ns, number, 1)
    assert [str(day) for day in data.days("MNQZ26")] == ["2026-08-06", "2026-08-07"]
    assert data.ticks("MNQZ26").time_ns.tolist() == sorted(times)


@pytest.mark.parametrize(
    ("when", "days"),
    [
        ("2026-03-08T21:59:59.999999999", ["2026-03-09"]),
        ("2026-03-08T22:00:00", ["2026-03-09"]),
        ("2026-03-09T21:59:59.999999999", ["2026-03-09"]),
        ("2026-03-09T22:00:00", ["2026-03-10"]),
        ("2026-11-02T22:59:59.999999999", ["2026-11-02"]),
        ("2026-11-02T23:00:00", ["2026-11-03"]),
        ("2026-08-07T22:00:00", ["2026-08-10"]),
    ],
)
def test_days_begin_at_17_in_chicago_in_summer_and_winter(when, days, data):
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, int(np.datetime64(when, "ns").astype(int)), 1, 1)
    assert [str(day) for day in data.days("MNQZ26")] == days


@pytest.mark.parametrize("time_ns", [None, 0, -1, 2**62, 86_400_000 * MS])
def test_what_can_be_no_tick_is_counted_and_left_out(time_ns, data):
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, time_ns, 1, 1)
        recorder.on_tick(CONTRACT, T0, 1, 0)
        recorder.on_tick(CONTRACT, T0, None, 1)
        recorder.on_tick("CON.F.US.EP.Z26", T0, 1, 1)
    assert recorder.state.strange == 4
    assert data.contracts() == []


# ------------------------------------------------------------ clocks and sealing


def test_a_day_is_sealed_once_it_is_quiet_and_no_clock_that_jumps_is_asked(
    data, monkeypatch
):
    now = [0.0]
    recorder = recorders.Recorder(
        LocalFolder(data._folder.root), {CONTRACT: QUARTER}, every_s=SLOW_S,
        monotonic_s=lambda: now[0],
    )  # fmt: skip
    monkeypatch.setattr(time, "time_ns", lambda: 2**62)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    streams = recorder._streams[CONTRACT]
    recorder.on_tick(CONTRACT, T0, 1, 1)
    recorder.flush()
    recorder._seal_ended()
    assert len(streams.days()) == 1
    recorder.on_tick(CONTRACT, T0 + 86_400_000 * MS, 2, 1)
    recorder.flush()
    now[0] += recorders.ENDED_S
    recorder._seal_ended()
    assert [str(day) for day in streams.days()] == ["2026-08-07"]
    now[0] += recorders.QUIET_S
    recorder._seal_ended()
    assert streams.days() == []
    recorder.on_tick(CONTRACT, T0 + 1, 3, 1)
    recorder.close()
    assert [row[1] for row in rows(data)] == [1, 3, 2]


# ------------------------------------------------------------ what fails


def failing(monkeypatch, call, error, times):
    """The call fails so often, then works."""
    left, real = [times], getattr(os, call)

    def fake(*given):
        if left[0]:
            left[0] -= 1
            raise OSError(error, os.strerror(error))
        return real(*given)

    monkeypatch.setattr(stream.os, call, fake)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_is_told_and_the_ticks_wait(call, error, data, monkeypatch):
    ticks = random_ticks(300)
    with record(data) as recorder:
        give(recorder, ticks.rows(slice(0, 100)))
        recorder.flush()
        failing(monkeypatch, call, error, 2)
        give(recorder, ticks.rows(slice(100, 200)))
        state = recorder.flush()
        assert (state.kept, state.waiting) == (100, 100)
        assert os.strerror(error) in state.failure
        recorder.on_gap("lost")
        give(recorder, ticks.rows(slice(200, 300)))
        recorder.flush()
        state = recorder.flush()
        assert (state.kept, state.waiting, state.failure) == (300, 0, "")
    assert sorted(rows(data)) == sorted(rows_of(ticks))


def test_a_write_that_stops_in_the_middle_leaves_no_half_record(tmp_path, monkeypatch):
    about = {"contract": "MNQZ26", "day": "2026-08-06", "tick_size": "0.25"}
    writer = StreamWriter(tmp_path / "s", about)
    whole = stream.tick_record(random_ticks(50))
    writer.append(whole)
    real = os.write

    def half(file, content):
        if len(content) < 200:
            raise OSError(errno.ENOSPC, "full")
        return real(file, content[: len(content) // 2])

    monkeypatch.setattr(stream.os, "write", half)
    size = (tmp_path / "s").stat().st_size
    with pytest.raises(OSError, match="full"):
        writer.append(whole)
    monkeypatch.undo()
    assert (tmp_path / "s").stat().st_size == size
    writer.append(whole)
    writer.close()
    found = read_stream(tmp_path / "s")
    assert (found.cut, sum(len(one.time_ns) for one in found.deliveries)) == (0, 100)


def test_ticks_that_cannot_be_held_are_lost_and_told(data, monkeypatch):
    monkeypatch.setattr(recorders, "MOST_WAITING", 50)
    recorder = record(data)
    failing(monkeypatch, "write", errno.ENOSPC, 10**9)
    give(recorder, random_ticks(80))
    assert recorder.flush().lost == 80
    monkeypatch.undo()
    recorder.on_tick(CONTRACT, T0 + 10**12, 1, 1)
    with pytest.raises(MarketDataError, match="80 had been let go"):
        recorder.close()
    assert len(rows(data)) == 1


def test_closing_says_what_was_not_written(data, monkeypatch):
    recorder = record(data)
    give(recorder, random_ticks(7))
    failing(monkeypatch, "write", errno.ENOSPC, 10**9)
    with pytest.raises(MarketDataError, match="7 were not .* No space left"):
        recorder.close()
    record(data).close()  # the folder is free


def test_a_disk_that_is_full_while_sealing_leaves_the_stream(data, monkeypatch):
    ticks = random_ticks(100)
    recorder = record(data)
    give(recorder, ticks)
    recorder.flush()

    def full(self, path, content):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(LocalFolder, "write", full)
    assert "full" in recorder.close().failure
    assert rows(data) == rows_of(ticks)
    monkeypatch.undo()
    record(data).close()
    assert rows(data) == rows_of(ticks)
    assert not list(Path(data._folder.root).rglob("*.stream"))


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write"
)
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    with pytest.raises(PermissionError):
        record(MarketData(folder))


def test_a_folder_that_is_read_only_is_told(data, monkeypatch):
    def read_only(*given):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(locks.os, "open", read_only)
    with pytest.raises(OSError, match="Read-only"):
        record(data)


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(OSError, match="data"):
        record(MarketData(tmp_path / "data"))


def test_a_folder_has_one_recorder(data, tmp_path):
    recorder = record(data)
    with pytest.raises(FolderInUse, match=f"is in use by process {os.getpid()}"):
        record(MarketData(tmp_path / "data"))
    recorder.close()
    recorder.close()
    record(data).close()


def test_arguments_that_cannot_be_used_are_refused(data):
    for contracts in ({"MNQ": QUARTER}, {CONTRACT: 0}, {CONTRACT: "abc"}):
        with pytest.raises(InvalidField):
            data.record(contracts)
    with pytest.raises(InvalidField, match="every_s"):
        data.record({CONTRACT: QUARTER}, every_s=0)
    with pytest.raises(MarketDataError, match="on a disk"):
        MarketData("memory://data").record({CONTRACT: QUARTER})
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, T0, 1, 1)
    with pytest.raises(
        MarketDataError, match=r"tick_size of MNQZ26 must be 0.25, was 1"
    ):
        data.record({CONTRACT: 1})
    record(data).close()


# ------------------------------------------------------------ torn files


def test_a_stream_that_is_cut_anywhere_has_all_whole_records_before(tmp_path):
    about = {"contract": "MNQZ26", "day": "2026-08-06", "tick_size": "0.25"}
    path = tmp_path / "s"
    writer = StreamWriter(path, about)
    ends, ticks = [], random_ticks(30)
    for at in range(0, 30, 10):
        writer.append(stream.tick_record(ticks.rows(slice(at, at + 10))))
        ends.append(path.stat().st_size)
    writer.close()
    data = path.read_bytes()
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        found = read_stream(path)
        count = sum(len(one.time_ns) for one in found.deliveries)
        assert count == 10 * sum(end <= cut for end in ends)
        writer = StreamWriter(path, about)
        writer.append(stream.tick_record(ticks.rows(slice(0, 1))))
        writer.close()
        again = read_stream(path)
        assert sum(len(one.time_ns) for one in again.deliveries) == count + 1
        assert again.cut == 0


def test_a_changed_byte_ends_a_stream_and_changes_no_tick(tmp_path):
    about = {"contract": "MNQZ26", "day": "2026-08-06", "tick_size": "0.25"}
    path, ticks = tmp_path / "s", random_ticks(9)
    writer = StreamWriter(path, about)
    for at in range(9):
        writer.append(stream.tick_record(ticks.rows(slice(at, at + 1))))
    writer.close()
    whole = path.read_bytes()
    for place in range(len(stream.HEAD), len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = read_stream(path)
        got = [row for one in found.deliveries for row in rows_of(one)]
        assert got == rows_of(ticks)[: len(got)]
        assert found.cut > 0


def test_a_stream_that_has_only_just_begun_is_no_tick(data):
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, T0, 1, 1)
        recorder.flush()
        path = next(Path(data._folder.root).rglob("*.stream"))
        whole = path.read_bytes()
    for size in (0, 3, 8, 20):
        for place in (path, path.parent.with_name("day=2026-08-07") / path.name):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(whole[:size])
        assert rows(data) == [(T0, 1, 1, 0)]
    record(data).close()
    assert rows(data) == [(T0, 1, 1, 0)]
    assert not list(Path(data._folder.root).rglob("*.stream"))


def test_what_was_cut_off_lies_beside(data):
    with record(data) as recorder:
        give(recorder, random_ticks(10))
        recorder.flush()
        path = next(Path(data._folder.root).rglob("*.stream"))
        whole = path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole[:-3])
    writer = StreamWriter(path, read_stream(path).about)
    writer.close()
    assert path.with_name(path.name + ".torn").stat().st_size == writer.cut > 0


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("how", ["cut", "changed", "other"])
def test_a_torn_parquet_file_is_told_and_recording_goes_on(how, place, data):
    with record(data) as recorder:
        give(recorder, random_ticks(3_000))
    path = next(Path(data._folder.root).rglob("*.parquet"))
    whole = bytearray(path.read_bytes())
    at = int(len(whole) * place)
    if how == "cut":
        path.write_bytes(whole[:at])
    elif how == "changed":
        whole[at] ^= 0xFF
        path.write_bytes(whole)
    else:
        path.write_text("something else")
    torn = path.read_bytes()
    try:  # what no checksum covers is in the way of nothing
        assert rows(data) == rows_of(random_ticks(3_000))
        assert how == "changed"
        return
    except TornFile as error:
        assert "part-0.parquet" in str(error)
    path.rename(path.with_suffix(".kept"))
    with record(data) as recorder:
        recorder.on_tick(CONTRACT, T0 + 10**12, 1, 1)
        recorder.flush()
        path.with_suffix(".kept").rename(path)
    assert "sealed" in recorder.state.failure
    assert path.read_bytes() == torn
    assert len(list(Path(data._folder.root).rglob("*.stream"))) == 1


# ------------------------------------------------------------ kill -9


pytest_kill = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def told_until_the_kill(folder, first, count, after_s):
    """The last tick that was told as kept before the kill; a cut line was not told."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder), str(first), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )
    said = process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read()
    process.wait(10)
    process.stdout.close()
    lines = said[: said.rfind("\n") + 1].splitlines()
    kept = [int(line.split()[1]) for line in lines if line.startswith("kept")]
    return (kept or [first - 1])[-1], "closed" in lines


@pytest_kill
def test_kill_9_loses_nothing_that_was_told_and_doubles_nothing(tmp_path):
    dice = random.Random(SEED)
    data = MarketData(tmp_path)
    count, kept, kills = 1_000_000, -1, 0
    while kills < KILLS:
        again = max(kept + 1 - dice.randrange(4), 0)
        kept, closed = told_until_the_kill(tmp_path, again, count, dice.uniform(0, 0.4))
        assert not closed
        kills += 1
        check_kept(data, kept)
    record(data).close()  # seals what is left over
    check_kept(data, kept)
    assert not list(tmp_path.rglob("*.stream"))
    assert kept > KILLS


def check_kept(data, kept):
    """Each tick up to that one is there once; behind it, none is there twice."""
    if kept < 0:
        return
    found = rows(data)
    numbers = [price for _, price, _, _ in found]
    assert numbers[: kept + 1] == list(range(kept + 1))
    assert len(set(numbers)) == len(numbers)
    assert all(
        (time_ns, size) == (time_of(number), 1 + number % 7)
        for time_ns, number, size, _ in found
    )


# ------------------------------------------------------------ from a trader


def test_a_trader_records_what_it_hears(tmp_path):
    heard, ended = {}, []

    class Hearing(RecordVerbs):
        market = SimpleNamespace(check=lambda: None)
        account = None

        def on(self, kind, callback, *, symbol=None):
            heard[kind] = callback
            return lambda: ended.append(kind)

        def _known(self, symbol):
            return CONTRACT, QUARTER

    trade = MarketTrade(CONTRACT, price=Decimal(100), volume=3, type=1, timestamp=T0)
    with Hearing().record("MNQ", folder=tmp_path) as recorder:
        heard["trade"](trade)
        heard["gap"](Gap(1, 0, "lost"))
    assert recorder.state.gaps == 1
    assert ended == ["trade", "gap"]
    assert rows(MarketData(tmp_path)) == [(T0, 400, 3, -1)]
