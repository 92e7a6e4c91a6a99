"""The rules by which rows of an account are merged, whatever comes first."""

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastorder import OrderStatus
from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.reading import (
    Unreadable,
    account_from,
    order_from,
    position_from,
    trade_from,
)
from fastorder.realtime.state.told import Filled, OrderChanged, Voided

ACCOUNT, MNQ = 5, "CON.F.US.MNQ.Z26"
ORDER, TRADE = "GatewayUserOrder", "GatewayUserTrade"
POSITION, BALANCE = "GatewayUserPosition", "GatewayUserAccount"
SECOND = 1_000_000_000


def at(ms, digits=7):
    text = datetime.fromtimestamp(1_787_000_000 + ms // 1000, timezone.utc)
    fraction = f"{ms % 1000:03d}0000000"[:digits]
    return f"{text:%Y-%m-%dT%H:%M:%S}.{fraction}+00:00"


def order(status=1, ms=0, number=7, **members):
    row = {
        "id": number,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": at(0),
        "updateTimestamp": at(ms),
        "status": status,
        "type": 1,
        "side": 0,
        "size": 3,
        "fillVolume": 0,
    }
    return row | members


def trade(number=1, size=1, ms=0, side=0, **members):
    row = {
        "id": number,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": at(ms),
        "price": Decimal("29500.25"),
        "fees": Decimal("0.36"),
        "side": side,
        "size": size,
        "voided": False,
        "orderId": 7,
    }
    return row | members


def position(size, average=29500, kind=None):
    return {
        "id": 9,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": at(0),
        "type": kind if kind is not None else (1 if size else 0),
        "size": size,
        "averagePrice": average,
    }


@pytest.fixture
def rows():
    made = AccountRows(ACCOUNT)
    made.base = 0
    return made


def shown(rows, number=7):
    held = rows.orders[number]
    return held.order, held.is_partial


# ---------------------------------------------------------------- orders

LIFE = [
    (ORDER, order(8, 0, parentOrderId=6, customTag="t-SL")),
    (ORDER, order(6, 1)),
    (ORDER, order(1, 2, stopPrice=Decimal(100))),
    (ORDER, order(1, 2, stopPrice=Decimal(100), fillVolume=1, filledPrice=Decimal(99))),
    (ORDER, order(1, 5, stopPrice=Decimal(101), fillVolume=1, filledPrice=Decimal(99))),
    (ORDER, order(2, 2, stopPrice=Decimal(101), fillVolume=3, filledPrice=Decimal(98))),
    (TRADE, trade(1, 1, 3)),
    (TRADE, trade(2, 1, 8)),
    (TRADE, trade(3, 1, 9)),
    (TRADE, trade(3, 1, 9, voided=True)),
    (TRADE, trade(4, 1, 9, side=1, orderId=8)),
    (ORDER, order(3, 4, number=8)),
]


@settings(max_examples=200)
@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=6))
def test_events_in_any_order_and_doubled_end_in_the_same_orders_and_trades(mixed, more):
    ends = []
    for events in (LIFE, [*mixed, *more]):
        rows = AccountRows(ACCOUNT)
        for target, row in events:
            rows.event(target, row, 1)
        ends.append(({n: shown(rows, n) for n in rows.orders}, rows.trades))
    assert ends[0] == ends[1]
    assert ends[0][0][7][0].status is OrderStatus.FILLED
    assert ends[0][0][7][0].parent_id == 6
    assert ends[0][0][7][0].filled_price == 98


@settings(max_examples=200)
@given(st.permutations(LIFE))
def test_each_trade_is_told_once_and_what_is_filled_only_grows(mixed):
    rows, told, filled = AccountRows(ACCOUNT), [], 0
    for target, row in mixed * 2:
        for change in rows.event(target, row, 1):
            told += [change.trade.id] if type(change) in (Filled, Voided) else []
            if type(change) is OrderChanged and change.order.id == 7:
                voided = rows.trades.get(3)
                if voided is None or not voided.voided:
                    assert change.order.fill_volume >= filled
                    filled = change.order.fill_volume
    assert sorted(set(told)) == [1, 2, 3, 4]
    assert len(told) <= 5  # the one that is taken back may be told first


