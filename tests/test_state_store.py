"""The state between a hub and a reader: what it takes, whom it tells; order lives."""

from decimal import Decimal

import pytest
from test_state_repair import Standing
from test_state_rules import (
    ACCOUNT,
    MNQ,
    ORDER,
    POSITION,
    TRADE,
    at,
    order,
    position,
    trade,
)

from fastorder import Contract
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.events import Event, Gap, Live, Refused, Subscription
from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.looks import Looked
from fastorder.realtime.state.order_life import OrderLife
from fastorder.realtime.state.store import State
from fastorder.realtime.state.told import Filled

EMPTY = {"accounts": [], "positions": [], "working": [], "orders": [], "trades": []}
TICK = Contract(MNQ, "MNQZ6", "", Decimal("0.25"), Decimal("0.5"), True, "F.US.MNQ")


class Scene:
    def __init__(self, **options):
        self.clock = Standing()
        self.looks, self.woken, self.witnessed = [], [], []
        self.state = State(
            ACCOUNT,
            self,
            self.woken.append,
            self.clock,
            witness=self.witnessed.append,
            settle_s=0,
            **options,
        )
        self.heard = []
        for kind in ("order", "fill", "void", "position", "unproven", "synced"):
            self.state.on(kind, self.heard.append)

    def ask(self, look, answered):
        self.looks.append((look, answered))

    def answer(self, **lists):
        _, answered = self.looks.pop()
        answered(Looked(self.clock.ns, **{**EMPTY, **lists}))

    def event(self, target, row, generation=1):
        self.state.event(Event(target, [{"action": 1, "data": row}], generation))


@pytest.fixture
def scene():
    made = Scene()
    made.state.live(Live(1))
    made.answer()
    assert made.state.proven
    made.heard.clear()
    return made


def test_what_the_first_reads_show_is_told_to_nobody_and_watched_by_all():
    scene, watched = Scene(), []
    scene.state.watch(lambda: watched.append(1))
    scene.state.live(Live(1))
    row = trade(profitAndLoss=None)
    scene.answer(trades=[row], orders=[order(2, 1, fillVolume=1)])
    assert [type(each).__name__ for each in scene.heard] == ["Synced"]
    assert watched
    assert len(scene.state.trades) == 1


def test_events_of_a_connection_that_has_ended_are_counted_and_not_taken(scene):
    scene.state.gap(Gap(1, 0, "cut off"))
    scene.event(ORDER, order())
    assert scene.state.orders == {}
    assert scene.state.rows.counts["events of a connection that has ended"] == 1
    scene.event(ORDER, order(), generation=2)
    assert set(scene.state.orders) == {7}


def test_a_row_that_cannot_be_read_is_a_gap_and_the_others_count(scene):
    scene.event(ORDER, order(status="1"))
    scene.event(ORDER, order(1, 1, 8))
    assert "cannot be read" in scene.state.unproven.why
    assert set(scene.state.orders) == {8}
    scene.answer(working=[order(), order(1, 1, 8)])
    assert scene.state.proven
    assert set(scene.state.orders) == {7, 8}


@pytest.mark.parametrize(("account", "is_told"), [(ACCOUNT, True), (6, False)])
def test_a_subscription_of_its_own_that_is_refused_leaves_it_unproven(
    scene, account, is_told
):
    subscription = Subscription("SubscribeTrades", (account,))
    scene.state.refused(Refused(subscription, "no"))
    assert scene.state.proven is not is_told
    scene.state.live(Live(2, (subscription,)))
    assert scene.state.proven is not is_told


def test_orders_of_events_are_shown_to_those_in_doubt(scene):
    scene.event(ORDER, order(customTag="t"))
    scene.event(TRADE, trade())
    assert [row["customTag"] for row in scene.witnessed] == ["t"]


def test_a_callback_that_raises_stops_nobody(scene, caplog):
    scene.state.on("order", lambda change: 1 / 0)
    end = scene.state.on("order", scene.heard.append)
    scene.event(ORDER, order())
    scene.event(ORDER, order(1, 5))
    assert scene.state._hearers.failures == {"OrderChanged": 1}
    assert len(scene.heard) == 2
    end()


