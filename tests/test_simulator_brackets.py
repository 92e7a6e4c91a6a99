"""Brackets and trailing stops: signed ticks, suspended legs, one cancels the other."""

import pytest
from plain_http import ACCOUNT, COMBINE, MNQ, PRICE

OPEN, FILLED, CANCELLED, REJECTED, SUSPENDED = 1, 2, 3, 5, 8
TICK = 0.25
ASK = PRICE + TICK


def bracket(loss=-40, profit=40, loss_type=4):
    legs = {}
    if loss is not None:
        legs["stopLossBracket"] = {"ticks": loss, "type": loss_type}
    if profit is not None:
        legs["takeProfitBracket"] = {"ticks": profit, "type": 1}
    return legs


def statuses(wire, entry, legs=2):
    return [wire.status(entry + i) for i in range(legs + 1)]


# ---------------------------------------------------------------- legs


def test_a_bracket_takes_three_ids_in_a_row(wire):
    entry = wire.placed(customTag="t", size=2, **bracket())
    rows = [wire.order(entry + i) for i in range(3)]
    assert [row["customTag"] for row in rows] == ["t", "t-SL", "t-TP"]
    assert [row["type"] for row in rows] == [2, 4, 1]
    assert [row["side"] for row in rows] == [0, 1, 1]
    assert [row["size"] for row in rows] == [2, 2, 2]
    assert [row["status"] for row in rows] == [FILLED, OPEN, OPEN]
    assert [row.get("parentOrderId") for row in rows] == [None, entry, entry]
    assert [row.get("linkedOrderId") for row in rows] == [None, None, entry + 1]
    assert "parentOrderId" not in rows[0]
    assert "linkedOrderId" not in rows[1]
    assert len({row["creationTimestamp"] for row in rows}) == 1


@pytest.mark.parametrize(
    ("side", "fill", "loss", "profit"),
    [(0, ASK, -40, 60), (1, PRICE, 40, -60)],
)
def test_the_legs_are_priced_from_the_fill_with_their_signs(
    wire, side, fill, loss, profit
):
    entry = wire.placed(side=side, **bracket(loss, profit))
    assert wire.order(entry + 1)["stopPrice"] == fill + loss * TICK
    assert wire.order(entry + 2)["limitPrice"] == fill + profit * TICK


@pytest.mark.parametrize(
    ("legs", "kind"), [(bracket(profit=None), 4), (bracket(loss=None), 1)]
)
def test_a_bracket_may_have_one_leg(wire, legs, kind):
    entry = wire.placed(**legs)
    row = wire.order(entry + 1)
    assert (row["type"], row["parentOrderId"]) == (kind, entry)
    assert "linkedOrderId" not in row
    assert len(wire.orders()) == 2


def test_legs_of_an_entry_without_a_tag_have_none(wire):
    entry = wire.placed(**bracket())
    assert [wire.order(entry + i)["customTag"] for i in (1, 2)] == [None, None]


def test_a_null_bracket_is_none(wire):
    entry = wire.placed(stopLossBracket=None, takeProfitBracket=None)
    assert [row["id"] for row in wire.orders()] == [entry]


def test_the_legs_of_a_resting_entry_sleep_without_prices(market, wire):
    entry = wire.placed(kind=1, limitPrice=PRICE - 10, **bracket())
    assert statuses(wire, entry) == [OPEN, SUSPENDED, SUSPENDED]
    legs = [wire.order(entry + i) for i in (1, 2)]
    assert {row["stopPrice"] for row in legs} == {None}
    assert {row["limitPrice"] for row in legs} == {None}
    opened = wire.ask("Order/searchOpen", accountId=ACCOUNT)["orders"]
    assert [row["id"] for row in opened] == [entry]
    query = {"accountId": ACCOUNT, "statuses": [1, 8]}
    asked = wire.ask("Order/v2/query", filter=query)["orders"]
    assert [row["id"] for row in asked] == [entry, entry + 1, entry + 2]

    market.set_price(MNQ, PRICE - 10.25)
    assert statuses(wire, entry) == [FILLED, OPEN, OPEN]
    assert wire.order(entry + 1)["stopPrice"] == PRICE - 10 - 40 * TICK
    assert wire.order(entry + 2)["limitPrice"] == PRICE - 10 + 40 * TICK


