"""Files that people have: read for what they are; what is unsure is refused."""

import gzip
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from market_files import (
    BARS,
    COMMAS,
    DATABENTO,
    DATABENTO_BARS,
    DATABENTO_PRETTY,
    GATEWAY,
    KIBOT_BARS,
    KIBOT_TICKS,
    NINJATRADER_BARS,
    NINJATRADER_QUOTED,
    NINJATRADER_TICKS,
    QUARTER,
    SCID_BARS,
    SCID_TICKS,
    SIERRA_BARS,
    SIERRA_TICKS,
    T0,
    TICKS,
    TRADINGVIEW,
    TRADINGVIEW_ISO,
    random_ticks,
)

from fastorder.errors import InvalidField
from fastorder.store import MarketData
from fastorder.store.market import ImportRefused
from fastorder.store.market.importing import scid, tables
from fastorder.store.market.importing.opening import PIECE_BYTES, opened
from fastorder.store.market.importing.tables import tables_of

CHICAGO = {"zone": "America/Chicago"}
MINUTE = {"every": "1m"}

TICK_FORMS = {
    "databento": (DATABENTO, {}, True),
    "databento pretty": (DATABENTO_PRETTY, {}, True),
    "ninjatrader": (NINJATRADER_TICKS, {}, False),
    "ninjatrader with quotes": (NINJATRADER_QUOTED, {}, False),
    "kibot": (KIBOT_TICKS, {}, False),
    "sierra": (SIERRA_TICKS, {"kind": "ticks", **CHICAGO}, True),
    "scid": (SCID_TICKS, {}, True),
    "columns": (
        "when,px,qty\n"
        + "".join(f"{t // 1_000_000},{p},{s}\n" for t, p, s, _ in TICKS),
        {"columns": {"time": "when", "price": "px", "size": "qty"}},
        False,
    ),
    "decimal commas": (
        COMMAS.replace(",125;", ".125;")
        .replace(",300;", ".300;")
        .replace(",500;", ".500;"),
        {
            "columns": {
                "date": "datum",
                "time": "zeit",
                "price": "kurs",
                "size": "menge",
            },
            "zone": "Europe/Berlin",
            "date_order": "dmy",
        },
        False,
    ),
}
BAR_FORMS = {
    "databento": (DATABENTO_BARS, {}),
    "ninjatrader": (NINJATRADER_BARS, {}),
    "kibot": (KIBOT_BARS, {}),
    "sierra": (SIERRA_BARS, CHICAGO),
    "scid": (SCID_BARS, {}),
    "tradingview": (TRADINGVIEW, {}),
    "tradingview iso": (TRADINGVIEW_ISO, {}),
    "gateway": (GATEWAY, {}),
}


@pytest.fixture
def data(tmp_path):
    return MarketData(tmp_path / "data")


