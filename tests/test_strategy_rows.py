"""Rows, trades and answers of an order, in any order: each thing is told once."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from types import SimpleNamespace

import pytest

from fastorder import OrderStatus, OrderType, Outcome, Side
from fastorder.models import Order, Trade
from fastorder.strategy import Strategy
from fastorder.strategy.arriving import ArrivingTicks
from fastorder.strategy.instruments import KNOWN
from fastorder.strategy.keeping import MEMORY, Kept
from fastorder.strategy.live_run import LiveRun

CONTRACT = "CON.F.US.MNQ.Z26"


class Ticket:
    """What the trader gives for a request; the test answers it."""

    done = False

    def _call_when_done(self, call):
        self.call = call

    def answer(self, outcome=Outcome.ACCEPTED, order_id=7, error=None):
        result = SimpleNamespace(
            outcome=outcome, order_id=order_id, error=error, message="so it is"
        )
        self._value = lambda: result
        self.call(self)


class Stub:
    """A trader that sends nothing."""

    def __init__(self):
        self.sent = []
        self.state = SimpleNamespace(
            misses_nothing=True,
            proven=True,
            orders={},
            trades=[],
            positions={},
            is_partial=lambda number: False,
        )
        self.account = SimpleNamespace(id=1)
        self.executor = SimpleNamespace(
            get_contract_id=lambda symbol: CONTRACT, resolve=self._resolve
        )

    def _resolve(self, tag):
        return self._send("resolve", tag)

    def _send(self, *what, **how):
        ticket = Ticket()
        self.sent.append((*what, how, ticket))
        return ticket

    def buy(self, *given, **how):
        return self._send("buy", *given, **how)

    def sell(self, *given, **how):
        return self._send("sell", *given, **how)

    def cancel(self, *given, **how):
        return self._send("cancel", *given, **how)

    def modify(self, *given, **how):
        return self._send("modify", *given, **how)


class Notes(Strategy):
    symbol = "MNQ"

    def start(self):
        self.told = []

    def on_order(self, event):
        self.told.append(event.what)

    def on_fill(self, fill):
        self.told.append(f"fill {fill.size}")

    def on_position(self, change):
        self.told.append(f"position {change.size} of {change.net}")


OPEN = []


@pytest.fixture(autouse=True)
def closed_files():
    yield
    while OPEN:
        OPEN.pop().close()


class Scene:
    """A run on a stub, with one order asked for."""

    def __init__(self, **order):
        self.trader, self.inbox, self.later = Stub(), [], []
        OPEN.append(Kept(MEMORY))
        self.run = LiveRun(
            {"Notes": Notes()},
            self.trader,
            {"MNQ": ArrivingTicks(KNOWN["MNQ"], 0)},
            begin_ns=1,
            begun_ms=1,
            kept={"Notes": OPEN[-1]},
            wall=None,
            post=lambda call: call(),
            later=lambda seconds, call: self.later.append(call),
            is_idle=lambda: True,
            patience_s=60,
            on_failure="leave",
            firm=None,
            sessions=None,
        )
        self.run.begin_with(self.run.shown(), [], [])
        self.run.tell_held()
        (self.desk,) = self.run.desks
        self.strategy = self.desk.strategy
        self.order = self.strategy.buy(3, **order)
        *_, how, self.ticket = self.trader.sent[-1]
        self.row = Order(
            id=7, account_id=1, contract_id=CONTRACT, status=OrderStatus.OPEN,
            type=OrderType.MARKET, side=Side.BUY, size=3, custom_tag=how["custom_tag"],
        )  # fmt: skip

    @property
    def told(self):
        return self.strategy.told

    def shows(self, **changed):
        self.row = replace(self.row, **changed)
        self.run.order_changed(SimpleNamespace(order=self.row, is_partial=False))

    def trades(self, number, size, voided=False, order_id=7, side=Side.BUY):
        trade = Trade(
            number, 1, CONTRACT, order_id, side, size, Decimal(20_000), None,
            Decimal("0.36") * size, voided,
        )  # fmt: skip
        act = self.run.voided if voided else self.run.filled
        act(SimpleNamespace(trade=trade))


FILLED = {"status": OrderStatus.FILLED, "fill_volume": 3}
STEPS = {
    "answer": lambda scene: scene.ticket.answer(),
    "open": lambda scene: scene.shows(),
    "filled": lambda scene: scene.shows(**FILLED),
    "first": lambda scene: scene.trades(1, 2),
    "second": lambda scene: scene.trades(2, 1),
}


@pytest.mark.parametrize("first", STEPS)
def test_whatever_comes_first_each_thing_is_told_once(first):
    for steps in permutations(STEPS):
        if steps[0] != first:
            continue
        scene = Scene()
        for step in steps:
            STEPS[step](scene)
        for step in steps:  # all of it once more, as after a gap
            if step != "answer":
                STEPS[step](scene)
        fills = ["fill 2", "fill 1"]
        if steps.index("first") > steps.index("second"):
            fills.reverse()
        told = [each for each in scene.told if not each.startswith("position")]
        assert told == ["accepted", *fills, "filled"], steps
        assert scene.told[-1] == "position 3 of 3"
        assert scene.desk.position("MNQ") == 3
        assert not scene.desk.live()


@pytest.mark.parametrize("trade_first", [True, False])
def test_a_cancel_is_told_after_the_last_trade_of_it(trade_first):
    scene = Scene(limit=20_000.0)
    scene.ticket.answer()
    scene.strategy.cancel(scene.order)
    scene.trader.sent[-1][-1].answer()
    if trade_first:
        scene.trades(1, 2)
    scene.shows(status=OrderStatus.CANCELLED, fill_volume=2)
    if not trade_first:
        assert scene.told == ["accepted"]
        scene.trades(1, 2)
    assert scene.told == ["accepted", "fill 2", "position 2 of 2", "cancelled"]
    assert scene.order.status == "cancelled"


@pytest.mark.parametrize(
    ("outcome", "what"),
    [
        (Outcome.REJECTED, "rejected"),
        (Outcome.NOT_SENT, "not sent"),
        (Outcome.NOT_PLACED, "not placed"),
    ],
)
def test_an_order_that_is_none_takes_its_legs_along(outcome, what):
    scene = Scene(stop_loss_ticks=8, take_profit_ticks=8)
    assert len(scene.desk.live()) == 3
    scene.ticket.answer(outcome, None, "no")
    assert scene.told == [what]
    assert {order.status for order in scene.desk.orders.values()} == {what}
    assert scene.strategy.flat


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.NOT_PLACED])
def test_a_doubt_is_looked_up_until_it_ends(outcome):
    scene = Scene()
    scene.ticket.answer(Outcome.UNKNOWN, None)
    assert scene.told == ["unknown"]
    for last in (Outcome.UNKNOWN, Outcome.UNKNOWN, outcome):
        (look,) = scene.later
        scene.later.clear()
        look()
        assert scene.trader.sent[-1][0] == "resolve"
        scene.trader.sent[-1][-1].answer(last, 7 if last else None)
    assert scene.told == ["unknown", str(outcome.value)]
    assert scene.later == []
    assert [sent[0] for sent in scene.trader.sent].count("buy") == 1


def test_an_event_goes_before_the_answer_that_is_unknown():
    scene = Scene()
    scene.shows()
    scene.ticket.answer(Outcome.UNKNOWN, None)
    assert scene.told == ["accepted"]
    assert scene.later == []


def test_changes_in_doubt_are_told_as_that():
    scene = Scene(limit=20_000.0)
    scene.ticket.answer()
    scene.strategy.modify(scene.order, price=19_999.0)
    scene.trader.sent[-1][-1].answer(Outcome.UNKNOWN)
    scene.strategy.cancel(scene.order)
    scene.trader.sent[-1][-1].answer(Outcome.UNKNOWN)
    assert scene.told == ["accepted", "modify unknown", "cancel unknown"]
    scene.shows(type=OrderType.LIMIT, limit_price=Decimal(19_999))
    assert scene.told[3:] == ["modified"]
    assert scene.order.price == 19_999.0


def test_a_trade_that_is_taken_back_counts_no_more():
    scene = Scene()
    scene.ticket.answer()
    scene.trades(1, 3)
    scene.trades(1, 3, voided=True)
    scene.trades(1, 3, voided=True)
    assert scene.told[-1] == "position 0 of 0"
    assert scene.desk.position("MNQ") == 0
    assert scene.strategy.flat


def test_orders_of_others_are_theirs():
    scene = Scene()
    mine = scene.row.custom_tag
    for number, tag in enumerate((None, "mine", f"Other{mine[5:]}", f"{mine}-SL"), 20):
        scene.shows(id=number, custom_tag=tag)
    scene.shows(id=30, custom_tag=None, parent_id=29)
    assert scene.told == []
    assert len(scene.desk.orders) == 1


def test_an_order_whose_call_is_interrupted_is_in_doubt_and_its_tag_is_used():
    scene = Scene()
    send = scene.trader.buy

    def interrupted(*given, **how):
        send(*given, **how)
        raise KeyboardInterrupt

    scene.trader.buy = interrupted
    with pytest.raises(KeyboardInterrupt):
        scene.strategy.buy(1, stop_loss_ticks=8)
    assert scene.told == ["unknown"]
    scene.trader.buy = send
    scene.strategy.buy(1)
    tags = [how["custom_tag"] for *_, how, _ in scene.trader.sent]
    assert [tag.rpartition(".")[2] for tag in tags] == ["1e", "2e", "4e"]


def of_others(scene, number, size):
    """A trade of an order that is nobody's here; its row comes after it."""
    side = Side.BUY if size > 0 else Side.SELL
    scene.trades(number, abs(size), order_id=number, side=side)
    row = replace(scene.row, id=number, custom_tag=None, side=side)
    scene.run.order_changed(SimpleNamespace(order=row, is_partial=False))


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([-3], 0),  # closed on the platform, or by flatten
        ([-1], 2),
        ([-4], 0),  # and turned round
        ([2, -2], 3),  # it was theirs
        ([2, -4], 1),
        ([1], 3),
    ],
)
def test_what_others_close_is_held_no_more(others, left):
    scene = Scene()
    scene.ticket.answer()
    scene.trades(1, 3)
    for number, size in enumerate(others, 100):
        of_others(scene, number, size)
    assert scene.desk.position("MNQ") == left
    assert scene.run.net("MNQ") == 3 + sum(others)
    assert scene.strategy.flat == (left == 0)
    asked = scene.strategy.close()
    assert (asked.size if asked else 0) == left
    scene.desk.keep()
    assert scene.desk.kept.positions() == {"MNQ": left}


