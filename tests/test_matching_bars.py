"""Bars: the stated path, what cannot be known, what is decided against the strategy."""

import numpy as np
import pytest
from matching.venue import BUY, SELL, exchange, fills, limit, market, stop, told

from fastorder.matching import BadDatum, Flag, Kind, Latencies, UnsortedData, What

MINUTE = 60_000_000_000


def bars(venue, *rows, first=0):
    """Feed bars of a minute each: open, high, low, close."""
    for number, row in enumerate(rows, first):
        venue.bar(0, number * MINUTE, (number + 1) * MINUTE, *row)


def long_from_100(**settings):
    """Two contracts bought at 100, a stop ten ticks below, a target ten above."""
    venue = exchange(**settings)
    bars(venue, (100, 100, 100, 100))
    market(venue, BUY, 2, stop_loss=-10, take_profit=10)
    bars(venue, (100, 101, 99, 100), first=1)
    assert fills(venue) == [(1, 100, 2)]
    return venue


# ---------------------------------------------------------------- what is known


def test_a_market_order_between_bars_fills_at_the_next_open():
    venue = exchange()
    bars(venue, (100, 105, 95, 102))
    order = market(venue, BUY)
    bars(venue, (104, 110, 90, 95), first=1)
    assert fills(venue) == [(order, 104, 1)]
    assert venue.ambiguous == 0


def test_a_limit_fills_at_its_price_once_a_bar_goes_through():
    venue = exchange()
    bars(venue, (100, 100, 100, 100))
    order = limit(venue, BUY, 95)
    bars(venue, (100, 102, 95, 98), first=1)
    assert fills(venue) == []
    bars(venue, (98, 98, 94, 96), first=2)
    assert fills(venue) == [(order, 95, 1)]
    assert venue.ambiguous == 0


def test_a_stop_fills_at_its_price_within_a_bar_and_at_the_open_of_a_gap():
    venue = exchange()
    bars(venue, (100, 100, 100, 100))
    inside, gap = stop(venue, SELL, 95), stop(venue, SELL, 80)
    bars(venue, (100, 101, 90, 92), (70, 75, 65, 72), first=1)
    assert fills(venue) == [(inside, 95, -1), (gap, 70, -1)]
    assert venue.ambiguous == 0


def test_orders_of_one_side_fill_in_the_order_of_their_prices():
    venue = exchange()
    bars(venue, (100, 100, 100, 100))
    low, high = limit(venue, BUY, 90), limit(venue, BUY, 95)
    bars(venue, (100, 101, 80, 85), first=1)
    assert fills(venue) == [(high, 95, 1), (low, 90, 1)]
    assert venue.ambiguous == 0


def test_the_stretch_after_the_fill_counts_on_the_entry_bar():
    venue = exchange(latency=Latencies(1, 0, 1000, 0))
    bars(venue, (100, 100, 100, 100))
    entry = limit(venue, BUY, 95, stop_loss=-10, take_profit=10)
    # the high came before the entry for sure only on one of the two ways
    bars(venue, (100, 110, 90, 92), first=1)
    assert fills(venue) == [(entry, 95, 1)]
    assert venue.ambiguous == 1


def test_a_stop_below_the_entry_fills_on_the_entry_bar():
    venue = exchange(latency=Latencies(1, 0, 1000, 0))
    bars(venue, (100, 100, 100, 100))
    entry = limit(venue, BUY, 95, stop_loss=-5)
    bars(venue, (100, 104, 85, 88), first=1)
    assert fills(venue) == [(entry, 95, 1), (entry + 1, 90, -1)]
    assert venue.ambiguous == 0


# ---------------------------------------------------------------- what is not


def test_stop_and_target_in_one_bar_are_ambiguous_and_the_stop_it_is():
    venue = long_from_100()
    bars(venue, (100, 112, 88, 110), first=2)
    rows = venue.take_events()
    trades = rows[rows["kind"] == What.TRADE]
    assert (trades["order_id"].tolist(), trades["price_ticks"].tolist()) == ([2], [90])
    assert trades["flags"][0] & Flag.AMBIGUOUS
    named = rows[rows["kind"] == What.AMBIGUOUS]["order_id"]
    assert sorted(named.tolist()) == [2, 3]
    assert venue.ambiguous == 2


