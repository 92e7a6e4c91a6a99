"""Orders without a bracket: what is taken, refused, changed and found again."""

import pytest
from plain_http import ACCOUNT, COMBINE, LONG_AGO, MNQ, OLD, PRICE, wire_to

from fastorder.simulator import run_in_thread

DONE = {"success": True, "errorCode": 0, "errorMessage": None}
OPEN, FILLED, CANCELLED, REJECTED = 1, 2, 3, 5


def refusal(reply):
    assert reply.status == 200
    assert reply["success"] is False
    return reply.code, reply.text


# ---------------------------------------------------------------- place


def test_a_market_order_is_answered_with_its_id_and_fills(wire):
    reply = wire.place(customTag="mine")
    assert reply.json == {"orderId": reply["orderId"], **DONE}
    assert reply["orderId"] > 1 << 31
    row = wire.order(reply["orderId"])
    assert row == {
        "id": reply["orderId"],
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "symbolId": "F.US.MNQ",
        "creationTimestamp": "2026-08-19T19:49:25+00:00",
        "updateTimestamp": "2026-08-19T19:49:25+00:00",
        "status": FILLED,
        "type": 2,
        "side": 0,
        "size": 1,
        "limitPrice": None,
        "stopPrice": None,
        "fillVolume": 1,
        "filledPrice": PRICE + 0.25,
        "customTag": "mine",
    }


@pytest.mark.parametrize(("side", "price"), [(0, PRICE + 0.25), (1, PRICE)])
def test_the_market_is_a_tick_wide(wire, side, price):
    assert wire.order(wire.placed(side=side))["filledPrice"] == price


@pytest.mark.parametrize(
    ("side", "limit", "reached"),
    [(0, PRICE - 10, PRICE - 10.25), (1, PRICE + 10, PRICE + 10)],
)
def test_a_limit_order_rests_until_the_market_reaches_it(
    market, wire, side, limit, reached
):
    order = wire.placed(kind=1, side=side, limitPrice=limit)
    row = wire.order(order)
    assert (row["status"], row["limitPrice"]) == (OPEN, limit)
    assert (row["fillVolume"], row["filledPrice"]) == (0, None)
    market.set_price(MNQ, reached + (0.25 if side == 0 else -0.25))
    assert wire.status(order) == OPEN
    market.set_price(MNQ, reached)
    row = wire.order(order)
    assert (row["status"], row["fillVolume"], row["filledPrice"]) == (FILLED, 1, limit)


def test_a_limit_order_fills_at_the_better_price(wire):
    order = wire.placed(kind=1, limitPrice=PRICE + 100)
    assert wire.order(order)["filledPrice"] == PRICE + 0.25


@pytest.mark.parametrize(
    ("side", "stop", "filled"),
    [(0, PRICE + 10, PRICE + 15.25), (1, PRICE - 10, PRICE - 15)],
)
def test_a_stop_order_fills_at_the_market_once_it_is_reached(
    market, wire, day, side, stop, filled
):
    order = wire.placed(kind=4, side=side, stopPrice=stop)
    placed = wire.order(order)
    assert (placed["status"], placed["stopPrice"]) == (OPEN, stop)
    market.set_price(MNQ, stop + (-0.25 if side == 0 else 0.25))
    assert wire.status(order) == OPEN
    market.set_price(MNQ, PRICE + (15 if side == 0 else -15))
    row = wire.order(order)
    assert (row["status"], row["filledPrice"]) == (FILLED, filled)
    assert row["stopPrice"] == stop
    assert row["updateTimestamp"] == placed["updateTimestamp"]


@pytest.mark.parametrize(
    ("kind", "side", "limit"), [(6, 0, PRICE), (7, 1, PRICE + 0.25)]
)
def test_a_join_order_rests_at_the_best_price(wire, kind, side, limit):
    row = wire.order(wire.placed(kind=kind, side=side))
    assert (row["status"], row["type"], row["limitPrice"]) == (OPEN, kind, limit)


def test_a_price_that_the_type_does_not_have_is_ignored(wire):
    row = wire.order(wire.placed(limitPrice=1.13, stopPrice=7, trailPrice=9))
    assert row["status"] == FILLED
    assert (row["limitPrice"], row["stopPrice"]) == (None, None)
    assert not {"trailPrice", "trailDistance"} & set(row)