def test_a_leg_that_is_heard_before_its_entry_is_the_strategys():
    scene = Scene(stop_loss_ticks=8)
    entry = scene.row
    scene.trader.state.orders[7] = entry
    leg = replace(entry, id=8, parent_id=7, custom_tag=None, side=Side.SELL,
                  type=OrderType.STOP, stop_price=Decimal(19_998))  # fmt: skip
    scene.run.order_changed(SimpleNamespace(order=leg, is_partial=False))
    scene.trades(2, 3, order_id=8, side=Side.SELL)
    scene.ticket.answer()
    scene.trades(1, 3)
    assert [each for each in scene.told if "position" not in each] == [
        "active", "fill 3", "filled", "accepted", "fill 3", "filled",
    ]  # fmt: skip
    assert scene.strategy.flat


@pytest.mark.parametrize(
    ("hub", "told"), [("user", ["modified", "modified"]), ("market", ["modified"])]
)
def test_after_a_gap_of_the_user_hub_a_row_from_before_a_change_is_believed(hub, told):
    """Another program undid the change while the hub was away."""
    scene = Scene(limit=20_000)
    scene.ticket.answer()
    scene.shows(type=OrderType.LIMIT, limit_price=Decimal(20_000))
    scene.strategy.modify(scene.order, price=20_000.25)
    scene.trader.sent[-1][-1].answer()
    scene.run.missed_something(SimpleNamespace(hub=hub))
    scene.shows(updated_ns=2)
    assert [what for what in scene.told if what == "modified"] == told
