"""Ticks to bars one at a time: the same as in bulk, and what happens at the edges."""

import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plain_bars import (
    DAY,
    MINUTE,
    SECOND,
    START,
    bare,
    columns,
    random_ticks,
    ticks,
    time_bars,
)

from fastorder.marketdata import (
    BadTick,
    BarBuilder,
    BarError,
    Bars,
    MultiTimeframe,
    Tally,
    TickCount,
    Timeframe,
    UnknownTimeframe,
    UnsortedTicks,
    aggregate_ticks,
    resample,
    weekdays,
)

TENTHS = st.integers(-999, 999).map(lambda n: n / 10)
EVERY = [
    "1s",
    "1m",
    "1h",
    "1d",
    "1w",
    "1mo",
    "7 ticks",
    "60 volume",
    "100 value",
    "3 range",
    "2 renko",
    "40 imbalance",
]
OPEN = START // MINUTE * MINUTE


def bulk(given, every, **options):
    time, price, size, side = columns(given)
    return aggregate_ticks(time, price, size, every, side=side, **options)


def live(given, builder):
    made = []
    for tick in given:
        builder.update(*tick)
        made += builder.closed
    last = builder.snapshot()
    return made if last is None else [*made, last]


@given(ticks(prices=TENTHS), st.sampled_from(EVERY), st.sampled_from(["skip", "flat"]))
def test_live_bars_are_those_in_bulk(given, every, gaps):
    if gaps == "flat" and every not in ("1h", "1d", "1w", "1mo"):
        gaps = "skip"
    builder = BarBuilder(every, sides=True, gaps=gaps)
    assert live(given, builder) == list(bulk(given, every, gaps=gaps))


@given(
    ticks(prices=TENTHS),
    st.sampled_from(EVERY),
    st.lists(st.integers(0, 60), max_size=5),
)
@example([(OPEN + i * 7 * SECOND, 1.0, 1, 0) for i in range(40)], "1m", [3, 3, 20, 21])
def test_chunks_make_the_bars_in_bulk(given, every, cuts):
    builder = BarBuilder(every, sides=True)
    edges = [0, *sorted(cuts), len(given)]
    made = []
    for start, stop in itertools.pairwise(edges):
        time, price, size, side = columns(given[start:stop])
        made += builder.update_many(time, price.astype(float), size, side)
    made += builder.finish()
    assert made == list(bulk(given, every))


def test_the_kinds_of_feeding_can_be_mixed():
    time, price, size, side = random_ticks(3000, mean_ns=SECOND)
    builder = BarBuilder("1m", sides=True)
    made = list(
        builder.update_many(time[:1000], price[:1000], size[:1000], side[:1000])
    )
    for tick in zip(
        *(c[1000:2000].tolist() for c in (time, price, size, side)), strict=True
    ):
        made += [bar] if (bar := builder.update(*tick)) else []
    made += builder.update_many(time[2000:], price[2000:], size[2000:], side[2000:])
    made += builder.finish()
    assert made == list(aggregate_ticks(time, price, size, "1m", side=side))


def test_a_tick_closes_the_bar_before_it():
    builder = BarBuilder("1m")
    assert builder.update(OPEN, 5.0, 1) is None
    assert builder.update(OPEN + 59 * SECOND, 7.0, 2) is None
    bar = builder.update(OPEN + MINUTE, 6.0, 1)
    assert bar[:7] == (OPEN, 5.0, 7.0, 5.0, 7.0, 3, 2)
    assert builder.closed == [bar]
    assert builder.snapshot()[:5] == (OPEN + MINUTE, 6.0, 6.0, 6.0, 6.0)
    assert builder.snapshot().partial