def test_an_order_that_has_ended_stays_ended(rows):
    rows.event(ORDER, order(3, 1), 1)
    assert rows.event(ORDER, order(1, 50), 1) == []
    assert rows.orders[7].order.status is OrderStatus.CANCELLED


def test_a_read_of_six_digits_is_as_new_as_the_event_of_seven(rows):
    late = order(1, 0, updateTimestamp="2026-08-19T20:49:25.3962105+00:00")
    rows.event(ORDER, late | {"limitPrice": Decimal(100)}, 1)
    read = late | {"updateTimestamp": "2026-08-19T20:49:25.396210+00:00"}
    assert rows.read_orders([read | {"limitPrice": None}], "repair", 2) == []
    assert rows.orders[7].order.limit_price == 100


def test_what_a_row_leaves_out_is_kept_where_it_cannot_change(rows):
    rows.event(ORDER, order(8, 0, customTag="t", parentOrderId=6, linkedOrderId=5), 1)
    rows.event(ORDER, order(1, 2), 1)
    now = rows.orders[7].order
    assert (now.custom_tag, now.parent_id, now.linked_id) == ("t", 6, 5)


def test_a_price_that_a_newer_row_leaves_out_is_gone(rows):
    rows.event(ORDER, order(1, 1, limitPrice=Decimal(100)), 1)
    rows.event(ORDER, order(1, 2, stopPrice=Decimal(90)), 1)
    now = rows.orders[7].order
    assert (now.limit_price, now.stop_price) == (None, 90)


def test_an_empty_tag_is_a_tag_and_none_is_not(rows):
    rows.event(ORDER, order(1, 1, customTag=""), 1)
    assert rows.orders[7].order.custom_tag == ""
    rows.event(ORDER, order(1, 2, number=8), 1)
    assert rows.orders[8].order.custom_tag is None


def test_a_trade_that_comes_first_makes_a_partial_order(rows):
    rows.event(TRADE, trade(size=2), 1)
    now, partial = shown(rows)
    assert partial
    assert (now.fill_volume, now.status) == (2, OrderStatus.NONE)
    rows.event(ORDER, order(1, 1), 1)
    now, partial = shown(rows)
    assert not partial
    assert (now.fill_volume, now.size) == (2, 3)


def test_an_event_before_the_answer_is_found_by_its_tag(rows):
    rows.event(ORDER, order(6, 0, customTag="mine"), 1)
    assert rows.tagged("mine").id == 7
    rows.event(ORDER, order(8, 0, number=8, customTag="mine", parentOrderId=7), 1)
    assert rows.tagged("mine").id == 7


# ---------------------------------------------------------------- trades


def test_a_trade_may_only_be_taken_back_once(rows):
    rows.event(TRADE, trade(), 1)
    assert type(rows.event(TRADE, trade(voided=True), 1)[0]) is Voided
    assert rows.event(TRADE, trade(voided=True), 1) == []
    assert rows.event(TRADE, trade(), 1) == []
    assert rows.trades[1].voided


def test_commissions_that_a_read_leaves_out_are_kept(rows):
    rows.read_trades([trade(profitAndLoss=None)], "repair", 1)
    rows.event(TRADE, trade(commissions=Decimal("0.25")), 2)
    rows.read_trades([trade(profitAndLoss=None)], "repair", 3)
    assert rows.trades[1].commissions == Decimal("0.25")


# ---------------------------------------------------------------- positions


def test_of_the_rows_of_a_position_the_last_that_agrees_with_the_trades_counts(rows):
    rows.event(POSITION, position(2, 29501), 1)
    rows.event(TRADE, trade(1, 1), 2)
    assert rows.positions[MNQ].unsettled_ns
    rows.event(TRADE, trade(2, 1), 3)
    rows.event(POSITION, position(1, 29500), 4)  # overtaken
    assert rows.positions[MNQ].net == 2
    assert rows.positions[MNQ].row.average_price == 29501


def test_a_row_sent_twice_does_not_come_back(rows):
    half_s = 500_000_000
    for n, (size, average) in enumerate([(1, 100), (2, 101), (1, 101)]):
        rows.event(TRADE, trade(n + 1, 1, n, side=int(n == 2)), n * half_s)
        rows.event(POSITION, position(size, average), n * half_s)
    rows.event(POSITION, position(1, 100), 3 * half_s)
    assert rows.positions[MNQ].row.average_price == 101
    assert not rows.positions[MNQ].unsettled_ns


