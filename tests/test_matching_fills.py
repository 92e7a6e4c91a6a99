"""Where orders fill: the fill models, gaps, slippage, depth, parts of an order."""

import pytest
from matching.venue import (
    BUY,
    SELL,
    contract,
    exchange,
    fills,
    limit,
    market,
    quoted,
    stop,
    told,
)

from fastorder.matching import Flag, Kind, Queue, Touch, TradeThrough

ALL = [Touch(), TradeThrough(1), TradeThrough(3), Queue(5)]


def at(venue, *prices, size=1):
    """Print prices, 100 ns apart."""
    for price in prices:
        venue.tick(0, venue.now_ns + 100, price, size)


# ---------------------------------------------------------------- limits that rest


@pytest.mark.parametrize(
    ("model", "price"),
    [(Touch(), 95), (TradeThrough(1), 94), (TradeThrough(3), 92), (Queue(5), 94)],
)
@pytest.mark.parametrize("way", [1, -1])
def test_a_resting_limit_fills_at_its_price_once_the_model_says_so(model, price, way):
    venue = exchange(fills=model)
    at(venue, 100)
    order = limit(venue, BUY if way == 1 else SELL, 100 - 5 * way)
    at(venue, 100, 100 + way * (price + 1 - 100))
    assert fills(venue) == []
    at(venue, 100 + way * (price - 100))
    assert fills(venue) == [(order, 100 - 5 * way, way)]


@pytest.mark.parametrize("model", ALL)
def test_a_jump_over_a_limit_is_no_gift(model):
    venue = exchange(fills=model)
    at(venue, 100)
    order = limit(venue, BUY, 95)
    at(venue, 100, 50)
    assert fills(venue) == [(order, 95, 1)]


@pytest.mark.parametrize(("model", "ask"), [(Touch(), 95), (TradeThrough(2), 94)])
def test_a_quote_that_would_have_met_the_order_fills_it(model, ask):
    venue = quoted(fills=model)
    order = limit(venue, BUY, 95)
    venue.quote(0, 1100, 90, ask + 1)
    assert fills(venue) == []
    venue.quote(0, 1200, 90, ask)
    assert fills(venue) == [(order, 95, 1)]


def test_a_limit_that_comes_too_high_takes_what_is_there():
    venue = quoted(100)
    order = limit(venue, BUY, 110)
    venue.advance(1001)
    rows = venue.take_events()
    trade = rows[rows["kind"] == 3][0]
    assert (trade["order_id"], trade["price_ticks"]) == (order, 101)
    assert trade["flags"] == Flag.TAKER | Flag.OPENS


def test_the_queue_is_what_the_level_shows_and_prints_cut_it():
    venue = exchange(fills=Queue(1000))
    venue.tick(0, 1000, 100)
    venue.quote(0, 1001, 99, 101, 7, 9)
    order = limit(venue, BUY, 99, 3)
    venue.advance(1010)
    at(venue, 99, size=5)
    assert venue.orders(0)[0].ahead == 2
    at(venue, 99, size=4)
    assert fills(venue) == [(order, 99, 2)]
    assert venue.orders(0)[0].filled == 2
    at(venue, 99, size=4)
    assert fills(venue) == [(order, 99, 1)]


def test_the_queue_is_the_depth_that_is_assumed_where_no_size_is_shown():
    venue = exchange(fills=Queue(10))
    at(venue, 100)
    limit(venue, BUY, 95)
    at(venue, 100)
    assert venue.orders(0)[0].ahead == 10


def test_a_new_price_and_more_contracts_lose_the_place_in_the_queue():
    venue = exchange(fills=Queue(10))
    at(venue, 100)
    order = limit(venue, BUY, 95, 2)
    at(venue, 100)
    at(venue, 95, size=4)
    assert venue.orders(0)[0].ahead == 6
    venue.modify(0, order, size=1)
    at(venue, 96)
    assert venue.orders(0)[0].ahead == 6
    venue.modify(0, order, size=2)
    at(venue, 96)
    assert venue.orders(0)[0].ahead == 10


def test_two_orders_do_not_share_what_one_print_had():
    venue = exchange(fills=Queue(0))
    at(venue, 100)
    first, second = limit(venue, BUY, 95, 3), limit(venue, BUY, 95, 3)
    at(venue, 100)
    at(venue, 95, size=4)
    assert fills(venue) == [(first, 95, 3), (second, 95, 1)]


def test_a_part_fills_where_fills_are_no_larger_than_the_print():
    venue = exchange(fills=TradeThrough(1, partial=True))
    at(venue, 100)
    order = limit(venue, BUY, 95, 5, stop_loss=-4)
    at(venue, 100)
    at(venue, 94, size=2)
    row = venue.orders(0)[0]
    assert (row.filled, row.size, venue.position(0, 0).size) == (2, 5, 2)
    at(venue, 94, size=9)
    assert fills(venue) == [(order, 95, 2), (order, 95, 3)]


def test_a_cancelled_rest_leaves_legs_for_what_has_filled():
    venue = exchange(fills=TradeThrough(1, partial=True))
    at(venue, 100)
    order = limit(venue, BUY, 95, 5, stop_loss=-10)
    at(venue, 100)
    at(venue, 94, size=2)
    venue.cancel(0, order)
    venue.advance(venue.now_ns + 1)
    (leg,) = venue.orders(0)
    assert (leg.parent_id, leg.stop, leg.size, leg.status) == (order, 85, 2, 1)