def test_sleeping_legs_do_not_fill(market, wire):
    entry = wire.placed(kind=1, limitPrice=PRICE - 100, **bracket())
    market.set_price(MNQ, PRICE + 500)
    assert statuses(wire, entry) == [OPEN, SUSPENDED, SUSPENDED]


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("side", "loss", "profit", "start", "end"),
    [
        (0, 40, 40, "stop loss ticks (40). Ticks should be less", "longing"),
        (0, -40, -40, "take profit ticks (-40). Ticks should be greater", "longing"),
        (1, -40, -40, "stop loss ticks (-40). Ticks should be greater", "going short"),
        (1, 40, 426, "take profit ticks (426). Ticks should be less", "going short"),
    ],
)
def test_a_leg_on_the_wrong_side_is_refused(wire, side, loss, profit, start, end):
    reply = wire.place(side=side, **bracket(loss, profit))
    assert (reply["success"], reply.code) == (False, 2)
    assert reply.text == f"Invalid {start} than zero when {end}."
    (row,) = wire.orders()
    assert row["status"] == REJECTED
    assert wire.positions() == []


@pytest.mark.parametrize(("side", "loss"), [(0, -1), (0, -3), (0, 0), (1, 3)])
def test_a_stop_that_is_too_near_is_refused(wire, side, loss):
    reply = wire.place(side=side, **bracket(loss, None))
    assert (reply["success"], reply.code, reply.text) == (
        False,
        2,
        f"Invalid stop loss ticks ({loss}). Price should be at least 4 ticks away.",
    )
    assert wire.positions() == []


def test_four_ticks_are_far_enough(wire):
    assert wire.place(**bracket(-4, 4))["success"]


@pytest.mark.parametrize(("loss_type", "profit_type"), [(1, 1), (2, 1), (4, 4), (4, 2)])
def test_a_leg_of_another_type_is_refused(wire, loss_type, profit_type):
    reply = wire.place(
        stopLossBracket={"ticks": -40, "type": loss_type},
        takeProfitBracket={"ticks": 40, "type": profit_type},
    )
    assert (reply.code, reply.text) == (2, "Invalid order type specified")


def test_an_account_with_position_brackets_takes_none(wire):
    reply = wire.place(account=COMBINE, **bracket())
    assert (reply.code, reply.text) == (
        2,
        "Brackets cannot be used with Position Brackets. "
        "You must enable Auto OCO Brackets.",
    )
    assert wire.place(account=COMBINE)["success"]


# ---------------------------------------------------------------- one cancels other


def test_a_filled_stop_cancels_the_target(market, wire, day):
    entry = wire.placed(**bracket())
    stop = ASK - 40 * TICK
    market.set_price(MNQ, stop + TICK)
    assert statuses(wire, entry) == [FILLED, OPEN, OPEN]
    day.advance(0.1)
    market.set_price(MNQ, stop - 2 * TICK)
    assert statuses(wire, entry) == [FILLED, FILLED, CANCELLED]
    loss, profit = wire.order(entry + 1), wire.order(entry + 2)
    assert loss["filledPrice"] == stop - 2 * TICK
    assert loss["updateTimestamp"] == loss["creationTimestamp"]
    assert profit["updateTimestamp"] > profit["creationTimestamp"]
    assert wire.positions() == []


def test_a_filled_target_cancels_the_stop(market, wire):
    entry = wire.placed(**bracket())
    market.set_price(MNQ, ASK + 40 * TICK)
    assert statuses(wire, entry) == [FILLED, CANCELLED, FILLED]
    market.set_price(MNQ, PRICE - 500)
    assert statuses(wire, entry) == [FILLED, CANCELLED, FILLED]
    assert wire.positions() == []


def test_a_short_bracket_works_the_other_way_round(market, wire):
    entry = wire.placed(side=1, **bracket(40, -40))
    market.set_price(MNQ, PRICE - 40 * TICK - TICK)
    assert statuses(wire, entry) == [FILLED, CANCELLED, FILLED]


def test_a_fill_leaves_the_legs_of_another_bracket(market, wire):
    near = wire.placed(**bracket(-40, 8))
    far = wire.placed(**bracket(-40, 400))
    market.set_price(MNQ, ASK + 8 * TICK)
    assert statuses(wire, near) == [FILLED, CANCELLED, FILLED]
    assert statuses(wire, far) == [FILLED, OPEN, OPEN]


@pytest.mark.parametrize("leg", [1, 2])
def test_a_cancelled_leg_leaves_its_sibling(wire, leg):
    entry = wire.placed(**bracket())
    assert wire.cancel(entry + leg)["success"]
    assert wire.status(entry + leg) == CANCELLED
    assert wire.status(entry + 3 - leg) == OPEN


