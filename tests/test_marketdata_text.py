"""What bars say of themselves: every price as it is, and no "1 bars"."""

import math
import re
import string
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plain_bars import DAY, MINUTE, SECOND, START, columns, ticks

from fastorder.marketdata import (
    Bar,
    BarBuilder,
    Bars,
    Comparison,
    Difference,
    MultiTimeframe,
    Range,
    Sessions,
    TickCount,
    aggregate_ticks,
    check_against,
)
from fastorder.marketdata import __main__ as program
from fastorder.marketdata.frames import KINDS, read_every
from fastorder.marketdata.text import aligned, counted, exact

PRICES = st.floats(allow_nan=False, allow_infinity=False)
LAST = re.compile(r"last open (\S+) high (\S+) low (\S+) close (\S+) volume (\S+)>$")


def bars_of(*prices, size=1, every="1m"):
    """A bar of some prices."""
    time = START + np.arange(len(prices))
    return aggregate_ticks(time, np.array(prices), np.full(len(prices), size), every)


def last_of(bars):
    """The numbers of the last bar, as its text has them."""
    return LAST.search(repr(bars)).groups()


# ---------------------------------------------------------------------------- prices


@given(ticks(prices=PRICES | st.integers(-(10**12), 10**12).map(float)))
def test_every_price_of_a_text_is_the_very_price(given_ticks):
    bars = aggregate_ticks(*columns(given_ticks)[:3])
    if not len(bars):
        assert repr(bars) == "<0 bars of 1m>"
        return
    *prices, volume = last_of(bars)
    assert [float(price) for price in prices] == list(bars[-1][1:5])
    assert int(volume.replace(",", "")) == bars[-1].volume
    assert repr(bars).startswith(f"<{counted(len(bars), 'bar')} of 1m, ")


@given(ticks(prices=st.integers(-(2**53), 2**53)).filter(len))
def test_whole_ticks_are_shown_as_whole_numbers(given_ticks):
    bars = aggregate_ticks(*columns(given_ticks)[:3])
    assert [int(price) for price in last_of(bars)[:4]] == list(bars[-1][1:5])


@given(ticks(prices=PRICES).filter(len))
def test_a_bar_says_all_that_it_is(given_ticks):
    bar = aggregate_ticks(*columns(given_ticks)[:3])[-1]
    assert eval(repr(bar), {"Bar": Bar, "nan": None}) == bar or math.isnan(bar.value)


@pytest.mark.parametrize(
    ("prices", "shown"),
    [
        ((29383.25,), ["29383.25"] * 4),
        (
            (29383.0, 29384.5, 29383.25),
            ["29383.00", "29384.50", "29383.00", "29383.25"],
        ),
        ((0.00005,), ["0.00005"] * 4),
        ((0.5, 0.50005), ["0.50000", "0.50005", "0.50000", "0.50005"]),
        ((1e9, 1e9 + 0.25), ["1000000000.00", "1000000000.25"] * 2),
        ((-37.63, 10.01), ["-37.63", "10.01", "-37.63", "10.01"]),
        ((110 + 15.5 / 32,), ["110.484375"] * 4),
        ((1e16, 1.5), ["1e+16", "1e+16", "1.5", "1.5"]),
        ((5e-324,), ["5e-324"] * 4),
    ],
)
def test_prices_of_one_bar_have_the_decimals_that_they_need(prices, shown):
    assert list(last_of(bars_of(*prices))[:4]) == shown


@given(PRICES)
@example(1e-12)
@example(9_999_999_999_999_998.0)
@example(-0.0)
def test_the_text_of_a_number_reads_back_as_the_number(number):
    text = exact(number)
    assert float(text).hex() == number.hex()
    if 1e-12 <= abs(number) < 1e16:
        assert set(text) <= {*string.digits, ".", "-"}
        assert not text.endswith(".0")


@given(st.lists(PRICES | st.sampled_from([math.nan, math.inf])))
def test_numbers_that_stand_together_are_not_changed_by_it(numbers):
    texts = aligned(numbers)
    assert repr([float(text) for text in texts]) == repr(numbers)
    if not any("e" in text or "n" in text for text in texts):
        assert len({len(text.partition(".")[2]) for text in texts}) <= 1


