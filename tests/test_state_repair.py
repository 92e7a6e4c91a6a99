"""When rows are proven, and what is read for it: a table of cases."""

from datetime import datetime, timezone

import pytest
from test_state_rules import (
    ACCOUNT,
    BALANCE,
    MNQ,
    ORDER,
    POSITION,
    TRADE,
    order,
    position,
    trade,
)

from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.looks import Looked
from fastorder.realtime.state.repair import Repair
from fastorder.realtime.state.told import Discrepancy, Filled, Synced, Unproven
from fastorder.runtime.clock import Clock

SECOND = 1_000_000_000


def stamp(seconds):
    """A moment of the clocks here, as the gateway writes it."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


class Standing(Clock):
    """A clock that stands until it is moved."""

    def __init__(self):
        self.ns = SECOND
        self.set_s = 0.0  # by so much the wall clock was set

    def monotonic_ns(self):
        return self.ns

    def wall_s(self):
        return 1_787_000_000 + self.ns / SECOND + self.set_s


class Scene:
    """A repair, its rows, and a gateway's lists that a test sets."""

    def __init__(self, settle_s=10.0):
        self.clock = Standing()
        self.rows = AccountRows(ACCOUNT)
        self.repair = Repair(self.rows, self.clock, settle_s=settle_s)
        self.lists = {"accounts": [], "positions": [], "working": []}
        self.lists |= {"orders": [], "trades": []}
        self.by_id = {}

    def pass_s(self, seconds):
        self.clock.ns += int(seconds * SECOND)
        self.repair.time()

    def event(self, target, row):
        self.repair.told += self.rows.event(target, row, self.clock.ns)
        self.repair.rows_changed()

    def answer(self, **members):
        """Answer what was asked; the look of it."""
        number, look = self.repair.looks.pop()
        looked = Looked(self.clock.ns)
        if look.whole:
            names = self.lists if look.back_s else ("positions", "working")
            for name in names:
                setattr(looked, name, self.lists[name])
        looked.by_id = {each: self.by_id.get(each) for each in look.by_id}
        for name, value in members.items():
            setattr(looked, name, value)
        self.repair.looked(number, looked)
        return look

    def seeded(self):
        self.repair.live()
        self.answer()
        self.pass_s(10)
        self.answer()
        assert self.repair.unproven is None
        self.repair.told.clear()
        return self

    def sold_one(self):
        """The lists of orders and of trades show that a contract was sold."""
        self.lists["orders"] = [order(2, 1, side=1, fillVolume=1)]
        self.lists["trades"] = [trade(side=1)]

    def prove(self):
        """Answer what is asked until it is proven."""
        for _ in range(5):
            while self.repair.looks:
                self.answer()
            if self.repair.unproven is None:
                return
            self.pass_s(12)
        raise AssertionError(self.repair.why_not)

    def told(self, kind):
        return [each for each in self.repair.told if type(each) is kind]


@pytest.fixture
def scene():
    return Scene().seeded()


def test_at_the_start_nothing_is_proven_until_a_look_that_cannot_be_behind():
    scene = Scene()
    assert scene.repair.unproven.why == "nothing was read yet"
    assert scene.repair.looks == []
    scene.repair.live()
    assert scene.answer().back_s > 900
    assert scene.repair.unproven
    scene.pass_s(9.9)
    assert scene.repair.looks == []
    scene.pass_s(0.1)
    scene.answer()
    assert scene.repair.unproven is None
    assert scene.told(Synced)[0].missed_fills == ()


def test_what_was_missed_is_told_at_the_first_look_and_summed_up_at_the_proof(scene):
    scene.repair.gap(scene.clock.ns, "cut off")
    assert scene.told(Unproven)[0].why == "cut off"
    scene.lists["orders"] = [order(2, 1, fillVolume=1)]
    scene.lists["trades"] = [trade(profitAndLoss=None)]
    scene.lists["positions"] = [position(1)]
    scene.repair.live()
    scene.answer()
    assert scene.told(Filled)[0].source == "repair"
    assert not scene.told(Synced)
    scene.pass_s(10)
    scene.answer()
    (synced,) = scene.told(Synced)
    assert [each.id for each in synced.missed_fills] == [1]
    assert [each.id for each in synced.missed_orders] == [7]
    assert len(scene.told(Filled)) == 1
    assert synced.took_s == 10


def test_an_answer_from_before_another_gap_says_nothing(scene):
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.repair.gap(scene.clock.ns, "again")
    assert scene.repair.looks == []
    scene.repair.looked(1, Looked(0, positions=[position(5)]))
    assert not scene.rows.positions
    assert scene.repair.unproven.why == "cut off"