def test_a_full_bar_is_closed_by_its_own_last_tick():
    builder = BarBuilder("3 ticks")
    assert [builder.update(START + i, 1.0, 1) is not None for i in range(6)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_time_closes_a_bar_in_quiet_periods():
    builder = BarBuilder("1m")
    builder.update(OPEN, 5.0, 1)
    assert builder.advance(OPEN + MINUTE - 1) == []
    (bar,) = builder.advance(OPEN + MINUTE)
    assert bar.close == 5.0
    assert builder.advance(OPEN + DAY) == []
    assert builder.snapshot() is None
    with pytest.raises(UnsortedTicks):
        builder.update(OPEN + MINUTE - 1, 5.0, 1)
    assert builder.update(OPEN + MINUTE, 6.0, 1) is None


def test_what_time_it_is_changes_no_bar():
    given = [(OPEN + i * 13 * SECOND, float(i), 1, 0) for i in range(50)]
    builder = BarBuilder("1m", sides=True)
    made = []
    for tick in given:
        made += builder.advance(tick[0])
        builder.update(*tick)
        made += builder.closed
    assert [*made, builder.snapshot()] == list(bulk(given, "1m"))


def test_flat_bars_fill_a_gap_at_the_last_close():
    given = [(OPEN, 5.0, 1, 0), (OPEN + 1, 4.0, 2, 0), (OPEN + 3 * MINUTE, 9.0, 1, 0)]
    bars = bulk(given, "1m", gaps="flat")
    assert bars.time_ns.tolist() == [OPEN + i * MINUTE for i in range(4)]
    assert [bar[1:7] for bar in bars][1:3] == [(4.0, 4.0, 4.0, 4.0, 0, 0)] * 2
    assert bars[1].vwap is None
    builder = BarBuilder("1m", gaps="flat")
    builder.update(OPEN, 5.0, 1)
    assert len(builder.advance(OPEN + 3 * MINUTE)) == 3
    assert builder.update(OPEN + 3 * MINUTE, 9.0, 1) is None


@given(ticks(gaps=(0, SECOND, 200 * SECOND)), st.sampled_from(["5m", "1h", "1d"]))
def test_flat_bars_do_not_show_in_longer_bars(given, longer):
    flat = bulk(given, "1m", gaps="flat")
    assert resample(flat, longer) == bulk(given, longer)
    assert resample(flat, longer, gaps="flat") == bulk(given, longer, gaps="flat")


def test_a_gap_of_too_many_flat_bars_is_refused():
    given = [(0, 5.0, 1, 0), (START, 4.0, 2, 0)]
    with pytest.raises(
        BadTick, match="a gap must be at most 10,000,000 bars"
    ) as caught:
        bulk(given, "1s", gaps="flat")
    assert caught.value.index == 1


# -------------------------------------------------------------- the first and the last


def test_the_first_bar_is_partial_unless_it_was_seen_from_its_open():
    assert [bar.partial for bar in bulk([(OPEN + 1, 1.0, 1, 0)], "1m")] == [True]
    bars = bulk([(OPEN + i * 30 * SECOND, 1.0, 1, 0) for i in range(5)], "1m")
    assert (bars.first_partial, bars.last_partial) == (False, True)
    late = [(OPEN + 1 + i * 30 * SECOND, 1.0, 1, 0) for i in range(5)]
    bars = bulk(late, "1m")
    assert [bar.partial for bar in bars] == [True, False, True]
    assert len(bars.whole()) == 1
    assert not bulk(late, "1m", complete_from=OPEN).first_partial
    assert bulk(late, "1m", complete_from=OPEN + 1).first_partial


def test_the_last_bar_is_whole_where_the_ticks_go_to_its_end():
    given = [(OPEN, 1.0, 1, 0)]
    assert bulk(given, "1m", until=OPEN + MINUTE - 1).last_partial
    assert not bulk(given, "1m", until=OPEN + MINUTE).last_partial
    assert resample(bulk(given, "1m", until=OPEN + MINUTE), "1m").last_partial is False
    assert resample(bulk(given, "1m", until=OPEN + MINUTE), "5m").last_partial is True


def test_a_longer_bar_is_partial_where_its_first_bar_is():
    edge = OPEN // (5 * MINUTE) * 5 * MINUTE
    for start, partial in ((edge, False), (edge + 1, True), (edge + MINUTE, True)):
        given = [(start + i * MINUTE, 1.0, 1, 0) for i in range(20)]
        assert resample(bulk(given, "1m"), "5m").first_partial is partial
        assert bulk(given, "5m").first_partial is partial


def test_live_bars_say_that_they_are_partial():
    builder = BarBuilder("1m")
    builder.update(OPEN + 1, 1.0, 1)
    assert builder.update(OPEN + MINUTE, 1.0, 1).partial
    assert not builder.update(OPEN + 2 * MINUTE, 1.0, 1).partial


# ------------------------------------------------------------------------- late ticks


def late_ones():
    """In order, late within the bar in the making, later than its open, in order."""
    return [
        (OPEN + 30 * SECOND, 5.0, 1, 1),
        (OPEN + 20 * SECOND, 9.0, 2, -1),
        (OPEN + 30 * SECOND, 6.0, 1, 1),
        (OPEN + MINUTE, 7.0, 1, 1),
        (OPEN + 59 * SECOND, 1.0, 4, 1),
        (OPEN + 61 * SECOND, 8.0, 1, 1),
    ]


def test_a_late_tick_is_refused_and_changes_nothing():
    builder = BarBuilder("1m", sides=True)
    builder.update(*late_ones()[0])
    before = builder.snapshot()
    with pytest.raises(UnsortedTicks, match="must not be before the tick before it"):
        builder.update(*late_ones()[1])
    assert builder.snapshot() == before


def test_late_ticks_are_left_out_and_counted():
    bars = bulk(late_ones(), "1m", late="drop")
    kept = [tick for i, tick in enumerate(late_ones()) if i not in (1, 4)]
    assert list(bars) == list(bulk(kept, "1m"))
    assert bars.tally == Tally(late_dropped=2)


def test_late_ticks_go_into_the_bar_in_the_making():
    bars = bulk(late_ones(), "1m", late="merge")
    first, second = bars
    assert first[1:7] == (5.0, 9.0, 5.0, 6.0, 4, 3)
    assert (first.buy_volume, first.sell_volume) == (2, 2)
    assert second[1:7] == (7.0, 8.0, 7.0, 8.0, 2, 2)
    assert bars.tally == Tally(late_dropped=1, late_merged=1)


def test_a_late_tick_does_not_lead_the_search_for_the_end_astray():
    # eight ticks in the first minute: the end of the second is looked for eight on,
    # where a late tick says that it is not there yet
    seconds = [*range(8), *range(60, 64), *range(120, 124), 64, *range(124, 130)]
    ticks = [(START + s * SECOND, float(s), 1, 0) for s in seconds]
    kept = [tick for i, tick in enumerate(ticks) if i != 16]
    bars = bulk(ticks, "1m", late="drop")
    assert list(bars) == list(bulk(kept, "1m"))
    assert bars.ticks.tolist() == [8, 4, 10]


def test_a_late_tick_at_the_end_changes_neither_open_nor_close():
    ticks = [(START + 2 * SECOND, 5.0, 1, 0), (START + 3 * SECOND, 6.0, 1, 0)]
    bars = bulk([*ticks, (START + SECOND, 9.0, 2, 0)], "1m", late="merge")
    assert bars[0][1:7] == (5.0, 9.0, 5.0, 6.0, 4, 3)


@given(
    st.lists(st.integers(0, 300 * SECOND), min_size=1, max_size=80),
    st.sampled_from(["drop", "merge"]),
    st.sampled_from(["1m", "5 ticks", "9 volume"]),
)
def test_late_ticks_live_are_late_ticks_in_bulk(times, late, every):
    given = [(START + time, i * 0.1, 1 + i % 3, 0) for i, time in enumerate(times)]
    every = every if late == "drop" else "1m"
    builder = BarBuilder(every, sides=True, late=late)
    bars = bulk(given, every, late=late)
    assert live(given, builder) == list(bars)
    assert builder.late_dropped == bars.tally.late_dropped
    assert bars.tally.late_dropped + sum(bars.ticks) == len(given)


# ------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("tick", "why"),
    [
        ((START, float("nan"), 1), "finite"),
        ((START, float("inf"), 1), "finite"),
        ((START, 1.0, 0), "size must be at least 1"),
        ((START, 1.0, -1), "size must be at least 1"),
        ((-1, 1.0, 1), "before 1970"),
        ((2**63 - 1, 1.0, 1), "before 2262"),
        ((START, 1.0, 1, 2), "side must be"),
    ],
)
@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("every", ["1d", "5 ticks", "9 volume", "2 renko"])
def test_a_bad_tick_is_refused_and_changes_nothing(tick, why, filled, every):
    builder = BarBuilder(every, sides=True)
    if filled:
        builder.update(START, 2.0, 1)
    before = builder.snapshot()
    with pytest.raises(BadTick, match=why):
        builder.update(*tick)
    assert builder.snapshot() == before
    assert builder.closed == []
    assert builder.update(START + 1, 3.0, 1) is None