def written(tmp_path, content, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def packed(content, how):
    raw = content if isinstance(content, bytes) else content.encode()
    if how == "gzip":
        return gzip.compress(raw)
    if how == "zstd":
        out = pa.BufferOutputStream()
        with pa.CompressedOutputStream(out, "zstd") as file:
            file.write(raw)
        return out.getvalue().to_pybytes()
    return raw


def put(data, tmp_path, content, contract="MNQZ26", **options):
    path = written(tmp_path, content)
    return data.import_file(path, contract, tick_size=QUARTER, **options)


# ------------------------------------------------------------ every form


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd"])
@pytest.mark.parametrize("form", TICK_FORMS)
def test_ticks_of_every_form(form, how, data, tmp_path):
    content, options, has_sides = TICK_FORMS[form]
    told = put(data, tmp_path, packed(content, how), **options)
    assert (told.kind, told.added, told.alike) == ("ticks", 4, 1)
    found = data.ticks("MNQZ26")
    assert found.time_ns.tolist() == [tick[0] for tick in TICKS]
    assert found.price.tolist() == [tick[1] for tick in TICKS]
    assert found.size.tolist() == [tick[2] for tick in TICKS]
    assert found.side.tolist() == [tick[3] if has_sides else 0 for tick in TICKS]


@pytest.mark.parametrize("form", BAR_FORMS)
def test_bars_of_every_form(form, data, tmp_path):
    content, options = BAR_FORMS[form]
    told = put(data, tmp_path, content, every="1m", source="mine", **options)
    assert (told.kind, told.added) == ("bars", 2)
    bars = data.bars("MNQZ26", "1m", source="mine")
    found = zip(
        bars.time_ns,
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume,
        strict=True,
    )
    assert list(found) == BARS


@pytest.mark.parametrize("how", ["crlf", "bom", "utf-16"])
@pytest.mark.parametrize("form", ["databento", "ninjatrader", "kibot", "sierra"])
def test_line_ends_and_marks_of_byte_order_change_nothing(form, how, data, tmp_path):
    content, options, _ = TICK_FORMS[form]
    text = content.replace("\n", "\r\n") if how == "crlf" else content
    coding = {"crlf": "utf-8", "bom": "utf-8-sig", "utf-16": "utf-16"}[how]
    assert put(data, tmp_path, text.encode(coding), **options).added == 4


@pytest.mark.parametrize("raw", [True, False])
def test_databento_in_parquet(raw, data, tmp_path):
    time_ns, price, size, side = zip(*TICKS, strict=True)
    table = pa.table(
        {
            "ts_event": pa.array(time_ns, pa.timestamp("ns", "UTC")),
            "action": ["T"] * 4,
            "side": [{1: "B", -1: "A", 0: "N"}[one] for one in side],
            "price": pa.array([round(p * 1e9) for p in price]) if raw else price,
            "size": pa.array(size, pa.uint32()),
            "symbol": ["MNQZ6"] * 4,
        }
    )
    pq.write_table(table, tmp_path / "ticks.parquet")
    told = data.import_file(tmp_path / "ticks.parquet", "MNQZ26", tick_size="0.25")
    assert (told.form, told.added) == ("databento", 4)
    assert data.ticks("MNQZ26").price.tolist() == list(price)


def test_a_day_bar_has_the_begin_of_its_trading_day(data, tmp_path):
    put(data, tmp_path, "20260806;1;2;1;2;9\n", every="1d", source="mine")
    bars = data.bars("MNQZ26", "1d", source="mine")
    assert bars[0].time.isoformat() == "2026-08-05T22:00:00+00:00"


def test_the_same_file_twice_adds_nothing_and_changes_no_byte(data, tmp_path):
    put(data, tmp_path, NINJATRADER_TICKS)
    file = next((tmp_path / "data").rglob("*.parquet"))
    before = file.read_bytes()
    told = put(data, tmp_path, NINJATRADER_TICKS)
    assert (told.added, told.repeated) == (0, 4)
    assert file.read_bytes() == before


def test_what_is_out_of_order_alike_and_left_out_is_counted_and_told(data, tmp_path):
    lines = NINJATRADER_TICKS.splitlines(keepends=True)
    told = put(data, tmp_path, "".join([lines[3], *lines[:3]]), repeats="drop")
    assert (told.rows, told.added, told.unsorted, told.alike) == (4, 3, 3, 1)
    assert str(told) == (
        "MNQZ26: 3 ticks added of 4 rows (ninjatrader, 3 unsorted, 1 alike)"
    )
    assert data.ticks("MNQZ26").time_ns.tolist() == sorted({tick[0] for tick in TICKS})
    assert put(data, tmp_path, DATABENTO).left_out == 1


def test_a_file_replaces_bars_that_it_has_otherwise(data, tmp_path):
    put(data, tmp_path, TRADINGVIEW, every="1m")
    told = put(data, tmp_path, TRADINGVIEW.replace("95,", "96,"), every="1m")
    assert (told.added, told.replaced, told.repeated) == (0, 1, 1)


# ------------------------------------------------------------ times


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_whole_numbers_are_told_apart(unit, data, tmp_path):
    each = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    put(data, tmp_path, f"time,price,size\n{T0 // each},100,1\n")
    assert data.ticks("MNQZ26").time_ns.tolist() == [T0]


@pytest.mark.parametrize(
    "number",
    [20260806133000, 86_400, 1786023000000000000000, 4_200_000_000, 631_000_000],
)
def test_a_number_that_may_be_no_time_is_refused(number, data, tmp_path):
    with pytest.raises(ImportRefused, match="time must be"):
        put(data, tmp_path, f"time,price,size\n{number},100,1\n")


def test_one_number_of_another_unit_is_refused_with_its_row(data, tmp_path):
    rows = f"time,price,size\n{T0 // 10**9},100,1\n{T0 // 10**6},100,1\n"
    with pytest.raises(
        ImportRefused, match=r"from 1990 to 2100 in s, was \d+ \(row 1\)"
    ):
        put(data, tmp_path, rows)
    assert data.contracts() == []


def local(*clocks):
    return "time,price,size\n" + "".join(f"{clock},100,1\n" for clock in clocks)


def test_a_time_without_a_zone_needs_one(data, tmp_path):
    with pytest.raises(ImportRefused, match="zone must be stated"):
        put(data, tmp_path, local("2026-08-06 08:30:00"))
    with pytest.raises(ImportRefused, match="zone must be a time zone"):
        put(data, tmp_path, local("2026-08-06 08:30:00"), zone="Chicago")


def test_zones_in_some_rows_alone_are_refused(data, tmp_path):
    rows = local("2026-08-06 08:30:00", "2026-08-06 08:30:00Z")
    with pytest.raises(ImportRefused, match=r"in every row, or in none \(row 1\)"):
        put(data, tmp_path, rows, **CHICAGO)


def test_offsets_of_summer_and_winter_may_stand_side_by_side(data, tmp_path):
    rows = local("2026-10-30T08:30:00-05:00", "2026-11-02T08:30:00-06:00")
    put(data, tmp_path, rows)
    first, second = data.ticks("MNQZ26").time_ns.tolist()
    assert second - first == (3 * 24 + 1) * 3600 * 10**9


@pytest.mark.parametrize(("fold", "hour"), [("earlier", 6), ("later", 7)])
def test_an_hour_that_is_there_twice_is_refused_or_resolved(fold, hour, data, tmp_path):
    rows = local("2026-11-01 00:30:00", "2026-11-01 01:30:00.25")
    with pytest.raises(
        ImportRefused, match=r"show 2026-11-01 01:30:00 twice.*\(row 1\)"
    ):
        put(data, tmp_path, rows, **CHICAGO)
    put(data, tmp_path, rows, fold=fold, **CHICAGO)
    time_ns = np.datetime64(f"2026-11-01T0{hour}:30:00.25", "ns").astype(int)
    assert data.ticks("MNQZ26").time_ns.tolist()[1] == time_ns


def test_an_hour_that_is_not_there_is_refused_or_resolved(data, tmp_path):
    rows = local("2026-03-08 02:30:00.5")
    with pytest.raises(
        ImportRefused, match=r"never show 2026-03-08 02:30:00.*\(row 0\)"
    ):
        put(data, tmp_path, rows, **CHICAGO)
    put(data, tmp_path, rows, skipped="later", **CHICAGO)
    time_ns = np.datetime64("2026-03-08T08:30:00.5", "ns").astype(int)
    assert data.ticks("MNQZ26").time_ns.tolist() == [time_ns]


@pytest.mark.parametrize(
    "clock",
    [
        "2026-02-30 10:00:00",
        "2026-08-06 24:00:00",
        "2026-08-06 8:30 PM",
        "yesterday",
        "",
    ],
)
def test_a_time_that_is_none_is_refused(clock, data, tmp_path):
    with pytest.raises(ImportRefused, match="time must be"):
        put(data, tmp_path, local(clock), **CHICAGO)


def test_a_date_with_strokes_needs_its_order(data, tmp_path):
    rows = "date,time,price,size\n03/04/2026,10:00:00,100,1\n"
    with pytest.raises(ImportRefused, match="date_order must be stated"):
        put(data, tmp_path, rows, zone="UTC")
    put(data, tmp_path, rows, zone="UTC", date_order="dmy")
    assert str(data.days("MNQZ26")[0]) == "2026-04-03"


# ------------------------------------------------------------ what is wrong


def test_a_wrong_column_name_shows_what_is_there_and_what_is_wanted(data, tmp_path):
    rows = "time,cost,size\n2026-08-06T13:30:00Z,100,1\n"
    with pytest.raises(ImportRefused) as told:
        put(data, tmp_path, rows)
    assert "a column for price (price or last or last_price or trade_price)" in str(
        told.value
    )
    assert "has time, cost, size" in str(told.value)
    with pytest.raises(ImportRefused, match=r"price \(kosten\), has time, cost, size"):
        put(data, tmp_path, rows, columns={"price": "kosten"})
    assert put(data, tmp_path, rows, columns={"price": "cost"}).added == 1


def test_a_file_of_two_contracts_is_refused_or_one_is_chosen(data, tmp_path):
    rows = DATABENTO_PRETTY.rstrip().removesuffix("MNQZ6") + "MNQH7\n"
    with pytest.raises(ImportRefused, match=r"of one contract, has MNQZ6, MNQH7"):
        put(data, tmp_path, rows)
    told = put(data, tmp_path, rows, symbol="MNQZ6")
    assert (told.added, told.left_out) == (3, 1)
    with pytest.raises(ImportRefused, match="must have rows of ESZ6"):
        put(data, tmp_path, rows, symbol="ESZ6")


def test_a_file_of_another_contract_is_refused(data, tmp_path):
    with pytest.raises(ImportRefused, match="must be of ESZ26, is of MNQZ6"):
        put(data, tmp_path, DATABENTO_PRETTY, "ESZ26")


def test_a_price_between_two_ticks_is_refused_with_its_row(data, tmp_path):
    with pytest.raises(ImportRefused, match=r"tick size 0.25, was 29500.1 \(row 2\)"):
        put(data, tmp_path, NINJATRADER_TICKS.replace(";29500;", ";29500.1;"))
    assert data.contracts() == []


@pytest.mark.parametrize(
    ("price", "why"),
    [
        ("1,234.50", "thousands"),
        ("1,234", "state decimal="),
        ("abc", "must be a number, was 'abc'"),
        ("", "must be a number"),
        ("nan", "must be a number"),
    ],
)
def test_a_number_that_is_none_or_may_be_two_is_refused(price, why, data, tmp_path):
    with pytest.raises(ImportRefused, match=why):
        put(data, tmp_path, f"time;price;size\n2026-08-06T13:30:00Z;{price};1\n")


def test_a_stated_comma_is_taken(data, tmp_path):
    rows = "time;price;size\n2026-08-06T13:30:00Z;1,250;1\n"
    put(data, tmp_path, rows, decimal=",")
    assert data.ticks("MNQZ26").price.tolist() == [1.25]


@pytest.mark.parametrize("size", ["0", "-1", "1.5"])
def test_a_size_below_one_or_in_parts_is_refused(size, data, tmp_path):
    with pytest.raises(
        ImportRefused, match="size must be a whole number of at least 1"
    ):
        put(data, tmp_path, f"time,price,size\n2026-08-06T13:30:00Z,100,{size}\n")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "   \n",
        "time,price,size\n",
        "a,a\n1,2\n",
        "1,2,3\n",
        b"PAR1 and no more",
        b"\x1f\x8b\x08 cut",
        b"\x28\xb5\x2f\xfd cut",
        b"\xff\xfe\x00",
        b"caf\xe9,price\n1,2\n",
        SCID_TICKS[:-1],
        SCID_TICKS[:30],
        SCID_TICKS[:56],
        SCID_TICKS + SCID_BARS[56:],
        '{"bars":null,"success":false,"errorCode":2}',
        "[1, 2",
        "time,price,size\n2026-08-06T13:30:00Z,100\n",
    ],
)
def test_what_is_no_such_file_is_refused_and_nothing_kept(content, data, tmp_path):
    with pytest.raises(ImportRefused):
        put(data, tmp_path, content, every="1m")
    assert data.contracts() == []
    assert data.series() == []


