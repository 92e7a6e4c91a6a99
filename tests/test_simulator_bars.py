"""History bars: which ones, in which order, and what they hold."""

import select
import socket
from datetime import datetime
from itertools import pairwise

import numpy
import pytest
from plain_http import ACCOUNT, MNQ, OLD, PRICE, request_bytes

from fastorder.simulator import Hours
from fastorder.simulator.bars import bars

DONE = {"success": True, "errorCode": 0, "errorMessage": None}
NOW = "2026-08-19T19:49:25Z"
SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, TICKS = range(1, 8)


def asked(wire, **given):
    members = {
        "contractId": MNQ,
        "live": False,
        "startTime": "2026-08-19T00:00:00Z",
        "endTime": NOW,
        "unit": MINUTE,
        "unitNumber": 1,
        "limit": 5,
        "includePartialBar": False,
        **given,
    }
    return wire.ask("History/retrieveBars", **members)


def times(reply):
    return [bar["t"] for bar in reply["bars"]]


def test_bars_are_newest_first_by_the_time_at_which_they_open(wire):
    reply = asked(wire, limit=3)
    assert reply.json == {"bars": reply["bars"], **DONE}
    assert times(reply) == [
        "2026-08-19T19:48:00+00:00",
        "2026-08-19T19:47:00+00:00",
        "2026-08-19T19:46:00+00:00",
    ]


def test_a_bar_holds_prices_on_the_tick_and_a_volume(wire):
    for bar in asked(wire, limit=500)["bars"]:
        assert set(bar) == {"t", "o", "h", "l", "c", "v"}
        assert bar["l"] <= min(bar["o"], bar["c"])
        assert bar["h"] >= max(bar["o"], bar["c"])
        assert all(bar[name] % 0.25 == 0 for name in "ohlc")
        assert isinstance(bar["v"], int)
        assert bar["v"] > 0


def test_the_window_bounds_the_bars(wire):
    reply = asked(
        wire, startTime="2026-08-19T10:00:00Z", endTime="2026-08-19T10:02:30Z", limit=99
    )
    assert [t[11:16] for t in times(reply)] == ["10:02", "10:01", "10:00"]
    for window in (
        {"startTime": NOW, "endTime": "2026-08-19T00:00:00Z"},
        {"startTime": "2030-01-01T00:00:00Z", "endTime": "2030-01-02T00:00:00Z"},
    ):
        assert asked(wire, **window)["bars"] == []


def test_a_bar_that_is_not_finished_comes_only_when_it_is_wanted(wire):
    assert times(asked(wire, limit=1)) == ["2026-08-19T19:48:00+00:00"]
    partial = asked(wire, limit=1, includePartialBar=True)
    assert times(partial) == ["2026-08-19T19:49:00+00:00"]


def test_the_last_bar_ends_at_the_market(wire, market):
    market.set_price(MNQ, PRICE + 100)
    (bar,) = asked(wire, limit=1, includePartialBar=True)["bars"]
    assert abs(bar["c"] - (PRICE + 100)) <= 5  # a step of the walk away


@pytest.mark.parametrize(
    ("unit", "number", "opens"),
    [
        (SECOND, 1, ["2026-08-19T19:49:24+00:00", "2026-08-19T19:49:23+00:00"]),
        (SECOND, 15, ["2026-08-19T19:49:00+00:00", "2026-08-19T19:48:45+00:00"]),
        (MINUTE, 5, ["2026-08-19T19:40:00+00:00", "2026-08-19T19:35:00+00:00"]),
        (HOUR, 1, ["2026-08-19T18:00:00+00:00", "2026-08-19T17:00:00+00:00"]),
        (HOUR, 4, ["2026-08-19T12:00:00+00:00", "2026-08-19T08:00:00+00:00"]),
        (DAY, 1, ["2026-08-17T22:00:00+00:00", "2026-08-16T22:00:00+00:00"]),
    ],
)
def test_bars_have_every_unit(wire, unit, number, opens):
    reply = asked(
        wire, unit=unit, unitNumber=number, limit=2, startTime="2026-01-01T00:00:00Z"
    )
    assert times(reply) == opens


@pytest.mark.parametrize(("unit", "days"), [(WEEK, 7), (MONTH, 30)])
def test_longer_bars_are_days_apart_and_open_with_the_session(wire, unit, days):
    found = times(asked(wire, unit=unit, startTime="2026-01-01T00:00:00Z"))
    assert len(found) == 5
    assert {t[10:] for t in found} == {"T22:00:00+00:00"}
    first, second = (datetime.fromisoformat(t) for t in found[:2])
    assert (first - second).days == days


def moment(text):
    """Seconds; Python 3.10 reads fractions of three or six digits alone."""
    return (
        (numpy.datetime64(text[:-6]) - numpy.datetime64(0, "s")).item().total_seconds()
    )


def test_bars_of_ticks_have_so_many_trades_each(wire):
    """A trade in each quarter of a second: fifty are twelve and a half seconds."""
    found = asked(wire, unit=TICKS, unitNumber=50, limit=30)["bars"]
    opens = [moment(bar["t"]) for bar in found]
    assert {first - second for first, second in pairwise(opens)} == {12.5}
    assert {bar["v"] for bar in found} == {50}
    assert all(bar["l"] <= min(bar["o"], bar["c"]) for bar in found)
    assert all(bar["h"] >= max(bar["o"], bar["c"]) for bar in found)
    partial = asked(wire, unit=TICKS, unitNumber=50, limit=2, includePartialBar=True)
    assert 1 <= partial["bars"][0]["v"] <= 50
    assert partial["bars"][1] == found[0]


