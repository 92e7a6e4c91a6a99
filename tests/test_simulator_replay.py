"""The same day again for the same seed and clock; the ledger; a loopback host."""

import hashlib
import random

import pytest
from plain_http import ACCOUNT, COMBINE, MNQ, PRICE, wire_to

from fastorder.simulator import (
    Fault,
    Gateway,
    ManualClock,
    Simulator,
    run_in_thread,
)

PLACE = "/api/Order/place"
BRACKET = {
    "stopLossBracket": {"ticks": -20, "type": 5},
    "takeProfitBracket": {"ticks": 20, "type": 1},
}


def a_day(seed, start_s=1_787_168_965.0):
    """Every answer of a day, and its ledger."""
    clock = ManualClock(start_s)
    choice = random.Random(1)
    answers = []
    with run_in_thread(seed, clock=clock) as market, wire_to(market) as wire:
        answers.append(wire.token)
        for i in range(30):
            clock.advance(choice.uniform(0.5, 20))
            more = BRACKET if i % 3 == 0 else {}
            answers.append(wire.place(side=0, customTag=f"t{i}", **more).raw)
            answers.append(wire.positions())
        answers += [wire.orders(), wire.trades(), wire.balance()]
        answers.append(wire.ask("Account/search", onlyActiveAccounts=False).raw)
        return answers, market.ledger.to_dicts()


def test_the_same_seed_and_clock_replay_the_same_day():
    first, second = a_day(11), a_day(11)
    assert first == second
    kinds = {row.get("kind") for row in first[1]}
    assert {"booked", "filled", "activated", "cancelled"} <= kinds


def test_another_seed_or_clock_is_another_day():
    orders = [a_day(*given)[0][-4] for given in ((11,), (12,), (11, 1_787_000_000.0))]
    prices = [[row["filledPrice"] for row in rows] for rows in orders]
    assert prices[0] != prices[1]
    assert prices[0] != prices[2]


def test_history_is_the_same_whenever_it_is_asked_for():
    def bars(advance_s):
        clock = ManualClock()
        with run_in_thread(3, clock=clock) as market, wire_to(market) as wire:
            clock.advance(advance_s)
            return wire.ask(
                "History/retrieveBars",
                contractId=MNQ,
                live=False,
                startTime="2026-08-19T10:00:00Z",
                endTime="2026-08-19T12:00:00Z",
                unit=2,
                unitNumber=1,
                limit=500,
                includePartialBar=False,
            )["bars"]

    assert len(bars(0)) == 121
    assert bars(0) == bars(3600)


def test_the_market_moves_on_its_own(market, wire, day):
    prices = set()
    for _ in range(20):
        day.advance(5)
        prices.add(wire.order(wire.placed())["filledPrice"])
    assert len(prices) > 5
    assert all(abs(price - PRICE) < 200 for price in prices)


def test_an_order_fills_at_the_moment_its_price_comes_by(market, wire, day):
    """What happens between two requests is walked through, and not jumped over."""
    wire.placed(kind=1, limitPrice=PRICE - 3)
    wire.placed(kind=1, side=1, limitPrice=PRICE + 3)
    day.advance(1800)
    bought, sold = wire.orders()
    assert 0 <= bought["limitPrice"] - bought["filledPrice"] < 1
    assert 0 <= sold["filledPrice"] - sold["limitPrice"] < 1


def test_a_clock_moves_forward_only(day):
    with pytest.raises(ValueError, match="a clock moves forward, was moved by -1"):
        day.advance(-1)


# ---------------------------------------------------------------- the ledger


def kinds(market, order):
    return [effect.kind for effect in market.ledger.effects(order)]


def test_the_ledger_tells_the_life_of_an_order(market, wire):
    entry = wire.placed(customTag="t", **BRACKET)
    wire.modify(entry + 2, limitPrice=PRICE + 50)
    wire.cancel(entry + 2)
    wire.place(size=0, customTag="bad")
    assert kinds(market, entry) == ["booked", "filled"]
    assert kinds(market, entry + 1) == ["leg", "activated"]
    assert kinds(market, entry + 2) == ["leg", "activated", "modified", "cancelled"]
    assert kinds(market, entry + 3) == ["rejected"]
    (placement,) = market.ledger.placements()
    assert placement == market.ledger.placements("t")[0]
    assert (placement.order_id, placement.account_id) == (entry, ACCOUNT)
    assert market.ledger.placements("bad") == []


def test_the_ledger_has_every_request_as_it_came(market, wire, day):
    wire.placed(customTag="t", account=COMBINE)
    day.advance(1)
    wire.place(size=0)
    wire.send("Order/place", b"{nonsense")
    wire.token = "nonsense"
    wire.place()
    found = market.ledger.requests("/API/order/PLACE")
    assert len(found) == 4
    assert {request.endpoint for request in found} == {"/api/order/place"}
    assert [r.account_id for r in found] == [COMBINE, ACCOUNT, None, ACCOUNT]
    assert [r.custom_tag for r in found] == ["t", None, None, None]
    assert [r.time_s - day.now_s() for r in found] == [-1, 0, 0, 0]
    assert found[2].body == b"{nonsense"
    assert all(r.sha256 == hashlib.sha256(r.body).hexdigest() for r in found)
    assert market.ledger.counts["/api/order/place"] == 4


def test_the_ledger_tells_connections_and_faults_apart(market, wire):
    market.faults.add(Fault(PLACE, after=1, reply="status", effect="none"))
    wire.place()
    wire.place()
    with wire_to(market) as other:
        other.place()
    first, second, third = market.ledger.requests()
    assert first.connection == second.connection != third.connection
    assert [r.fault for r in (first, second, third)] == [None, "none/status", None]


def test_the_ledger_keeps_the_order_of_things(market, wire):
    entry = wire.placed(**BRACKET)
    wire.cancel(entry + 1)
    rows = market.ledger.to_dicts()
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row.get("kind") or row["endpoint"] for row in rows] == [
        PLACE.lower(),
        "booked",
        "leg",
        "leg",
        "filled",
        "activated",
        "activated",
        "/api/order/cancel",
        "cancelled",
    ]


def test_the_ledger_holds_no_token_and_no_key(market, wire):
    wire.ask("auth/LOGINKEY", userName="trader1", apiKey="secret-key")
    wire.ask("Auth/loginApp", password="secret-key")
    wire.send("Auth/validate")
    told = repr(market.ledger.to_dicts())
    assert len(market.ledger.requests()) == 3
    assert "secret-key" not in told
    assert wire.token not in told


def test_a_ledger_that_is_not_kept_counts():
    with run_in_thread(keep_ledger=False) as market, wire_to(market) as wire:
        wire.place()
        wire.place(size=0)
    assert market.ledger.to_dicts() == []
    assert market.ledger.counts == {
        "/api/order/place": 2,
        "booked": 1,
        "filled": 1,
        "rejected": 1,
    }


# ---------------------------------------------------------------- where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com", ""])
def test_it_listens_on_loopback_only(host):
    with pytest.raises(ValueError, match="must be a loopback address"):
        Simulator(Gateway(), host)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.2", "http://127.0.0.2:80"),
        ("localhost", "http://localhost:80"),
        ("::1", "http://[::1]:80"),
    ],
)
def test_its_url_can_be_asked(host, url):
    assert Simulator(Gateway(), host, 80).base_url == url


def test_a_price_of_no_contract_is_refused(market):
    with pytest.raises(LookupError, match="a listed contract was expected"):
        market.set_price("CON.F.US.NO.Z26", 5)
