"""The book of what may be held, beside a plain model of a gateway.

In the model nothing is prompt: an order is accepted, filled in parts and answered at
any later moment, and answers overtake one another. A list shows some moment from ten
seconds before its request on, each list another one; up to two lists of positions in a
row are empty, whatever is held. Whatever happens, the true position lies within what
the book takes for possible.
"""

import inspect
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from plain_http import MNQ
from still import SECOND_NS, StillClock

from fastorder import OrderRequest, RiskLimits
from fastorder.gateway.contracts import ContractCache
from fastorder.risk.control import Risk

ACCOUNT = 7
OPEN, GONE = "open", "gone"
BEHIND_NS = 10 * SECOND_NS
"""A list is behind by as much as this."""

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
        self.closed = []  # closes whose answers are on their way back
        self.changes = []  # (order, size) on their way
        self.changed = []  # (order, size, whether it was taken) on their way back
        self.reads = []  # [kind, begun, when it was taken, or None]
        self.trades = []
        self.empty = 0  # lists of positions in a row
        self.past = []  # (when, position, rows, trades), each until the next
        self.clock.pass_s(100)
        self.passes()
        self.book.orders_listed(ACCOUNT, self.now())
        self.book.trades_seen(ACCOUNT, [], True, self.now(), self.now())
        begun_ns = self.now()
        self.book.positions_seen(ACCOUNT, {}, begun_ns, self.now())

    def now(self):
        self.clock.now_ns += 1
        return self.clock.now_ns

    def passes(self):
        """Something has happened at the gateway."""
        rows = [self.row(order) for order in self.orders]
        self.past.append((self.now(), self.true, rows, tuple(self.trades)))

    def at(self, at_ns):
        """What a list shows that is of this moment."""
        return [each for each in self.past if each[0] <= at_ns][-1:] or self.past[:1]

    def fills(self, order, size):
        order.filled += size
        self.true += order.side * size
        number = len(self.trades) + 1
        fill = number, order.number, MNQ, order.side < 0, size, False
        self.trades.append(fill)

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

    @rule(seconds=st.sampled_from([0.5, 3, 8, 13, 40]))
    def time_passes(self, seconds):
        self.clock.pass_s(seconds)

    @rule(size=st.one_of(st.none(), st.integers(1, 3)))
    def closes_a_position(self, size):
        self.book.close_asked(ACCOUNT, MNQ, size)
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

    @rule(kind=st.sampled_from(["positions", "orders", "working", "trades"]))
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
        self.passes()
        self.unanswered.append((tag, entry.number))

    @rule(side=st.sampled_from([1, -1]), size=st.integers(1, 3))
    def somebody_else_has_an_order(self, side, size):
        """It is known before it fills: what nobody has told is not known."""
        order = self.new_order(None, side, size)
        self.passes()
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
        self.fills(order, part)
        for leg in order.legs:
            leg.suspended = False
        if order.filled >= order.size:
            order.state = GONE
        if order.parent is not None:
            for other in order.parent.legs:
                if other is not order:
                    other.state = GONE
        self.passes()

    @rule(dice=DICE)
    def an_order_is_cancelled(self, dice):
        live = [each for each in self.orders if each.state == OPEN]
        if live:
            order = dice.choice(live)
            order.state = GONE
            for leg in order.legs if order.filled == 0 else ():
                leg.state = GONE
            self.passes()
            if self.book.find(ACCOUNT, order.number) and dice.random() < 0.5:
                self.book.cancelled(ACCOUNT, order.number, self.now())

    @precondition(lambda self: self.closes)
    @rule()
    def a_close_arrives(self):
        size = self.closes.pop(0)
        taken = bool(self.true and (size is None or size <= abs(self.true)))
        if taken:
            side = -1 if self.true > 0 else 1
            order = self.new_order(None, side, size or abs(self.true), state=GONE)
            self.fills(order, order.size)
            self.passes()
        self.closed.append((size, taken))

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
            self.passes()
        self.changed.append((order, size, taken))

    @precondition(lambda self: any(each[2] is None for each in self.reads))
    @rule(dice=DICE)
    def a_read_is_taken(self, dice):
        """This is the moment that its answer will show."""
        waiting = [each for each in self.reads if each[2] is None]
        dice.choice(waiting)[2] = self.now()

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
    @rule(dice=DICE, is_told=st.booleans())
    def a_close_is_answered(self, dice, is_told):
        """Its answer may be lost: then it may hold."""
        size, taken = what = dice.choice(self.closed)
        self.closed.remove(what)
        may_hold = taken or not is_told
        self.book.close_ended(ACCOUNT, MNQ, size, may_hold, self.now())

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
        each = dice.choice(taken)
        self.reads.remove(each)
        self.clock.pass_s(dice.choice([0, 0, 0.5]))
        self.hears(dice, *each)

    @rule(dice=DICE, kind=st.sampled_from(["positions", "orders", "trades"]))
    def polls(self, dice, kind):
        """Reads the same again and again."""
        for _ in range(4):
            self.hears(dice, kind, self.now(), self.now())
            self.the_position_is_possible()
            self.clock.pass_s(dice.choice([0.2, 2, 5]))

    def hears(self, dice, kind, begun_ns, taken_ns):
        ((_, position, rows, trades),) = self.at(
            dice.randint(begun_ns - BEHIND_NS, taken_ns)
        )
        if kind == "positions":
            self.empty = self.empty + 1 if dice.random() < 0.2 else 0
            sizes = {MNQ: position} if position and self.empty not in (1, 2) else {}
            self.empty %= 3
            self.book.positions_seen(ACCOUNT, sizes, begun_ns, self.now())
            return
        if kind == "trades":
            self.book.trades_seen(ACCOUNT, list(trades), True, begun_ns, self.now())
            return
        shown = [row for row in rows if kind == "orders" or not row["ended"]]
        dice.shuffle(shown)
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
            row["size"], row["filled"], row["ended"], row["ended"], True, 0.0, 0.0,
            False, begun_ns, self.now(),
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
        for size, taken in self.closed:
            self.book.close_ended(ACCOUNT, MNQ, size, taken, self.now())
        for size in self.closes:
            self.book.close_ended(ACCOUNT, MNQ, size, False, self.now())
        for order, size, taken in self.changed:
            self.book.change_ended(ACCOUNT, order.number, size, taken, self.now())
        for order, size in self.changes:
            self.book.change_ended(ACCOUNT, order.number, size, False, self.now())
        for order in self.orders:
            order.state = GONE
        begun_ns = self.now()
        for order in self.orders:
            self.shows(self.row(order), begun_ns)
        sizes = {MNQ: self.true}
        for _ in range(3):
            self.clock.pass_s(31)
            begun_ns = self.now()
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
    ("a_change_is_answered", 2), ("a_read_is_answered", 4), ("time_passes", 3),
    ("polls", 3),
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
        "kind": dice.choice(["positions", "positions", "orders", "working", "trades"]),
        "is_told": dice.random() < 0.7, "seconds": dice.choice([0.5, 3, 8, 13, 40]),
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
            before = contract.held.low
            step(world, dice, closes)
            world.the_position_is_possible()
            world.the_sums_are_those_of_the_parts()
            exact += contract.held.low != before
        world.teardown()
    assert exact  # the base has moved


TestWorld = World.TestCase
TestWorld.settings = settings(
    max_examples=50,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
