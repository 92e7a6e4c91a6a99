"""Files of ticks are read for what they hold, whoever wrote them, or are refused."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_bars import SECOND, START, random_ticks

from fastorder.marketdata import (
    BadTick,
    BarError,
    Bars,
    TickColumns,
    TickUnits,
    aggregate_ticks,
    bars_of_file,
    cluster,
)
from fastorder.marketdata import __main__ as program
from fastorder.marketdata.files import read_ticks
from fastorder.marketdata.likely_units import SINCE_1970, UNIT_NS
from fastorder.marketdata.tick_columns import SIDES

COUNT = 600
TIME, PRICE, SIZE, SIDE = random_ticks(COUNT, mean_ns=SECOND)
TIME = TIME // SECOND * SECOND  # so that every unit can tell it
EXPECTED = aggregate_ticks(TIME, PRICE, SIZE, "1m", side=SIDE)
WORD = {1: "BUY", -1: "SELL", 0: "NONE"}
SUFFIXES = [".parquet", ".csv"]


def written(folder, suffix=".parquet", **changes):
    """A file of the ticks, some columns of which are others."""
    columns = {"time_ns": TIME, "price": PRICE, "size": SIZE, "side": SIDE, **changes}
    columns = {name: c for name, c in columns.items() if c is not None}
    path = folder / f"ticks{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table(columns), path, row_group_size=100)
        return path
    cells = [c.to_pylist() if isinstance(c, pa.Array) else list(c)
             for c in columns.values()]  # fmt: skip
    return as_csv(path, list(columns), zip(*cells, strict=True))


def as_csv(path, names, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def bars_of(path, **options):
    return Bars.joined(bars for bars, _ in bars_of_file(path, **options))


def refusal(path, **options):
    with pytest.raises(BarError) as caught:
        bars_of(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


# ------------------------------------------------------------------------------ sides


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title])
def test_each_word_of_a_side_counts_as_it_is_stated(tmp_path, suffix, case):
    for side, words in SIDES.items():
        for word in words:
            given = np.where(np.arange(COUNT) % 2, WORD[side], case(word))
            bars = bars_of(written(tmp_path, suffix, side=given))
            volume = sum(SIZE)
            bought = volume if side == 1 else 0
            sold = volume if side == -1 else 0
            assert (sum(bars.buy_volume), sum(bars.sell_volume)) == (bought, sold)


def test_databentos_letters_are_the_sides_that_it_means(tmp_path):
    """Its A is a sell aggressor, its B a buy aggressor, its N neither."""
    letters = np.array(["N", "B", "A"])[SIDE.astype(int)]
    for suffix in SUFFIXES:
        assert bars_of(written(tmp_path, suffix, side=letters)) == EXPECTED


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "word", ["ask", "Bid", "x", "Banana", "sold", "T", "2", "-2", "?", "LONG", "true"]
)
def test_a_word_that_is_not_stated_is_refused_with_its_row(tmp_path, suffix, word):
    words = np.array([WORD[side] for side in SIDE], object)
    words[417] = word
    with pytest.raises(BadTick, match=f"side must be .*was {word!r}") as caught:
        bars_of(written(tmp_path, suffix, side=words), rows_at_once=50)
    assert caught.value.index == 417


@given(st.text(max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_word_is_one_of_those_stated_or_refused(tmp_path, word):
    stated = {w for words in SIDES.values() for w in words}
    path = written(tmp_path, side=np.repeat(np.array([word], object), COUNT))
    if word.strip().upper() in stated:
        bars_of(path)
    else:
        with pytest.raises((BadTick, BarError)):
            bars_of(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_a_side_that_is_missing_is_not_known(tmp_path, suffix, kind):
    cells = [int(s) if kind == "numbers" else WORD[s] for s in SIDE]
    cells = [
        None if side == 0 else cell for side, cell in zip(SIDE, cells, strict=True)
    ]
    assert bars_of(written(tmp_path, suffix, side=pa.array(cells))) == EXPECTED


def test_a_side_that_is_true_or_false_is_refused(tmp_path):
    assert "side must hold 1, -1, 0" in refusal(written(tmp_path, side=SIDE > 0))


def test_sides_of_another_range_are_refused(tmp_path):
    path = written(tmp_path, side=np.where(SIDE > 0, 1, 2))
    with pytest.raises(BadTick, match="side must be 1"):
        bars_of(path)
    assert "side" in refusal(written(tmp_path, side=np.where(SIDE > 0, 1, 257)))


AGGRESSOR = {1: 0, -1: 1}
"""As the gateway has it: 0 bought, 1 sold."""

KNOWN = SIDE != 0
GATEWAYS = np.array([AGGRESSOR[side] for side in SIDE[KNOWN]])
FORMS = {
    "numbers": lambda sides: sides,
    "small numbers": lambda sides: sides.astype(np.uint8),
    "fractions": lambda sides: sides * 1.0,
    "text": lambda sides: sides.astype(str).astype(object),
    "categories": lambda sides: pa.array(sides).dictionary_encode(),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("form", FORMS)
def test_the_gateways_numbers_are_refused_until_they_are_stated(tmp_path, suffix, form):
    columns = {"time_ns": TIME[KNOWN], "price": PRICE[KNOWN], "size": SIZE[KNOWN]}
    path = written(tmp_path, suffix, **columns, side=FORMS[form](GATEWAYS))
    if (form, suffix) == ("fractions", ".csv"):
        assert "side must be one of" in refusal(path)
        return
    told = refusal(path)
    assert "may be the gateway's 0 for a buyer and 1 for a seller" in told
    assert "TickUnits(side='gateway'), or --side-unit gateway" in told
    expected = aggregate_ticks(*columns.values(), "1m", side=SIDE[KNOWN])
    assert bars_of(path, units=TickUnits(side="gateway")) == expected
    bought = np.where(GATEWAYS == 1, 1, 0).astype(np.int8)
    signs = aggregate_ticks(*columns.values(), "1m", side=bought)
    assert bars_of(path, units=TickUnits(side="sign")) == signs


@pytest.mark.parametrize("wrong", [-1, 2, 7])
def test_what_is_no_number_of_the_gateway_is_refused_with_its_row(tmp_path, wrong):
    sides = np.where(SIDE > 0, 0, 1)
    sides[417] = wrong
    for suffix in SUFFIXES:
        path = written(tmp_path, suffix, side=sides)
        with pytest.raises(BadTick, match=f"was '{wrong}'") as caught:
            bars_of(path, units=TickUnits(side="gateway"), rows_at_once=50)
        assert caught.value.index == 417


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_signs_need_not_be_stated_where_a_seller_is_seen(tmp_path, suffix):
    assert bars_of(written(tmp_path, suffix)) == EXPECTED
    assert bars_of(written(tmp_path, suffix), units=TickUnits(side="sign")) == EXPECTED
    none = np.zeros(COUNT, np.int8)
    unknown = aggregate_ticks(TIME, PRICE, SIZE, "1m", side=none)
    assert bars_of(written(tmp_path, suffix, side=none)) == unknown


def test_a_unit_of_side_that_is_none_is_refused():
    with pytest.raises(BarError, match="unit of side must be sign, gateway, was 'x'"):
        TickUnits(side="x")


# ------------------------------------------------------------------------------ times


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("unit", SINCE_1970)
def test_units_of_100_ns_are_refused_until_they_are_stated(tmp_path, suffix, unit):
    path = written(tmp_path, suffix, time_ns=TIME // 100 + SINCE_1970[unit])
    told = refusal(path)
    assert f"which looks like {unit}: state the unit" in told
    assert f"TickUnits(time='{unit}'), or --time-unit {unit}" in told
    assert bars_of(path, units=TickUnits(time=unit)) == EXPECTED
    other = ({*SINCE_1970} - {unit}).pop()
    with pytest.raises(BarError):
        bars_of(path, units=TickUnits(time=other))


def test_dotnets_ticks_are_told_by_the_clock_of_dotnet(tmp_path):
    """2026-01-05T14:30:00Z, as DateTime.Ticks gives it."""
    path = written(tmp_path, time_ns=TIME - TIME[0] + 639_032_202_000_000_000)
    assert "which looks like dotnet" in refusal(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("unit", UNIT_NS)
def test_a_whole_time_of_another_unit_is_refused_until_it_is_stated(
    tmp_path, suffix, unit
):
    path = written(tmp_path, suffix, time_ns=TIME // UNIT_NS[unit])
    if unit != "ns":
        told = refusal(path)
        assert f"which looks like {unit}: state the unit" in told
        assert f"--time-unit {unit}" in told
    assert bars_of(path, units=TickUnits(time=unit)) == EXPECTED


def test_a_time_of_no_likely_unit_is_refused_without_a_guess(tmp_path):
    told = refusal(written(tmp_path, time_ns=np.arange(COUNT)))
    assert "was 0 in the first row: state the unit" in told
    bars = bars_of(
        written(tmp_path, time_ns=np.arange(COUNT)), units=TickUnits(time="ns")
    )
    assert bars.time_ns.tolist() == [0]


@pytest.mark.parametrize("unit", ["us", "ms", "s"])
def test_a_unit_that_is_stated_wrongly_does_not_wrap_around(tmp_path, unit):
    with pytest.raises(BadTick, match="from 1970 to 2261"):
        bars_of(written(tmp_path), units=TickUnits(time=unit))


@pytest.mark.parametrize("unit", UNIT_NS)
def test_a_unit_that_the_file_tells_itself_is_not_stated_again(tmp_path, unit):
    stamps = pa.array(TIME).cast(pa.timestamp("ns")).cast(pa.timestamp(unit))
    path = written(tmp_path, time_ns=stamps)
    assert bars_of(path) == EXPECTED
    told = refusal(path, units=TickUnits(time="ms"))
    assert "must hold whole numbers of ms, was timestamp" in told


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M:%S+00:00",
        " %Y-%m-%dT%H:%M:%S ",
    ],
)
def test_times_of_text_are_read(tmp_path, suffix, form):
    texts = pd.to_datetime(TIME).strftime(form).to_numpy(dtype=object)
    assert bars_of(written(tmp_path, suffix, time_ns=texts)) == EXPECTED


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "text",
    ["2026-01-05", "09:30:00", "05.01.2026 09:30", "2026-01-05 09:30:00 CET", "1.7e18",
     "1700000000.5", "2300-01-01 00:00:00", "1600-01-01 00:00:00", "yesterday"],
)  # fmt: skip
def test_times_of_other_text_are_refused(tmp_path, suffix, text):
    texts = np.repeat(np.array([text], object), COUNT)
    assert "time_ns" in refusal(written(tmp_path, suffix, time_ns=texts))


@pytest.mark.parametrize(
    "column",
    [TIME / 1e9, pa.array(TIME).cast(pa.duration("ns")), TIME > 0,
     pa.array(TIME).cast(pa.timestamp("ns")).cast(pa.date32(), safe=False)],
    ids=["float", "duration", "bool", "date"],
)  # fmt: skip
def test_times_of_another_type_are_refused(tmp_path, column):
    told = refusal(written(tmp_path, time_ns=column))
    assert "time_ns must hold time stamps or whole numbers" in told


# ------------------------------------------------------------------------------ prices


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("price", [0.0067, 1.25, 29_546.25])
def test_raw_prices_are_refused_until_their_unit_is_stated(tmp_path, suffix, price):
    """Down to the cheapest future there is; stated, they are the prices themselves."""
    prices = np.round(price * (1 + np.arange(COUNT) % 7 / 100), 9)
    raw = np.round(prices * 1e9).astype(np.int64)
    path = written(tmp_path, suffix, price=raw)
    assert "which looks like units of 1e-9 (up to " in refusal(path)
    for unit in (1e-9, "1e-9", "0.000000001"):
        bars = bars_of(path, units=TickUnits(price=unit))
        assert bars == aggregate_ticks(TIME, prices, SIZE, "1m", side=SIDE)


def test_whole_ticks_stay_whole_and_points_stay_points(tmp_path):
    ticks = (PRICE * 4).astype(np.int64)
    whole = aggregate_ticks(TIME, ticks, SIZE, "1m", side=SIDE)
    assert bars_of(written(tmp_path, price=ticks)) == whole
    assert bars_of(written(tmp_path, price=ticks.astype(np.int32))) == whole
    told = TickUnits(price="ticks")
    assert bars_of(written(tmp_path, ".csv", price=ticks), units=told) == whole
    assert bars_of(written(tmp_path, price=ticks * 1.0), units=told) == whole
    for suffix in SUFFIXES:
        path = written(tmp_path, suffix, price=ticks)
        assert bars_of(path, units=TickUnits(price=0.25)) == EXPECTED
    assert "price" in refusal(written(tmp_path, price=PRICE + 0.1), units=told)


def test_large_prices_are_taken_once_that_is_stated(tmp_path):
    dear = PRICE * 4000
    assert "state the unit" in refusal(written(tmp_path, price=dear))
    bars = bars_of(written(tmp_path, price=dear), units=TickUnits(price=1))
    assert bars == aggregate_ticks(TIME, dear, SIZE, "1m", side=SIDE)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("first", "tick", "worth"),
    [
        (21_450.25, 0.25, "0.01"),
        (48_210.0, 1.0, "0.01"),
        (62.15, 0.01, "1e-6"),
        (62.15, 0.01, "1e-8"),
        (6_912.25, 0.25, "0.001"),
        (21_450.25, 0.25, "0.0001"),
        (1.0935, 0.00005, "1e-8"),
        (0.0067, 5e-7, "1e-9"),
        (21_450.25, 0.25, "1e-9"),
        (112.015625, 1 / 64, "1e-9"),
    ],
)
def test_the_unit_that_whole_prices_look_like_is_named(
    tmp_path, suffix, first, tick, worth
):
    prices = first + tick * (np.arange(COUNT) % 7)
    raw = np.round(prices / float(worth)).astype(np.int64)
    path = written(tmp_path, suffix, price=raw)
    told = refusal(path)
    named = told.split("looks like units of ")[1].split(": state")[0].split(" or ")
    assert f"{worth} (up to {prices.max():,.9g})" in named
    first_named = named[0].split()[0]
    assert f"TickUnits(price='{first_named}'), or --price-unit" in told
    bars = bars_of(path, units=TickUnits(price=worth))
    assert np.allclose(max(bars.high), prices.max())


def test_whole_prices_of_no_likely_unit_are_refused_without_a_guess(tmp_path):
    told = refusal(written(tmp_path, price=np.full(COUNT, 10**18 + 7)))
    assert "looks like" not in told
    assert "state the unit" in told


@pytest.mark.parametrize("unit", ["x", 0, -1, True, "1/0", float("nan"), float("inf"),
                                  1e-300, []])  # fmt: skip
def test_a_unit_of_price_that_is_none_is_refused(unit):
    with pytest.raises(BarError, match="unit of price must be"):
        TickUnits(price=unit)


def test_a_unit_of_time_that_is_none_is_refused():
    with pytest.raises(BarError, match="unit of time must be ns, us, ms, s, dot.*'m'"):
        TickUnits(time="m")


# ------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize("role", ["price", "size"])
@pytest.mark.parametrize(
    "column",
    [TIME > 0, pa.array(SIZE).cast(pa.duration("s")), pa.array(TIME).cast(
        pa.timestamp("ns")), pa.array([[1]] * COUNT), pa.array([b"1"] * COUNT)],
    ids=["bool", "duration", "time", "list", "binary"],
)  # fmt: skip
def test_what_is_no_number_is_refused(tmp_path, role, column):
    assert f"{role} must hold" in refusal(written(tmp_path, **{role: column}))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("cell", ["1.5", "9223372036854775808", "-1", "0", "x"])
def test_a_size_that_is_not_whole_is_refused(tmp_path, suffix, cell):
    cells = np.array([str(size) for size in SIZE], object)
    cells[500] = cell
    assert "size" in refusal(written(tmp_path, suffix, size=cells), rows_at_once=50)


@pytest.mark.parametrize(
    "column", [SIZE * 1.0, SIZE.astype(np.uint64), [f"{size}.0" for size in SIZE],
               pa.array(SIZE).cast(pa.decimal128(21, 2)), SIZE.astype(np.int8)]
)  # fmt: skip
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_size_that_is_whole_is_taken_however_it_is_written(tmp_path, suffix, column):
    assert bars_of(written(tmp_path, suffix, size=column)) == EXPECTED


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("role", ["time_ns", "price", "size"])
def test_a_number_that_is_missing_is_refused_with_its_row(tmp_path, suffix, role):
    cells = {"time_ns": TIME, "price": PRICE, "size": SIZE}[role].tolist()
    cells[333] = None
    path = written(tmp_path, suffix, **{role: pa.array(cells)})
    with pytest.raises(BadTick, match=f"{role} must not be null") as caught:
        bars_of(path, rows_at_once=50)
    assert caught.value.index == 333


# ------------------------------------------------------------------------------ files


def test_a_column_that_is_not_needed_is_not_read(tmp_path):
    """It turns from numbers to text behind the first block, and is no text at last."""
    path = tmp_path / "ticks.csv"
    rows = 60_000
    with path.open("wb") as file:
        file.write(b"note,time_ns,price,size,note\n")
        for i in range(rows):
            note = b"1" if i < rows // 2 else b"abc" if i < rows - 1 else b"\xff"
            file.write(b"%b,%d,%d,1,%b\n" % (note, START + i, 5, note))
    bars = bars_of(path, rows_at_once=1000)
    assert sum(bars.volume) == rows


def test_fractions_may_come_after_whole_numbers(tmp_path):
    path = tmp_path / "ticks.csv"
    rows = 60_000
    with path.open("w") as file:
        file.write("time_ns,price,size\n")
        for i in range(rows):
            price, size = ("5", "1") if i < rows // 2 else ("5.25", "1.0")
            file.write(f"{START + i},{price},{size}\n")
    bars = bars_of(path, rows_at_once=1000)
    assert (bars[0].open, bars[0].close, bars[0].volume) == (5.0, 5.25, rows)


def test_only_the_needed_columns_of_parquet_are_read(tmp_path):
    path = written(tmp_path, note=pa.array([{"deep": [i]} for i in range(COUNT)]))
    assert bars_of(path) == EXPECTED
    (chunk, *_) = read_ticks(path)
    assert len(chunk.columns) == 4


def categories():
    frame = pd.DataFrame(
        {"time_ns": pd.to_datetime(TIME), "price": PRICE, "size": SIZE,
         "side": [WORD[side] for side in SIDE]}
    )  # fmt: skip
    plain = pl.DataFrame(
        {"time_ns": pl.Series(TIME).cast(pl.Datetime("ns")), "price": PRICE,
         "size": SIZE, "side": [WORD[side] for side in SIDE]}
    )  # fmt: skip
    text = plain.with_columns(time_ns=pl.col("time_ns").dt.to_string())
    coded = plain.with_columns(pl.col("side").cast(pl.Categorical))
    return {
        "pandas": frame.to_parquet,
        "pandas, all of it categories": frame.astype("category").to_parquet,
        "pandas, times of text": frame.astype({"time_ns": str}).to_parquet,
        "polars": plain.write_parquet,
        "polars, categories": coded.write_parquet,
        "polars, an enum": plain.with_columns(
            pl.col("side").cast(pl.Enum(["BUY", "SELL", "NONE"]))
        ).write_parquet,
        "polars, times of text": text.write_parquet,
        "polars, times of text as categories": text.with_columns(
            pl.col("time_ns").cast(pl.Categorical)
        ).write_parquet,
    }


@pytest.mark.parametrize("kind", categories())
def test_files_of_polars_and_pandas_are_read(tmp_path, kind):
    path = tmp_path / "ticks.parquet"
    categories()[kind](path)
    assert bars_of(path, rows_at_once=100) == EXPECTED


@pytest.mark.parametrize("kind", ["large_string", "string_view", "opaque"])
def test_other_layouts_of_words_are_read_or_refused(tmp_path, kind):
    words = pa.array([WORD[side] for side in SIDE])
    if kind == "opaque":
        kind = pa.opaque(pa.string(), "word", "x")
        words = pa.ExtensionArray.from_storage(kind, words)
        assert "side must hold" in refusal(written(tmp_path, side=words))
        return
    words = words.cast(getattr(pa, kind)())
    assert bars_of(written(tmp_path, side=words)) == EXPECTED


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["time_ns", "price", "size", "side"])
def test_a_needed_column_that_is_there_twice_is_refused(tmp_path, suffix, name):
    names = ["time_ns", "price", "size", "side", name]
    columns = [TIME, PRICE, SIZE, SIDE, SIZE]
    path = tmp_path / f"ticks{suffix}"
    if suffix == ".csv":
        as_csv(path, names, zip(*columns, strict=True))
    else:
        pq.write_table(pa.table([pa.array(c) for c in columns], names=names), path)
    assert f"the column {name} must be there once, was there 2 times" in refusal(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_column_may_be_there_twice(tmp_path, suffix):
    names = ["x", "time_ns", "price", "x", "size", "side"]
    columns = [SIZE, TIME, PRICE, SIDE, SIZE, SIDE]
    path = tmp_path / f"ticks{suffix}"
    if suffix == ".csv":
        as_csv(path, names, zip(*columns, strict=True))
    else:
        pq.write_table(pa.table([pa.array(c) for c in columns], names=names), path)
    assert bars_of(path) == EXPECTED


def test_bars_with_a_column_twice_are_refused():
    table = pa.table(EXPECTED)
    twice = table.append_column("open", table["close"])
    frame = twice.to_pandas()
    for bars in (twice, twice.to_batches()[0], frame):
        with pytest.raises(BarError, match="the column open must be there once"):
            Bars.from_columns(bars)


@pytest.mark.parametrize(
    "lines",
    ["", "\n", "time_ns,price,size\n1,2\n", "time_ns,price,size\n1,2,3,4\n",
     'time_ns,price,size\n1,"2\n', "time_ns,price,size\n1,2,\xff\n"],
)  # fmt: skip
def test_a_broken_file_is_refused_in_words(tmp_path, lines):
    path = tmp_path / "ticks.csv"
    path.write_bytes(lines.encode("latin-1"))
    refusal(path, units=TickUnits(time="ns"))


def test_a_file_that_is_cut_off_is_refused_in_words(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[100:2000] = bytes(1900)
    for data in (whole[:-20], whole[:50], bytes(broken)):
        path.write_bytes(data)
        with pytest.raises((BarError, OSError)):
            bars_of(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_program_takes_units(tmp_path, capsys, suffix):
    raw = np.round(PRICE * 1e9).astype(np.int64)
    source = written(tmp_path, suffix, time_ns=TIME // 10**6, price=raw)
    made = tmp_path / "bars.parquet"
    assert program.main([str(source), str(made)]) == 2
    assert "which looks like ms" in capsys.readouterr().err
    assert program.main([str(source), str(made), "--time-unit", "ms"]) == 2
    assert "which looks like units of 1e-9" in capsys.readouterr().err
    stated = ["--time-unit", "ms", "--price-unit", "1e-9"]
    assert program.main([str(source), str(made), *stated, "--sessions", "globex"]) == 0
    assert program.main([str(source), str(made), *stated]) == 0
    assert sum(pq.read_table(made)["volume"].to_pylist()) == sum(SIZE)
    assert program.main([str(source), str(made), "--price-unit", "dear"]) == 2
    assert "unit of price must be" in capsys.readouterr().err


def test_a_cluster_reads_files_as_one_process_does(tmp_path):
    day = tmp_path / "ticks" / "contract=MNQZ6" / "day=2026-01-05"
    day.mkdir(parents=True)
    words = pd.Series([WORD[side] for side in SIDE]).astype("category")
    written(day, time_ns=TIME // 10**6, side=pa.array(words))
    units = TickUnits(time="ms")
    counts = cluster.bars_of_folder(tmp_path / "ticks", tmp_path / "bars", units=units)
    assert counts == {"MNQZ6": len(EXPECTED)}
    found = pq.read_table(tmp_path / "bars/contract=MNQZ6/bars.parquet")
    assert found.select(EXPECTED.names).equals(pa.table(EXPECTED))
    piece = cluster.bars_of_piece(day / "ticks.parquet", EXPECTED.every, units=units)
    assert (piece.first_ns, piece.last_ns, piece.ticks) == (TIME[0], TIME[-1], COUNT)


def test_one_column_may_serve_twice(tmp_path):
    names = TickColumns(size="price")
    for suffix in SUFFIXES:
        path = written(tmp_path, suffix, price=SIZE * 1.0)
        assert sum(bars_of(path, columns=names).volume) == sum(SIZE)


def test_the_page_has_every_word_of_a_side():
    page = Path(__file__).parent.parent / "docs" / "guide" / "bars.md"
    if not page.exists():
        pytest.skip("not in a checkout")
    text = page.read_text("utf-8")
    for words in SIDES.values():
        for word in filter(None, words):
            assert re.search(rf"`{re.escape(word)}`", text), word


def test_a_recorders_file_states_what_its_sides_are(tmp_path):
    path = tmp_path / "own.parquet"
    rows = {"time_ns": [START], "price": [80], "size": [1], "side": [1]}
    kept = pa.table(rows)
    pq.write_table(kept.replace_schema_metadata({"fastorder": "{}"}), path)
    (chunk,) = read_ticks(path)
    assert chunk.columns[-1].to_pylist() == [1]
    pq.write_table(kept, path)
    with pytest.raises(BarError, match="never -1 so far"):
        list(read_ticks(path))
