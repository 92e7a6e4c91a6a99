"""The book of what may be held, beside a plain model of a gateway.

In the model nothing is prompt: an order is accepted, filled in parts and answered at
any later moment, answers overtake one another, and a list shows some moment between its
request and its answer. Whatever happens, the true position lies within what the book
takes for possible.
"""

import inspect
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from plain_http import MNQ
from still import StillClock

from fastorder import OrderRequest, RiskLimits
from fastorder.gateway.contracts import ContractCache
from fastorder.risk.control import Risk

ACCOUNT = 7
OPEN, GONE = "open", "gone"
DICE = st.randoms(use_true_random=False)


@dataclass
class Theirs:
    """An order as the gateway has it."""

    number: int
    tag: str | None
    side: int  # 1 to buy, -1 to sell
    size: int
    state: str = OPEN
    filled: int = 0
    parent: "Theirs | None" = None
    legs: list = field(default_factory=list)
    suspended: bool = False


class World(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.clock = StillClock()
        contracts = ContractCache()
        contracts.set("MNQ", MNQ, "0.25")
        self.risk = Risk(
            RiskLimits(max_order_size=9),
            contracts,
            self.clock,
            None,
            None,
            awaited=True,
        )
        self.book, self.guard = self.risk._exposure, self.risk._guard
        self.listing = contracts.find("MNQ")
        self.numbers = self.tags = 0
        self.true = 0
        self.orders = []
        self.on_the_way = []  # orders that have left and have not arrived
        self.unanswered = []  # answers of places that are on their way back
        self.closes = []  # sizes of closes: None for all; on their way
        self.closed = 0  # closes whose answers are on their way back
        self.changes = []  # (order, size) on their way
        self.changed = []  # (order, size, whether it was taken) on their way back
        self.reads = []  # [kind, begun, snapshot or None]
        self.book.orders_listed(ACCOUNT, self.now())
        begun_ns = self.now()
        self.book.positions_seen(ACCOUNT, {}, begun_ns, self.now())

    def now(self):
        self.clock.now_ns += 1
        return self.clock.now_ns

    def new_order(self, *what, **more):
        self.numbers += 1
        order = Theirs(self.numbers, *what, **more)
        self.orders.append(order)
        return order

    # ------------------------------------------------------------ the client

    @rule(side=st.sampled_from([1, -1]), size=st.integers(1, 3), legs=st.integers(0, 2))
    def places(self, side, size, legs):
        self.tags += 1
        bracket = dict(
            list({"stop_loss_ticks": 8, "take_profit_ticks": 8}.items())[:legs]
        )
        name = "BUY" if side > 0 else "SELL"
        order = OrderRequest("MNQ", name, size, ACCOUNT, **bracket)
        tag = f"t{self.tags}"
        self.guard.admit(order, self.listing, tag, self.now())
        self.on_the_way.append((tag, side, size, legs))

    @rule(size=st.one_of(st.none(), st.integers(1, 3)))
    def closes_a_position(self, size):
        self.book.close_asked(ACCOUNT, MNQ)
        self.closes.append(size)

    @rule(dice=DICE, size=st.integers(1, 5))
    def modifies(self, dice, size):
        live = [each for each in self.orders if each.state == OPEN]
        known = [each for each in live if self.book.find(ACCOUNT, each.number)]
        if known:
            order = dice.choice(known)
            tracked = self.book.find(ACCOUNT, order.number)
            self.book.change_asked(tracked, size, self.now())
            self.changes.append((order, size))

    @rule(kind=st.sampled_from(["positions", "orders", "working"]))
    def begins_a_read(self, kind):
        self.reads.append([kind, self.now(), None])

    # ------------------------------------------------------------ the gateway

    @precondition(lambda self: self.on_the_way)
    @rule(dice=DICE, fate=st.sampled_from(["taken", "taken", "refused"]))
    def an_order_arrives(self, dice, fate):
        what = dice.choice(self.on_the_way)
        self.on_the_way.remove(what)
        tag, side, size, legs = what
        if fate == "refused":
            self.unanswered.append((tag, None))
            return
        entry = self.new_order(tag, side, size)
        for _ in range(legs):
            leg = self.new_order(None, -side, size, parent=entry, suspended=True)
            entry.legs.append(leg)
        self.unanswered.append((tag, entry.number))

    @rule(side=st.sampled_from([1, -1]), size=st.integers(1, 3))
    def somebody_else_has_an_order(self, side, size):
        """It is known before it fills: what nobody has told is not known."""
        order = self.new_order(None, side, size)
        self.shows(self.row(order), self.now())

    @rule(dice=DICE, part=st.integers(1, 3))
    def an_order_fills(self, dice, part):
        live = [
            each for each in self.orders if each.state == OPEN and not each.suspended
        ]
        if not live:
            return
        order = dice.choice(live)
        part = min(part, order.size - order.filled)
        order.filled += part
        self.true += order.side * part
        for leg in order.legs:
            leg.suspended = False
        if order.filled >= order.size:
            order.state = GONE
        if order.parent is not None:
            for other in order.parent.legs:
                if other is not order:
                    other.state = GONE

    @rule(dice=DICE)
    def an_order_is_cancelled(self, dice):
        live = [each for each in self.orders if each.state == OPEN]
        if live:
            order = dice.choice(live)
            order.state = GONE
            for leg in order.legs if order.filled == 0 else ():
                leg.state = GONE
            if self.book.find(ACCOUNT, order.number) and dice.random() < 0.5:
                self.book.cancelled(ACCOUNT, order.number, self.now())

    @precondition(lambda self: self.closes)
    @rule()
    def a_close_arrives(self):
        size = self.closes.pop(0)
        if self.true and (size is None or size <= abs(self.true)):
            way = 1 if self.true > 0 else -1
            self.true -= way * (abs(self.true) if size is None else size)
        self.closed += 1

    @precondition(lambda self: self.changes)
    @rule(refused=st.booleans(), dice=DICE)
    def a_change_arrives(self, refused, dice):
        what = dice.choice(self.changes)
        self.changes.remove(what)
        order, size = what
        taken = order.state == OPEN and size > order.filled and not refused
        if taken:
            order.size = size
            for leg in order.legs:
                leg.size = max(leg.size, size)
        self.changed.append((order, size, taken))

    @precondition(lambda self: any(each[2] is None for each in self.reads))
    @rule(dice=DICE)
    def a_read_is_taken(self, dice):
        """This is the moment that its answer will show."""
        waiting = [each for each in self.reads if each[2] is None]
        each = dice.choice(waiting)
        if each[0] == "positions":
            each[2] = self.true
        else:
            every = each[0] == "orders"
            each[2] = [
                self.row(order) for order in self.orders if every or order.state == OPEN
            ]

    # ------------------------------------------------------------ answers

    @precondition(lambda self: self.unanswered)
    @rule(dice=DICE)
    def an_order_is_answered(self, dice):
        tag, number = what = dice.choice(self.unanswered)
        self.unanswered.remove(what)
        if number is None:
            self.book.released(ACCOUNT, tag)
        else:
            self.book.accepted(ACCOUNT, tag, number)

    @precondition(lambda self: self.closed)
    @rule()
    def a_close_is_answered(self):
        self.closed -= 1
        self.book.close_ended(ACCOUNT, MNQ, self.now())

    @precondition(lambda self: self.changed)
    @rule(dice=DICE)
    def a_change_is_answered(self, dice):
        order, size, taken = what = dice.choice(self.changed)
        self.changed.remove(what)
        now_ns = self.now()
        self.book.change_ended(ACCOUNT, order.number, size, taken, now_ns)

    @precondition(lambda self: any(each[2] is not None for each in self.reads))
    @rule(dice=DICE)
    def a_read_is_answered(self, dice):
        taken = [each for each in self.reads if each[2] is not None]
        kind, begun_ns, shown = each = dice.choice(taken)
        self.reads.remove(each)
        if kind == "positions":
            sizes = {MNQ: shown} if shown else {}
            self.book.positions_seen(ACCOUNT, sizes, begun_ns, self.now())
            return
        for row in sorted(shown, key=lambda row: row["parent"] is not None):
            self.shows(row, begun_ns)
        if kind == "working":
            self.book.orders_listed(ACCOUNT, begun_ns)

    def row(self, order):
        return {
            "number": order.number, "tag": order.tag, "sells": order.side < 0,
            "size": order.size, "filled": order.filled, "ended": order.state == GONE,
            "parent": None if order.parent is None else order.parent.number,
        }  # fmt: skip

    def shows(self, row, begun_ns):
        self.book.order_seen(
            ACCOUNT, MNQ, row["number"], row["tag"], row["parent"], row["sells"],
            row["size"], row["filled"], row["ended"], row["ended"], True, 0.0, begun_ns,
            self.now(),
        )  # fmt: skip

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_position_is_possible(self):
        least, most = self.book.contract_of(ACCOUNT, MNQ).possible
        assert least <= self.true <= most

    @invariant()
    def the_sums_are_those_of_the_parts(self):
        contract = self.book.contract_of(ACCOUNT, MNQ)
        account = contract.account
        worst = max(contract.possible[1], -contract.possible[0], 0)
        assert account.lots == contract.weight * worst
        assert account.open_orders == contract.open_orders >= 0
        assert contract.buys >= 0 <= contract.sells

    def teardown(self):
        """Once all has arrived and was read in order, the book is exact."""
        while self.on_the_way:
            self.unanswered.append((self.on_the_way.pop()[0], None))
        for tag, number in self.unanswered:
            if number is None:
                self.book.released(ACCOUNT, tag)
            else:
                self.book.accepted(ACCOUNT, tag, number)
        for _ in range(self.closed + len(self.closes)):
            self.book.close_ended(ACCOUNT, MNQ, self.now())
        for order, size, taken in self.changed:
            self.book.change_ended(ACCOUNT, order.number, size, taken, self.now())
        for order, size in self.changes:
            self.book.change_ended(ACCOUNT, order.number, size, False, self.now())
        for order in self.orders:
            order.state = GONE
        begun_ns = self.now()
        for order in self.orders:
            self.shows(self.row(order), begun_ns)
        begun_ns = self.now()
        sizes = {MNQ: self.true}
        self.book.positions_seen(ACCOUNT, sizes, begun_ns, self.now())
        assert self.book.contract_of(ACCOUNT, MNQ).possible == (self.true, self.true)
        account = self.book.account_of(ACCOUNT)
        assert not account.by_tag
        assert account.open_orders == 0


STEPS = [
    ("places", 5), ("closes_a_position", 1), ("modifies", 4), ("begins_a_read", 4),
    ("an_order_arrives", 5), ("somebody_else_has_an_order", 1), ("an_order_fills", 6),
    ("an_order_is_cancelled", 2), ("a_close_arrives", 1), ("a_change_arrives", 4),
    ("a_read_is_taken", 4), ("an_order_is_answered", 5), ("a_close_is_answered", 1),
    ("a_change_is_answered", 2), ("a_read_is_answered", 4),
]  # fmt: skip
NEEDS = {
    "an_order_arrives": "on_the_way", "a_close_arrives": "closes",
    "a_change_arrives": "changes", "an_order_is_answered": "unanswered",
    "a_close_is_answered": "closed", "a_change_is_answered": "changed",
}  # fmt: skip


def step(world, dice, closes):
    """One step of a long day; hypothesis prefers short ones."""
    name = dice.choices([name for name, _ in STEPS], [often for _, often in STEPS])[0]
    if name == "closes_a_position" and not closes:
        return
    if name in NEEDS and not getattr(world, NEEDS[name]):
        return
    taken = [each[2] is not None for each in world.reads]
    if name == "a_read_is_taken" and all(taken):
        return
    if name == "a_read_is_answered" and not any(taken):
        return
    given = {
        "side": dice.choice([1, -1]), "size": dice.randint(1, 3), "dice": dice,
        "legs": dice.randint(0, 2), "part": dice.randint(1, 3),
        "kind": dice.choice(["positions", "orders", "working"]),
        "fate": dice.choice(["taken", "taken", "refused"]),
        "refused": dice.random() < 0.2,
    }  # fmt: skip
    if name == "modifies":
        given["size"] = dice.randint(2, 6)
    if name == "closes_a_position":
        given["size"] = dice.choice([None, 1, 2])
    call = getattr(world, name)
    wanted = inspect.signature(call).parameters
    call(**{key: value for key, value in given.items() if key in wanted})


@pytest.mark.parametrize("seed", range(20))
def test_long_days_lie_within_what_is_possible(seed):
    dice, exact = random.Random(seed), 0
    for closes in (False, True) * 3:
        world = World()
        contract = world.book.contract_of(ACCOUNT, MNQ)
        for _ in range(dice.choice([30, 100, 300])):
            before = contract.net_low
            step(world, dice, closes)
            world.the_position_is_possible()
            world.the_sums_are_those_of_the_parts()
            exact += contract.net_low != before
        world.teardown()
    assert exact  # the base has moved


TestWorld = World.TestCase
TestWorld.settings = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
