"""Answers of bars as bytes: what the scanner reads, a JSON library reads alike."""

import json
from datetime import datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastorder.marketdata import BarError, bars_from_gateway, bars_from_json
from fastorder.marketdata._history import holes, scan_bars

TAIL = b',"success":true,"errorCode":0,"errorMessage":null}'
ROW = '{"t":"2026-08-19T20:50:00+00:00","o":5.25,"h":6,"l":4.00,"c":5,"v":1}'


def answer(*rows, tail=TAIL):
    return b'{"bars":[' + ",".join(rows).encode() + b"]" + tail


def read_by_library(body):
    """What comes of the same bytes without the scanner; or the error's kind."""
    try:
        return bars_from_gateway(orjson.loads(body))
    except (orjson.JSONDecodeError, BarError):
        return BarError


def read(body):
    try:
        return bars_from_json(body)
    except BarError:
        return BarError


def same(body):
    mine, library = read(body), read_by_library(body)
    return mine is library if mine is BarError else mine == library


DIGITS = st.text("0123456789", min_size=1, max_size=17)
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda ticks: repr(ticks * 0.25)),
    st.integers(-(10**19), 10**19).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.builds("{}.{}e{}".format, DIGITS, DIGITS, st.integers(-30, 30)),
    st.sampled_from(
        ["-0", "-0.0", "0.0", "01", "1.", ".5", "+1", "1e5", "null", "NaN"]
    ),
)
TIMES = st.builds(
    "{}{}{}".format,
    st.one_of(
        st.datetimes(datetime(1969, 1, 1), datetime(2263, 1, 1)).map(
            lambda moment: moment.isoformat("T", "seconds")
        ),
        st.sampled_from(
            [
                "2026-02-29T00:00:00",
                "2028-02-29T23:59:59",
                "2026-13-01T00:00:00",
                "2026-04-31T00:00:00",
                "2026-01-01T24:00:00",
                "2026-01-01T00:60:00",
                "2026-01-01 00:00:00",
                "2026-1-1T00:00:00",
            ]
        ),
    ),
    st.one_of(
        st.just(""),
        st.text("0123456789", max_size=10).map(lambda digits: f".{digits}"),
    ),
    st.sampled_from(
        ["Z", "+00:00", "-05:30", "+23:59", "+24:00", "", "z", "+0000", "+05:61"]
    ),
)


@st.composite
def rows(draw):
    """A row, sometimes not as it should be."""
    members = {name: draw(NUMBERS) for name in "ohlc"}
    members["t"] = json.dumps(draw(TIMES))
    members["v"] = draw(
        st.one_of(st.integers(0, 10**6).map(str), st.sampled_from(["-1", "1.0", "07"]))
    )
    names = draw(st.permutations(sorted(members)))
    texts = [f'"{name}":{members[name]}' for name in names]
    if draw(st.integers(0, 9)) == 0:
        texts.append(draw(st.sampled_from(['"k":1', '"v":1', '"d":"2026"', '"t":1'])))
    return "{" + ",".join(texts) + "}"


@settings(max_examples=300, deadline=None)
@given(st.lists(rows(), max_size=3))
def test_any_rows_are_read_as_a_json_library_reads_them(given_rows):
    body = answer(*given_rows)
    if any(row.count('"t":') > 1 or row.count('"v":') > 1 for row in given_rows):
        assert scan_bars(body) is None  # a member twice is never the scanner's
        return
    assert same(body)


def plain_rows(start, count, step_s, digits):
    """Rows as a gateway writes them, newest first."""
    return [
        json.dumps(
            {
                "t": (start - timedelta(seconds=i * step_s)).isoformat(),
                "o": round(100 + i * 0.25, digits),
                "h": round(101 + i * 0.25, digits),
                "l": round(99 + i * 0.25, digits),
                "c": round(100.5 + i * 0.25, digits),
                "v": i,
            }
        )
        for i in range(count)
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(
        datetime(1975, 1, 1), datetime(2261, 1, 1), timezones=st.just(timezone.utc)
    ),
    st.integers(0, 40),
    st.sampled_from([1, 60, 3600, 86_400]),
    st.integers(0, 9),
    st.booleans(),
)
def test_what_the_gateway_writes_is_read_in_one_pass(
    start, count, step_s, digits, oldest_first
):
    listed = plain_rows(start, count, step_s, digits)
    body = answer(*(listed[::-1] if oldest_first else listed))
    assert scan_bars(body) is not None
    assert bars_from_json(body) == bars_from_gateway(orjson.loads(body))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_body_with_a_byte_changed_is_read_alike_or_not_at_all(data):
    body = bytearray(answer(ROW, ROW.replace("50:00", "49:00")))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(32, 126))
    if scan_bars(bytes(body)) is not None:
        assert same(bytes(body))


@given(st.integers(0, len(answer(ROW)) - 1))
@example(0)
def test_a_body_that_is_cut_is_no_answer(size):
    assert scan_bars(answer(ROW)[:size]) is None


@pytest.mark.parametrize(
    "tail",
    [
        b',"success":false,"errorCode":0,"errorMessage":null}',
        b',"success":true,"errorCode":1,"errorMessage":null}',
        b',"success":true,"errorCode":0,"errorMessage":"no"}',
        b',"success":true,"success":true,"errorCode":0}',
        b',"success":true}',
        b"}",
        TAIL + b"x",
        TAIL[:-1] + b',"bars":[]}',
    ],
)
def test_an_envelope_of_another_kind_is_left_to_others(tail):
    assert scan_bars(answer(ROW, tail=tail)) is None


def test_blanks_between_do_no_harm():
    body = json.dumps(json.loads(answer(ROW)), indent=1).encode() + b"\n"
    assert scan_bars(body) is not None
    assert same(body)


def test_rows_that_are_not_in_order_are_put_in_order():
    listed = [ROW.replace("50:00", f"{minute}:00") for minute in (50, 48, 49)]
    assert scan_bars(answer(*listed)) is None
    assert same(answer(*listed))
    assert scan_bars(answer(ROW, ROW)) is None
    assert len(bars_from_json(answer(ROW, ROW))) == 1


def test_digits_beyond_a_double_are_rounded_as_a_library_rounds_them():
    price = "29546.250000000000123456789"
    body = answer(ROW.replace("5.25", price).replace('"h":6', '"h":30000'))
    assert scan_bars(body) is None
    assert bars_from_json(body).open[0] == float(price)


def test_no_json_is_told():
    with pytest.raises(BarError, match="must be JSON, 6 bytes are not"):
        bars_from_json(b"<html>")


def test_holes_are_found():
    times = memoryview(bytes(8 * 5)).cast("q")
    assert holes(times, 1) == []
    moments = memoryview(
        b"".join(each.to_bytes(8, "little") for each in (0, 1, 3, 4, 9))
    ).cast("q")
    assert holes(moments, 1) == [2, 4]
