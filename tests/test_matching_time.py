"""Latency, order at one instant, sessions, expiry, callbacks, pauses, determinism."""

import numpy as np
import pytest
from matching.venue import (
    BUY,
    NOW,
    SELL,
    START,
    contract,
    exchange,
    fills,
    limit,
    market,
    quoted,
    refusal,
    stop,
    told,
)

from fastorder.matching import (
    Histogram,
    Kind,
    Latencies,
    MatchingError,
    Reason,
    Steps,
    What,
)

# ---------------------------------------------------------------- latency


def test_a_request_never_fills_on_the_datum_that_caused_it():
    venue = exchange()
    venue.tick(0, 1000, 100)
    order = market(venue, BUY)
    venue.tick(0, 1000, 50)  # the same instant: the request is on its way
    assert fills(venue) == []
    venue.tick(0, 1001, 70)  # it arrives now, before the datum
    assert fills(venue) == [(order, 70, 1)]


def test_a_market_order_gets_the_quote_of_its_arrival():
    venue = quoted(100, latency=Latencies(500, 0, 0, 0))
    order = market(venue, BUY)
    venue.tick(0, 1499, 110, bid=110, ask=111)
    venue.tick(0, 1500, 120, bid=120, ask=121)
    assert fills(venue) == [(order, 111, 1)]


def test_events_are_seen_later_and_never_out_of_order():
    latency = Latencies(1, Histogram((5, 500), (1, 1)), 0, 0)
    venue = quoted(100, latency=latency)
    for _ in range(20):
        market(venue, BUY)
        venue.advance(venue.now_ns + 10)
    rows = venue.take_events()
    waits = rows["seen_ns"] - rows["time_ns"]
    assert (np.diff(rows["seen_ns"]) >= 0).all()
    assert waits.min() >= 5
    assert waits.max() >= 300


def test_a_table_of_latencies_holds_from_its_times_on():
    latency = Latencies(Steps((0, 2000), (10, 300)), 0, 0, 0)
    venue = quoted(100, latency=latency)
    market(venue, BUY)
    market(venue, BUY, at=2500)
    venue.advance(5000)
    rows = venue.take_events()
    assert rows[rows["kind"] == What.ACCEPTED]["time_ns"].tolist() == [1010, 2800]


def test_a_draw_is_of_the_seed_and_the_order_alone():
    drawn = Latencies(Histogram(tuple(range(1, 1001)), (1,) * 1000), 0, 0, 0)

    def arrivals(seed, before):
        venue = quoted(100, latency=drawn, seed=seed)
        for _ in range(before):
            venue.cancel(0, 999)  # takes no order's id
        for _ in range(30):
            market(venue, BUY)
        venue.advance(10_000)
        rows = venue.take_events()
        rows = rows[rows["kind"] == What.ACCEPTED]
        return dict(
            zip(rows["order_id"].tolist(), rows["time_ns"].tolist(), strict=True)
        )

    assert arrivals(1, 0) == arrivals(1, 7)
    assert arrivals(1, 0) != arrivals(2, 0)
    assert len(set(arrivals(1, 0).values())) > 20


def test_a_cancel_that_overtakes_its_order_finds_none():
    venue = quoted(100, latency=Latencies(Steps((0, 1001), (500, 1)), 0, 0, 0))
    order = limit(venue, BUY, 90)
    venue.cancel(0, order, at=1100)
    venue.advance(1499)
    assert refusal(venue) == (2, Reason.ORDER_NOT_FOUND)
    venue.advance(2000)
    assert len(venue.orders(0)) == 1


# ---------------------------------------------------------------- brackets over time


def bracket(venue, **more):
    return market(venue, BUY, 2, stop_loss=-10, take_profit=20, **more)


def test_legs_sleep_until_their_latency_is_over():
    venue = quoted(100, latency=Latencies(1, 0, 1000, 0))
    entry = bracket(venue)
    venue.advance(1001)
    assert [row.status for row in venue.orders(0)] == [8, 8]
    venue.tick(0, 1500, 50, bid=50, ask=51)  # far below the stop, which sleeps
    assert [name for name, *_ in told(venue)].count("TRADE") == 1
    venue.advance(2001)  # active, and beyond its price already
    assert fills(venue) == [(entry + 1, 50, -2)]
    assert venue.orders(0) == []


def test_the_other_leg_may_fill_until_it_is_cancelled():
    venue = quoted(100, latency=Latencies(1, 0, 0, 1000))
    entry = bracket(venue)
    venue.advance(1001)
    venue.tick(0, 1100, 121, bid=121, ask=122)
    venue.tick(0, 1200, 80, bid=80, ask=81)
    assert fills(venue)[1:] == [(entry + 2, 121, -2), (entry + 1, 80, -2)]
    assert venue.position(0, 0).size == -2
    venue.advance(3000)
    assert venue.orders(0) == []