def test_a_cancelled_entry_takes_its_legs_along(wire):
    entry = wire.placed(kind=1, limitPrice=PRICE - 10, **bracket())
    assert wire.cancel(entry)["success"]
    assert statuses(wire, entry) == [CANCELLED] * 3


def test_a_modified_leg_leaves_its_sibling(wire):
    entry = wire.placed(**bracket())
    sibling = wire.order(entry + 2)
    assert wire.modify(entry + 1, stopPrice=PRICE - 5)["success"]
    assert wire.order(entry + 1)["stopPrice"] == PRICE - 5
    assert wire.order(entry + 2) == sibling


def test_a_closed_position_leaves_the_legs(market, wire):
    entry = wire.placed(**bracket())
    wire.ask("Position/closeContract", accountId=ACCOUNT, contractId=MNQ)
    assert statuses(wire, entry) == [FILLED, OPEN, OPEN]
    market.set_price(MNQ, PRICE - 100)
    (row,) = wire.positions()
    assert row["type"] == 2  # the orphaned stop went short


# ---------------------------------------------------------------- trailing


def test_a_trailing_stop_keeps_the_distance_of_its_price(wire):
    order = wire.placed(kind=5, side=1, trailPrice=PRICE - 5)
    row = wire.order(order)
    assert (row["trailDistance"], row["trailPrice"]) == (20, 5.0)
    assert row["stopPrice"] == PRICE - 5


@pytest.mark.parametrize("side", [0, 1])
def test_a_trailing_stop_follows_one_way_only(market, wire, side):
    way = -1 if side == 0 else 1  # the way that it follows
    order = wire.placed(kind=5, side=side, trailPrice=PRICE - way * 5)
    market.set_price(MNQ, PRICE + way * 20)
    assert wire.order(order)["stopPrice"] == PRICE + way * 15
    market.set_price(MNQ, PRICE + way * 15.25)
    row = wire.order(order)
    assert (row["status"], row["stopPrice"]) == (OPEN, PRICE + way * 15)
    market.set_price(MNQ, PRICE + way * 15)
    row = wire.order(order)
    assert (row["status"], row["stopPrice"]) == (FILLED, PRICE + way * 15)
    assert row["filledPrice"] == PRICE + way * 15 + (TICK if side == 0 else 0)


def test_a_stop_trails_1000_ticks_at_most_when_it_is_placed(wire):
    assert wire.place(kind=5, side=1, trailPrice=PRICE - 1000 * TICK)["success"]
    reply = wire.place(kind=5, side=1, trailPrice=PRICE - 1001 * TICK)
    assert reply.text == "Trail Distance exceeds maximum (1000)"


def test_a_new_trail_price_gives_a_new_distance_without_a_cap(wire):
    order = wire.placed(kind=5, side=1, trailPrice=PRICE - 5)
    assert wire.modify(order, trailPrice=PRICE - 2000 * TICK)["success"]
    row = wire.order(order)
    assert (row["trailDistance"], row["trailPrice"]) == (2000, 500.0)
    assert row["stopPrice"] == PRICE - 500
    reply = wire.modify(order, trailPrice=PRICE - 5.1)
    assert (reply.code, reply.text) == (
        3,
        "Invalid trail price. Price is not aligned to tick size.",
    )
    assert wire.order(order) == row


def test_a_stop_loss_may_trail(market, wire):
    entry = wire.placed(**bracket(-40, 400, loss_type=5))
    leg = wire.order(entry + 1)
    assert (leg["type"], leg["trailDistance"], leg["trailPrice"]) == (5, -40, -10.0)
    assert leg["stopPrice"] == ASK - 10
    market.set_price(MNQ, PRICE + 30)
    assert wire.order(entry + 1)["stopPrice"] == PRICE + 20
    market.set_price(MNQ, PRICE + 19)
    assert statuses(wire, entry) == [FILLED, FILLED, CANCELLED]


def test_a_leg_that_was_modified_asleep_wakes_at_its_new_distance(wire):
    legs = bracket(profit=None, loss_type=5)
    entry = wire.placed(kind=1, limitPrice=PRICE - 10, **legs)
    assert wire.modify(entry + 1, trailPrice=PRICE - 3)["success"]
    assert wire.modify(entry, limitPrice=ASK)["success"]
    leg = wire.order(entry + 1)
    assert (leg["trailDistance"], leg["stopPrice"]) == (12, PRICE - 3)
