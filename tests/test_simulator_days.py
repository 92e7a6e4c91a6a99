"""A day of the simulated gateway: hours, losses, money, tokens that end, gzip."""

import gzip
import json
import urllib.request
from datetime import datetime
from decimal import Decimal

import pytest
from conftest import ACCOUNT, COMBINE
from plain_http import MNQ, PRICE, wire_to

from fastorder.simulator import Hours, ManualClock, run_in_thread

CHICAGO_SUMMER, CHICAGO_WINTER = "-05:00", "-06:00"
PLACE = {
    "accountId": ACCOUNT,
    "contractId": MNQ,
    "type": 2,
    "side": 0,
    "size": 1,
}


@pytest.mark.parametrize("zone", [CHICAGO_SUMMER, CHICAGO_WINTER])
@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("19T15:09:59", True),
        ("19T15:10:00", False),
        ("19T16:59:59", False),
        ("19T17:00:00", True),
        ("21T15:10:00", False),  # a Friday
        ("22T12:00:00", False),
        ("23T16:59:59", False),
        ("23T17:00:00", True),
    ],
)
def test_the_market_closes_in_chicago(clock, is_open, zone):
    month = "2026-08-" if zone == CHICAGO_SUMMER else "2027-01-"
    if zone == CHICAGO_WINTER:  # a Tuesday is the 19th of January
        day = int(clock[:2]) + 1
        clock = f"{day:02d}{clock[2:]}"
    moment = datetime.fromisoformat(f"{month}{clock}{zone}").timestamp()
    assert Hours().is_open(moment) is is_open


def test_a_closed_market_refuses_and_fills_nothing(wire, market, day):
    resting = {**PLACE, "type": 1, "limitPrice": PRICE - 50}
    assert wire.ask("Order/place", **resting)["success"]
    assert wire.ask("Order/place", **PLACE)["success"]
    now_s = day.now_s()
    hours = Hours([(now_s, now_s + 60)], daily=False)
    market.call(lambda: market.gateway.open_hours(hours))
    market.set_price(MNQ, PRICE - 100)
    reply = wire.ask("Order/place", **PLACE)
    assert (reply.code, reply.text[:35]) == (2, "Trading is currently unavailable. T")
    about = {"accountId": ACCOUNT, "contractId": MNQ}
    assert wire.ask("Position/closeContract", **about).code == 5
    assert wire.ask("Position/partialCloseContract", **about, size=1).code == 6
    assert len(wire.ask("Order/searchOpen", accountId=ACCOUNT)["orders"]) == 1
    market.gateway.order_entry.closed_code = 5
    reply = wire.ask("Order/place", **PLACE)
    assert (reply.code, reply.text) == (5, None)
    day.advance(61)
    market.set_price(MNQ, PRICE - 100)
    assert not wire.ask("Order/searchOpen", accountId=ACCOUNT)["orders"]


def test_hours_without_trades_have_no_bars(wire, market):
    end_s = datetime.fromisoformat("2026-08-19T10:05:00+00:00").timestamp()
    hours = Hours([(end_s - 120, end_s)], daily=False)
    market.call(lambda: market.gateway.open_hours(hours))
    bars = wire.ask(
        "History/retrieveBars",
        contractId=MNQ,
        live=False,
        startTime="2026-08-19T10:00:00Z",
        endTime="2026-08-19T10:06:00Z",
        unit=2,
        unitNumber=1,
        limit=4,
        includePartialBar=False,
    )["bars"]
    assert [bar["t"][11:16] for bar in bars] == ["10:06", "10:05", "10:02", "10:01"]


def test_money_is_booked_for_each_account(wire, market):
    other = {**PLACE, "accountId": COMBINE}
    wire.ask("Order/place", **PLACE)
    wire.ask("Order/place", **other)
    market.set_price(MNQ, PRICE + 10)
    wire.ask("Position/closeContract", accountId=ACCOUNT, contractId=MNQ)
    money = market.ledger.accounts
    assert (money[ACCOUNT].trades, money[COMBINE].trades) == (2, 1)
    assert money[ACCOUNT].profit == Decimal("19.5")  # 39 ticks of 0.50
    assert money[COMBINE].profit == 0
    assert money[ACCOUNT].fees == 2 * money[COMBINE].fees == Decimal("0.72")
    accounts = wire.ask("Account/search", onlyActiveAccounts=True)["accounts"]
    assert accounts[0]["balance"] == 150_000 + 19.5 - 0.72


def test_a_loss_beyond_the_days_limit_locks_the_account(wire, market):
    def limited():
        market.gateway.exchange.accounts[ACCOUNT].daily_loss_limit = Decimal(100)

    market.call(limited)
    wire.ask("Order/place", **PLACE)
    wire.ask("Order/place", **{**PLACE, "type": 1, "limitPrice": PRICE - 500})
    market.set_price(MNQ, PRICE - 45)  # 90.50 with the spread, and 0.36 of fees
    assert wire.ask("Position/searchOpen", accountId=ACCOUNT)["positions"]
    market.set_price(MNQ, PRICE - 55)
    assert not wire.ask("Position/searchOpen", accountId=ACCOUNT)["positions"]
    assert not wire.ask("Order/searchOpen", accountId=ACCOUNT)["orders"]
    accounts = wire.ask("Account/search", onlyActiveAccounts=False)["accounts"]
    assert [account["canTrade"] for account in accounts] == [False, True]
    reply = wire.ask("Order/place", **PLACE)
    assert (reply["success"], reply.code) == (False, 4)
    assert wire.ask("Order/place", **{**PLACE, "accountId": COMBINE})["success"]


def test_tokens_end_in_the_middle_of_a_row_of_requests(wire, market):
    market.call(lambda: market.gateway.tokens.expire_after(2))
    found = [wire.ask("Order/searchOpen", accountId=ACCOUNT).status for _ in range(4)]
    assert found == [200, 200, 401, 401]


def test_a_token_lasts_as_long_as_it_says():
    day = ManualClock()
    with run_in_thread(clock=day, rate_limit=False) as market:
        market.call(lambda: setattr(market.gateway.tokens, "lifetime_s", 60))
        market.token = market.call(lambda: market.gateway.tokens.give("trader1"))
        with wire_to(market) as wire:
            assert wire.ask("Order/searchOpen", accountId=ACCOUNT).status == 200
            day.advance(61)
            assert wire.ask("Order/searchOpen", accountId=ACCOUNT).status == 401


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_answers_are_coded_where_that_is_wanted_and_accepted(market, accepted):
    market.compresses = True
    request = urllib.request.Request(
        f"{market.base_url}/api/Order/searchOpen",
        json.dumps({"accountId": ACCOUNT}).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {market.token}",
            "Accept-Encoding": accepted,
        },
    )
    with urllib.request.urlopen(request) as answer:
        body, coding = answer.read(), answer.headers["Content-Encoding"]
    assert coding == ("gzip" if accepted == "gzip" else None)
    plain = gzip.decompress(body) if coding else body
    assert json.loads(plain)["orders"] == []
