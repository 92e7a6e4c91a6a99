"""Floors of an account: told at the first print that reaches them, and once."""

import numpy as np
import pytest

from fastorder.matching import (
    Account,
    Contract,
    Exchange,
    Kind,
    Latencies,
    MatchingError,
    Side,
    What,
)

TICK = 500_000
START = 50_000_000_000


def venue(contracts=1, **more):
    rows = [Contract(f"C{i}", TICK) for i in range(contracts)]
    return Exchange(rows, [Account(START)], latency=Latencies(1), **more)


def held(side, size=2, price=1000):
    exchange = venue()
    exchange.tick(0, 1, price)
    exchange.place(0, 0, Kind.MARKET, side, size)
    exchange.tick(0, 10, price)
    return exchange


def reached(exchange):
    rows = exchange.take_events()
    return [row for row in rows if row["kind"] == What.FLOOR_REACHED]


@pytest.mark.parametrize(("side", "way"), [(Side.BUY, -1), (Side.SELL, 1)])
def test_it_is_told_at_the_first_print_that_reaches_it(side, way):
    exchange = held(side)
    floor = START - 10 * 2 * TICK
    exchange.set_floor(0, floor)
    n = 40
    exchange.feed_ticks(0, np.arange(20, 20 + n), 1000 + way * np.arange(n))
    (event,) = reached(exchange)
    assert event["balance_micros"] + event["profit_micros"] <= floor
    fed = int(event["time_ns"]) - 20
    one_before = int(event["profit_micros"]) + 2 * TICK
    assert START + one_before > floor
    assert event["price_ticks"] == 1000 + way * fed


def test_every_print_of_a_walk_is_tested_against_a_plain_count():
    rng = np.random.default_rng(3)
    for _ in range(200):
        prices = 1000 + np.cumsum(rng.integers(-3, 4, 60))
        side = Side.BUY if rng.integers(2) else Side.SELL
        size = int(rng.integers(1, 5))
        exchange = held(side, size)
        position = exchange.position(0, 0)
        room = int(rng.integers(0, 40)) * TICK + int(rng.integers(0, TICK))
        exchange.set_floor(0, START - room)
        exchange.feed_ticks(0, np.arange(20, 80), prices)
        sign = 1 if side is Side.BUY else -1
        profit = sign * (prices * size * TICK - position.cost_micros)
        first = [int(i) for i in np.flatnonzero(profit <= -room)][:1]
        at_once = sign * (1000 * size * TICK - position.cost_micros) <= -room
        told = [int(row["time_ns"]) - 20 for row in reached(exchange)]
        assert told == ([-10] if at_once else first)


def test_realised_money_counts_and_other_contracts_do():
    exchange = venue(2)
    for contract in (0, 1):
        exchange.tick(contract, 1, 1000)
        exchange.place(0, contract, Kind.MARKET, Side.BUY, 1)
    exchange.tick(0, 10, 1000)
    exchange.tick(1, 10, 1000)
    exchange.set_floor(0, START - 12 * TICK)
    exchange.tick(0, 20, 995)  # six ticks below what was paid
    exchange.tick(1, 21, 996)  # five: eleven together
    assert not reached(exchange)
    exchange.tick(1, 22, 995)
    (event,) = reached(exchange)
    assert (event["time_ns"], event["contract"]) == (22, 1)


def test_the_walk_of_a_bar_reaches_it_on_its_way():
    exchange = held(Side.BUY)
    exchange.set_floor(0, START - 10 * 2 * TICK)
    exchange.bar(0, 1000, 4000, 1000, 1004, 985, 1003)
    (event,) = reached(exchange)
    assert event["price_ticks"] == 991
    assert 1000 < event["time_ns"] < 4000


def test_a_stop_that_fills_before_keeps_the_floor_away():
    exchange = venue()
    exchange.tick(0, 1, 1000)
    exchange.place(0, 0, Kind.MARKET, Side.BUY, 1, stop_loss=-5)
    exchange.tick(0, 10, 1000)
    exchange.advance(20_000_000)
    exchange.set_floor(0, START - 10 * TICK)
    exchange.feed_ticks(0, 30_000_000 + np.arange(40), 1000 - np.arange(40))
    assert not reached(exchange)


def test_it_is_taken_back_and_survives_a_snapshot():
    exchange = held(Side.BUY)
    exchange.set_floor(0, START - 10 * 2 * TICK)
    kept = exchange.snapshot()
    exchange.set_floor(0, None)
    exchange.tick(0, 20, 900)
    assert not reached(exchange)
    exchange.restore(kept)
    exchange.tick(0, 20, 900)
    assert len(reached(exchange)) == 1


@pytest.mark.parametrize("floor", [1.5, True, "1", 1 << 80])
def test_a_floor_must_be_whole_micro_dollars(floor):
    with pytest.raises(MatchingError, match="micros must be"):
        venue().set_floor(0, floor)
    with pytest.raises(MatchingError, match="account must be"):
        venue().set_floor(1, 0)