@pytest.mark.parametrize(
    "members",
    [
        {"why": "HTTP 503"},
        {"positions": None},
        {"orders": None},
        {"trades": None},
        {"accounts": None},
        {"working": None},
        {"positions": [position(1) | {"accountId": 6}]},
        {"positions": [position(1), position(2)]},
        {"positions": [{}]},
        {"trades": [{"id": 1}]},
    ],
    ids=str,
)
def test_what_was_not_read_in_full_proves_nothing_and_is_read_again(scene, members):
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.pass_s(11)
    scene.answer(**members)
    assert scene.repair.unproven
    assert scene.repair.why_not
    scene.pass_s(1)
    scene.answer()
    assert scene.repair.unproven is None


def test_a_working_order_that_is_not_listed_is_asked_for_by_its_number(scene):
    scene.event(ORDER, order(1, 1))
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.pass_s(11)
    scene.answer()
    scene.by_id[7] = order(3, 2)
    assert scene.answer().by_id == (7,)
    assert scene.repair.unproven is None
    assert int(scene.rows.orders[7].order.status) == 3


def test_an_order_that_the_gateway_does_not_know_any_more_is_a_discrepancy(scene):
    scene.event(ORDER, order(1, 1))
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    for _ in range(4):
        scene.pass_s(11)
        scene.answer()
        scene.answer()
    assert scene.told(Discrepancy)[0].what == ("order 7 is not listed, nor known",)
    assert scene.repair.unproven
    assert int(scene.rows.orders[7].order.status) == 1


def test_another_order_than_was_asked_for_is_not_taken(scene):
    scene.event(ORDER, order(1, 1))
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.answer()
    scene.by_id[7] = order(3, 2, number=8)
    scene.answer()
    assert "another one came" in scene.repair.why_not
    assert 8 not in scene.rows.orders


@pytest.mark.parametrize("voided", [False, True])
def test_an_event_of_a_trade_does_not_tell_how_its_order_stands(scene, voided):
    """It was filled in the gap, and no list reaches back to when it was placed."""
    scene.event(ORDER, order(1, 1, size=2))
    scene.pass_s(1)
    scene.lists["trades"] = [trade()]
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.answer()
    assert scene.answer(why="HTTP 503").by_id == (7,)
    scene.event(TRADE, trade(number=1 if voided else 2, voided=voided))
    scene.pass_s(1)
    scene.answer()
    assert scene.answer().by_id == (7,)


def test_a_position_without_its_trades_needs_a_second_read_that_says_the_same(scene):
    scene.pass_s(1)
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.lists["positions"] = [position(2)]
    scene.pass_s(11)
    scene.answer()
    assert "2 held, 0 by the trades" in scene.repair.why_not
    scene.pass_s(1)
    scene.answer()
    (synced,) = scene.told(Synced)
    assert synced.rebased == (MNQ,)
    assert scene.rows.positions[MNQ].net == 2


def test_a_contract_that_a_second_read_shows_as_flat_is_flat(scene):
    scene.pass_s(1)
    scene.sold_one()
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    scene.prove()
    (synced,) = scene.told(Synced)
    assert synced.rebased == (MNQ,)
    assert scene.rows.positions[MNQ].net == scene.rows.positions[MNQ].expected == 0


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_first_read_that_is_behind_its_own_trades_is_no_base_for_more(is_slow):
    """Nobody tells of the trades: the connection is dead, and not known to be."""
    scene = Scene()
    scene.repair.live()
    begun_ns = scene.clock.ns
    scene.lists["positions"] = [position(2)]
    if is_slow:
        scene.sold_one()
    scene.clock.ns += 9 * SECOND * is_slow
    scene.answer(begun_ns=begun_ns)
    scene.pass_s(10 - 9 * is_slow)
    scene.sold_one()  # the positions are from before it
    while scene.repair.looks:
        scene.answer()
    assert scene.repair.unproven
    scene.lists["positions"] = [position(1)]
    scene.prove()
    held = scene.rows.positions[MNQ]
    assert (held.net, held.expected) == (1, 1)


