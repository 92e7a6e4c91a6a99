"""What the limits know of a position is never less than what the simulator holds.

Random days: orders of every kind with and without brackets, modifies, cancels, closes,
prices that fill them, answers that are lost, reads in any order.
"""

import contextlib
import time

from conftest import ACCOUNT, QUICK, prepared
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)
from plain_http import MNQ

from fastorder import Denied, OrderRequest, Outcome, RiskDenied, RiskLimits, blocking
from fastorder.simulator import Fault, ManualClock, run_in_thread

MOST = 4
SIDES = st.sampled_from(["BUY", "SELL"])
SIZES = st.integers(1, 3)
TICKS = st.integers(-40, 40)
LEGS = st.sampled_from([(None, None), (8, None), (None, 8), (8, 12)])


class TradingDay(RuleBasedStateMachine):
    orders = Bundle("orders")

    def __init__(self):
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.simulator = self.stack.enter_context(
            run_in_thread(clock=ManualClock(time.time()), rate_limit=False)
        )
        self.executor = self.stack.enter_context(
            blocking.OrderExecutor(
                self.simulator.base_url,
                retry=QUICK,
                risk=RiskLimits(max_position=MOST),
            )
        )
        prepared(self.executor, self.simulator)
        self.executor.load_exposure(ACCOUNT)

    def teardown(self):
        self.stack.close()

    # ------------------------------------------------------------ what is true

    def true_position(self):
        def read():
            exchange = self.simulator.gateway.exchange
            exchange.advance()
            held = exchange.accounts[ACCOUNT].positions.get(MNQ)
            return 0 if held is None else held.size

        return self.simulator.call(read)

    def last_price(self):
        gateway = self.simulator.gateway
        contract = gateway.contracts[MNQ]
        return self.simulator.call(lambda: gateway.exchange.last(contract))

    def working(self):
        def read():
            return len(self.simulator.gateway.exchange.accounts[ACCOUNT].working)

        return self.simulator.call(read)

    # ------------------------------------------------------------ what is done

    def place(self, kind, side, size, ticks, legs):
        price = self.last_price() + ticks * self.tick()
        prices = {
            "market": {},
            "limit": {"limit_price": price},
            "stop": {"stop_price": price},
        }[kind]
        order = OrderRequest("MNQ", side, size, ACCOUNT, kind, **prices)
        order = order.replace(stop_loss_ticks=legs[0], take_profit_ticks=legs[1])
        before = self.executor.risk.position("MNQ", ACCOUNT)
        refused = self.executor.check(order)
        try:
            result = self.executor.place_order(order)
        except RiskDenied as denied:
            assert denied.code is Denied.MAX_POSITION
            assert denied.denials == refused
            self.is_at_the_limit(before, side, size)
            return multiple()
        assert refused == ()
        return result.order_id if result.outcome is Outcome.ACCEPTED else multiple()

    def is_at_the_limit(self, possible, side, size):
        least, most = possible
        worst = most + size if side == "BUY" else size - least
        assert worst > MOST

    def tick(self):
        return self.simulator.gateway.contracts[MNQ].tick_size

    @rule(
        target=orders,
        kind=st.sampled_from(["market", "limit", "stop"]),
        side=SIDES,
        size=SIZES,
        ticks=TICKS,
        legs=LEGS,
    )
    def places(self, kind, side, size, ticks, legs):
        return self.place(kind, side, size, ticks, legs)

    @rule(side=SIDES, size=SIZES, legs=LEGS)
    def places_and_the_answer_is_lost(self, side, size, legs):
        self.simulator.faults.add(Fault("/api/Order/place", reply="hang_up"))
        self.place("market", side, size, 0, legs)
        self.simulator.faults.clear()

    @rule(order=orders, size=st.integers(1, 5))
    def modifies(self, order, size):
        with contextlib.suppress(RiskDenied):
            self.executor.modify_order(order, ACCOUNT, quantity=size)

    @rule(order=consumes(orders))
    def cancels(self, order):
        self.executor.cancel_order(order, ACCOUNT)

    @rule()
    def closes(self):
        self.executor.close_position("MNQ", ACCOUNT)

    @rule(size=SIZES)
    def closes_a_part(self, size):
        self.executor.partial_close_position("MNQ", ACCOUNT, size)

    @rule(ticks=TICKS)
    def the_price_moves(self, ticks):
        gateway, price = self.simulator.gateway, self.last_price()
        target = price + ticks * self.tick()
        self.simulator.call(lambda: gateway.set_price(MNQ, target))

    @rule()
    def reads_positions(self):
        self.executor.positions(ACCOUNT)

    @rule()
    def reads_open_orders(self):
        self.executor.open_orders(ACCOUNT)

    @rule()
    def reads_everything(self):
        self.executor.load_exposure(ACCOUNT)
        if not self.working():
            position = self.true_position()
            possible = self.executor.risk.position("MNQ", ACCOUNT)
            assert possible == (position, position)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_position_is_never_understated(self):
        least, most = self.executor.risk.position("MNQ", ACCOUNT)
        assert least <= self.true_position() <= most

    @invariant()
    def no_more_orders_work_than_are_known(self):
        assert self.working() <= self.executor.risk.open_orders(ACCOUNT)


TestTradingDay = TradingDay.TestCase
TestTradingDay.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
