"""Ticks to bars in bulk: the same as pandas, Polars and plain Python make."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
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
    BarError,
    UnknownTimeframe,
    UnsortedTicks,
    WrongColumn,
    _vectors,
    aggregate_ticks,
    merge,
    resample,
)

NANOS = {"1s": SECOND, "7s": 7 * SECOND, "1m": MINUTE, "5m": 5 * MINUTE, "1d": DAY}
IN_PANDAS = {
    "1s": "1s",
    "7s": "7s",
    "1m": "1min",
    "5m": "5min",
    "1d": "1D",
    "1w": "W-MON",
}
LARGEST = 2**63 - 1


def widest_path():
    return any(_vectors.use_vector_path(name) for name in _vectors.vector_paths())


@pytest.fixture(params=_vectors.vector_paths())
def path(request):
    """Each vector path of the machine, one after the other."""
    if not _vectors.use_vector_path(request.param):
        pytest.skip(f"this machine has no {request.param}")
    yield request.param
    widest_path()


def made(given, every, **options):
    time, price, size, side = columns(given)
    return aggregate_ticks(time, price, size, every, side=side, **options)


def in_pandas(given, rule):
    time, price, size, _ = columns(given)
    frame = pd.DataFrame({"price": price, "size": size}, index=pd.to_datetime(time))
    options = {"closed": "left", "label": "left"}
    if rule == "7s":
        options["origin"] = "epoch"
    groups = frame.resample(rule, **options)
    bars = groups["price"].ohlc()
    bars["volume"] = groups["size"].sum()
    bars["ticks"] = groups["size"].count()
    return bars[bars["ticks"] > 0]


def in_polars(given, every):
    time, price, size, _ = columns(given)
    frame = pl.DataFrame({"time": time.view("datetime64[ns]"), "p": price, "s": size})
    return frame.group_by_dynamic("time", every=every).agg(
        pl.col("p").first().alias("open"),
        pl.col("p").max().alias("high"),
        pl.col("p").min().alias("low"),
        pl.col("p").last().alias("close"),
        pl.col("s").sum().alias("volume"),
        pl.len().alias("ticks"),
    )


@given(ticks(gaps=(0, 1, SECOND, 70 * SECOND, DAY)), st.sampled_from(sorted(NANOS)))
def test_bars_are_those_of_pandas(given, every):
    bars = made(given, every)
    if not given:
        assert len(bars) == 0
        return
    theirs = in_pandas(given, IN_PANDAS[every])
    mine = bars.to_numpy()
    assert (
        theirs.index.as_unit("ns").astype("int64").tolist() == mine["time_ns"].tolist()
    )
    for name in ("open", "high", "low", "close", "volume", "ticks"):
        assert theirs[name].tolist() == mine[name].tolist(), name


@given(ticks(), st.sampled_from([*NANOS, "1w", "1mo"]))
def test_bars_are_those_of_polars(given, every):
    bars = made(given, every)
    theirs = in_polars(given, every)
    mine = bars.to_numpy()
    assert theirs["time"].cast(pl.Int64).to_list() == mine["time_ns"].tolist()
    for name in ("open", "high", "low", "close", "volume", "ticks"):
        assert theirs[name].to_list() == mine[name].tolist(), name


@given(ticks(prices=st.floats(-1e5, 1e5).map(lambda p: round(p, 3))))
def test_bars_are_those_of_plain_python_with_exact_sums(given):
    mine = bare(made(given, "1m"))
    plain = bare(time_bars(given, MINUTE))
    for one, other in zip(mine, plain, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-9, rel=1e-12)
        assert one._replace(value=0) == other._replace(value=0)


@given(ticks(largest=2**52))
def test_sums_of_quarters_are_exact(given):
    small = [tick for tick in given if tick[2] < 2**30]
    assert bare(made(small, "1d")) == bare(time_bars(small, DAY))


@given(ticks(prices=st.integers(-(2**20), 2**20)))
def test_whole_ticks_stay_whole(given):
    bars = made(given, "1m")
    assert bare(bars) == bare(time_bars(given, MINUTE))
    if given:
        assert bars.open.format == "q"


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(1, 5000), st.booleans(), st.integers(1, 10**9)
)
@example(3, 1024, False, 1)
@example(3, 1041, True, 1)
def test_every_vector_path_makes_the_same_bits(seed, n, whole, mean_ns):
    time, price, size, side = random_ticks(n, seed, mean_ns)
    price = (price * 4).astype(np.int64) if whole else price * 0.1
    found = []
    for name in _vectors.vector_paths():
        if _vectors.use_vector_path(name):
            found.append(aggregate_ticks(time, price, size, "1m", side=side))
    widest_path()
    assert len(found) >= 1
    assert all(bars == found[0] for bars in found)
    plain = time_bars(
        list(zip(*(c.tolist() for c in (time, price, size, side)), strict=True)), MINUTE
    )
    for one, other in zip(bare(found[0]), bare(plain), strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12)
        assert one._replace(value=0) == other._replace(value=0)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 31, 64, 1023, 1024, 1025, 1026, 5000])
def test_one_bar_of_any_number_of_ticks(path, n):
    time = START + np.arange(n)
    price = np.random.default_rng(n).permutation(n) * 0.5
    (bar,) = aggregate_ticks(time, price, np.full(n, 2), "1d")
    assert bar[1:7] == (price[0], price.max(), price.min(), price[-1], 2 * n, n)
    assert bar.vwap == price.mean()


def test_one_tick_for_each_bar():
    time = START + np.arange(3000) * MINUTE
    price = np.arange(3000) * 1.0
    bars = aggregate_ticks(time, price, np.ones(3000, np.int64), "1m")
    assert bars.open.tolist() == bars.close.tolist() == price.tolist()
    assert set(bars.ticks) == {1}


def test_no_ticks_make_no_bars():
    bars = made([], "1m")
    assert (len(bars), list(bars)) == (0, [])
    assert not bars.last_partial


def test_gaps_of_centuries_make_no_bars():
    given = [(0, 1.0, 1, 0), (START, 2.0, 1, 0), (9_214_646_399_999_999_999, 3.0, 1, 0)]
    assert bare(made(given, "1s")) == bare(time_bars(given, SECOND))


def test_prices_below_zero_and_minus_zero():
    given = [(START, 10.0, 1, 0), (START, -37.63, 5, 0), (START, -0.0, 1, 0)]
    (bar,) = made(given, "1m")
    assert bar[1:5] == (10.0, 10.0, -37.63, 0.0)
    assert str(bar.close) == "0.0"
    flipped = made([(START, -0.0, 1, 0)] * 40, "1m")
    assert flipped == made([(START, 0.0, 1, 0)] * 40, "1m")


@pytest.mark.parametrize("count", [1, 40])
def test_the_largest_numbers_are_kept_as_they_are(path, count):
    extremes = [LARGEST, -LARGEST - 1] * count
    given = [(START, price, 1, 0) for price in extremes]
    (bar,) = made(given, "1m")
    assert bar[1:5] == (LARGEST, LARGEST, -LARGEST - 1, -LARGEST - 1)
    (huge,) = made([(START, 1e300, 1, 0), (START, -1e300, 1, 0)] * count, "1m")
    assert (huge.high, huge.low) == (1e300, -1e300)
    assert np.isnan(huge.value)
    (big,) = made([(START, 1.5, LARGEST, 0)], "1m")
    assert big.volume == LARGEST


@pytest.mark.parametrize("before", [0, 5, 40, 2000])
def test_a_volume_that_does_not_fit_is_refused(path, before):
    given = [(START, 1.0, 1, 0)] * before + [
        (START, 1.0, LARGEST, 0),
        (START, 1.0, 1, 0),
    ]
    at = before + (before == 0)
    with pytest.raises(BadTick, match="volume of a bar must be below 2") as caught:
        made(given, "1m")
    assert caught.value.index == at


@pytest.mark.parametrize("at", [0, 1, 7, 30, 700, 1999])
@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        (1, float("nan"), "price must be a finite number"),
        (1, float("inf"), "price must be a finite number"),
        (1, float("-inf"), "price must be a finite number"),
        (2, 0, "size must be at least 1"),
        (2, -5, "size must be at least 1"),
        (2, -LARGEST - 1, "size must be at least 1"),
        (3, 2, "side must be 1"),
        (3, -128, "side must be 1"),
    ],
)
def test_a_bad_tick_is_refused_with_its_index(path, at, column, value, why):
    given = list(random_ticks(2000, mean_ns=10**8))
    given[column][at] = value
    with pytest.raises(BadTick, match=why) as caught:
        aggregate_ticks(*given[:3], "1m", side=given[3])
    assert caught.value.index == at
    assert f"(tick {at})" in str(caught.value)


@pytest.mark.parametrize("at", [1, 2, 7, 30, 700, 1999])
@pytest.mark.parametrize("every", ["1m", "1d", "100 ticks", "50 volume", "1 renko"])
def test_unsorted_ticks_are_refused_with_the_index(path, at, every):
    time, price, size, _ = random_ticks(2000)
    time = START + np.arange(2000) * SECOND
    time[at] = time[at - 1] - 1
    with pytest.raises(UnsortedTicks, match="must not be before") as caught:
        aggregate_ticks(time, price, size, every)
    assert caught.value.index == at


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(2, 400))
def test_any_disorder_is_found_where_it_starts(seed, n):
    time = np.random.default_rng(seed).integers(START, START + 10 * MINUTE, n)
    time[: n // 2].sort()
    first = next((i for i in range(1, n) if time[i] < time[i - 1]), None)
    if first is None:
        return
    with pytest.raises(UnsortedTicks) as caught:
        aggregate_ticks(time, np.ones(n), np.ones(n, np.int64), "1m")
    assert caught.value.index == first


@pytest.mark.parametrize("every", ["1m", "10 ticks", "10 volume"])
def test_times_before_1970_and_beyond_2261_are_refused(every):
    with pytest.raises(BadTick, match="must not be before 1970"):
        made([(-1, 1.0, 1, 0)], every)
    for beyond in (9_214_646_400_000_000_000, LARGEST):
        with pytest.raises(BadTick, match="must be before 2262") as caught:
            made([(START, 1.0, 1, 0), (beyond, 1.0, 1, 0)], every)
        assert caught.value.index == 1


def test_equal_times_keep_their_order():
    given = [(START, price, 1, 0) for price in (3.0, 1.0, 9.0, 2.0)]
    (bar,) = made(given, "1s")
    assert (bar.open, bar.close) == (3.0, 2.0)


def test_a_bar_holds_its_open_time_and_not_its_end():
    edge = START // MINUTE * MINUTE
    given = [
        (edge, 1.0, 1, 0),
        (edge + MINUTE - 1, 2.0, 1, 0),
        (edge + MINUTE, 3.0, 1, 0),
    ]
    assert [(bar.time_ns, bar.ticks) for bar in made(given, "1m")] == [
        (edge, 2),
        (edge + MINUTE, 1),
    ]


def test_an_offset_moves_the_bars():
    given = [(START + i * SECOND, 1.0, 1, 0) for i in range(200)]
    assert bare(made(given, "1m", offset="30s")) == bare(
        time_bars(given, MINUTE, 30 * SECOND)
    )
    assert made(given, "1m", offset="-30s") == made(given, "1m", offset=30 * SECOND)


@pytest.mark.parametrize(
    ("every", "why"),
    [
        ("", "every must be a timeframe"),
        ("1x", "every must be a timeframe"),
        ("1M", "every must be a timeframe"),
        ("0m", "every must be a timeframe"),
        ("-1m", "every must be a timeframe"),
        ("1.5m", "every must be a timeframe"),
        ("m", "every must be a timeframe"),
        ("1m ", "every must be a timeframe"),
        ("٣m", "every must be a timeframe"),
        ("2mo", "must be 1mo at most"),
        ("745h", "must be 1mo at most"),
        ("0 ticks", "must be above 0"),
        ("1.5 ticks", "must be whole"),
        (5, "every must be a text"),
        (None, "every must be a text"),
    ],
)
def test_a_timeframe_that_nobody_can_read_is_refused(every, why):
    with pytest.raises(UnknownTimeframe, match=why):
        made([], every)


# ------------------------------------------------------------------ bars to longer bars


CHAINS = [
    ("1s", "1m", "5m"),
    ("1m", "5m", "15m"),
    ("1m", "1h", "1d"),
    ("5m", "1h", "4h"),
    ("1d", "1w", "1w"),
    ("1h", "1d", "1mo"),
    ("7s", "21s", "42s"),
]


@given(
    ticks(most=150, prices=st.integers(-999, 999).map(lambda n: n / 10)),
    st.sampled_from(CHAINS),
)
def test_longer_bars_are_those_of_the_ticks(given, chain):
    shortest, middle, longest = chain
    short = made(given, shortest)
    bars = resample(short, longest)
    assert bars == resample(resample(short, middle), longest)
    assert bars == made(given, longest)


@given(ticks(most=150), st.lists(st.integers(0, 150), max_size=4))
def test_pieces_are_merged_to_the_whole(given, cuts):
    edges = [0, *sorted(cuts), len(given)]
    pieces = [
        made(given[start:stop], "5m") for start, stop in itertools.pairwise(edges)
    ]
    if given:
        assert merge(pieces) == made(given, "5m")


def test_longer_bars_have_the_columns_of_the_shorter():
    time, price, size, _ = random_ticks(5000)
    bars = resample(aggregate_ticks(time, price, size, "1s"), "1m")
    assert "buy_volume" not in bars.names
    assert bars == aggregate_ticks(time, price, size, "1m")


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("5m", "1m"),
        ("2m", "5m"),
        ("1h", "90m"),
        ("1w", "1mo"),
        ("1d", "1h"),
        ("1mo", "1w"),
        ("500 ticks", "1m"),
        ("1m", "500 ticks"),
    ],
)
def test_bars_that_cannot_be_made_are_refused(shorter, longer):
    bars = made([(START, 1.0, 1, 0)], shorter)
    with pytest.raises(UnknownTimeframe, match=f"bars of {longer} cannot be made from"):
        resample(bars, longer)


def test_bars_off_the_grid_of_the_longer_are_refused():
    bars = made([(START, 1.0, 1, 0)], "1m", offset="20s")
    with pytest.raises(UnknownTimeframe, match="cannot be made"):
        resample(bars, "5m")
    assert len(resample(bars, "5m", offset="20s")) == 1


def test_pieces_out_of_order_or_of_two_kinds_are_not_merged():
    early, late = (
        made([(START, 1.0, 1, 0)], "1m"),
        made([(START + DAY, 1.0, 1, 0)], "1m"),
    )
    with pytest.raises(BarError, match="in order of time"):
        merge([late, early])
    with pytest.raises(BarError, match="cannot be made|alike"):
        merge([early, made([(START + DAY, 1.0, 1, 0)], "5m")])
    with pytest.raises(BarError, match="at least one bar"):
        merge([])


# ------------------------------------------------------------------------- threads


@pytest.mark.parametrize("every", ["1s", "1m", "1d", "1w", "1mo"])
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_make_the_same_bits(every, threads):
    time, price, size, side = random_ticks(400_000)
    price = price * 0.1
    alone = aggregate_ticks(time, price, size, every, side=side)
    assert (
        aggregate_ticks(time, price, size, every, side=side, threads=threads) == alone
    )


@pytest.mark.parametrize("at", [199_999, 200_000, 200_001, 399_999])
def test_threads_find_the_same_bad_tick(at):
    time, price, size, _ = random_ticks(400_000)
    time[at] = 0
    price[399_999] = float("nan")
    with pytest.raises(UnsortedTicks) as caught:
        aggregate_ticks(time, price, size, "1m", threads=2)
    assert caught.value.index == at


def test_columns_of_other_lengths_or_types_are_refused():
    time, price, size, side = random_ticks(10)
    for bad, name in (
        ((time[:9], price, size), "price"),
        ((time, price[:9], size), "price"),
        ((time, price, size[:9]), "size"),
        ((time.astype(float), price, size), "time_ns"),
        ((time, price.astype(np.float32), size), "price"),
        ((time, price, size.astype(float)), "size"),
        ((time, price, size.astype(np.int32)), "size"),
        ((time, price, size.reshape(2, 5)), "size"),
        ((time, list(price), size), "price"),
        ((time, None, size), "price"),
        ((time, price.astype(str), size), "price"),
    ):
        with pytest.raises(WrongColumn, match=f"^{name} must"):
            aggregate_ticks(*bad)
    with pytest.raises(WrongColumn, match="side must"):
        aggregate_ticks(time, price, size, side=side.astype(np.int64))