def test_a_plain_number_stands_for_the_mnq_contract(wire):
    order = wire.placed(contract="12345")
    row = wire.order(order)
    assert (row["contractId"], row["symbolId"]) == ("12345", "F.US.MNQ")
    assert wire.positions()[0]["contractId"] == MNQ


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"kind": 0}, "Invalid order type specified"),
        ({"kind": 3, "limitPrice": 1, "stopPrice": 1}, "Invalid order type specified"),
        ({"kind": 8}, "Invalid order type specified"),
        ({"side": 2}, "Invalid order side specified"),
        ({"size": 0}, "Invalid order size specified"),
        ({"size": -1}, "Invalid order size specified"),
        ({"kind": 1}, "Invalid limit price. Limit price not set."),
        (
            {"kind": 1, "limitPrice": PRICE + 0.1},
            "Invalid limit price. Price is not aligned to tick size.",
        ),
        (
            {"kind": 1, "limitPrice": 5001.2500000001},
            "Invalid limit price. Price is not aligned to tick size.",
        ),
        (
            {"kind": 4, "stopPrice": PRICE + 10.3},
            "Invalid stop price. Price is not aligned to tick size.",
        ),
        ({"kind": 4, "stopPrice": PRICE}, "Invalid stop price"),
        ({"kind": 4, "stopPrice": PRICE - 1}, "Invalid stop price"),
        ({"kind": 4, "side": 1, "stopPrice": PRICE + 1}, "Invalid stop price"),
        ({"kind": 5}, "Trail Distance not set."),
        (
            {"kind": 5, "trailPrice": PRICE + 0.1},
            "Invalid trail price. Price is not aligned to tick size.",
        ),
        (
            {"kind": 5, "side": 1, "trailPrice": 0.25},
            "Trail Distance exceeds maximum (1000)",
        ),
    ],
)
def test_a_refused_order_is_code_2_with_its_reason(wire, given, text):
    reply = wire.place(customTag="bad", **given)
    assert refusal(reply) == (2, text)
    row = wire.order(reply["orderId"])
    assert (row["status"], row["fillVolume"], row["filledPrice"]) == (REJECTED, 0, None)
    assert (row["limitPrice"], row["stopPrice"]) == (None, None)
    assert row["customTag"] == "bad"


def test_the_largest_prices_are_judged_too(wire):
    assert wire.place(kind=1, limitPrice=7e28)["success"]
    assert wire.place(kind=4, stopPrice=79228162514264337593543950335)["success"]


@pytest.mark.parametrize(
    ("given", "code"),
    [({"account": 7}, 1), ({"contract": "CON.F.US.NO.Z26"}, 8), ({"contract": OLD}, 9)],
)
def test_an_order_for_nothing_known_has_no_id(wire, given, code):
    reply = wire.place(**given)
    assert refusal(reply) == (code, None)
    assert reply["orderId"] is None
    assert wire.orders() == []


def test_an_account_that_may_not_trade_is_code_4(market, wire):
    account = market.gateway.exchange.accounts[ACCOUNT]
    market.call(lambda: setattr(account, "can_trade", False))
    assert refusal(wire.place()) == (4, None)
    assert market.ledger.placements() == []


# ---------------------------------------------------------------- tags


def ends_filled(wire):
    wire.placed(customTag="t")


def ends_cancelled(wire):
    wire.cancel(wire.placed(kind=1, limitPrice=PRICE - 50, customTag="t"))


def ends_refused(wire):
    assert wire.place(size=0, customTag="t").code == 2


def rests(wire):
    wire.placed(kind=1, limitPrice=PRICE - 50, customTag="t")


@pytest.mark.parametrize("first", [ends_filled, ends_cancelled, ends_refused, rests])
@pytest.mark.parametrize("again", [{}, {"size": 0}, {"kind": 3}])
def test_a_tag_is_used_for_ever(market, wire, day, first, again):
    first(wire)
    day.advance(30 * 86_400)
    wire.token = market.call(lambda: market.gateway.tokens.give("trader1"))
    code, text = refusal(wire.place(customTag="t", **again))
    assert code == 2
    assert "custom tag" in text.lower()
    assert "in use" in text.lower()
    assert [row["customTag"] for row in wire.orders()] == ["t"]


def test_a_tag_belongs_to_its_account(wire):
    first = wire.placed(customTag="t")
    second = wire.placed(customTag="t", account=COMBINE)
    assert first != second
    assert [row["customTag"] for row in wire.orders()] == ["t"]


def test_orders_without_a_tag_do_not_meet(wire):
    assert wire.placed() != wire.placed(customTag=None)


# ---------------------------------------------------------------- modify