def test_bad_ticks_among_many_change_nothing():
    builder = BarBuilder("1m")
    builder.update(START, 2.0, 1)
    before = builder.snapshot()
    time = np.arange(5) * MINUTE + START
    with pytest.raises(BadTick) as caught:
        builder.update_many(time, np.array([1, 2, 3, np.nan, 4]), np.ones(5, np.int64))
    assert caught.value.index == 3
    assert builder.snapshot() == before
    assert builder.made == 0


@pytest.mark.parametrize(
    "tick",
    [
        ("now", 1.0, 1),
        (START, "1", 1),
        (START, 1.0, "1"),
        (START, None, 1),
        (1.5, 1.0, 1),
        (START, 1.0, 1.5),
    ],
)
def test_a_tick_of_other_types_is_refused(tick):
    with pytest.raises(TypeError):
        BarBuilder("1m").update(*tick)


def test_numbers_beyond_64_bits_are_refused():
    with pytest.raises(OverflowError):
        BarBuilder("1m").update(2**63, 1.0, 1)


def test_whole_ticks_are_no_fractions():
    builder = BarBuilder("1m", prices="int64")
    builder.update(START, 118_185, 1)
    assert isinstance(builder.snapshot().open, int)
    with pytest.raises(TypeError):
        builder.update(START, 118_185.5, 1)


