"""A recorded day through the simulator's hubs is the backtest of its ticks."""

from decimal import Decimal
from typing import ClassVar

import pytest
from canary import API_KEY
from live_day import Day, DayClock
from strategy_scenes import MINUTE, MONDAY
from test_strategy_live import LiveForm
from test_strategy_paper import recorded
from test_streams_trader import subscribed

from fastorder.simulator import run_in_thread
from fastorder.strategy import Instrument, Latencies, Strategy, Ticks, backtest

START = MONDAY + 14 * 60 * MINUTE
ENTRY_NS, RESPONSE_NS = 3_000_000, 2_000_000
MNQ = Instrument(
    "MNQ", Decimal("0.25"), Decimal("0.5"), Decimal("0.36"), stop_slippage_ticks=0
)


class Trades(Strategy):
    """Brackets, resting orders, changes, timers; notes all that it hears."""

    symbol = "MNQ"
    made: ClassVar = []

    def start(self):
        type(self).made.append(self)
        self.told, self.profits = [], []
        self.minutes = self.subscribe(every="1m", history=5)
        self.fives = self.subscribe(every="5m")
        self.resting = None

    def on_bar(self, bar):
        self.told.append((self.now_ns, bar.every, bar.time_ns, bar.end_ns, bar.close))
        if bar.every == "5m":
            self.after(7.5, f"after {bar.end_ns}")
        elif self.flat:
            way = self.buy if self.minutes.close[0] <= bar.close else self.sell
            way(2, stop_loss_ticks=12, take_profit_ticks=20)
        elif self.minutes.count % 7 == 0:
            self.flatten()

    def on_tick(self, tick):
        self.told.append((tick.time_ns, tick.price, tick.size, tick.side))
        known = self.resting is not None and self.resting.status != "asked"
        if tick.size == 8 and self.resting is None:
            self.resting = self.buy(1, limit=tick.price - 2, stop_loss_ticks=10)
        elif tick.size == 7 and known and self.resting.alive:
            self.modify(self.resting, price=tick.price - 1)
        elif tick.size == 1 and known:
            self.cancel(self.resting)
            self.resting = None

    def on_timer(self, name):
        self.told.append((self.now_ns, name))
        self.sell(1, stop=self.last() - 3)

    def on_order(self, event):
        if event.what != "triggered":  # the gateway does not tell of it
            self.told.append((event.time_ns, event.what, event.order.id))

    def on_fill(self, fill):
        self.told.append((*fill[:1], fill.order.id, *fill[2:6], *fill[7:]))
        self.profits.append(fill.profit)

    def on_position(self, change):
        self.told.append(tuple(change))


@pytest.fixture
def form():
    with run_in_thread(rate_limit=False, clock=DayClock(START / 1e9)) as gateway:
        gateway.gateway.tokens.keys["trader1"] = API_KEY
        form = LiveForm("async", gateway)
        form.gateway = gateway
        yield form
        form.end()


class Fades(Trades):
    """The other way round, so that positions net."""

    made: ClassVar = []

    def on_bar(self, bar):
        if self.flat and bar.every == "1m":
            way = self.sell if self.minutes.close[0] <= bar.close else self.buy
            way(3, stop_loss_ticks=8)
        elif bar.every == "1m" and self.minutes.count % 3 == 0:
            self.close()


def backtested(strategies, data):
    """A backtest of the same ticks with the same latencies."""
    quoted = Ticks(data.time_ns, data.price, data.size, data.side,
                   bid=data.price, ask=data.price + 0.25)  # fmt: skip
    return backtest(
        strategies,
        data={"MNQ": quoted},
        account=150_000,
        latency=Latencies(ENTRY_NS, RESPONSE_NS, 0, 0),
        instruments=[MNQ],
    )


@pytest.mark.parametrize(
    ("strategies", "seed"), [([Trades], 3), ([Trades, Fades], 5)], ids=["one", "two"]
)
def test_a_recorded_day_comes_to_the_same_to_the_event(
    form, monkeypatch, strategies, seed
):
    data = recorded(1_000, seed, start=START)
    for one in strategies:
        one.made = []
    form.enter(risk=False, budgets=False)
    day = Day(form.gateway, ENTRY_NS, RESPONSE_NS, monkeypatch)
    run = form.live(strategies, begin_ns=int(data.time_ns[0]))
    subscribed(form.gateway, "ContractTrades")
    day.play(form, run, data)
    form.call(run.stop)
    result = backtested(strategies, data)
    for one in strategies:
        heard, wanted = (each.told for each in one.made)
        for nth, (here, there) in enumerate(zip(heard, wanted, strict=False)):
            assert here == there, f"event {nth}"
        assert len(heard) == len(wanted)
        here, there = (each.profits for each in one.made)
        assert here == pytest.approx(there, abs=2e-6)  # exact here, micro-dollars there
        kinds = {row[1] for row in wanted}
        assert {"filled", "accepted", "modified", "cancelled", "active"} <= kinds
    assert run.requests == result.requests
    assert sum(map(len, run.fills.values())) >= 12