def test_a_file_that_is_not_there_is_refused(data, tmp_path):
    with pytest.raises(ImportRefused, match="must be a file that can be read"):
        data.import_file(tmp_path / "none.csv", "MNQZ26", tick_size=1)


@pytest.mark.parametrize(
    "options",
    [
        {"form": "excel"},
        {"kind": "quotes"},
        {"fold": "both"},
        {"columns": {"prize": "p"}},
        {"price_unit": "0"},
        {"source": "../there"},
        {"source": "ticks"},
    ],
)
def test_an_option_that_is_none_is_refused(options, data, tmp_path):
    with pytest.raises(InvalidField):
        put(data, tmp_path, TRADINGVIEW, every="1m", **options)


def test_bars_need_their_length_and_one_row_for_each_time(data, tmp_path):
    with pytest.raises(ImportRefused, match="say how long they are with every="):
        put(data, tmp_path, TRADINGVIEW)
    twice = TRADINGVIEW + TRADINGVIEW.splitlines()[1] + "\n"
    with pytest.raises(ImportRefused, match=r"one bar, is of two \(row 2\)"):
        put(data, tmp_path, twice, every="1m")


def test_a_contract_without_its_month_or_tick_size_is_refused(data, tmp_path):
    path = written(tmp_path, TRADINGVIEW)
    with pytest.raises(InvalidField, match="must name its month"):
        data.import_file(path, "MNQ", tick_size=QUARTER)
    with pytest.raises(InvalidField, match="tick_size must be given"):
        data.import_file(path, "MNQZ26")