def test_a_modified_order_keeps_its_id_and_what_was_not_given(wire, day):
    order = wire.placed(kind=1, limitPrice=PRICE - 50, size=2, customTag="t")
    before = wire.order(order)
    day.advance(0.1)
    assert wire.modify(order, limitPrice=PRICE - 40).json == DONE
    row = wire.order(order)
    assert row["limitPrice"] == PRICE - 40
    assert row["updateTimestamp"] == "2026-08-19T19:49:25.1+00:00"
    changed = {"limitPrice", "updateTimestamp"}
    assert {k: v for k, v in row.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert wire.modify(order, size=3, limitPrice=None).json == DONE
    assert wire.order(order)["size"] == 3
    assert wire.order(order)["limitPrice"] == PRICE - 40


def test_a_limit_moved_to_the_market_fills(wire):
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    assert wire.modify(order, limitPrice=PRICE + 1)["success"]
    assert wire.status(order) == FILLED


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"stopPrice": PRICE + 10.1},
            "Invalid stop price. Price is not aligned to tick size.",
        ),
        ({"stopPrice": PRICE - 10}, "Invalid stop price"),
        ({"size": 0}, "Invalid order size specified"),
    ],
)
def test_a_refused_change_is_code_3_and_changes_nothing(wire, changes, text):
    order = wire.placed(kind=4, stopPrice=PRICE + 20, size=2)
    before = wire.order(order)
    assert refusal(wire.modify(order, **changes)) == (3, text)
    assert wire.order(order) == before


def test_an_unaligned_limit_is_not_taken(wire):
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    assert refusal(wire.modify(order, limitPrice=PRICE - 50.1)) == (
        3,
        "Invalid limit price. Price is not aligned to tick size.",
    )
    assert wire.order(order)["limitPrice"] == PRICE - 50


@pytest.mark.parametrize(
    ("placed", "foreign"),
    [
        ({"kind": 1, "limitPrice": PRICE - 50}, {"stopPrice": PRICE + 5}),
        ({"kind": 1, "limitPrice": PRICE - 50}, {"trailPrice": PRICE + 5}),
        ({"kind": 4, "stopPrice": PRICE + 50}, {"trailPrice": PRICE + 5}),
        ({"kind": 4, "stopPrice": PRICE + 50}, {"limitPrice": PRICE + 5}),
    ],
)
def test_a_change_leaves_an_order_of_its_type(market, wire, placed, foreign):
    order = wire.placed(**placed)
    before = wire.order(order)
    assert wire.modify(order, **foreign).json == DONE
    assert wire.order(order) == before
    market.set_price(MNQ, PRICE + 10)
    assert wire.status(order) == OPEN


# ---------------------------------------------------------------- cancel


def test_a_cancelled_order_is_ended_and_stamped(market, wire, day):
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    day.advance(0.25)
    assert wire.cancel(order).json == DONE
    row = wire.order(order)
    assert row["status"] == CANCELLED
    assert row["creationTimestamp"] == "2026-08-19T19:49:25+00:00"
    assert row["updateTimestamp"] == "2026-08-19T19:49:25.25+00:00"
    market.set_price(MNQ, PRICE - 100)
    assert wire.status(order) == CANCELLED


@pytest.mark.parametrize("path", ["Order/cancel", "Order/modify"])
def test_an_order_that_does_not_work_is_not_found(wire, path):
    filled = wire.placed()
    gone = wire.placed(kind=1, limitPrice=PRICE - 50)
    wire.cancel(gone)
    for order in (filled, gone, 1):
        reply = wire.ask(path, accountId=ACCOUNT, orderId=order)
        assert refusal(reply) == (2, None)


@pytest.mark.parametrize("path", ["Order/cancel", "Order/modify"])
def test_an_order_is_reached_by_its_own_account_only(wire, path):
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    assert refusal(wire.ask(path, accountId=7, orderId=order)) == (1, None)
    assert refusal(wire.ask(path, accountId=COMBINE, orderId=order)) == (2, None)
    assert wire.status(order) == OPEN


# ---------------------------------------------------------------- searches


def found(wire, **window):
    reply = wire.ask("Order/search", accountId=ACCOUNT, **window)
    return [row["id"] for row in reply["orders"]]


def test_a_search_is_by_creation_and_ascends(wire, day):
    ids = []
    for _ in range(3):
        ids.append(wire.placed())
        day.advance(60)
    wire.placed(account=COMBINE)
    at = "2026-08-19T19:{}:25+00:00".format
    assert found(wire, startTimestamp=LONG_AGO) == ids
    assert found(wire, startTimestamp=at("50")) == ids[1:]
    assert found(wire, startTimestamp=LONG_AGO, endTimestamp=at("50")) == ids[:2]
    assert found(wire, startTimestamp=at("50"), endTimestamp=at("50")) == ids[1:2]
    assert found(wire, startTimestamp=at("52"), endTimestamp=None) == []