def test_what_was_read_over_a_connection_that_was_dead_already_is_no_base():
    """The read showed trades that its list of trades did not have yet."""
    scene = Scene()
    heard_ns = scene.clock.ns
    scene.lists["positions"] = [position(2)]
    scene.repair.live()
    scene.answer()
    scene.pass_s(10)
    scene.lists["positions"] = [position(1)]
    scene.answer()
    assert scene.rows.positions[MNQ].expected == 1
    scene.sold_one()
    scene.repair.gap(heard_ns, "cut off")
    scene.repair.live()
    scene.prove()
    held = scene.rows.positions[MNQ]
    assert (held.net, held.expected) == (1, 1)


def test_reads_that_never_agree_are_told_and_stay_unproven(scene):
    scene.pass_s(1)
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.live()
    for size in range(1, 6):
        scene.lists["positions"] = [position(size)]
        scene.pass_s(11)
        scene.answer()
    assert len(scene.told(Discrepancy)) == 1
    assert scene.repair.unproven
    assert not scene.told(Synced)


def test_a_position_that_is_ahead_of_its_trades_is_read_after_a_grace(scene):
    scene.event(POSITION, position(1))
    assert scene.repair.unsettled
    scene.pass_s(1.9)
    assert scene.repair.unproven is None
    scene.pass_s(0.2)
    assert "do not agree" in scene.repair.unproven.why
    assert scene.repair.looks


def test_a_lost_event_is_found_by_the_clock(scene):
    scene.event(ORDER, order(1, 1))
    scene.pass_s(60)
    scene.lists["working"] = [order(1, 2, limitPrice=5)]
    scene.answer()
    assert scene.repair.unproven is None
    scene.pass_s(2)
    scene.answer()
    assert scene.repair.unproven.why == "no event has told of order 7"


def test_a_check_that_fails_is_not_put_off_for_a_minute(scene):
    scene.event(ORDER, order(1, 1))
    scene.pass_s(60)
    scene.lists["working"] = [order(1, 2, limitPrice=5)]
    scene.answer()
    for pause_s in (2, 1, 2, 5, 10, 10):
        scene.pass_s(pause_s)
        scene.answer(why="HTTP 503")
        assert scene.repair.unproven is None
    scene.pass_s(10)
    scene.answer()
    assert scene.repair.unproven.why == "no event has told of order 7"


def test_an_event_that_comes_right_after_the_check_was_not_lost(scene):
    scene.event(ORDER, order(1, 1))
    scene.pass_s(60)
    scene.lists["working"] = [order(1, 2, limitPrice=5)]
    scene.answer()
    scene.event(ORDER, order(1, 2, limitPrice=5))
    scene.pass_s(2)
    scene.answer()
    assert scene.repair.unproven is None


def test_what_looks_flat_is_read_by_the_clock_too(scene):
    """All events of an order may be lost, and with them that anything is open."""
    scene.lists["positions"] = [position(1)]
    scene.pass_s(59.9)
    assert scene.repair.looks == []
    for seconds in (0.1, 2):
        scene.pass_s(seconds)
        assert scene.answer().back_s == 0
    assert scene.repair.unproven.why == f"no event has told of the position of {MNQ}"


def test_an_order_that_is_filled_without_its_trade_is_read_after_a_grace(scene):
    scene.event(ORDER, order(2, 1, fillVolume=1))
    assert scene.repair.unsettled.why.endswith("(order 7)")
    scene.pass_s(1.9)
    assert scene.repair.unproven is None
    scene.pass_s(0.2)
    assert scene.repair.unproven.why == (
        "an order and its trades do not agree (order 7)"
    )
    scene.lists["orders"] = [order(2, 1, fillVolume=1)]
    scene.lists["trades"] = [trade(profitAndLoss=None)]
    scene.lists["positions"] = [position(1)]
    scene.answer()
    assert scene.told(Filled)[0].source == "repair"
    scene.pass_s(10)
    scene.answer()
    assert scene.repair.unproven is scene.repair.unsettled is None
    assert scene.rows.positions[MNQ].net == 1


def test_a_trade_without_its_order_is_read_after_a_grace(scene):
    scene.event(TRADE, trade())
    scene.event(POSITION, position(1))
    assert scene.repair.unsettled.why.endswith("(order 7)")
    scene.pass_s(2.1)
    scene.lists["orders"] = [order(2, 1, fillVolume=1)]
    scene.lists["trades"] = [trade(profitAndLoss=None)]
    scene.lists["positions"] = [position(1)]
    scene.answer()
    assert scene.repair.unsettled is None


def test_an_order_and_its_trade_that_come_soon_are_not_read(scene):
    scene.event(ORDER, order(2, 1, fillVolume=1))
    scene.event(TRADE, trade())
    scene.event(POSITION, position(1))
    assert scene.repair.unsettled is None
    scene.pass_s(10)
    assert scene.repair.looks == []


