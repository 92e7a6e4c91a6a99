"""No contract, cent or fill appears or is lost, whatever is done: a state machine."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fastorder.matching import (
    Account,
    Contract,
    Exchange,
    Histogram,
    Latencies,
    Queue,
    Touch,
    TradeThrough,
    What,
)

START = 10_000_000_000
VALUES = (500_000, 12_500_000)
SMALL = st.integers(1, 6)
NEAR = st.integers(-12, 12)
SIDES = st.sampled_from([0, 1])
ACCOUNTS = st.sampled_from([0, 1])
MODELS = (Touch(), TradeThrough(1), Queue(3), TradeThrough(1, partial=True))


class Venue(RuleBasedStateMachine):
    """Two accounts, two contracts, latencies that are drawn, partial fills."""

    def __init__(self):
        super().__init__()
        self.exchange = None
        self.now = 1_000

    def made(self, model):
        drawn = Histogram((1, 20, 300), (3, 2, 1))
        contracts = [
            Contract("A", VALUES[0], 360_000, 250_000, depth=3),
            Contract(
                "B", VALUES[1], 1_400_000, stop_slippage_ticks=2, expires_ns=90_000
            ),
        ]
        self.exchange = Exchange(
            contracts,
            [Account(START)] * 2,
            fills=model,
            latency=Latencies(drawn, drawn, drawn, drawn),
            seed=3,
        )
        self.price = [1000, 1000]
        self.held = Counter()
        self.asked, self.filled, self.ended = {}, Counter(), set()
        self.cash = Counter()
        self.cost = Counter()
        for contract in (0, 1):
            self.tick(contract, 0, 1, 0)

    def ready(self):
        if self.exchange is None:
            self.made(TradeThrough(1))

    @rule(model=st.sampled_from(MODELS))
    def start(self, model):
        if self.exchange is None:
            self.made(model)

    @rule(contract=ACCOUNTS, move=NEAR, size=SMALL, side=st.sampled_from([-1, 0, 1]))
    def tick(self, contract, move, size, side):
        self.ready()
        self.now += 50
        if contract == 1 and self.now >= 90_000:
            return
        self.price[contract] = max(1, self.price[contract] + move)
        price = self.price[contract]
        self.exchange.tick(contract, self.now, price, size, side)

    @rule(contract=ACCOUNTS, moves=st.tuples(NEAR, NEAR, NEAR))
    def bar(self, contract, moves):
        self.ready()
        if contract == 1 and self.now + 600 >= 90_000:
            return
        first = self.price[contract]
        rows = [first, *(max(1, first + move) for move in moves)]
        start = self.now + 10
        self.now += 600
        self.exchange.bar(
            contract, start, self.now, first, max(rows), min(rows), rows[-1]
        )
        self.price[contract] = rows[-1]

    @rule(
        account=ACCOUNTS,
        contract=ACCOUNTS,
        kind=st.sampled_from([1, 2, 4, 5, 6, 7]),
        side=SIDES,
        size=SMALL,
        away=NEAR,
        bracket=st.booleans(),
    )
    def place(self, account, contract, kind, side, size, away, bracket):
        self.ready()
        way = 1 if side == 0 else -1
        price = max(1, self.price[contract] + away)
        legs = {"stop_loss": -way * 5, "take_profit": way * 6} if bracket else {}
        number = self.exchange.place(
            account,
            contract,
            kind,
            side,
            size,
            limit=price,
            stop=price,
            trail=price,
            **legs,
        )
        for nth in range(3 if bracket else 1):
            self.asked[number + nth] = size

    @rule(account=ACCOUNTS, contract=ACCOUNTS, size=st.none() | SMALL)
    def close(self, account, contract, size):
        self.ready()
        number = self.exchange.close(account, contract, size)
        self.asked[number] = 10**9

    @rule(account=ACCOUNTS, pick=st.integers(0, 30), size=SMALL, away=NEAR)
    def modify(self, account, pick, size, away):
        self.ready()
        if self.asked:
            number = sorted(self.asked)[-1 - pick % len(self.asked)]
            price = max(1, self.price[0] + away)
            self.exchange.modify(account, number, size=size, limit=price)
            self.asked[number] = max(self.asked[number], size)

    @rule(account=ACCOUNTS, pick=st.integers(0, 30))
    def cancel(self, account, pick):
        self.ready()
        if self.asked:
            number = sorted(self.asked)[-1 - pick % len(self.asked)]
            self.exchange.cancel(account, number)

    @rule()
    def go_on_from_a_snapshot(self):
        self.ready()
        taken = self.exchange.snapshot()
        self.exchange.advance(self.now)
        self.exchange.restore(taken)
        assert self.exchange.snapshot() == taken

    @rule(wait=st.integers(1, 30_000))
    def wait(self, wait):
        self.ready()
        self.now += wait
        self.exchange.advance(self.now)

    # -------------------------------------------------------------- what must hold

    @invariant()
    def nothing_appears_or_is_lost(self):
        """In this order: what is left of an order is told by its events."""
        if self.exchange is not None:
            self.the_events_add_up()
            self.live_orders_have_something_left()

    def the_events_add_up(self):
        self.now = max(self.now, self.exchange.now_ns)
        seen = 0
        for row in self.exchange.take_events():
            assert row["seen_ns"] >= max(row["time_ns"], seen)
            seen = row["seen_ns"]
            self.count(row)
        for account in (0, 1):
            assert self.exchange.balance(account) == START + self.cash[account]
            for contract in (0, 1):
                position = self.exchange.position(account, contract)
                key = account, contract
                assert position.size == self.held[key]
                # what was paid and not yet realised is what is open
                way = -1 if position.size < 0 else 1
                assert position.cost_micros * way == self.cost[key]

    def count(self, row):
        key = int(row["account"]), int(row["contract"])
        number, kind = int(row["order_id"]), int(row["kind"])
        if kind in (What.CANCELLED, What.EXPIRED):
            assert number not in self.ended
            self.ended.add(number)
        if kind not in (What.TRADE, What.SETTLED):
            return
        size, side = int(row["size"]), int(row["side"])
        profit = int(row["profit_micros"])
        paid = int(row["price_ticks"]) * VALUES[key[1]] * size * side
        self.cash[key[0]] += profit - int(row["fees_micros"])
        self.cash[key[0]] -= int(row["commissions_micros"])
        self.cost[key] += paid + profit
        self.held[key] += side * size
        if kind == What.SETTLED:
            return
        assert number not in self.ended
        assert row["position"] == self.held[key]
        self.filled[number] += size
        assert 0 < self.filled[number] <= self.asked[number]
        assert row["balance_micros"] == START + self.cash[key[0]]

    def live_orders_have_something_left(self):
        for account in (0, 1):
            for row in self.exchange.orders(account):
                assert 0 <= row.filled < row.size
                assert row.filled == self.filled[row.id]
                assert row.id not in self.ended


TestConservation = Venue.TestCase
TestConservation.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