@pytest.mark.parametrize(
    "start",
    [
        "2026-08-19T19:49:25Z",
        "2026-08-19T19:49:25",
        "2026-08-19T19:49:25.0000000+00:00",
        "2026-08-19T14:49:25-05:00",
    ],
)
def test_a_moment_may_be_written_in_several_ways(wire, start):
    order = wire.placed()
    assert found(wire, startTimestamp=start, endTimestamp=start) == [order]


def test_an_order_is_found_by_its_own_timestamp_on_the_machines_clock():
    with run_in_thread(rate_limit=False) as simulator, wire_to(simulator) as wire:
        for _ in range(20):
            order = wire.placed()
            stamp = wire.order(order)["creationTimestamp"]
            assert found(wire, startTimestamp=stamp, endTimestamp=stamp) == [order]


def test_open_orders_are_those_that_work(wire):
    wire.placed()
    assert wire.place(size=0).code == 2
    gone = wire.placed(kind=1, limitPrice=PRICE - 50)
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    wire.cancel(gone)
    reply = wire.ask("Order/searchOpen", accountId=ACCOUNT)
    assert reply.json == {"orders": [wire.order(order)], **DONE}


def test_an_order_is_read_by_its_id(wire):
    order = wire.placed()
    reply = wire.ask("Order/searchById", accountId=ACCOUNT, orderId=order)
    assert reply.json == {"order": reply["order"], **DONE}
    for account, wanted in ((ACCOUNT, 1), (COMBINE, order), (7, order)):
        reply = wire.ask("Order/searchById", accountId=account, orderId=wanted)
        assert refusal(reply) == (1, None)
        assert reply["order"] is None


@pytest.mark.parametrize(
    ("path", "list_name", "more"),
    [
        ("Order/search", "orders", {"startTimestamp": LONG_AGO}),
        ("Order/searchOpen", "orders", {}),
        ("Position/searchOpen", "positions", {}),
        ("Trade/search", "trades", {"startTimestamp": LONG_AGO}),
    ],
)
def test_a_foreign_account_is_code_1(wire, path, list_name, more):
    reply = wire.ask(path, accountId=7, **more)
    assert refusal(reply) == (1, None)
    assert not reply[list_name]
    assert wire.ask(path, accountId=ACCOUNT, **more).json == {list_name: [], **DONE}


# ---------------------------------------------------------------- v2/query


def query(wire, account=ACCOUNT, page=None, **wanted):
    return wire.ask(
        "Order/v2/query", filter={"accountId": account, **wanted}, **(page or {})
    )


def ids(reply):
    return [row["id"] for row in reply["orders"]]


def test_a_query_filters_by_status(wire):
    filled = wire.placed()
    working = wire.placed(kind=1, limitPrice=PRICE - 50)
    assert ids(query(wire, statuses=[FILLED])) == [filled]
    assert ids(query(wire, statuses=[OPEN, 8])) == [working]
    assert ids(query(wire)) == ids(query(wire, statuses=None)) == [filled, working]
    reply = query(wire, statuses=[CANCELLED])
    assert reply.json == {"orders": [], "totalCount": None, **DONE}
    assert refusal(query(wire, account=7)) == (1, None)


def test_a_query_filters_by_creation_but_not_by_contract(wire, day):
    first = wire.placed()
    day.advance(60)
    second = wire.placed(contract="CON.F.US.MES.Z26")
    assert ids(query(wire, createdAfter="2026-08-19T19:50:00Z")) == [second]
    assert ids(query(wire, createdBefore="2026-08-19T19:50:00Z")) == [first]
    assert ids(query(wire, contractId=MNQ)) == [first, second]


def test_a_query_has_pages_of_100_rows_at_most(wire):
    all_ids = [wire.placed() for _ in range(105)]
    counted = {"includeTotalCount": True}
    reply = query(wire, page={"pageSize": 1000, **counted})
    assert ids(reply) == all_ids[:100]
    assert reply["totalCount"] == 105
    assert ids(query(wire, page={"pageSize": 3, "pageOffset": 4})) == all_ids[4:7]
    assert ids(query(wire, page={"pageOffset": 104})) == all_ids[104:]
    assert ids(query(wire, page={"pageOffset": 105})) == []
    newest = query(wire, page={"sortDirection": 1, "pageSize": 2})
    assert ids(newest) == all_ids[:-3:-1]


@pytest.mark.parametrize("page", [{"pageSize": -5}, {"pageOffset": -5}])
def test_a_query_with_a_negative_page_does_not_break(wire, page):
    order = wire.placed()
    assert ids(query(wire, page=page)) in ([], [order])