def ticks_as_csv(ticks):
    prices = ticks.price / 4
    rows = zip(ticks.time_ns, prices, ticks.size, ticks.side, strict=True)
    lines = (f"{time},{price},{size},{side}" for time, price, size, side in rows)
    return "\n".join(["time,price,size,side", *lines, ""]).encode()


def ticks_as_scid(ticks):
    records = np.zeros(len(ticks.time_ns), scid.FIELDS)
    records["time"] = ticks.time_ns // 1000 + scid.EPOCH_US
    records["close"] = ticks.price / 4
    records["volume"] = ticks.size
    side = "at_ask", "at_bid"
    for name, is_it in zip(side, (ticks.side > 0, ticks.side < 0), strict=True):
        records[name] = np.where(is_it, ticks.size, 0)
    head = scid.HEAD.pack(b"SCID", 56, 40, 1).ljust(56, b"\0")
    return head + records.tobytes()


def ticks_as_parquet(ticks):
    sink = pa.BufferOutputStream()
    table = pa.table(dict(ticks._asdict(), price=ticks.price / 4))
    pq.write_table(table, sink, row_group_size=20_000)
    return sink.getvalue().to_pybytes()


WRITERS = {"csv": ticks_as_csv, "scid": ticks_as_scid, "parquet": ticks_as_parquet}