class Whole(int):
    """An int of another class, which the short way does not take."""


class Real(float):
    """A float of another class."""


DIGITS = [0, 1, 2**30 - 1, 2**30, 2**60 - 1, 2**60, 2**62 - 1, 2**63 - 1, 2**63, 2**89]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(DIGITS),
            st.sampled_from(DIGITS + [-one for one in DIGITS]),
            st.sampled_from(DIGITS),
            st.sampled_from([-(2**32) - 1, -2, -1, 0, 1, 2, 2**32 + 1]),
        ),
        max_size=5,
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_tick_counts_the_same_however_it_is_given(given, whole, sides):
    def of_class(builder, time, price, size, side):
        kind = Whole if whole else Real
        return builder.update(Whole(time), kind(price), Whole(size), Whole(side))

    def named(builder, time, price, size, side):
        return builder.update(time_ns=time, price=price, size=size, side=side)

    def outcomes(update):
        prices = "int64" if whole else "float64"
        builder = BarBuilder("1w", prices=prices, sides=sides, late="drop")
        made = []
        for time, price, size, side in given:
            price = price if whole else price / 8
            try:
                # as text, in which one NaN is like another
                made.append(repr(update(builder, time, price, size, side)))
            except (BarError, OverflowError) as error:
                made.append((type(error), str(error)))
            made.append(repr(builder.snapshot()))
        return made

    short = outcomes(lambda builder, *tick: builder.update(*tick))
    assert short == outcomes(of_class) == outcomes(named)