def test_a_close_leaves_the_legs_and_an_orphan_opens_a_position():
    venue = quoted(100)
    entry = bracket(venue)
    venue.advance(1001)
    venue.close(0, 0)
    venue.advance(1002)
    assert venue.position(0, 0).size == 0
    assert [row.id for row in venue.orders(0)] == [entry + 1, entry + 2]
    venue.tick(0, 1100, 90, bid=90, ask=91)
    assert venue.position(0, 0).size == -2


def test_cancelling_one_leg_leaves_the_other():
    venue = quoted(100)
    entry = bracket(venue)
    venue.cancel(0, entry + 1, at=1010)
    venue.advance(1011)
    assert [row.id for row in venue.orders(0)] == [entry + 2]


def test_cancelling_an_entry_takes_its_legs():
    venue = quoted(100)
    entry = limit(venue, BUY, 50, stop_loss=-10, take_profit=20)
    venue.cancel(0, entry, at=1010)
    venue.advance(1011)
    ended = [order for name, order, _ in told(venue) if name == "CANCELLED"]
    assert ended == [entry, entry + 1, entry + 2]


# ---------------------------------------------------------------- sessions, expiry

HOURS = {"opens": (1000, 3000), "closes": (2000, 4000)}


def test_nothing_fills_in_the_closed_hour():
    venue = exchange(**HOURS)
    venue.tick(0, 1500, 100)
    order = limit(venue, BUY, 95)
    venue.tick(0, 1600, 100)
    venue.tick(0, 2000, 50)  # the close is no part of the session
    assert (venue.outside(0), fills(venue)) == (1, [])
    venue.tick(0, 3000, 94)
    assert fills(venue) == [(order, 95, 1)]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda venue: market(venue, BUY, at=2100), 2),
        (lambda venue: venue.modify(0, 1, limit=96, at=2100), 3),
        (lambda venue: venue.close(0, 0, at=2100), 5),
        (lambda venue: venue.close(0, 0, 1, at=2100), 6),
    ],
)
def test_requests_of_the_closed_hour_are_refused(ask, code):
    venue = exchange(**HOURS)
    venue.tick(0, 1500, 100, bid=100, ask=101)
    limit(venue, BUY, 95)
    market(venue, BUY)
    venue.advance(1600)
    venue.take_events()
    ask(venue)
    venue.advance(2200)
    assert refusal(venue) == (code, Reason.MARKET_CLOSED)


def test_a_cancel_is_taken_in_the_closed_hour():
    venue = exchange(**HOURS)
    venue.tick(0, 1500, 100)
    order = limit(venue, BUY, 95)
    venue.cancel(0, order, at=2500)
    venue.advance(2600)
    assert venue.orders(0) == []


@pytest.mark.parametrize(("expires", "left"), [(True, 0), (False, 3)])
def test_orders_expire_at_the_close_where_that_is_chosen(expires, left):
    venue = exchange(expire_at_close=expires, **HOURS)
    venue.tick(0, 1500, 100)
    limit(venue, BUY, 95, stop_loss=-10, take_profit=10)
    venue.advance(2000)
    assert len(venue.orders(0)) == left


def test_a_contract_ends_its_orders_expire_its_position_is_settled():
    venue = exchange(contracts=[contract(expires_ns=5000), contract()])
    venue.tick(0, 1000, 100, bid=100, ask=101)
    venue.tick(1, 1000, 110, bid=110, ask=111)
    market(venue, BUY, 2)
    resting = limit(venue, BUY, 50)
    venue.tick(0, 1500, 105, bid=105, ask=106)
    venue.advance(5000)
    assert told(venue)[-2:] == [("EXPIRED", resting, -(1 << 63)), ("SETTLED", 0, 105)]
    assert venue.balance(0) == START + 2 * 4 * 500_000
    market(venue, BUY)
    venue.advance(5010)
    assert refusal(venue) == (9, Reason.CONTRACT_NOT_ACTIVE)
    venue.place(0, 1, Kind.MARKET, BUY, 1)  # the next contract goes on
    venue.advance(5020)
    assert venue.position(0, 1).size == 1
    venue.close(0, 0)
    venue.advance(5030)
    rows = venue.take_events()
    assert rows[-1]["code"] == 4


# ---------------------------------------------------------------- callbacks, pauses


def columns(n=400, seed=5):
    rng = np.random.default_rng(seed)
    prices = 1000 + np.cumsum(rng.integers(-2, 3, n))
    return np.arange(n, dtype=np.int64) * 100 + 1000, prices.astype(np.int64)


