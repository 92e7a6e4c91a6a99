"""``python -m fastorder.marketdata``: files in, files and pictures out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from plain_bars import MINUTE, SECOND, START, random_ticks

from fastorder.marketdata import (
    BadTick,
    BarBuilder,
    BarError,
    Bars,
    TickColumns,
    UnsortedTicks,
    aggregate_ticks,
    bars_of_file,
    globex,
    plot_bars,
)
from fastorder.marketdata import __main__ as program
from fastorder.marketdata.frames import KINDS

TIME, PRICE, SIZE, SIDE = random_ticks(20_000, mean_ns=SECOND // 2)
EXPECTED = aggregate_ticks(TIME, PRICE, SIZE, "1m", side=SIDE)
PNG = b"\x89PNG\r\n\x1a\n"


def table(**changes):
    columns = {"time_ns": TIME, "price": PRICE, "size": SIZE, "side": SIDE, **changes}
    return pa.table({name: c for name, c in columns.items() if c is not None})


def written(folder, columns, name="ticks.parquet"):
    path = folder / name
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(columns, path)
    else:
        pq.write_table(columns, path, row_group_size=3000)
    return path


def run(*arguments):
    return program.main([str(argument) for argument in arguments])


def refused(capsys, *arguments):
    assert run(*arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return shown.err


def read(path):
    if path.suffix == ".csv":
        return pyarrow.csv.read_csv(path)
    return pq.read_table(path)


@pytest.mark.parametrize("name", ["ticks.parquet", "ticks.csv"])
@pytest.mark.parametrize("target", ["bars.parquet", "bars.csv"])
def test_ticks_in_bars_out(tmp_path, capsys, name, target):
    source, made = written(tmp_path, table(), name), tmp_path / target
    assert run(source, made) == 0
    assert f"{made}: {len(EXPECTED):,} bars of 1m\n" == capsys.readouterr().out
    found = read(made)
    assert found.column_names == EXPECTED.names
    for column in ("open", "high", "low", "close", "volume", "ticks", "sell_volume"):
        assert found[column].to_pylist() == list(getattr(EXPECTED, column))
    if target == "bars.parquet":
        assert (
            Bars.from_columns(found, "1m").columns().keys() == EXPECTED.columns().keys()
        )
        assert pa.table(EXPECTED).equals(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"time_ns": TIME.view("datetime64[ns]")},
        {"size": SIZE.astype(np.int32)},
        {"size": SIZE.astype(float)},
        {"price": PRICE.astype(np.float32)},
        {"side": ["BUY" if s > 0 else "sell" if s < 0 else None for s in SIDE]},
    ],
)
def test_columns_of_other_types_are_taken_where_nothing_is_lost(tmp_path, changes):
    source = written(tmp_path, table(**changes))
    assert Bars.joined(bars for bars, _ in bars_of_file(source)) == EXPECTED


def test_time_stamps_as_text_are_read(tmp_path):
    stamps = pa.array(TIME // 1000 * 1000, pa.timestamp("ns", "UTC"))
    source = written(tmp_path, table(time_ns=stamps), "ticks.csv")
    assert "Z," in source.read_text("utf-8").splitlines()[1]
    found = Bars.joined(bars for bars, _ in bars_of_file(source))
    assert found.volume.tolist() == EXPECTED.volume.tolist()


@pytest.mark.parametrize("rows", [1, 999, 3000, 10**6])
def test_chunks_of_any_length_make_the_same_bars(tmp_path, rows):
    count = 2000 if rows == 1 else len(TIME)
    source = written(tmp_path, table().slice(0, count))
    pieces = list(bars_of_file(source, "1m", rows_at_once=rows))
    expected = aggregate_ticks(
        TIME[:count], PRICE[:count], SIZE[:count], "1m", side=SIDE[:count]
    )
    assert Bars.joined(bars for bars, _ in pieces) == expected
    shares = [share for _, share in pieces]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_columns_can_be_named(tmp_path):
    other = table().rename_columns(["when", "p", "n", "way"])
    source, made = written(tmp_path, other), tmp_path / "bars.parquet"
    names = ("--time", "when", "--price", "p", "--size", "n", "--side", "way")
    assert run(source, made, *names, "--quiet") == 0
    assert pq.read_table(made).equals(pa.table(EXPECTED))


def test_rules_and_options_reach_the_kernel(tmp_path, capsys):
    source, made = written(tmp_path, table()), tmp_path / "bars.parquet"
    for every in ("500 ticks", "5m"):
        assert run(source, made, "--every", every) == 0
        expected = aggregate_ticks(TIME, PRICE, SIZE, every, side=SIDE)
        assert pq.read_table(made).equals(pa.table(expected))
    assert run(source, made, "--offset", "30s", "--whole", "--flat") == 0
    expected = aggregate_ticks(
        TIME, PRICE, SIZE, "1m", side=SIDE, offset="30s", gaps="flat"
    )
    assert pq.read_table(made).equals(pa.table(expected.whole()))
    capsys.readouterr()


def test_late_ticks_can_be_left_out_and_are_told(tmp_path, capsys):
    time = TIME.copy()
    time[100] = time[99] - 1
    source, made = written(tmp_path, table(time_ns=time)), tmp_path / "bars.csv"
    assert "(tick 100)" in refused(capsys, source, made)
    assert not made.exists()
    assert run(source, made, "--late", "drop") == 0
    assert "1 late tick left out" in capsys.readouterr().out


def test_sessions_leave_out_ticks_at_other_times(tmp_path, capsys):
    source, made = written(tmp_path, table()), tmp_path / "bars.parquet"
    assert run(source, made, "--sessions", "globex", "--every", "1h") == 0
    assert "ticks outside the sessions" in capsys.readouterr().out
    expected = aggregate_ticks(
        TIME, PRICE, SIZE, "1h", side=SIDE, sessions=globex("2023-11-13", "2023-11-16")
    )
    assert pq.read_table(made).equals(pa.table(expected))


@pytest.mark.parametrize("name", ["candles.png", "candles.svg"])
def test_a_picture_is_drawn(tmp_path, name):
    source, picture = written(tmp_path, table()), tmp_path / name
    assert run(source, tmp_path / "bars.csv", "--plot", picture, "--quiet") == 0
    data = picture.read_bytes()
    assert data.startswith(PNG) if name.endswith("png") else b"<svg" in data
    assert len(data) > 10_000


def test_only_the_last_bars_are_drawn(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        program,
        "plot_bars",
        lambda bars, path, most, **_: drawn.append((bars, most)),
    )
    source = written(tmp_path, table())
    run(source, tmp_path / "b.csv", "--plot", "x.png", "--last", "7", "--quiet")
    ((bars, most),) = drawn
    assert most == 7
    assert list(bars)[-7:] == list(EXPECTED)[-7:]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_few_bars_are_drawn_too(tmp_path, count):
    plot_bars(EXPECTED[:count], tmp_path / "few.png", title="few")
    assert (tmp_path / "few.png").stat().st_size > 5_000


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"path": "x.gif"}, "a picture must be .png or .svg"),
        ({"bars": EXPECTED[:0]}, "at least one bar"),
        ({"most": 0}, "from 1 to 2,000 bars"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, options, why):
    given = {"bars": EXPECTED, "path": "x.png", **options}
    given["path"] = tmp_path / given["path"]
    with pytest.raises(BarError, match=why):
        plot_bars(**given)
    assert not list(tmp_path.iterdir())


def test_a_file_without_ticks_makes_a_file_without_bars(tmp_path, capsys):
    source, made = written(tmp_path, table().slice(0, 0)), tmp_path / "bars.parquet"
    assert run(source, made) == 0
    assert "0 bars" in capsys.readouterr().out
    assert pq.read_table(made).num_rows == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("no.parquet", "b.csv"), "must be a file, there is none"),
        (("ticks.txt", "b.csv"), "a file must be one of .parquet, .csv"),
        (("ticks.parquet", "b.txt"), "a file must be one of .parquet, .csv"),
        (("ticks.parquet", "ticks.parquet"), "into another file"),
        (("ticks.parquet", "b.csv", "--every", "1x"), "every must be a timeframe"),
        (
            ("ticks.parquet", "b.csv", "--price", "p"),
            "a column for price is needed (p)",
        ),
        (("ticks.parquet", "b.csv", "--every", "9 ticks", "--flat"), "have gaps"),
        (("ticks.parquet", "b.csv", "--plot", "x.gif"), "must be .png or .svg"),
        (("broken.parquet", "b.csv"), "broken.parquet"),
        (("broken.csv", "b.csv"), "broken.csv"),
        (("ticks.parquet", "no/b.csv"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    tmp_path, capsys, arguments, why
):
    written(tmp_path, table())
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 is not all")
    (tmp_path / "broken.csv").write_text('time_ns,price,size\n1,"2\n', "utf-8")
    (tmp_path / "ticks.txt").write_text("", "utf-8")
    before = sorted(tmp_path.iterdir())
    files = [tmp_path / argument for argument in arguments[:2]]
    rest = [tmp_path / a if a.endswith(".gif") else a for a in arguments[2:]]
    assert why in refused(capsys, *files, *rest)
    assert sorted(tmp_path.iterdir()) == before


def test_a_bad_tick_is_told_with_its_file_and_row(tmp_path):
    price = PRICE.copy()
    price[7000] = np.nan
    source = written(tmp_path, table(price=price))
    with pytest.raises(BadTick, match="ticks.parquet: price must be") as caught:
        list(bars_of_file(source, rows_at_once=3000))
    assert caught.value.index == 7000
    time = TIME.copy()
    time[6000] = 5  # the first row of a chunk
    source = written(tmp_path, table(time_ns=time))
    with pytest.raises(UnsortedTicks) as caught:
        list(bars_of_file(source, rows_at_once=3000))
    assert caught.value.index == 6000


@pytest.mark.parametrize("column", ["time_ns", "price", "size"])
def test_a_column_that_is_not_there_is_named(tmp_path, column):
    source = written(tmp_path, table(**{column: None}))
    with pytest.raises(BarError, match=f"a column for {column} is needed"):
        list(bars_of_file(source))
    with pytest.raises(BarError, match=r"is needed \(when\)"):
        list(bars_of_file(source, columns=TickColumns("when")))


def test_it_runs_as_a_program(tmp_path):
    source = written(tmp_path, table())
    command = (sys.executable, "-m", "fastorder.marketdata")
    done = subprocess.run(
        (*command, str(source), str(tmp_path / "b.csv"), "--last", "0"),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "1 to 2000 was expected" in done.stderr
    shown = subprocess.run(
        (*command, "--help"), capture_output=True, text=True, timeout=60
    )
    assert "--every" in shown.stdout


def test_a_terminal_sees_how_far_it_is(tmp_path):
    pty = pytest.importorskip("pty")
    source, made = written(tmp_path, table()), tmp_path / "b.csv"
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        (sys.executable, "-m", "fastorder.marketdata", str(source), str(made)),
        stderr=theirs, stdout=subprocess.PIPE, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"100%" not in seen:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        seen += piece
    child.communicate(timeout=60)
    os.close(ours)
    assert child.returncode == 0
    assert b"ticks.parquet" in seen
    assert b"100%" in seen


def test_memory_does_not_grow_with_the_file(tmp_path):
    resource = pytest.importorskip("resource")
    assert resource
    source = tmp_path / "long.parquet"
    schema = pa.schema(
        {"time_ns": pa.int64(), "price": pa.float64(), "size": pa.int64()}
    )
    chance = np.random.default_rng(8)  # so that the file is not small
    with pq.ParquetWriter(source, schema) as writer:
        for i in range(40):
            time = START + np.arange(100_000) * 1000 + i * 100_000_000
            size = chance.integers(1, 2**40, 100_000)
            columns = [time, chance.random(100_000), size]
            writer.write_table(pa.table(columns, schema=schema))
    held = []
    for _bars, _share in bars_of_file(source, "1s", rows_at_once=100_000):
        held.append(pa.total_allocated_bytes())
    assert len(held) == 41
    assert max(held[5:]) < 2 * max(held[:5])


def test_bars_need_no_other_library():
    program = (
        "import sys; sys.modules.update(dict.fromkeys("
        "['numpy', 'pyarrow', 'pandas', 'matplotlib', 'rich', 'dask'], None));"
        "from array import array; from fastorder.marketdata import aggregate_ticks;"
        "bars = aggregate_ticks(array('q', [5]), array('d', [1]), array('q', [1]));"
        "assert bars[0].close == 1 and bars.close.tolist() == [1]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_library_that_is_missing_is_named(tmp_path):
    source = written(tmp_path, table())
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['pyarrow'], None));"
        "from fastorder.marketdata.__main__ import main;"
        f"sys.exit(main([{str(source)!r}, 'b.csv']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "pyarrow is needed: pip install 'fastorder[marketdata]'" in done.stderr


def test_the_page_names_every_option_and_every_rule():
    page = Path(__file__).parent.parent / "docs" / "guide" / "bars.md"
    if not page.exists():
        pytest.skip("not in a checkout")
    text = page.read_text("utf-8")
    for option in set(re.findall(r"--[a-z]+", program._parser().format_help())):
        assert option == "--help" or f"`{option}`" in text, option
    for name in (*KINDS, "BadTick", "UnsortedTicks", "WrongColumn", "UnknownTimeframe"):
        assert name in text, name


def test_a_builder_of_the_guide_agrees_with_the_program():
    builder = BarBuilder("1m", sides=True)
    made = list(builder.update_many(TIME, PRICE, SIZE, SIDE)) + list(builder.finish())
    assert made == list(EXPECTED)
    assert EXPECTED.time_ns[1] - EXPECTED.time_ns[0] == MINUTE