def test_a_side_that_is_not_known_may_be_left_out():
    time, price, size, _ = random_ticks(500)
    left_out, said = BarBuilder("1m"), BarBuilder("1m")
    for tick in zip(time.tolist(), (price / 4).tolist(), size.tolist(), strict=True):
        assert left_out.update(*tick) == said.update(*tick, 0)
    assert left_out.snapshot() == said.snapshot()


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_update_says_how_many_arguments_it_wants(count):
    with pytest.raises(TypeError, match=r"update\(\) takes .* positional arguments"):
        BarBuilder("1m").update(*[1] * count)
    assert BarBuilder.update.__doc__.startswith("Take one tick.")


def test_a_side_needs_a_builder_that_keeps_sides():
    with pytest.raises(BarError, match="sides=True"):
        BarBuilder("1m").update(START, 1.0, 1, 1)
    assert BarBuilder("1m").update(START, 1.0, 1, 0) is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"gaps": "fill"}, "gaps must be one of skip, flat, was 'fill'"),
        ({"late": "never"}, "late must be one of"),
        ({"prices": "int32"}, "prices must be one of"),
        ({"every": "5 ticks", "gaps": "flat"}, "only time bars have gaps"),
        ({"every": "5 ticks", "late": "merge"}, "late ticks go into time bars only"),
        ({"every": "5 ticks", "offset": "1m"}, "take no offset"),
        ({"every": "2.5 range", "prices": "int64"}, "must be whole ticks"),
        ({"offset": "1mo"}, "offset must be a length of time"),
    ],
)
def test_options_that_do_not_exist_are_refused(options, why):
    with pytest.raises(BarError, match=why):
        BarBuilder(**options)


# ------------------------------------------------------------------ several timeframes


FRAMES = ["1s", "1m", "5m", "1h", "1d"]


@given(
    ticks(most=120, prices=TENTHS),
    st.sampled_from([FRAMES, ["1m", "3m", "5m", "15m"], ["1d", "1mo", "1w"], ["1m"]]),
)
def test_every_timeframe_has_the_bars_of_a_builder_of_its_own(given, frames):
    every = MultiTimeframe(frames, sides=True)
    made = {name: [] for name in frames}
    for tick in given:
        for name, bar in every.update(*tick):
            made[name].append(bar)
    for name in frames:
        last = every.snapshot(name)
        assert made[name] + ([last] if last else []) == list(bulk(given, name)), name


def test_bars_come_shortest_first_and_with_their_timeframe():
    every = MultiTimeframe(["1h", "1m"])
    assert every.names == ["1m", "1h"]
    hour = START // (60 * MINUTE) * 60 * MINUTE
    assert every.update(hour, 1.0, 1) == []
    closed = every.update(hour + 60 * MINUTE, 2.0, 1)
    assert [(name, bar.time_ns) for name, bar in closed] == [("1m", hour), ("1h", hour)]
    assert [name for name, _ in every.advance(hour + 120 * MINUTE)] == ["1m", "1h"]
    assert every.snapshot("1h") is None


def test_sessions_hold_for_all_timeframes():
    sessions = weekdays("2026-01-05", "2026-01-30")
    every = MultiTimeframe(["1m", "1d", "1w"], sessions=sessions)
    first = sessions.opens[0]
    assert every.update(first, 1.0, 1) == []
    assert every.update(sessions.closes[0] + 1, 5.0, 1) == []
    assert every.snapshot("1w")[1:6] == (1.0, 1.0, 1.0, 1.0, 1)
    closed = every.update(sessions.opens[5], 2.0, 1)
    assert [(name, bar.time_ns) for name, bar in closed] == [
        ("1m", first),
        ("1d", first),
        ("1w", first),
    ]


@pytest.mark.parametrize(
    "frames", [[], ["1m", "1m"], ["1m", "60s", "60s"], ["5 ticks"]]
)
def test_timeframes_are_given_once_each(frames):
    with pytest.raises(UnknownTimeframe):
        MultiTimeframe(frames)