def test_on_event_is_called_when_each_is_seen_and_may_trade():
    seen = []

    def on_event(event):
        seen.append((venue.now_ns, event[1], event[16]))
        if event[16] == What.TRADE and len(seen) < 60:
            venue.place(0, 0, Kind.MARKET, SELL if event[8] > 0 else BUY, 2)

    venue = exchange(latency=Latencies(150, 70, 0, 0), on_event=on_event)
    times, prices = columns()
    venue.tick(0, 900, 1000)
    market(venue, BUY)
    venue.feed_ticks(0, times, prices)
    assert [now for now, *_ in seen] == [due for _, due, _ in seen]
    assert len(seen) >= 60


def test_a_pause_shows_the_same_at_the_same_time_as_a_callback():
    def with_callbacks():
        def on_event(event):
            seen.append(event[:5])
            if event[16] == What.TRADE and event[8] != 0:
                venue.close(0, 0)

        seen = []
        venue = exchange(latency=Latencies(150, 70, 0, 0), on_event=on_event)
        venue.tick(0, 900, 1000)
        for start in range(0, 400, 40):
            limit(venue, BUY, 1000)
            venue.feed_ticks(0, times[start : start + 40], prices[start : start + 40])
        return seen, venue.balance(0)

    def with_pauses():
        seen = []
        venue = exchange(latency=Latencies(150, 70, 0, 0))
        venue.tick(0, 900, 1000)
        for start in range(0, 400, 40):
            limit(venue, BUY, 1000)
            at = start
            while at < start + 40:
                rows = slice(at, start + 40)
                at += venue.feed_ticks(0, times[rows], prices[rows], pause=True)
                for row in venue.take_seen():
                    seen.append(tuple(row.tolist()[:5]))
                    if row["kind"] == What.TRADE and row["position"] != 0:
                        venue.close(0, 0)
        return seen, venue.balance(0)

    times, prices = columns()
    assert with_callbacks() == with_pauses()


def test_an_error_out_of_on_event_comes_out_of_the_feed_and_no_tick_is_lost():
    def on_event(event):
        if event[16] == What.TRADE:
            raise RuntimeError("enough")

    venue = quoted(1000, on_event=on_event)
    times, prices = columns(50)
    market(venue, BUY)
    with pytest.raises(RuntimeError, match="enough"):
        venue.feed_ticks(0, times + 500, prices)
    taken = venue.fed
    venue.feed_ticks(0, (times + 500)[taken:], prices[taken:])
    assert venue.now_ns == times[-1] + 500
    assert venue.position(0, 0).size == 1


def test_data_are_not_fed_from_within_on_event():
    def on_event(_):
        with pytest.raises(MatchingError, match="from within on_event"):
            venue.tick(0, 2000, 100)
        with pytest.raises(MatchingError, match="from within on_event"):
            venue.snapshot()
        calls.append(1)

    calls = []
    venue = quoted(100, on_event=on_event)
    market(venue, BUY)
    venue.advance(1500)
    assert len(calls) == 2


# ---------------------------------------------------------------- one by one, snapshots


def run(venue, first, last, feed):
    """Orders and ticks of a made-up day."""
    times, prices = columns(600, seed=8)
    for start in range(first, last, 50):
        side = BUY if start % 100 else SELL
        way = 1 if side == BUY else -1
        price = int(prices[start])
        market(venue, side, 2, tag=f"{start}", stop_loss=-way * 8, take_profit=way * 9)
        limit(venue, side, price - 3 * way)
        stop(venue, side, price + 4 * way)
        feed(venue, times[start : start + 50], prices[start : start + 50])


def bulk(venue, times, prices):
    venue.feed_ticks(0, times, prices)


def singly(venue, times, prices):
    for time, price in zip(times.tolist(), prices.tolist(), strict=True):
        venue.tick(0, time, price)


def started(**more):
    drawn = Histogram((10, 90, 700), (4, 3, 1))
    venue = exchange(latency=Latencies(drawn, drawn, drawn, drawn), **more)
    venue.tick(0, 900, 1000)
    return venue


def test_the_same_input_is_the_same_bytes_one_by_one_and_in_bulk():
    ends = []
    for feed in (bulk, bulk, singly):
        venue = started(seed=4)
        run(venue, 0, 600, feed)
        ends.append((venue.snapshot(), venue.take_events().tobytes()))
    assert ends[0] == ends[1] == ends[2]
    other = started(seed=5)
    run(other, 0, 600, bulk)
    assert other.take_events().tobytes() != ends[0][1]


@pytest.mark.parametrize("cut", range(50, 600, 150))
def test_a_restored_exchange_goes_on_as_if_nothing_had_been(cut):
    whole = started()
    run(whole, 0, 600, bulk)
    first = started()
    run(first, 0, cut, bulk)
    second = started()
    second.restore(first.snapshot())
    run(second, cut, 600, bulk)
    assert second.snapshot() == whole.snapshot()


def test_latencies_have_the_gateways_times_unless_told_otherwise():
    given = Latencies()
    assert (given.entry, given.leg, given.oco) == (7_000_000, 11_000_000, 12_000_000)
    assert NOW.entry == 1