@pytest.mark.parametrize(
    ("kind", "callback", "error"),
    [("orders", print, InvalidField), ("order", 7, WrongFieldType)],
)
def test_what_cannot_be_heard_is_refused(scene, kind, callback, error):
    with pytest.raises(error):
        scene.state.on(kind, callback)


def test_who_hears_no_more_is_not_called(scene):
    heard = []
    end = scene.state.on("order", heard.append)
    end()
    end()
    scene.event(ORDER, order())
    assert heard == []


def test_a_closed_state_is_not_proven_and_asks_for_nothing(scene):
    scene.state.close()
    assert not scene.state.proven
    scene.state.time()
    scene.event(ORDER, order())
    assert scene.looks == []
    assert scene.heard == []
    assert scene.state.orders == {}


def test_it_is_woken_for_the_check(scene):
    scene.event(ORDER, order())
    assert scene.woken
    scene.clock.ns = scene.woken[-1]
    scene.state.time()
    look, _ = scene.looks.pop()
    assert (look.whole, look.back_s) == (True, 0)


def test_an_open_result_is_exact_and_none_where_it_may_be_wrong(scene):
    scene.event(TRADE, trade(size=2))
    assert scene.state.open_result(TICK, 29500) is None  # no position yet
    scene.event(POSITION, position(2, Decimal("29500.125")))
    assert scene.state.open_result(TICK, 29500.25) == Decimal("0.5")
    scene.state.gap(Gap(1, 0, "cut off"))
    assert scene.state.open_result(TICK, 29501) is None


def test_the_repr_says_whether_it_is_proven(scene):
    assert repr(scene.state) == "<State of account 5, proven>"
    scene.state.gap(Gap(1, 0, "cut off"))
    assert repr(scene.state) == "<State of account 5, not proven: cut off>"


# ---------------------------------------------------------------- the life of an order


def told(rows, life):
    return [str(step) for step in life.steps()]


def test_the_steps_of_a_bracket_in_whatever_order_they_come():
    rows = AccountRows(ACCOUNT)
    life = OrderLife(rows, 7, legs=2)
    assert told(rows, life) == ["accepted"]
    rows.event(TRADE, trade(size=3), 1)
    assert told(rows, life) == ["fill: 3 at 29500.25"]
    rows.event(ORDER, order(2, 1, fillVolume=3), 1)
    assert told(rows, life) == ["filled"]
    assert not life.has_ended  # its legs are not known yet
    rows.event(ORDER, order(1, 2, 8, type=4, stopPrice=1, parentOrderId=7), 1)
    rows.event(ORDER, order(8, 1, 9, parentOrderId=7), 1)
    assert told(rows, life) == ["stop working"]
    rows.event(ORDER, order(1, 2, 9, limitPrice=5, parentOrderId=7), 1)
    rows.event(ORDER, order(1, 3, 8, type=4, stopPrice=2, parentOrderId=7), 1)
    assert told(rows, life) == ["stop changed", "target working"]
    rows.event(ORDER, order(2, 3, 8, type=4, fillVolume=3, parentOrderId=7), 1)
    assert told(rows, life) == []  # its trade is on its way
    rows.event(TRADE, trade(2, 3, 4, side=1, orderId=8), 1)
    assert told(rows, life) == ["stop fill: 3 at 29500.25", "stop filled"]
    assert not life.has_ended
    rows.event(ORDER, order(3, 5, 9, parentOrderId=7), 1)
    assert told(rows, life) == ["target cancelled"]
    assert life.has_ended
    assert told(rows, life) == []


def test_an_entry_that_is_cancelled_unfilled_waits_for_no_legs():
    rows = AccountRows(ACCOUNT)
    life = OrderLife(rows, 7, legs=2)
    rows.event(ORDER, order(3, 1), 1)
    assert told(rows, life) == ["accepted", "cancelled"]
    assert life.has_ended