def test_a_timeframe_that_is_not_there_has_no_snapshot():
    with pytest.raises(UnknownTimeframe, match="must be one of"):
        MultiTimeframe(["1m"]).snapshot("2m")


def test_volume_is_conserved_and_prices_hold_each_other():
    time, price, size, side = random_ticks(50_000)
    for every in EVERY:
        bars = aggregate_ticks(time, price, size, every, side=side)
        assert isinstance(bars, Bars)
        assert sum(bars.volume) == size.sum()
        assert sum(bars.ticks) == len(time)
        assert sum(bars.buy_volume) == size[side > 0].sum()
        for bar in bars:
            assert bar.low <= min(bar.open, bar.close)
            assert bar.high >= max(bar.open, bar.close)


def test_a_plain_builder_agrees():
    time, price, size, side = random_ticks(2000, mean_ns=SECOND)
    given = list(zip(*(c.tolist() for c in (time, price, size, side)), strict=True))
    assert bare(live(given, BarBuilder("1m", sides=True))) == bare(
        time_bars(given, MINUTE)
    )


def test_a_sum_at_its_limit_is_known_to_all_or_to_none():
    given = [(START, 1.0, 2**53 - 2, 0), *[(START, 0.5, 1, 0)] * 3]
    (bar,) = live(given, BarBuilder("1m", sides=True))
    (same,) = bulk(given, "1m")
    assert np.isnan(bar.value)
    assert np.isnan(same.value)
    assert bulk(given[:-1], "1m")[0].value == 2**53 - 1


@pytest.mark.parametrize(
    "call",
    [
        lambda x: BarBuilder("1m").update(x, 5.0, 1),
        lambda x: BarBuilder("1m").update(OPEN, 5.0, x),
        lambda x: BarBuilder("1m", sides=True).update(OPEN, 5.0, 1, x),
        lambda x: BarBuilder("1m", prices="int64").update(OPEN, x, 1),
        lambda x: BarBuilder("1m").advance(x),
        lambda x: BarBuilder("1m", complete_from=x),
        lambda x: BarBuilder("1m", offset=x),
        lambda x: BarBuilder(Timeframe(x, "m")),
        lambda x: BarBuilder(Timeframe(1, "m", offset_ns=x)),
        lambda x: BarBuilder(TickCount(x)),
        lambda x: MultiTimeframe(["1m"]).advance(x),
    ],
)
@pytest.mark.parametrize(
    "number", [1.5, np.float64(0.5), Decimal("1.5"), Fraction(3, 2)]
)
def test_a_number_is_never_cut_to_a_whole_one(call, number):
    with pytest.raises((TypeError, BarError)):
        call(number)


def test_sides_that_would_be_dropped_are_refused_in_bulk_as_one_by_one():
    builder = BarBuilder("1m")
    columns = [np.array([each]) for each in (OPEN, 1.0, 1)] + [np.array([1], np.int8)]
    with pytest.raises(BarError, match="must be made with sides=True"):
        builder.update(OPEN, 1.0, 1, 1)
    with pytest.raises(BarError, match="must be made with sides=True"):
        builder.update_many(*columns)
    assert builder.snapshot() is None


def test_a_longer_bar_ends_with_the_first_tick_after_it_though_time_closed_the_last():
    frames = MultiTimeframe(["1m", "5m"], late="drop")
    begin = START // (5 * MINUTE) * 5 * MINUTE
    frames.update(begin, 1.0, 1)
    assert [name for name, _ in frames.advance(begin + 4 * MINUTE)] == ["1m"]
    assert frames.update(begin - 1, 1.0, 1) == []  # late
    assert frames.late_dropped == 1
    assert [name for name, _ in frames.update(begin + 6 * MINUTE, 2.0, 1)] == ["5m"]
    assert frames.update(begin + 6 * MINUTE, 2.0, 1) == []