def peak_of_import(path, folder):
    """What became of a file, and the most bytes that Python and Arrow held for it."""
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        told = MarketData(folder).import_file(path, "MNQZ26", tick_size=QUARTER)
        return told, tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("how", ["plain", "gzip"])
def test_a_file_four_times_as_long_takes_no_more_memory(
    form, how, tmp_path, monkeypatch
):
    for module in (scid, tables):
        monkeypatch.setattr(module, "ROWS", 1 << 13)  # many pieces in both files
    put(MarketData(tmp_path / "first"), tmp_path, KIBOT_TICKS)  # what is loaded once
    # a day has as many ticks in both: a day is held as a whole
    ticks = random_ticks(400_000, apart_ms=10_000)
    for again in range(3):  # what another thread holds meanwhile is counted too
        peaks = []
        for count in (100_000, 400_000):
            part = ticks.rows(slice(0, count))
            path = tmp_path / f"{count}.{form}"
            path.write_bytes(packed(WRITERS[form](part), how))
            told, peak = peak_of_import(path, tmp_path / f"{count}-{again}")
            assert (told.added, told.rows) == (count, count)
            peaks.append(peak)
        if peaks[1] < 1.25 * peaks[0] + (1 << 20):
            return
    pytest.fail(f"in each of three imports the longer one held more: {peaks}")