def test_a_trade_that_is_taken_back_is_told():
    rows = AccountRows(ACCOUNT)
    life = OrderLife(rows, 7)
    rows.event(TRADE, trade(), 1)
    life.steps()
    rows.event(TRADE, trade(voided=True), 1)
    assert told(rows, life) == ["voided: 1 at 29500.25"]


def test_a_life_ends_whose_only_trade_was_taken_back_before_it_was_followed():
    rows = AccountRows(ACCOUNT)
    rows.event(ORDER, order(2, 1, fillVolume=1), 1)
    rows.event(TRADE, trade(), 1)
    rows.event(TRADE, trade(voided=True), 1)
    life = OrderLife(rows, 7)
    assert told(rows, life) == [
        "accepted", "fill: 1 at 29500.25", "voided: 1 at 29500.25", "filled",
    ]  # fmt: skip
    assert life.has_ended


DAY_MS = 86_400_000
OLD = {"creationTimestamp": at(-4 * DAY_MS)}


def old_order_working(scene):
    """An order of four days ago that works, in a state that is proven."""
    scene.state.gap(Gap(1, 0, "cut off"))
    scene.state.live(Live(2))
    scene.answer(working=[order(1, -4 * DAY_MS, **OLD)])
    assert scene.state.proven
    assert [each.id for each in scene.state.working] == [7]
    scene.heard.clear()


def test_an_old_order_that_ended_in_a_gap_is_not_held_as_working(scene):
    old_order_working(scene)
    scene.state.gap(Gap(2, 0, "cut off"))
    scene.state.live(Live(3))
    scene.answer()
    scene.answer(by_id={7: order(3, 5, **OLD)})
    assert scene.state.proven
    assert scene.state.working == []


def test_an_old_order_that_moved_in_a_gap_is_where_it_is(scene):
    old_order_working(scene)
    scene.state.gap(Gap(2, 0, "cut off"))
    scene.state.live(Live(3))
    scene.answer(working=[order(1, 5, limitPrice=Decimal(7), **OLD)])
    assert scene.state.proven
    assert [each.limit_price for each in scene.state.working] == [7]


def test_what_an_old_order_has_just_filled_is_remembered_and_told_once(scene):
    old_order_working(scene)
    filled = order(2, -4 * DAY_MS, fillVolume=1, size=1, **OLD)
    for target, row in (
        (TRADE, trade(ms=10)),
        (ORDER, filled),
        (POSITION, position(1)),
    ):
        scene.event(target, row, generation=2)
    scene.clock.ns += 61 * 1_000_000_000
    scene.state.time()
    scene.answer(positions=[position(1)])  # the look by clock
    assert [each.id for each in scene.state.trades] == [1]
    scene.state.gap(Gap(2, 0, "cut off"))
    scene.state.live(Live(3))
    scene.answer(positions=[position(1)], trades=[trade(ms=10)], orders=[filled])
    assert scene.state.proven
    assert [each.trade.id for each in scene.heard if type(each) is Filled] == [1]
    assert scene.state.order(7).fill_volume == 1


def test_a_clock_that_is_days_ahead_lets_nothing_be_passed_over(scene):
    scene.clock.ns += 9 * DAY_MS * 1_000_000  # the gateway's times are of today
    for generation in (1, 2):
        scene.state.gap(Gap(generation, 0, "cut off"))
        scene.state.live(Live(generation + 1))
        if generation == 1:
            scene.answer()
    scene.answer(trades=[trade(ms=10)], positions=[position(1)])
    assert [each.id for each in scene.state.trades] == [1]


def test_a_time_of_the_far_future_lets_nothing_be_passed_over(scene):
    scene.event(ORDER, order(3, 0, 8, creationTimestamp="2200-01-01T00:00:00+00:00"))
    for generation in (1, 2):
        scene.state.gap(Gap(generation, 0, "cut off"))
        scene.state.live(Live(generation + 1))
        if generation == 1:
            scene.answer()
    scene.answer(trades=[trade(ms=10)], positions=[position(1)])
    assert [each.id for each in scene.state.trades] == [1]
