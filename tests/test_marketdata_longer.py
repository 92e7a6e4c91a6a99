"""Bars to longer bars: every number of bars in one, and all that is out of the way."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from plain_bars import MINUTE

from fastorder.marketdata import BadTick, Bars, _vectors, aggregate_ticks, resample

SUMS = ("volume", "ticks", "buy_volume", "sell_volume")
PRICES = ("open", "high", "low", "close")
MANY = 2100


@pytest.fixture(params=_vectors.vector_paths())
def vectors(request):
    before = _vectors.vector_path()
    if not _vectors.use_vector_path(request.param):
        pytest.skip(f"this machine has no {request.param}")
    yield
    _vectors.use_vector_path(before)


def given(dtype=float, *, gaps=0, full=False, rows=MANY):
    """Bars of a minute as columns, with pauses of up to an hour."""
    chance = np.random.default_rng(3)
    steps = np.where(chance.random(rows) < gaps, chance.integers(1, 60, rows), 1)
    opened, close = chance.integers(-50, 50, (2, rows))
    columns = {
        "time_ns": np.cumsum(steps) * MINUTE,
        "open": opened,
        "high": np.maximum(opened, close) + chance.integers(0, 9, rows),
        "low": np.minimum(opened, close) - chance.integers(0, 9, rows),
        "close": close,
        "volume": chance.integers(2, 1000, rows),
    }
    if full:
        for name in SUMS[1:]:
            columns[name] = chance.integers(0, 1000, rows)
        columns["value"] = chance.integers(-(10**6), 10**6, rows) * 0.25
        columns["value_rest"] = np.zeros(rows)
    return columns | {n: columns[n] * dtype(1) for n in PRICES}


def plain(columns, minutes):
    """The same with Python's own numbers, bar after bar."""
    rows, last = [], None
    names = [name for name in columns if name != "time_ns"]
    lists = {name: column.tolist() for name, column in columns.items()}
    for i, time in enumerate(lists["time_ns"]):
        label = time // (minutes * MINUTE) * minutes * MINUTE
        bar = {name: lists[name][i] for name in names}
        if label != last:
            rows.append({"time_ns": label, **bar})
            last = label
            continue
        sum_of = rows[-1]
        sum_of["high"] = max(sum_of["high"], bar["high"])
        sum_of["low"] = min(sum_of["low"], bar["low"])
        sum_of["close"] = bar["close"]
        for name in (*SUMS, "value"):
            if name in bar:
                sum_of[name] += bar[name]
    return {name: [row[name] for row in rows] for name in columns}


def same(columns, minutes):
    bars = resample(Bars.from_columns(columns, "1m"), f"{minutes}m")
    found = {name: column.tolist() for name, column in bars.to_numpy().items()}
    assert found == plain(columns, minutes)
    return bars