def test_a_trade_that_was_taken_back_is_not_missing(scene):
    scene.event(ORDER, order(2, 1, fillVolume=1))
    scene.event(TRADE, trade())
    scene.event(TRADE, trade(voided=True))
    scene.event(POSITION, position(0))
    assert scene.repair.unsettled is None


def test_a_trade_that_is_taken_back_before_it_was_ever_told_is_not_missing(scene):
    scene.event(ORDER, order(2, 1, fillVolume=1))
    scene.event(TRADE, trade(voided=True))
    assert scene.repair.unsettled is None


def test_an_order_whose_trade_no_read_lists_stays_unproven_and_is_told(scene):
    made = scene.clock.wall_s()
    late = order(2, 1, fillVolume=1, creationTimestamp=stamp(made))
    scene.event(ORDER, late)
    scene.lists["orders"] = [late]
    scene.pass_s(2.1)
    for _ in range(5):
        scene.answer()
        scene.pass_s(11)
    assert scene.told(Discrepancy)[0].what == ("order 7: 1 filled, 0 traded",)
    assert scene.repair.unproven


def test_what_an_order_had_filled_before_all_that_is_read_is_not_missing():
    scene = Scene()
    made = scene.clock.wall_s() - 3 * 86_400
    old = order(1, 1, size=3, fillVolume=1, creationTimestamp=stamp(made))
    scene.lists["working"] = [old]
    scene.seeded()
    assert scene.repair.unsettled is None
    moved = old | {"fillVolume": 2, "updateTimestamp": stamp(scene.clock.wall_s())}
    scene.event(ORDER, moved)
    assert scene.repair.unsettled
    scene.event(TRADE, trade())
    scene.event(POSITION, position(1))
    assert scene.repair.unsettled is None


def test_an_accepted_order_that_no_event_tells_is_asked_for(scene):
    scene.repair.accepted([7])
    assert scene.repair.unsettled.why.endswith("told of it (order 7)")
    scene.pass_s(2.1)
    assert scene.repair.unproven.why.startswith("an order was accepted")
    scene.answer()
    scene.by_id[7] = order(3, 2)
    assert scene.answer().by_id == (7,)
    scene.pass_s(10)
    scene.answer()
    assert scene.repair.unproven is scene.repair.unsettled is None
    assert int(scene.rows.orders[7].order.status) == 3


def test_an_accepted_order_that_is_told_already_or_soon_is_not_asked_for(scene):
    scene.event(ORDER, order(1, 1))
    scene.repair.accepted([7, 8])
    assert scene.repair.unsettled.why.endswith("(order 8)")
    scene.event(ORDER, order(1, 1, number=8))
    assert scene.repair.unsettled is None
    scene.pass_s(10)
    assert scene.repair.looks == []


def test_an_accepted_order_that_is_over_for_days_is_not_waited_for(scene):
    """A journal may bring one back: the gateway knows it, and it is not kept."""
    scene.rows.forget_before(1 << 62)
    scene.repair.accepted([7])
    scene.pass_s(2.1)
    scene.answer()
    scene.by_id[7] = order(3, 2)
    scene.answer()
    scene.pass_s(10)
    scene.answer()
    assert scene.repair.unproven is scene.repair.unsettled is None


def test_a_position_that_the_check_does_not_show_is_read_anew(scene):
    scene.event(TRADE, trade())
    scene.event(POSITION, position(1))
    scene.event(ORDER, order(2, 1, fillVolume=1))
    for seconds in (60, 2):
        scene.pass_s(seconds)
        scene.answer()
    assert scene.repair.unproven.why == f"no event has told of the position of {MNQ}"


def test_a_contract_that_is_traded_during_the_first_reads_is_read_again():
    scene = Scene()
    scene.repair.live()
    scene.answer()
    scene.pass_s(9)
    scene.event(TRADE, trade())
    scene.event(POSITION, position(1))
    scene.event(BALANCE, {"id": 5, "name": "P", "balance": 1, "canTrade": True,
                          "isVisible": True})  # fmt: skip
    scene.event(ORDER, order(2, 1, fillVolume=1))
    scene.pass_s(1)
    scene.answer()
    assert "traded while read" in scene.repair.why_not
    scene.lists["positions"] = [position(1)]
    scene.pass_s(13)
    scene.answer()
    assert scene.repair.unproven is None
    assert scene.rows.positions[MNQ].expected == 1