def test_what_is_no_number_is_said():
    assert aligned([math.nan, 1.25]) == ["nan", "1.25"]
    far = bars_of(1e300, 1e300, size=2**60)
    assert math.isnan(far[0].value)
    assert last_of(far) == ("1e+300",) * 4 + (f"{2**61:,}",)


# ------------------------------------------------------------------------------ counts


def test_one_is_one_and_more_are_more():
    assert [counted(n, "bar") for n in (0, 1, 2, 1000)] == [
        "0 bars",
        "1 bar",
        "2 bars",
        "1,000 bars",
    ]


def test_one_bar_is_one_bar():
    one = bars_of(7.5)
    assert repr(one) == (
        "<1 bar of 1m, 2023-11-14 22:13:00 UTC,"
        " last open 7.5 high 7.5 low 7.5 close 7.5 volume 1>"
    )
    with pytest.raises(IndexError, match=r"bar 1 was asked for, there is 1$"):
        one[1]
    with pytest.raises(IndexError, match=r"there are 0$"):
        one[:0][0]
    unknown = Bars(one.columns())
    assert repr(unknown).startswith("<1 bar of any kind, ")


def test_the_program_counts_right(tmp_path, capsys):
    source, made = tmp_path / "ticks.parquet", tmp_path / "bars.csv"
    for times, options, said in (
        ([START], (), "1 bar of 1m"),
        ([START, START + MINUTE], (), "2 bars of 1m"),
        ([], (), "0 bars of 1m"),
        ([START, START - 1], ("--late", "drop"), "1 bar of 1m, 1 late tick left out"),
        (
            [START, START - 1, START - 1],
            ("--late", "merge"),
            "1 bar of 1m, 2 late ticks merged",
        ),
        # the hour between two sessions, and a Saturday
        (
            [START, START + 4 * DAY],
            ("--sessions", "globex"),
            "0 bars of 1m, 2 ticks outside the sessions",
        ),
        ([START, START + 1], ("--every", "1 tick"), "2 bars of 1 tick"),
    ):
        table = {
            "time_ns": np.array(times, np.int64),
            "price": np.full(len(times), 1.25),
            "size": np.ones(len(times), np.int64),
        }
        pq.write_table(pa.table(table), source)
        assert program.main([str(source), str(made), *options]) == 0
        assert capsys.readouterr().out == f"{made}: {said}\n"


def test_a_comparison_counts_right_and_shows_both_numbers_whole():
    made = bars_of(29383.25).to_numpy()
    ours = Bars.from_columns(made, "1m")
    theirs = Bars.from_columns({**made, "high": np.array([29384.0])}, "1m")
    assert str(check_against(ours, theirs)).splitlines() == [
        "1 bar compared, 0 missing, 0 extra, 1 difference",
        "2023-11-14 22:13:00 high: 29383.25 here, 29384.00 at the gateway",
    ]
    two = Comparison(1200, [], [], [Difference(START, "volume", 5, 12)] * 2)
    assert str(two).startswith("1,200 bars compared, 0 missing, 0 extra, 2 differences")
    assert str(two).endswith("volume: 5 here, 12 at the gateway")


# -------------------------------------------------------------------------- the others


@given(
    st.sampled_from(sorted(KINDS.values(), key=lambda kind: kind._word)),
    st.floats(0, 2**53, exclude_min=True, exclude_max=True),
)
def test_a_rule_is_read_from_its_own_text(kind, level):
    if kind._kind in ("count", "volume", "imbalance"):
        level = math.ceil(level)
    rule = kind(level)
    assert read_every(str(rule)) == rule


def test_rules_are_said_as_they_are_given():
    assert str(TickCount(1)) == "1 tick"
    assert str(TickCount(500)) == "500 ticks"
    assert str(Range(0.1)) == "0.1 range"
    assert read_every("1 tick") == TickCount(1)


def test_builders_say_what_they_make():
    builder = BarBuilder("1m")
    assert repr(builder) == "<BarBuilder of 1m, 0 bars closed>"
    builder.update(START, 1.0, 1)
    builder.update(START + MINUTE, 1.0, 1)
    assert repr(builder) == "<BarBuilder of 1m, 1 bar closed>"
    assert repr(MultiTimeframe(["5m", "1m"])) == "<MultiTimeframe of 1m, 5m>"


def test_sessions_without_a_name_have_none():
    days = Sessions([0], [SECOND], [date(1970, 1, 1)])
    assert repr(days) == "Sessions(1970-01-01 to 1970-01-01, 1)"
