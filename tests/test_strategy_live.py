"""Live: a strategy's orders go out by the trader, and what becomes of them comes in."""

import time

import pytest
from conftest import ACCOUNT
from realtime_scene import until
from strategy_scenes import MONDAY
from test_realtime_trader import Form
from test_strategy_paper import MNQ, recorded, row
from test_streams_trader import at_hubs, subscribed

from fastorder import Outcome, RiskLimits
from fastorder.errors import UnknownSymbol
from fastorder.simulator import Fault
from fastorder.strategy import (
    BadParameter,
    Strategy,
    StrategyError,
    StrategyFailed,
    live,
)

FIRST_NS = int(recorded(1).time_ns[0])


class LiveForm(Form):
    """A trader of either kind with live strategies."""

    def enter(self, **options):
        trader = self.make(symbols=["MNQ", "MES"], **options)
        trader.settle_s = 0
        return super().enter()

    def live(self, strategy, **options):
        options = {"begin_ns": MONDAY, "store": False, "patience_s": 60, **options}
        run = self.run = self.call(live, strategy, self.trader, **options)
        self.until(lambda: run.has_begun or run.is_over, "the beginning")
        return run

    def until(self, condition, what="it"):
        """Wait for something; handlers of a blocking trader are called meanwhile."""

        def worked():
            if not self.is_async and not self.run.is_over:
                self.run.work()
            return condition()

        return until(worked, what)

    def rest(self):
        """Until nothing that was asked for is under way."""
        desks = self.run._run.desks
        self.until(lambda: self.run._inbox.empty())
        self.until(lambda: not any(desk.is_under_way for desk in desks))


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = LiveForm(request.param, gateway)
    yield form
    form.end()


@pytest.fixture
def trader(form):
    return form.enter()


class Hears(Strategy):
    """Notes all that it hears; does with its first trades what it is made with."""

    symbol = "MNQ"

    def start(self):
        self.told = []
        self.plan = list(type(self).acts)

    def on_tick(self, tick):
        if self.plan:
            self.plan.pop(0)(self)

    def on_order(self, event):
        self.told.append((event.what, event.order.id, event.outcome))
        self.why = event.reason

    def on_fill(self, fill):
        self.told.append(("fill", fill.order.id, fill.size * fill.side))

    def on_position(self, change):
        self.told.append(("position", change.size, change.net))

    def on_stop(self):
        self.told.append(("stop",))


def doing(*acts, **members):
    return type("Doing", (Hears,), {"acts": acts, **members})


def ticks(form, gateway, count=1, contract=MNQ):
    """Trades of the market, each once what the one before has caused is known."""
    subscribed(gateway, "ContractTrades", contract)
    run = form.run
    for _ in range(count):
        taken = run._run.ticks["MNQ" if contract == MNQ else "MES"]
        before = taken.taken
        at_hubs(
            gateway,
            lambda hubs, n=before: hubs.trades(
                contract, [row(FIRST_NS + n * 1_000_000_000, 20_000, 1, 1, contract)]
            ),
        )
        form.until(lambda n=before: taken.taken > n or run.is_over, "the trade")
        form.rest()


def told(run):
    return run._run.desks[0].strategy.told


def test_an_order_goes_out_and_its_life_comes_in(form, trader, gateway):
    run = form.live(doing(lambda s: s.buy(2, stop_loss_ticks=40, take_profit_ticks=80)))
    ticks(form, gateway)
    form.until(lambda: len(told(run)) == 6)
    assert told(run) == [
        ("accepted", 1, Outcome.ACCEPTED),
        ("fill", 1, 2),
        ("filled", 1, None),
        ("position", 2, 2),
        ("active", 2, None),
        ("active", 3, None),
    ]
    (placed,) = gateway.ledger.placements()
    assert placed.custom_tag.startswith("Doing.")
    assert placed.custom_tag.endswith(".1e")
    (fill,) = run.fills["Doing"]
    legs = [order.price - fill.price for order in run._run.desks[0].live()]
    assert legs == [-10, 20]
    assert fill.costs == pytest.approx(0.72)
    assert run.positions == {"Doing": {"MNQ": 2}}
    form.call(run.stop)
    assert told(run)[-1] == ("stop",)
