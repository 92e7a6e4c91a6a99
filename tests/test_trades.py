"""The fills of an account, as the gateway books them."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT, COMBINE

import fastorder
from fastorder import Side, Trade
from fastorder.simulator import Fault

TRADES = "/api/Trade/search"
MNQ = "CON.F.US.MNQ.Z26"
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
ROW = {
    "id": 3005729833,
    "accountId": ACCOUNT,
    "contractId": MNQ,
    "creationTimestamp": "2026-08-19T17:51:07.965787+00:00",
    "price": 29542.25,
    "profitAndLoss": 6.5,
    "fees": 0.36,
    "side": 1,
    "size": 1,
    "voided": False,
    "orderId": 3424798599,
}


def test_a_day_of_two_fills_is_listed_to_the_cent(trader, gateway):
    gateway.set_price(MNQ, 29_000)
    bought = trader.place_market_order("MNQ", "BUY", 2, ACCOUNT)
    gateway.set_price(MNQ, 29_010)
    sold = trader.place_market_order("MNQ", "SELL", 2, ACCOUNT)
    closing, opening = trader.trades(ACCOUNT, LONG_AGO)
    assert (opening.order_id, opening.side) == (bought.order_id, Side.BUY)
    assert (closing.order_id, closing.side) == (sold.order_id, Side.SELL)
    assert opening.price == Decimal("29000.25")
    assert opening.profit_and_loss is None
    assert closing.price == Decimal(29_010)
    assert closing.profit_and_loss == Decimal("39.0")  # 39 ticks of $0.50, twice
    assert opening.fees == closing.fees > 0
    assert opening.created <= closing.created
    assert opening.size == closing.size == 2


def test_those_before_are_left_out(run, connect, gateway, trader):
    trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    (made,) = trader.trades(ACCOUNT, LONG_AGO)
    later = made.created + timedelta(seconds=1)

    async def main():
        async with connect() as executor:
            return await executor.trades(ACCOUNT, later)

    assert run(main()) == []
    assert trader.trades(COMBINE, LONG_AGO) == []


def test_a_row_is_read_exactly():
    trade = Trade.from_wire(ROW | {"new": 1})
    assert trade.price == Decimal("29542.25")
    assert trade.profit_and_loss == Decimal("6.5")
    assert trade.fees == Decimal("0.36")
    assert not trade.voided
    assert Trade.from_wire(ROW | {"voided": True}).voided


@pytest.mark.parametrize("name", sorted(ROW.keys() - {"creationTimestamp", "voided"}))
def test_a_row_that_lacks_a_member_is_refused(name):
    row = {key: value for key, value in ROW.items() if key != name}
    with pytest.raises(ValueError, match=f"a trade must have '{name}'"):
        Trade.from_wire(row)


@pytest.mark.parametrize(
    "body",
    [
        b'{"trades":null,"success":true,"errorCode":0}',
        b'{"trades":[null],"success":true,"errorCode":0}',
        b'{"trades":[{"id":1}],"success":true,"errorCode":0}',
        b'{"success":true,"errorCode":0}',
    ],
)
def test_an_answer_that_lists_none_is_no_empty_list(trader, gateway, body):
    gateway.faults.add(Fault(TRADES, reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="cannot be read"):
        trader.trades(ACCOUNT, LONG_AGO)


def test_a_naive_time_is_refused_before_anything_is_sent(trader, gateway):
    with pytest.raises(fastorder.InvalidField, match="since must be aware"):
        trader.trades(ACCOUNT, LONG_AGO.replace(tzinfo=None))
    assert not gateway.ledger.requests(TRADES)