def misses(scene, seconds, every_s):
    """Events that cannot be read, for so long; when each look was asked for."""
    begun_ns, asked_s = scene.clock.ns, []
    for _ in range(round(seconds / every_s)):
        scene.repair.missed(scene.clock.ns, "unreadable")
        scene.pass_s(every_s)
        if scene.repair.looks:
            asked_s.append(round((scene.clock.ns - begun_ns) / SECOND))
            scene.answer()
    return asked_s


def calm(scene, seconds):
    """No event at all, for so long; each look is answered."""
    for _ in range(seconds):
        scene.pass_s(1)
        if scene.repair.looks:
            scene.answer()


@pytest.mark.parametrize("every_s", [0.05, 0.25, 0.9])
def test_a_stream_of_unreadable_events_is_looked_for_less_and_less(scene, every_s):
    asked_s = misses(scene, 300, every_s)
    assert len([each for each in asked_s if each < 30]) <= 6
    assert 25 <= len(asked_s) <= 34
    assert scene.repair.unproven
    calm(scene, 40)
    assert scene.repair.unproven is None


def test_after_a_calm_a_missed_event_is_looked_for_at_once(scene):
    misses(scene, 60, 0.5)
    calm(scene, 30)
    scene.repair.missed(scene.clock.ns, "unreadable")
    assert scene.repair.looks
    scene.answer()
    scene.repair.missed(scene.clock.ns, "unreadable")
    assert not scene.repair.looks
    scene.pass_s(1)
    assert scene.repair.looks


def test_a_new_connection_is_looked_at_without_a_pause(scene):
    misses(scene, 60, 0.5)
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.repair.looks.clear()
    scene.repair.live()
    assert scene.repair.looks


@pytest.mark.parametrize("set_s", [-7200.0, 0.0, 28_800.0])
def test_a_gap_is_read_in_whole_though_a_clock_was_set_or_the_machine_slept(set_s):
    scene = Scene().seeded()
    scene.repair.gap(scene.clock.ns, "cut off")
    scene.clock.ns += 600 * SECOND
    scene.clock.set_s = set_s
    scene.repair.live()
    look = scene.answer()
    assert look.back_s > 600 + max(set_s, 0)
    assert look.trades_back_s >= look.back_s


def bought_twice_sold_once(scene):
    """One contract is left, of another average price than the first one had."""
    for number, side, net, average in ((1, 0, 1, 100), (2, 0, 2, 150), (3, 1, 1, 150)):
        scene.event(TRADE, trade(number, side=side))
        scene.event(ORDER, order(2, 1, number=7, size=3, fillVolume=number))
        if number > 1:
            scene.event(POSITION, position(net, average))
    assert scene.repair.unsettled is None


def is_read(scene, average):
    """What is not settled is read after its grace; the read is believed."""
    scene.pass_s(2.1)
    scene.lists["positions"] = [position(1, average)]
    scene.answer()
    scene.pass_s(10)
    scene.answer()
    assert scene.repair.unproven is scene.repair.unsettled is None
    assert scene.rows.positions[MNQ].row.average_price == average


def test_a_late_row_of_a_position_does_not_change_its_average_price(scene):
    bought_twice_sold_once(scene)
    scene.event(POSITION, position(1, 100))
    assert scene.rows.positions[MNQ].row.average_price == 150
    assert scene.repair.unsettled.why.startswith("a position")
    is_read(scene, 150)


@pytest.mark.parametrize("apart_s", [0.007, 0.2, 0.3, 5])
def test_rows_that_may_have_overtaken_each_other_are_read(scene, apart_s):
    """One contract, sold and bought again: which of its two rows is the later one?"""
    for number, side, net, average in ((1, 0, 1, 100), (2, 1, 0, 0), (3, 0, 1, 150)):
        scene.pass_s(0 if number == 1 else apart_s / 2)
        scene.event(TRADE, trade(number, side=side))
        scene.event(POSITION, position(net, average))
        scene.event(ORDER, order(2, 1, number=7, size=3, fillVolume=number))
    assert (scene.repair.unsettled is None) is (apart_s > 0.25)
    if scene.repair.unsettled is not None:
        is_read(scene, 100)


def test_the_check_by_the_clock_compares_the_average_price(scene):
    bought_twice_sold_once(scene)
    scene.lists["positions"] = [position(1, 149)]
    for seconds in (60, 2):
        scene.pass_s(seconds)
        scene.answer()
    assert (
        scene.repair.unproven.why == f"no event has told of the average price of {MNQ}"
    )