@pytest.mark.parametrize("repeats", ["keep", "drop"])
@pytest.mark.parametrize("form", ["csv", "scid"])
def test_where_a_file_is_cut_into_pieces_changes_nothing(
    form, repeats, tmp_path, monkeypatch
):
    ticks = random_ticks(600, apart_ms=400_000)
    order = np.argsort(np.arange(600) + np.random.default_rng(3).integers(0, 9, 600))
    twice = np.sort(np.concatenate([order, order[::7]]))
    path = tmp_path / f"file.{form}"
    path.write_bytes(WRITERS[form](ticks.rows(order[twice])))
    found = []
    for rows in (1 << 16, 50, 7):
        for module in (scid, tables):
            monkeypatch.setattr(module, "ROWS", rows)
        monkeypatch.setattr(tables, "PIECE_BYTES", rows * 30)
        data = MarketData(tmp_path / str(rows))
        told = data.import_file(path, "MNQZ26", tick_size=QUARTER, repeats=repeats)
        found.append((told, data.ticks("MNQZ26").table))
    assert found[0][0].alike
    assert found[0][0].unsorted
    assert found[1:] == [found[0]] * 2


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("2026-08-06T15:00:09Z,ESZ6,29500,1", "must be of one contract"),
        ("2026-08-06T15:00:09,MNQZ6,29500,1", r"a zone in every row.*row 60"),
        ("2026-08-06T15:00:09Z,MNQZ6,29500.1,1", r"multiple of the tick size.*row 60"),
        ("1786023000,MNQZ6,29500,1", r"as in the first row .*row 60"),
        ('2026-08-06T15:00:09Z,MNQZ6,"29,500",1', r"has decimals or thousands.*row 60"),
    ],
)
def test_a_last_row_that_does_not_fit_keeps_all_out(
    last, why, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(tables, "PIECE_BYTES", 100)
    row = "2026-08-06T15:00:01Z,MNQZ6,29500,1"
    text = "\n".join(["time,symbol,price,size", *[row] * 60, last, ""])
    with pytest.raises(ImportRefused, match=why):
        put(data, tmp_path, text, kind="ticks")
    assert data.contracts() == []


def test_a_letter_on_the_edge_of_two_pieces_is_read_and_a_broken_one_told(tmp_path):
    head = b"time,price,size,note\n"
    row = b"2026-08-06 15:30:00,29423.25,1,"
    note = b"x" * (PIECE_BYTES - len(head) - len(row) - 1) + "ü".encode()
    path = tmp_path / "edge.csv"
    path.write_bytes(head + row + note + b"\n")
    content = opened(path)
    with content.file:
        assert [table.rows for table in tables_of(content)] == [1]
    path.write_bytes(head + row + note[:-1] + b"\n")
    with pytest.raises(ImportRefused, match="must be text in UTF-8"):
        opened(path)


@pytest.mark.parametrize(
    ("price", "text"),
    [("29500.1", r"was 29500\.1 \(row 3\)$"), ("cheap", r"was 'cheap' \(row 3\)$")],
)
def test_a_row_that_is_wrong_is_told_by_its_place_in_the_file(
    data, tmp_path, price, text
):
    path = tmp_path / "two.csv"
    rows = ["MNQZ6,29500", "ESZ6,6000", "ESZ6,6000", f"MNQZ6,{price}"]
    lines = [f"2026-08-06T15:00:0{n}Z,{row},1" for n, row in enumerate(rows)]
    path.write_text("\n".join(["time,symbol,price,size", *lines, ""]))
    with pytest.raises(ImportRefused, match=text):
        data.import_file(path, "MNQZ26", tick_size="0.25", kind="ticks", symbol="MNQZ6")