# ---------------------------------------------------------------- stops


def test_a_stop_becomes_a_market_order_and_slips():
    venue = quoted(100, stop_slippage_ticks=2)
    order = stop(venue, SELL, 95)
    venue.tick(0, 1100, 96, bid=96, ask=97)
    assert fills(venue) == []
    venue.tick(0, 1200, 95, bid=95, ask=96)
    assert fills(venue) == [(order, 93, -1)]


def test_a_gap_fills_a_stop_at_the_first_print_beyond():
    venue = exchange()
    at(venue, 100)
    order = stop(venue, SELL, 95)
    at(venue, 100, 80)
    assert fills(venue) == [(order, 80, -1)]


def test_a_stop_fills_at_the_worse_of_print_and_quote():
    venue = quoted(100)
    order = stop(venue, BUY, 105)
    venue.quote(0, 1100, 108, 109)
    venue.tick(0, 1200, 105)
    assert fills(venue) == [(order, 109, 1)]


def test_stops_go_by_quotes_where_no_print_was_ever_fed():
    venue = exchange()
    venue.quote(0, 1000, 100, 101)
    order = stop(venue, SELL, 95)
    venue.quote(0, 1100, 96, 97)
    assert fills(venue) == []
    venue.quote(0, 1200, 95, 97)
    assert fills(venue) == [(order, 95, -1)]


def test_a_trailing_stop_follows_one_way():
    venue = quoted(100)
    order = venue.place(0, 0, Kind.TRAILING_STOP, SELL, 1, trail=95)
    for time, price in enumerate((103, 101, 104)):
        venue.tick(0, 1100 + time, price, bid=price, ask=price + 1)
    assert venue.orders(0)[0].stop == 99
    venue.tick(0, 1200, 99, bid=99, ask=100)
    assert fills(venue) == [(order, 99, -1)]


# ---------------------------------------------------------------- markets


def test_without_quotes_a_market_order_waits_for_the_first_print():
    venue = exchange(spread_ticks=2)
    at(venue, 100)
    order = market(venue, BUY)
    venue.advance(venue.now_ns + 50)
    assert [row.status.name for row in venue.orders(0)] == ["PENDING"]
    at(venue, 90)
    assert fills(venue) == [(order, 92, 1)]


@pytest.mark.parametrize(
    ("side", "buy", "sell"), [(1, 90, 88), (-1, 92, 90), (0, 92, 88)]
)
def test_a_prints_side_says_where_the_quote_was(side, buy, sell):
    venue = exchange(spread_ticks=2)
    at(venue, 100)
    market(venue, BUY)
    venue.tick(0, venue.now_ns + 10, 90, 1, side)
    market(venue, SELL)
    venue.tick(0, venue.now_ns + 10, 90, 1, side)
    assert [price for _, price, _ in fills(venue)] == [buy, sell]


def test_more_than_a_level_holds_walks_a_tick_for_each():
    venue = quoted(100, depth=2)
    order = market(venue, BUY, 5)
    venue.advance(1001)
    assert fills(venue) == [(order, 101, 2), (order, 102, 2), (order, 103, 1)]
    rest = limit(venue, SELL, 99, 5)
    venue.advance(1005)
    assert fills(venue) == [(rest, 100, -2), (rest, 99, -2)]
    assert venue.orders(0)[0].filled == 4


def test_no_price_falls_below_what_a_contract_can_have():
    venue = quoted(2, slippage_ticks=50)
    order = market(venue, SELL)
    venue.advance(1001)
    assert fills(venue) == [(order, 1, -1)]


def test_a_market_order_with_no_price_ends_with_its_session():
    venue = exchange(opens=(1000,), closes=(2000,))
    venue.tick(0, 1500, 100)
    order = market(venue, BUY)
    venue.advance(2500)
    assert told(venue)[-1][:2] == ("EXPIRED", order)


# ---------------------------------------------------------------- several


def test_accounts_and_contracts_are_apart():
    venue = exchange(
        accounts=2, contracts=[contract(), contract(tick_value_micros=10**6)]
    )
    for number, price in enumerate((100, 50)):
        venue.tick(number, 1000, price, bid=price, ask=price + 1)
    venue.place(0, 0, Kind.MARKET, BUY, 2)
    venue.place(1, 1, Kind.MARKET, SELL, 3)
    venue.advance(1001)
    sizes = [[venue.position(a, c).size for c in (0, 1)] for a in (0, 1)]
    assert sizes == [[2, 0], [0, -3]]


def test_the_average_is_exact_and_a_reversal_is_two_trades():
    venue = quoted(100, fee_micros=360_000, commission_micros=250_000)
    market(venue, BUY, 2)
    venue.advance(1001)
    venue.tick(0, 1100, 103, bid=103, ask=104)
    market(venue, BUY, 1)
    venue.advance(1101)
    assert venue.position(0, 0).average_ticks == 102
    venue.take_events()
    market(venue, SELL, 5)
    venue.advance(1102)
    rows = venue.take_events()
    rows = rows[rows["kind"] == 3]
    assert rows["size"].tolist() == [3, 2]
    assert rows["profit_micros"].tolist() == [1_500_000, 0]
    assert rows["position"].tolist() == [0, -2]
    assert rows["fees_micros"].sum() == 5 * 360_000
    assert venue.balance(0) == 50_000_000_000 + 1_500_000 - 8 * 610_000
