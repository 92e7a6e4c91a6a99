"""Columns in and out: NumPy, Arrow, Polars, pandas, DuckDB, plain buffers."""

import gc
import pickle
from array import array

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from plain_bars import MINUTE, SECOND, START, random_ticks

from fastorder.marketdata import (
    BadTick,
    Bar,
    BarError,
    Bars,
    WrongColumn,
    aggregate_ticks,
    resample,
)

TIME, PRICE, SIZE, SIDE = random_ticks(5000, mean_ns=SECOND // 10)
BARS = aggregate_ticks(TIME, PRICE, SIZE, "1m", side=SIDE)
STAMPS = TIME.view("datetime64[ns]")


def chunked(values, at, kind=None):
    return pa.chunked_array([pa.array(part, kind) for part in np.split(values, at)])


COLUMNS = (TIME, PRICE, SIZE, SIDE)
GIVEN = {
    "memoryview": tuple(map(memoryview, (TIME, PRICE, SIZE, SIDE))),
    "array": (array("q", TIME), array("d", PRICE), array("q", SIZE), array("b", SIDE)),
    "datetime64": (STAMPS, PRICE, SIZE, SIDE),
    "every second number": tuple(np.repeat(c, 2)[::2] for c in COLUMNS),
    "read-only": tuple(np.frombuffer(c.tobytes(), c.dtype) for c in COLUMNS),
    "across words": tuple(
        np.frombuffer(b"x" + c.tobytes(), c.dtype, offset=1) for c in COLUMNS
    ),
    "arrow across words": tuple(
        pa.Array.from_buffers(
            pa.from_numpy_dtype(c.dtype),
            len(c),
            [None, pa.py_buffer(b"x" + c.tobytes()).slice(1)],
        )
        for c in COLUMNS
    ),
    "arrow": tuple(map(pa.array, (TIME, PRICE, SIZE, SIDE))),
    "arrow times": (pa.array(STAMPS), *map(pa.array, (PRICE, SIZE, SIDE))),
    "arrow slices": tuple(
        pa.array(np.concatenate([c[:3], c, c[:5]])).slice(3, len(c))
        for c in (TIME, PRICE, SIZE, SIDE)
    ),
    "arrow chunks": (
        chunked(TIME, [7, 2000]),
        chunked(PRICE, [7, 2000]),
        chunked(SIZE, [7, 7, 4000]),
        chunked(SIDE, [4999]),
    ),
    "polars": tuple(map(pl.Series, (STAMPS, PRICE, SIZE, SIDE))),
    "polars chunks": (
        pl.concat([pl.Series(TIME[:50]), pl.Series(TIME[50:])], rechunk=False),
        *map(pl.Series, (PRICE, SIZE, SIDE)),
    ),
    "pandas": tuple(map(pd.Series, (TIME, PRICE, SIZE, SIDE))),
    "pandas times": (pd.Series(STAMPS), *map(pd.Series, (PRICE, SIZE, SIDE))),
    "pandas index": (
        pd.DatetimeIndex(STAMPS, tz="UTC").tz_convert("America/Chicago"),
        *map(pd.Series, (PRICE, SIZE, SIDE)),
    ),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_ticks_come_in_any_kind_of_column(kind):
    time, price, size, side = GIVEN[kind]
    assert aggregate_ticks(time, price, size, "1m", side=side) == BARS


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("kind", ["numpy", "arrow", "polars", "pandas"])
def test_times_in_longer_units_are_made_nanoseconds(unit, kind):
    if (unit, kind) == ("s", "polars"):
        pytest.skip("Polars has no seconds")
    stamps = STAMPS.astype(f"datetime64[{unit}]")
    made = {
        "numpy": lambda s: s,
        "arrow": pa.array,
        "polars": pl.Series,
        "pandas": pd.Series,
    }
    expected = aggregate_ticks(stamps.astype("datetime64[ns]"), PRICE, SIZE, "1m")
    assert aggregate_ticks(made[kind](stamps), PRICE, SIZE, "1m") == expected


def test_times_that_nanoseconds_cannot_tell_are_refused():
    far = np.array(["2026-01-01", "2300-01-01"], "datetime64[us]")
    with pytest.raises(BadTick, match="from 1970 to 2261") as caught:
        aggregate_ticks(far, np.ones(2), np.ones(2, np.int64))
    assert caught.value.index == 1
    nothing = np.array(["2026-01-01", "NaT"], "datetime64[ns]")
    with pytest.raises(BadTick, match="before 1970"):
        aggregate_ticks(nothing, np.ones(2), np.ones(2, np.int64))


@pytest.mark.parametrize("column", [0, 1, 2])
def test_nulls_are_refused_with_their_index(column):
    given = [pa.array(c[:20]) for c in (TIME, PRICE, SIZE)]
    cells = given[column].to_pylist()
    cells[17] = None
    given[column] = pa.array(cells).slice(3)
    given = [c if i == column else c.slice(3) for i, c in enumerate(given)]
    with pytest.raises(BadTick, match="must not be null") as caught:
        aggregate_ticks(*given)
    assert caught.value.index == 14


@pytest.mark.parametrize(
    "column",
    [pa.array(["a"]), pa.array([1], pa.int32()), pa.array([True]), pl.Series([[1]])],
)
def test_other_arrow_types_are_refused(column):
    with pytest.raises(WrongColumn, match="size must hold int64"):
        aggregate_ticks(TIME[:1], PRICE[:1], column)


def test_a_bad_tick_in_a_later_chunk_has_its_index_in_the_whole():
    price = PRICE.copy()
    price[3000] = np.nan
    with pytest.raises(BadTick) as caught:
        aggregate_ticks(TIME, chunked(price, [10, 2500]), SIZE)
    assert caught.value.index == 3000


# ------------------------------------------------------------------------------ out


def test_numpy_takes_the_columns_without_a_copy():
    columns = BARS.to_numpy()
    assert list(columns) == BARS.names
    for name, column in columns.items():
        assert not column.flags.owndata
        assert not column.flags.writeable
        assert column.tolist() == getattr(BARS, name).tolist()
        again = np.asarray(getattr(BARS, name))
        assert again.ctypes.data == column.ctypes.data


def test_arrow_takes_the_columns_without_a_copy():
    table = pa.table(BARS)
    assert table.schema.field("time_ns").type == pa.timestamp("ns", "UTC")
    batch = pa.record_batch(BARS)
    for name in BARS.names:
        at = np.asarray(getattr(BARS, name)).ctypes.data
        assert batch[name].buffers()[1].address == at
        assert table[name].chunk(0).buffers()[1].address == at
    assert pa.schema(BARS) == table.schema
    table.validate(full=True)


def test_polars_pandas_and_duckdb_take_bars():
    frame = pl.DataFrame(BARS)
    assert frame["close"].to_list() == list(BARS.close)
    assert frame["time_ns"].cast(pl.Int64).to_list() == list(BARS.time_ns)
    bars = pa.table(BARS)
    taken = [bars.to_pandas()]
    if hasattr(pd.DataFrame, "from_arrow"):  # pandas 3
        taken.append(pd.DataFrame.from_arrow(BARS))
    for theirs in taken:
        assert theirs["volume"].tolist() == list(BARS.volume)
    (row,) = duckdb.sql("select count(*), sum(volume), max(high) from bars").fetchall()
    assert row == (len(BARS), sum(BARS.volume), max(BARS.high))
    assert bars.num_rows == len(BARS)


def test_the_memory_lives_as_long_as_what_uses_it():
    made = aggregate_ticks(TIME, PRICE, SIZE, "1s")
    expected = list(made.close)
    taken = [
        np.asarray(made.close),
        pa.table(made)["close"],
        made[5:].close,
        pl.DataFrame(made),
    ]
    stream = aggregate_ticks(TIME, PRICE, SIZE, "1s").__arrow_c_stream__()
    unused = made.__arrow_c_array__(), made.__arrow_c_schema__()
    del made
    gc.collect()
    assert taken[0].tolist() == taken[1].to_pylist() == expected
    assert taken[2].tolist() == expected[5:]
    assert taken[3]["close"].to_list() == expected
    del stream, unused
    gc.collect()


def test_columns_in_a_cycle_are_collected_once():
    for _ in range(50):
        holder = [np.arange(100, dtype=np.int64) + START]
        holder.append(aggregate_ticks(holder[0], np.ones(100), np.ones(100, np.int64)))
        holder.append(holder)
        column = holder[1].columns()["time_ns"].part(0, 1)
        holder.append(column)
        del holder, column
    gc.collect()


# ------------------------------------------------------------------------------ Bars


def test_bars_have_a_length_items_and_slices():
    assert len(BARS) == len(list(BARS)) > 5
    assert BARS[0] == next(iter(BARS))
    assert BARS[-1] == BARS[len(BARS) - 1]
    part = BARS[1:4]
    assert list(part) == list(BARS)[1:4]
    assert (part.first_partial, BARS[:2].first_partial, BARS[-1:].last_partial) == (
        False,
        True,
        True,
    )
    assert len(BARS[5:2]) == 0
    for at in (len(BARS), -len(BARS) - 1):
        with pytest.raises(IndexError, match="there are"):
            BARS[at]
    with pytest.raises(BarError, match="step 1, was 2"):
        BARS[::2]


def test_a_bar_tells_its_time_and_its_mean_price():
    bar = Bar(START, 1.0, 2.0, 1.0, 2.0, 4, value=6.0)
    assert bar.vwap == 1.5
    assert f"{bar.time:%Y-%m-%d %H:%M:%S %Z}" == "2023-11-14 22:13:20 UTC"
    assert Bar(START, 1.0, 1.0, 1.0, 1.0, 0, value=0.0).vwap is None
    assert Bar(START, 1.0, 1.0, 1.0, 1.0, 5).vwap is None


def test_bars_say_what_they_are():
    assert repr(BARS).startswith(f"<{len(BARS)} bars of 1m, 2023-11-14 22:13:00 to ")
    assert repr(BARS[:0]) == "<0 bars of 1m>"
    with pytest.raises(AttributeError, match="these bars have no colour, only"):
        BARS.colour  # noqa: B018


def test_bars_can_be_pickled_and_joined():
    assert pickle.loads(pickle.dumps(BARS)) == BARS
    assert Bars.joined([BARS[:3], BARS[3:3], BARS[3:]]) == BARS
    with pytest.raises(BarError, match="the same columns"):
        Bars.joined([BARS, aggregate_ticks(TIME, PRICE, SIZE)])


@pytest.mark.parametrize(
    "kind", [pa.table, pl.DataFrame, lambda b: pa.table(b).to_pandas(), Bars.to_numpy]
)
def test_bars_come_back_from_tables(kind):
    again = Bars.from_columns(kind(BARS), "1m")
    assert again.names == BARS.names
    assert resample(again, "5m")[1:-1] == resample(BARS, "5m")[1:-1]


def bare_columns(**changes):
    columns = {
        "time_ns": array("q", [0, MINUTE]),
        "open": array("d", [1, 2]),
        "high": array("d", [3, 3]),
        "low": array("d", [1, 1]),
        "close": array("d", [2, 2]),
        "volume": array("q", [5, 0]),
    }
    return {name: c for name, c in {**columns, **changes}.items() if c is not None}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"close": None}, "must have a column close"),
        ({"time_ns": array("q", [MINUTE, 0])}, "in order of time, bar 1"),
        ({"time_ns": array("q", [5, 5])}, "in order of time, bar 1"),
        ({"time_ns": array("q", [-1, 5])}, "from 1970 to 2261, was not in bar 0"),
        ({"high": array("d", [3, 1])}, "high must be the highest .* bar 1"),
        ({"low": array("d", [1.5, 1])}, "bar 0"),
        ({"open": array("d", [1, float("nan")])}, "bar 1"),
        ({"high": array("d", [3, float("inf")])}, "bar 1"),
        ({"volume": array("q", [5, -1])}, "volume must not be negative, was in bar 1"),
        ({"volume": array("q", [5])}, "as long as time_ns"),
        ({"volume": array("d", [5, 5])}, "volume must hold int64, was float64"),
        ({"ticks": array("d", [5, 5])}, "ticks must hold int64"),
    ],
)
def test_columns_that_are_no_bars_are_refused(changes, why):
    with pytest.raises((BarError, WrongColumn), match=why):
        Bars.from_columns(bare_columns(**changes), "1m")


def test_bars_that_do_not_say_what_they_are_make_no_longer_ones():
    with pytest.raises(BarError, match="give every"):
        resample(Bars.from_columns(bare_columns()), "5m")
    bars = resample(Bars.from_columns(bare_columns(), "1m"), "5m")
    assert list(bars) == [Bar(0, 1.0, 3.0, 1.0, 2.0, 5, partial=True)]