def test_bars_of_one_tick_are_the_trades_themselves(wire):
    """Those of four are made of them, price by price."""
    ones = asked(wire, unit=TICKS, unitNumber=1, limit=400)["bars"][::-1]
    assert all(bar["o"] == bar["h"] == bar["l"] == bar["c"] for bar in ones)
    by_time = {bar["t"]: place for place, bar in enumerate(ones)}
    fours = asked(wire, unit=TICKS, unitNumber=4, limit=90)["bars"]
    for bar in fours:
        first = by_time[bar["t"]]
        prices = [each["o"] for each in ones[first : first + 4]]
        found = (bar["o"], bar["h"], bar["l"], bar["c"])
        assert found == (prices[0], max(prices), min(prices), prices[-1])


def test_no_bar_of_ticks_opens_while_the_market_is_closed(wire, market):
    market.call(lambda: market.gateway.open_hours(Hours()))
    found = times(
        asked(
            wire,
            unit=TICKS,
            unitNumber=400,
            limit=20_000,
            startTime="2026-08-18T19:00:00Z",
            endTime="2026-08-18T23:00:00Z",
        )
    )
    assert found
    assert not [t for t in found if "20:10:00" <= t[11:19] < "22:00:00"]


def test_the_limit_keeps_the_newest(wire):
    assert asked(wire, limit=7)["bars"] == asked(wire, limit=50)["bars"][:7]


def test_a_call_returns_20_000_bars_at_most(wire):
    reply = asked(wire, unit=SECOND, limit=30_000)
    assert len(reply["bars"]) == 20_000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"contractId": "CON.F.US.NO.Z26"}, 1),
        ({"unit": 0}, 2),
        ({"unit": 8}, 2),
        ({"unitNumber": 0}, 3),
        ({"unitNumber": -1}, 3),
        ({"limit": 0}, 4),
        ({"limit": -1}, 4),
    ],
)
def test_what_cannot_be_had_has_a_code(wire, given, code):
    reply = asked(wire, **given)
    assert reply.status == 200
    assert (reply["success"], reply.code, reply.text) == (False, code, None)
    assert not reply["bars"]


def test_without_the_live_entitlement_there_are_no_live_bars(wire):
    reply = asked(wire, live=True)
    assert reply["success"]
    assert reply["bars"] == []


def test_an_expired_contract_has_bars_of_its_own(wire):
    assert asked(wire, contractId=OLD)["bars"] != asked(wire)["bars"]


@pytest.mark.parametrize(
    "name",
    [
        "contractId",
        "live",
        "startTime",
        "endTime",
        "unit",
        "unitNumber",
        "limit",
        "includePartialBar",
    ],
)
def test_every_member_is_required(wire, name):
    assert asked(wire, **{name: None}).status == 400


@pytest.mark.parametrize("name", ["startTime", "endTime"])
@pytest.mark.parametrize("value", ["yesterday", "", 5, "2026-13-01T00:00:00Z"])
def test_a_bad_moment_is_a_400_that_names_it(wire, name, value):
    reply = asked(wire, **{name: value})
    assert reply.status == 400
    assert f"$.{name}" in reply["errors"]


def test_old_bars_and_long_ones_do_not_break(wire):
    reply = asked(
        wire, unit=MONTH, unitNumber=2**31 - 1, startTime="0001-01-01T00:00:00Z"
    )
    assert reply.status == 200
    reply = asked(
        wire,
        startTime="0001-01-01T00:00:00Z",
        endTime="0001-01-01T00:02:00Z",
        limit=20_000,
    )
    assert len(reply["bars"]) == 3


def test_others_are_answered_while_many_bars_are_made(market):
    """An order that comes after the call for bars is answered before it."""
    long = request_bytes(
        market,
        "History/retrieveBars",
        contractId=MNQ,
        live=False,
        startTime="2006-01-01T00:00:00Z",
        endTime=NOW,
        unit=DAY,
        unitNumber=1,
        limit=20_000,
        includePartialBar=False,
    )
    short = request_bytes(
        market,
        "Order/place",
        accountId=ACCOUNT,
        contractId=MNQ,
        type=2,
        side=0,
        size=1,
    )
    # once is enough: who is kept from running meanwhile sees both answers at once
    assert any(answered_before(market, long, short) for _ in range(5))


def answered_before(market, long, short):
    """How many orders are answered before the call for bars that came first."""
    address = market.host, market.port
    with (
        socket.create_connection(address) as history,
        socket.create_connection(address) as orders,
    ):
        history.sendall(long)
        answered = 0
        while True:
            orders.sendall(short)
            ready, _, _ = select.select([history, orders], [], [], 60)
            if history in ready:
                return answered
            assert b'"success": true' in orders.recv(65536)
            answered += 1


def test_a_market_that_moves_meanwhile_does_not_move_the_bars(market):
    walk = market.gateway.exchange.walk(market.gateway.contract(MNQ))
    now_s = market.gateway.clock.now_s()

    def made():
        return bars(walk, 0.0, now_s, 60, 200, now_s, False)

    expected = list(made())
    rows = made()
    got = [next(rows) for _ in range(100)]
    market.set_price(MNQ, PRICE + 500)
    assert [*got, *rows] == expected
    assert list(made()) != expected
