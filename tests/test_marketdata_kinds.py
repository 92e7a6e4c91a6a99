"""Bars of ticks, volume, value, range and imbalance, and renko bricks."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_bars import (
    START,
    bare,
    bricks,
    columns,
    imbalance_bars,
    random_ticks,
    threshold_bars,
    ticks,
)

from fastorder.marketdata import (
    BadTick,
    Imbalance,
    Range,
    Renko,
    TickCount,
    UnknownTimeframe,
    Value,
    Volume,
    aggregate_ticks,
)

WHOLE = st.integers(-300, 300)


def made(given, every):
    time, price, size, side = columns(given)
    return aggregate_ticks(time, price, size, every, side=side)


@given(ticks(), st.integers(1, 40))
def test_bars_of_a_number_of_ticks(given, count):
    plain = threshold_bars(given, lambda part: len(part) == count)
    assert bare(made(given, TickCount(count))) == bare(plain)


@pytest.mark.parametrize("count", [1, 2, 100, 1024, 5000])
def test_bars_of_many_ticks(count):
    time, price, size, _ = random_ticks(12_000)
    bars = aggregate_ticks(time, price, size, f"{count} ticks")
    starts = np.arange(0, 12_000, count)
    assert bars.time_ns.tolist() == time[starts].tolist()
    assert bars.high.tolist() == np.maximum.reduceat(price, starts).tolist()
    assert bars.volume.tolist() == np.add.reduceat(size, starts).tolist()


@given(ticks(), st.integers(1, 400))
def test_bars_of_volume_close_with_the_tick_that_fills_them(given, level):
    plain = threshold_bars(given, lambda part: sum(t[2] for t in part) >= level)
    assert bare(made(given, Volume(level))) == bare(plain)


@given(ticks(), st.sampled_from([0.25, 1, 100, 777.75, 5000]))
def test_bars_of_value_count_prices_below_zero_too(given, level):
    plain = threshold_bars(
        given, lambda part: sum(abs(Fraction(t[1])) * t[2] for t in part) >= level
    )
    assert bare(made(given, Value(level))) == bare(plain)


@given(ticks(), st.sampled_from([0.25, 1, 3.75, 60]))
def test_bars_of_range(given, level):
    plain = threshold_bars(
        given, lambda part: max(t[1] for t in part) - min(t[1] for t in part) >= level
    )
    assert bare(made(given, Range(level))) == bare(plain)


@given(ticks(prices=WHOLE), st.integers(1, 90))
def test_bars_of_range_in_whole_ticks(given, level):
    plain = threshold_bars(
        given, lambda part: max(t[1] for t in part) - min(t[1] for t in part) >= level
    )
    assert bare(made(given, Range(level))) == bare(plain)


def test_a_range_of_tenths_is_reached_in_spite_of_binary_fractions():
    given = [(START, 100.0, 1, 0), (START, 100.3, 1, 0), (START, 100.1, 1, 0)]
    assert 100.3 - 100.0 < 0.3
    assert [bar.ticks for bar in made(given, "0.3 range")] == [2, 1]


@given(ticks(), st.integers(1, 300))
def test_bars_of_imbalance(given, level):
    assert bare(made(given, Imbalance(level))) == bare(imbalance_bars(given, level))


@given(ticks(prices=WHOLE), st.integers(1, 300))
def test_bars_of_imbalance_in_whole_ticks(given, level):
    assert bare(made(given, Imbalance(level))) == bare(imbalance_bars(given, level))


def test_an_imbalance_of_one_huge_tick():
    given = [(START, 1.0, 2**62, 1), (START, 1.0, 2**62, -1), (START, 1.0, 5, 1)]
    assert [bar.ticks for bar in made(given, "9 imbalance")] == [1, 1, 1]


# --------------------------------------------------------------------------- renko


def laid(given, step):
    bars = made(given, Renko(step))
    return bars, [(bar.open, bar.close) for bar in bars.whole()]


def check_bricks(given, step):
    bars, found = laid(given, step)
    assert found == bricks(given, step)
    assert sum(bars.volume) == sum(tick[2] for tick in given)
    assert sum(bars.ticks) == len(given)
    for bar in bars.whole():
        assert (bar.low, bar.high) == (
            min(bar.open, bar.close),
            max(bar.open, bar.close),
        )


@given(ticks(), st.sampled_from([0.25, 1, 3.5, 40]))
def test_renko_bricks(given, step):
    check_bricks(given, step)


@given(ticks(prices=WHOLE), st.integers(1, 90))
def test_renko_bricks_in_whole_ticks(given, step):
    check_bricks(given, step)


def test_a_turn_takes_two_steps():
    given = [(START, p, 1, 0) for p in (10.0, 11.0, 12.0, 11.0, 10.5, 10.0, 9.0)]
    assert laid(given, 1)[1] == [(10, 11), (11, 12), (11, 10), (10, 9)]


def test_a_jump_lays_several_bricks_and_the_first_has_its_volume():
    bars = made([(START, 10.0, 3, 0), (START + 1, 13.0, 4, 0)], "1 renko")
    assert [(bar.time_ns, bar.volume) for bar in bars] == [
        (START, 7),
        (START + 1, 0),
        (START + 1, 0),
    ]


def test_bricks_of_tenths_lie_on_tenths():
    given = [(START, round(100 + i / 10, 1), 1, 0) for i in range(8)]
    found = laid(given, 0.1)[1]
    assert len(found) == 7
    assert found[-1][1] == pytest.approx(100.7)


def test_a_price_too_far_for_bricks_is_refused():
    with pytest.raises(BadTick, match="below 2\\*\\*52 bricks"):
        made([(START, 1e300, 1, 0)], "1 renko")
    with pytest.raises(BadTick, match="below 2\\*\\*52 bricks"):
        made([(START, 2**63 - 1, 1, 0)], "4 renko")
    with pytest.raises(BadTick, match="a gap must be at most"):
        made([(START, 0.0, 1, 0), (START, 1e9, 1, 0)], "1 renko")


@pytest.mark.parametrize("kind", [TickCount, Volume, Value, Range, Renko, Imbalance])
@pytest.mark.parametrize("level", [0, -1, float("nan"), float("inf"), 2**53])
def test_a_level_that_nothing_reaches_is_refused(kind, level):
    with pytest.raises(UnknownTimeframe, match="must be above 0 and below"):
        kind(level)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("500 ticks", TickCount(500)),
        ("500ticks", TickCount(500)),
        ("1e6 value", Value(1_000_000)),
        ("2.5 range", Range(2.5)),
        ("4 renko", Renko(4)),
        ("10 volume", Volume(10)),
        ("10 imbalance", Imbalance(10)),
    ],
)
def test_a_rule_can_be_written_as_text(text, rule):
    assert made([(START, 1.0, 1, 0)], text).every == rule
    assert made([(START, 1.0, 1, 0)], str(rule)).every == rule