def test_a_flat_position_is_none(rows):
    rows.event(TRADE, trade(1), 1)
    rows.event(POSITION, position(1), 1)
    rows.event(TRADE, trade(2, side=1), 1)
    (change,) = rows.event(POSITION, position(0), 1)
    assert change.position is None
    assert change.before.size == 1


def test_an_event_goes_before_a_read_of_the_same_connection(rows):
    rows.event(TRADE, trade(1), 1)
    rows.event(POSITION, position(1), 1)
    assert rows.read_positions({}, "repair", 2) == []
    rows.begin()
    assert rows.positions[MNQ].net == 1  # a read that disagrees with the trades: behind
    rows.positions[MNQ].base(0, 3)
    (change,) = rows.read_positions({}, "repair", 4)
    assert change.position is None


# ---------------------------------------------------------------- rows that are wrong


def test_rows_of_another_account_are_passed_over_and_counted(rows):
    for target, row in ((ORDER, order()), (TRADE, trade()), (POSITION, position(1))):
        assert rows.event(target, row | {"accountId": 6}, 1) == []
    assert rows.counts["of another account"] == 3
    assert not rows.orders
    assert not rows.trades


def test_an_unknown_event_is_counted(rows):
    assert rows.event("GatewayLogout", {"id": 1}, 1) == []
    assert rows.counts["unknown event GatewayLogout"] == 1


def test_ids_may_be_text():
    assert trade_from(trade(1, id="12", orderId="7")).id == 12
    assert order_from(order(parentOrderId="6")).parent_id == 6


@pytest.mark.parametrize(
    ("read", "row"),
    [
        (order_from, {}),
        (order_from, order(id=None)),
        (order_from, order(status=None)),
        (order_from, order(status="1")),
        (order_from, order(side=2)),
        (order_from, order(side=None)),
        (order_from, order(size=None)),
        (order_from, order(size=-1)),
        (order_from, order(size=1 << 40)),
        (order_from, order(fillVolume=-1)),
        (order_from, order(accountId=None)),
        (order_from, order(contractId="")),
        (order_from, order(contractId=7)),
        (order_from, order(updateTimestamp="yesterday")),
        (order_from, order(limitPrice={})),
        (trade_from, trade(id=0)),
        (trade_from, trade(orderId=None)),
        (trade_from, trade(size=0)),
        (trade_from, trade(price=None)),
        (trade_from, trade(fees=None)),
        (trade_from, {k: v for k, v in trade().items() if k != "fees"}),
        (position_from, position(1, kind=3)),
        (position_from, position(1, average=None)),
        (position_from, position(-1)),
        (position_from, position(2**40, kind=0)),
        (account_from, {"id": 5, "name": "PRAC"}),
    ],
)
def test_half_a_row_is_believed_by_nobody(read, row):
    with pytest.raises(Unreadable, match="cannot be read"):
        read(row)


def test_one_bad_row_of_a_read_leaves_all_out(rows):
    with pytest.raises(Unreadable):
        rows.read_orders([order(), order(number=8, side=9)], "repair", 1)
    assert not rows.orders


def test_what_is_over_is_forgotten_and_not_taken_again(rows):
    rows.event(ORDER, order(2, 1, fillVolume=1, customTag="t"), 1)
    rows.event(TRADE, trade(ms=1), 1)
    rows.event(ORDER, order(1, 1, number=8), 1)
    held = replace(rows.orders[7].order)
    rows.forget_before(held.created_ns + SECOND)
    assert set(rows.orders) == {8}
    assert not rows.trades
    assert rows.tagged("t") is None
    assert rows.read_trades([trade(ms=1, profitAndLoss=None)], "repair", 2) == []


def test_a_balance_of_an_event_goes_before_one_that_was_read(rows):
    row = {"id": 5, "name": "PRAC", "canTrade": True, "isVisible": True}
    rows.event(BALANCE, row | {"balance": 2}, 1)
    assert rows.read_accounts([row | {"balance": 1}], "repair") == []
    rows.begin()
    assert rows.read_accounts([row | {"balance": 1}], "repair")[0].account.balance == 1