@pytest.mark.parametrize("minutes", [2, 5, 7, 30])
def test_values_add_up_to_those_of_the_ticks_to_the_bit(vectors, minutes):
    # tenths: each value has a rest that no float holds
    chance = np.random.default_rng(5)
    rows = 8 * MANY
    time_ns = np.arange(rows) * (MINUTE // 8)
    price = chance.integers(-(10**6), 10**6, rows) * 0.1
    size = chance.integers(1, 10**6, rows)
    bars = aggregate_ticks(time_ns, price, size, "1m")
    assert np.count_nonzero(bars.value_rest) > MANY / 2
    longer = f"{minutes}m"
    assert resample(bars, longer) == aggregate_ticks(time_ns, price, size, longer)


def test_a_value_beyond_the_floats_is_not_known(vectors):
    chance = np.random.default_rng(6)
    rows = 8 * MANY
    time_ns = np.arange(rows) * (MINUTE // 8)
    price = chance.integers(0, 10**6, rows) * 1000.0
    size = chance.integers(1, 10**6, rows)
    bars = aggregate_ticks(time_ns, price, size, "1m")
    longer = resample(bars, "5m")
    assert not np.isnan(bars.value).any()
    assert 0 < np.isnan(longer.value).sum() < len(longer)
    assert longer == aggregate_ticks(time_ns, price, size, "5m")


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("dtype", [float, int])
@pytest.mark.parametrize("gaps", [0, 0.02, 0.5])
def test_any_number_of_bars_makes_one(vectors, dtype, gaps, full):
    columns = given(dtype, gaps=gaps, full=full)
    for minutes in [*range(1, 13), 15, 20, 30, 32, 60, 240, 720, 1440]:
        same(columns, minutes)


@pytest.mark.parametrize("volume", [2**50, 2**59])
def test_large_volumes_are_added_exactly(vectors, volume):
    columns = given()
    columns["volume"][::97] = volume
    for minutes in (1, 3, 5, 7, 15, 20):
        same(columns, minutes)


# at the edges of the first blocks, and within the second
@pytest.mark.parametrize("row", [*range(7, 12), *range(263, 268), 400])
@pytest.mark.parametrize("name", [*SUMS, "value"])
def test_one_bar_out_of_the_ordinary_may_be_anywhere(vectors, name, row):
    columns = given(full=True)
    columns[name][5 * row] = 2**50
    same(columns, 5)


@pytest.mark.parametrize("row", [8, 9, 264, 265, 400])
@pytest.mark.parametrize("name", SUMS)
def test_a_sum_beyond_63_bits_is_refused_anywhere(vectors, name, row):
    columns = given(full=True)
    columns[name][5 * row : 5 * row + 2] = 2**62
    with pytest.raises(BadTick, match="volume of a bar must be below") as caught:
        resample(Bars.from_columns(columns, "1m"), "5m")
    assert caught.value.index == 5 * row - 1


def test_bars_may_lack_any_of_the_further_columns(vectors):
    columns = given(full=True)
    for missing in (*((name,) for name in SUMS[1:]), ("value", "value_rest")):
        given_ones = {n: c for n, c in columns.items() if n not in missing}
        same(given_ones, 5)


# so that a sum without a check would come around to a number that looks right
@pytest.mark.parametrize(
    ("count", "volume"), [(5, 2**62), (20, 2**60), (2500, 2**64 // 2499)]
)
def test_a_sum_of_volumes_beyond_63_bits_is_refused(vectors, count, volume):
    columns = given()
    columns["volume"][:count] = volume
    bars = Bars.from_columns(columns, "1m")
    with pytest.raises(BadTick, match="volume of a bar must be below"):
        resample(bars, "1w")


def test_bars_without_trades_do_not_count(vectors):
    columns = given()
    for name in ("high", "low", "close"):
        columns[name][1::50] = columns["open"][1::50]
    columns["volume"][1::50] = 0
    with_trades = {n: c[columns["volume"] > 0] for n, c in columns.items()}
    for minutes in (2, 3, 5, 7, 15, 20, 60):
        bars = resample(Bars.from_columns(columns, "1m"), f"{minutes}m")
        found = {n: c.tolist() for n, c in bars.to_numpy().items()}
        assert found == plain(with_trades, minutes)


def test_a_value_that_nobody_knows_makes_one_that_nobody_knows(vectors):
    columns = given(full=True)
    columns["value"][50] = np.nan
    bars = resample(Bars.from_columns(columns, "1m"), "5m").to_numpy()
    assert np.flatnonzero(np.isnan(bars["value"])).tolist() == [10]
    assert np.flatnonzero(np.isnan(bars["value_rest"])).tolist() == [10]


def test_the_sign_of_zero_does_not_depend_on_the_vectors(vectors):
    columns = given()
    for name in PRICES:
        columns[name][:] = -0.0
        columns[name][::3] = 0.0
    for minutes in (5, 7, 20, 60):
        bars = resample(Bars.from_columns(columns, "1m"), f"{minutes}m").to_numpy()
        assert not np.signbit(bars["high"]).any()
        assert not np.signbit(bars["low"]).any()


def test_memory_that_is_used_again_is_nobodys():
    """Columns of megabytes wait for the next; those that live keep what they hold."""
    bars = Bars.from_columns(given(full=True, rows=900_000), "1m")
    kept = resample(bars, "3m")
    copy = {name: column.copy() for name, column in kept.to_numpy().items()}
    part = kept[100:200]
    expected = list(part)
    for every in ("2m", "3m", "4m", "3m"):
        resample(bars, every)
    again = resample(bars, "3m")
    assert again == kept
    for name, column in kept.to_numpy().items():
        assert np.array_equal(column, copy[name])
    del kept, column
    resample(bars, "2m"), resample(bars, "3m")
    assert list(part) == expected


def test_threads_may_make_and_drop_long_columns():
    bars = Bars.from_columns(given(rows=600_000), "1m")
    expected = {every: resample(bars, every) for every in ("2m", "3m")}

    def work(every):
        return all(resample(bars, every) == expected[every] for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, ["2m", "3m"] * 4))