@pytest.mark.parametrize(
    ("path", "price"),
    [("worst", 90), ("high_first", 110), ("low_first", 90), ("nearest", 110)],
)
def test_the_path_is_the_one_that_was_stated(path, price):
    venue = long_from_100(path=path)
    bars(venue, (103, 112, 88, 100), first=2)
    assert [fill[1] for fill in fills(venue)] == [price]
    assert venue.ambiguous == 2


def test_the_worst_path_is_the_worst_for_a_short_too():
    venue = exchange()
    bars(venue, (100, 100, 100, 100))
    market(venue, SELL, stop_loss=10, take_profit=-10)
    bars(venue, (100, 101, 99, 100), (100, 112, 88, 90), first=1)
    assert [fill[1] for fill in fills(venue)] == [100, 110]


def test_a_bar_that_reaches_one_of_both_is_not_ambiguous():
    venue = long_from_100()
    bars(venue, (100, 112, 95, 110), first=2)
    assert [fill[1] for fill in fills(venue)] == [110]
    assert venue.ambiguous == 0


@pytest.mark.parametrize("late", [False, True])
def test_the_way_is_that_of_the_position_once_the_price_can_move(late):
    """Short at the open; what turns it is there before the price can have moved."""
    third = MINUTE // 3
    venue = exchange(latency=Latencies(entry=third // 2 if late else third // 11 - 3))
    bars(venue, (100, 100, 100, 100))
    market(venue, SELL)
    bars(venue, (100, 100, 100, 100), first=1)
    limit(venue, BUY, 91)
    limit(venue, SELL, 109)
    bars(venue, (100, 100, 100, 100), first=2)
    market(venue, BUY, 2)
    bars(venue, (100, 110, 90, 100), first=3)
    prices = [price for _, price, _ in fills(venue)]
    late_way, way = [100, 104, 104, 109, 91], [100, 100, 100, 91, 109]
    assert prices == (late_way if late else way)


# ---------------------------------------------------------------- against the ticks


def brackets(seed):
    """A day of ticks, random entries with brackets, one at a time."""
    rng = np.random.default_rng(seed)
    prices = (2000 + np.cumsum(rng.integers(-1, 2, 2400))).astype(np.int64)
    times = (np.arange(2400) * (MINUTE // 60)).astype(np.int64)
    entry = int(rng.integers(1, 30)) * 60
    kind = (Kind.MARKET, Kind.LIMIT, Kind.STOP)[rng.integers(3)]
    side = (BUY, SELL)[rng.integers(2)]
    way = 1 if side == BUY else -1
    away = int(rng.integers(1, 8)) * (-1 if kind == Kind.LIMIT else 1)
    price = int(prices[entry - 1]) + way * away
    legs = [int(leg) for leg in rng.integers(4, 12, 2)]
    return times, prices, entry, kind, side, way, price, legs


def traded(seed, by_bars):
    """What one bracket brought, once its stop or its target has filled; or None."""
    times, prices, entry, kind, side, way, price, legs = brackets(seed)
    venue = exchange(latency=Latencies(1, 0, 1, 0))

    def feed(first, last):
        if not by_bars:
            venue.feed_ticks(0, times[first:last], prices[first:last])
            return
        rows = prices[first:last].reshape(-1, 60)
        starts = times[first:last:60].copy()
        columns = rows[:, 0], rows.max(1), rows.min(1), rows[:, -1]
        venue.feed_bars(0, starts, starts + MINUTE, *(c.copy() for c in columns))

    feed(0, entry)
    venue.advance(int(times[entry]) - 1)
    venue.place(
        0, 0, kind, side, 1, limit=price, stop=price,
        stop_loss=-way * legs[0], take_profit=way * legs[1],
    )  # fmt: skip
    feed(entry, 2400)
    ends = [row[1] for row in fills(venue)]
    return way * (ends[1] - ends[0]) if len(ends) == 2 else None


def test_bars_never_fare_better_than_the_ticks_that_they_are_made_of():
    both = [(traded(seed, True), traded(seed, False)) for seed in range(400)]
    ended = [pair for pair in both if None not in pair]
    assert len(ended) > 250
    assert [pair for pair in ended if pair[0] > pair[1]] == []


# ---------------------------------------------------------------- feeding


def test_bars_one_by_one_and_in_bulk_are_the_same_bytes():
    times, prices, *_ = brackets(3)
    rows = prices.reshape(-1, 60)
    columns = [rows[:, 0], rows.max(1), rows.min(1), rows[:, -1]]
    starts = times[::60].copy()
    ends = []
    for step in (40, 1, 7):
        venue = exchange(latency=Latencies(9, 5, 11, 12))
        bars(venue, (2000, 2000, 2000, 2000))
        for away in range(-20, 20, 3):
            limit(venue, BUY if away < 0 else SELL, 2000 + away, stop_loss=None)
        for first in range(1, 40, step):
            rows_now = slice(first, first + step)
            venue.feed_bars(0, starts[rows_now], starts[rows_now] + MINUTE,
                            *(c[rows_now].copy() for c in columns))  # fmt: skip
        ends.append(venue.snapshot())
    assert ends[0] == ends[1] == ends[2]


def test_a_pause_within_a_bar_goes_on_where_it_was():
    venue = exchange(latency=Latencies(5, 5, 5, 5))
    bars(venue, (100, 100, 100, 100))
    limit(venue, BUY, 95)
    row = [np.array([value]) for value in (MINUTE, 2 * MINUTE, 100, 101, 80, 90)]
    shown = []
    while not venue.feed_bars(0, *row, pause=True):
        for event in venue.take_seen():
            shown.append(What(int(event["kind"])).name)
            if event["kind"] == What.TRADE:
                assert MINUTE < venue.now_ns < 2 * MINUTE
                if event["side"] == 1:
                    market(venue, SELL)
        snapshot = venue.snapshot()
        venue.restore(snapshot)
        assert venue.snapshot() == snapshot
    assert shown == ["ACCEPTED", "TRADE", "ACCEPTED", "TRADE"]
    assert venue.position(0, 0).size == 0


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((0, 60, 10, 12, 9, 13), "high must be"),
        ((0, 60, 10, 9, 12, 10), "high must be"),
        ((0, 3, 10, 10, 10, 10), "end_ns"),
        ((60, 0, 10, 10, 10, 10), "end_ns"),
        ((0, 60, 10, 12, 0, 10), "price"),
    ],
)
def test_what_is_no_bar_is_refused(row, why):
    with pytest.raises(BadDatum, match=why):
        exchange().bar(0, *row)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ((-2, 60, 10, 12, 9, 11), UnsortedData),
        ((0, 3, 10, 10, 10, 10), BadDatum),
        ((0, 60, 10, 12, 11, 11), BadDatum),
        ((0, 60, 10, 12, 9, 13), BadDatum),
        ((0, 60, 10, 12, 0, 10), BadDatum),
        ((0, 60, 10, 1 << 40, 9, 10), BadDatum),
    ],
)
def test_what_is_no_bar_is_refused_among_calm_ones(row, kind):
    """Nothing can happen in any of them: those before it are fed, and no other."""
    venue, calm = exchange(), np.array([[0, 60, 10, 12, 9, 11]] * 9)
    calm[:, :2] += 60 * np.arange(9)[:, None]
    calm[5] = np.add(row, [300, 300, 0, 0, 0, 0])
    with pytest.raises(kind) as raised:
        venue.feed_bars(0, *calm.T.copy())
    assert raised.value.index == 5
    assert venue.now_ns == 299


def test_calm_bars_outside_the_session_are_counted():
    venue = exchange(opens=(0, 420), closes=(180, 600))
    starts = 60 * np.arange(10)
    prices = [np.full(10, price) for price in (10, 12, 9, 11)]
    venue.feed_bars(0, starts, starts + 60, *prices)
    assert venue.outside(0) == 4
    assert venue.now_ns == 599


@pytest.mark.parametrize("shut", [1, MINUTE // 33 - 3, MINUTE // 20, MINUTE // 2])
def test_no_price_is_printed_after_the_close(shut):
    """A stop on the wrong side of the bar's close, and of no print before it."""
    venue = exchange(opens=(0, 3 * MINUTE), closes=(MINUTE + shut, 10 * MINUTE))
    bars(venue, (100, 110, 95, 108), first=1)
    venue.advance(3 * MINUTE)
    stop(venue, SELL, 104)
    venue.advance(3 * MINUTE + 1)
    assert [what for what, _, _ in told(venue)] == ["REJECTED"]
