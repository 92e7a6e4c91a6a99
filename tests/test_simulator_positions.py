"""Positions netted for each contract, trades with fees, and money."""

import pytest
from plain_http import ACCOUNT, COMBINE, LONG_AGO, MNQ, OLD, PRICE

MES = "CON.F.US.MES.Z26"
DONE = {"success": True, "errorCode": 0, "errorMessage": None}
TICK, FEE = 0.25, 0.36
ASK = PRICE + TICK
LONG, SHORT = 1, 2


def held(wire):
    return [(row["type"], row["size"]) for row in wire.positions()]


def close(wire, contract=MNQ, account=ACCOUNT):
    return wire.ask("Position/closeContract", accountId=account, contractId=contract)


def reduce(wire, size, contract=MNQ, account=ACCOUNT):
    return wire.ask(
        "Position/partialCloseContract",
        accountId=account,
        contractId=contract,
        size=size,
    )


# ---------------------------------------------------------------- positions


def test_a_position_has_the_gateways_members(wire):
    wire.placed(size=2)
    reply = wire.ask("Position/searchOpen", accountId=ACCOUNT)
    (row,) = reply["positions"]
    assert reply.json == {"positions": [row], **DONE}
    assert row == {
        "id": row["id"],
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "contractDisplayName": "MNQZ6",
        "creationTimestamp": "2026-08-19T19:49:25+00:00",
        "type": LONG,
        "size": 2,
        "averagePrice": ASK,
    }
    assert row["id"] < 1 << 31


def test_a_short_position_has_a_positive_size(wire):
    wire.placed(side=1, size=3)
    assert held(wire) == [(SHORT, 3)]


def test_fills_are_netted_into_one_row_for_each_contract(market, wire):
    wire.placed(size=1)
    market.set_price(MNQ, PRICE + 30)
    wire.placed(size=2)
    wire.placed(contract=MES)
    mnq, mes = wire.positions()
    assert (mnq["contractId"], mnq["size"]) == (MNQ, 3)
    assert mnq["averagePrice"] == ASK + 20
    assert (mes["contractId"], mes["size"]) == (MES, 1)
    wire.placed(side=1, size=2)
    assert (wire.positions()[0]["size"], wire.positions()[0]["averagePrice"]) == (
        1,
        ASK + 20,
    )
    wire.placed(side=1, size=1)
    assert [row["contractId"] for row in wire.positions()] == [MES]


def test_a_position_turns_round_in_one_order(market, wire, day):
    wire.placed(size=1)
    first = wire.positions()[0]["id"]
    day.advance(0.2)
    order = wire.placed(side=1, size=3)
    (row,) = wire.positions()
    assert (row["type"], row["size"], row["averagePrice"]) == (SHORT, 2, PRICE)
    assert row["id"] != first
    assert row["creationTimestamp"] == "2026-08-19T19:49:25.2+00:00"
    opened, closed, _ = wire.trades()
    assert (opened["orderId"], opened["size"], opened["profitAndLoss"]) == (
        order,
        2,
        None,
    )
    assert (closed["orderId"], closed["size"], closed["profitAndLoss"]) == (
        order,
        1,
        -0.5,
    )


def test_positions_belong_to_their_account(wire):
    wire.placed(account=COMBINE)
    assert wire.positions() == []


# ---------------------------------------------------------------- closing


@pytest.mark.parametrize("side", [0, 1])
def test_a_close_flattens_with_a_market_order(wire, side):
    wire.placed(side=side, size=3)
    assert close(wire).json == DONE
    assert wire.positions() == []
    row = wire.orders()[-1]
    assert (row["type"], row["side"], row["size"]) == (2, 1 - side, 3)
    assert (row["status"], row["customTag"]) == (2, None)


def test_a_partial_close_reduces(wire):
    wire.placed(side=1, size=3)
    assert reduce(wire, 2).json == DONE
    assert held(wire) == [(SHORT, 1)]
    assert reduce(wire, 1).json == DONE
    assert held(wire) == []


@pytest.mark.parametrize("size", [0, -1, 4])
def test_a_partial_close_of_another_size_is_code_5(wire, size):
    wire.placed(size=3)
    reply = reduce(wire, size)
    assert (reply["success"], reply.code, reply.text) == (False, 5, None)
    assert held(wire) == [(LONG, 3)]


@pytest.mark.parametrize(
    ("account", "contract", "code"),
    [
        (7, MNQ, 1),
        (ACCOUNT, MNQ, 2),
        (COMBINE, MNQ, 2),
        (ACCOUNT, "CON.F.US.NO.Z26", 3),
        (ACCOUNT, OLD, 4),
    ],
)
def test_what_cannot_be_closed_says_why(wire, account, contract, code):
    for reply in (close(wire, contract, account), reduce(wire, 1, contract, account)):
        assert reply.status == 200
        assert (reply["success"], reply.code, reply.text) == (False, code, None)


def test_a_close_leaves_working_orders(wire):
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    wire.placed()
    close(wire)
    assert wire.status(order) == 1


# ---------------------------------------------------------------- trades and money


def test_a_round_trip_is_two_half_turns_newest_first(market, wire, day):
    entry = wire.placed(size=2)
    day.advance(1)
    market.set_price(MNQ, PRICE + 3.5)
    wire.placed(side=1, size=2)
    exit_order = wire.orders()[-1]["id"]
    closing, opening = wire.trades()
    assert opening == {
        "id": opening["id"],
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": "2026-08-19T19:49:25+00:00",
        "price": ASK,
        "profitAndLoss": None,
        "fees": 2 * FEE,
        "side": 0,
        "size": 2,
        "voided": False,
        "orderId": entry,
    }
    assert closing == {
        **opening,
        "id": opening["id"] + 1,
        "creationTimestamp": "2026-08-19T19:49:26+00:00",
        "price": PRICE + 3.5,
        "profitAndLoss": 13 * 0.5 * 2,  # 13 ticks, gross
        "side": 1,
        "orderId": exit_order,
    }
    assert wire.balance() == pytest.approx(150_000 + 13 - 4 * FEE)


def test_a_short_profits_from_a_fall(market, wire):
    wire.placed(side=1)
    market.set_price(MNQ, PRICE - 5)
    close(wire)
    assert wire.trades()[0]["profitAndLoss"] == 19 * 0.5


@pytest.mark.parametrize(
    ("contract", "fee"),
    [(MES, 0.36), ("CON.F.US.MCLE.Z26", 0.51), ("CON.F.US.EP.Z26", 1.4)],
)
def test_fees_are_those_of_the_contract(wire, contract, fee):
    wire.placed(contract=contract)
    assert wire.trades()[0]["fees"] == fee
    assert wire.balance() == pytest.approx(150_000 - fee)


def test_trades_are_searched_by_their_time(wire, day):
    first = wire.placed()
    day.advance(60)
    second = wire.placed()

    def found(**window):
        reply = wire.ask("Trade/search", accountId=ACCOUNT, **window)
        assert {k: reply[k] for k in DONE} == DONE
        return [row["orderId"] for row in reply["trades"]]

    noon = "2026-08-19T19:50:00Z"
    assert found(startTimestamp=LONG_AGO) == [second, first]
    assert found(startTimestamp=noon) == [second]
    assert found(startTimestamp=LONG_AGO, endTimestamp=noon) == [first]


def test_an_order_that_does_not_fill_makes_no_trade(wire):
    wire.placed(kind=1, limitPrice=PRICE - 50)
    wire.place(size=0)
    assert wire.trades() == []
    assert wire.balance() == 150_000
