"""Paper: a live feed and the compiled exchange come to what a backtest does."""

import time
from typing import ClassVar

import numpy as np
import pytest
from realtime_scene import until
from strategy_scenes import MINUTE, MONDAY, walk
from test_realtime_trader import Form
from test_streams_trader import at_hubs, subscribed

from fastorder.errors import UnknownSymbol
from fastorder.strategy import (
    BadData,
    BadParameter,
    Latencies,
    Strategy,
    StrategyError,
    StrategyFailed,
    Ticks,
    backtest,
    paper,
)

MNQ, MES = "CON.F.US.MNQ.Z26", "CON.F.US.MES.Z26"
LATENCY = Latencies(3_000_000, 2_000_000)


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.end()


@pytest.fixture
def trader(form):
    return form.enter(symbols=["MNQ", "MES"])


def recorded(n, seed=1, start=MONDAY + 14 * 60 * MINUTE):
    """Ticks in whole microseconds, as the hubs write their times."""
    rng = np.random.default_rng(seed)
    return Ticks(
        start + np.cumsum(rng.integers(1, 2_000_000, n)) * 1000,
        walk(n, seed, 2),
        rng.integers(1, 9, n),
        rng.choice(np.array([-1, 1], np.int8), n),
    )


def row(time_ns, price, size, side, contract=MNQ):
    whole, micros = divmod(int(time_ns) // 1000, 1_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return {
        "symbolId": contract.rpartition(".")[0].replace("CON.", ""),
        "price": float(price),
        "timestamp": f"{stamp}.{micros:06d}+00:00",
        "type": 0 if side > 0 else 1,
        "volume": int(size),
    }


def play(gateway, run, data, contract=MNQ, at_once=50):
    """Send ticks through the hub, and wait until the run has taken them all."""
    rows = [
        row(*tick, contract)
        for tick in zip(data.time_ns, data.price, data.size, data.side, strict=True)
    ]
    for first in range(0, len(rows), at_once):
        part = rows[first : first + at_once]
        at_hubs(gateway, lambda hubs, part=part: hubs.trades(contract, part))
    taken = run._run.ticks["MNQ" if contract == MNQ else "MES"]
    until(lambda: run.is_over or taken.taken == len(rows), "every tick")


class Everything(Strategy):
    """Orders, changes, timers, bars of two lengths; notes all that it hears."""

    symbol = "MNQ"
    made: ClassVar = []

    def start(self):
        type(self).made.append(self)
        self.told = []
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
        if tick.size == 8 and self.resting is None:
            self.resting = self.buy(1, limit=tick.price - 2)
        elif tick.size == 7 and self.resting is not None and self.resting.alive:
            self.modify(self.resting, price=tick.price - 1)
        elif tick.size == 1 and self.resting is not None:
            self.cancel(self.resting)
            self.resting = None

    def on_timer(self, name):
        self.told.append((self.now_ns, name))

    def on_order(self, event):
        self.told.append((event.time_ns, event.what, event.order.id, event.reason))

    def on_fill(self, fill):
        self.told.append((*fill[:1], fill.order.id, *fill[2:]))

    def on_position(self, change):
        self.told.append(tuple(change))


def test_a_recorded_day_comes_to_the_same_to_the_event(form, trader, gateway):
    data, Everything.made = recorded(3_000), []
    options = {
        "account": "combine-50k",
        "latency": LATENCY,
        "lost_answers": 0.1,
        "seed": 3,
    }
    first_ns = int(data.time_ns[0])
    run = form.call(paper, Everything, trader, begin_ns=first_ns, **options)
    subscribed(gateway, "ContractTrades")
    play(gateway, run, data)
    found = form.call(run.stop)
    expected = backtest(Everything, data={"MNQ": data}, **options)
    heard, wanted = Everything.made
    assert heard.told == wanted.told
    assert found.requests == expected.requests
    assert found.events.tobytes() == expected.events.tobytes()
    assert found.fingerprint == expected.fingerprint
    assert found.equity["equity"].tolist() == expected.equity["equity"].tolist()
    kinds = {row[1] for row in wanted.told}
    assert {"filled", "unknown", "modified", "cancelled", "active"} <= kinds
    assert len(found.trades["net"]) >= 10


def test_no_order_leaves_the_process(form, trader, gateway):
    run = form.call(paper, Everything, trader, begin_ns=MONDAY, latency=1)
    subscribed(gateway, "ContractTrades")
    play(gateway, run, recorded(400))
    assert form.call(run.stop).requests != [[]]
    assert gateway.ledger.requests("/api/Order/place") == []


def test_two_strategies_net_and_each_has_its_own(form, trader, gateway):
    class Long(Strategy):
        symbol = "MNQ"
        side: int = 1

        def start(self):
            self.subscribe()

        def on_bar(self, bar):
            if self.flat:
                _ = self.buy(3) if self.side > 0 else self.sell(2)

    both = [Long(), Long(side=-1)]
    run = form.call(paper, both, trader, begin_ns=MONDAY, latency=1)
    subscribed(gateway, "ContractTrades")
    play(gateway, run, recorded(300))
    result = form.call(run.stop)
    assert [desk.position("MNQ") for desk in run._run.desks] == [3, -2]
    assert run._run.net("MNQ") == 1
    assert len(result.orders) == 2


# ---------------------------------------------------------------- what goes wrong


class Fails(Strategy):
    symbol = "MNQ"
    sleep_s: float = 0.0

    def start(self):
        self.stopped = 0

    def on_tick(self, tick):
        time.sleep(self.sleep_s)
        if not self.sleep_s:
            raise ZeroDivisionError("mine")

    def on_stop(self):
        self.stopped += 1
        self.buy(1)


@pytest.mark.parametrize(
    ("sleep_s", "kind", "text"),
    [(0.0, StrategyFailed, "on_tick raised"), (0.02, StrategyError, "at most 0.01 s")],
)
def test_one_that_raises_or_sleeps_is_ended(form, trader, gateway, sleep_s, kind, text):
    run = form.call(
        paper,
        Fails(sleep_s=sleep_s),
        trader,
        begin_ns=MONDAY,
        patience_s=0.01 if sleep_s else 60,
    )
    subscribed(gateway, "ContractTrades")
    play(gateway, run, recorded(5))
    assert run.is_over
    for _ in range(2):
        with pytest.raises(kind, match=text):
            form.call(run.stop)
    assert run._run.strategies[0].stopped == 1
    assert run._run.desks[0].requests == []
    groups = [each.groups for each in gateway.hubs.connections]
    until(lambda: not any(("ContractTrades", MNQ) in each for each in groups))
    assert not trader.callback_failures


def test_a_gap_is_told_with_the_first_trade_after_it(form, trader, gateway):
    class Hears(Strategy):
        symbol = "MNQ"

        def start(self):
            self.heard = []

        def on_gap(self, gap):
            self.heard.append(gap)

        def on_tick(self, tick):
            self.heard.append(tick.time_ns)

    run = form.call(paper, Hears, trader, begin_ns=MONDAY)
    subscribed(gateway, "ContractTrades")
    data = recorded(2)
    first, second = data.time_ns.tolist()
    rows = [row(each, 20_000, 1, 1) for each in (first, second)]
    heard = run._run.strategies[0].heard
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, rows[:1]))
    until(lambda: len(heard) == 1)
    old = list(gateway.hubs.connections)
    at_hubs(gateway, lambda hubs: [each.abort() for each in old])
    group = ("ContractTrades", MNQ)
    until(
        lambda: any(
            group in each.groups
            for each in list(gateway.hubs.connections)
            if each not in old
        )
    )
    assert run._gaps
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, rows[1:]))
    until(lambda: len(heard) == 3)
    assert heard == [first, ("MNQ", first, second), second]


def test_time_goes_on_without_trades_and_late_trades_count(form, trader, gateway):
    run = form.call(paper, Everything, trader, begin_ns=MONDAY, latency=1)
    subscribed(gateway, "ContractTrades")
    data = recorded(1)
    play(gateway, run, data)
    later = int(data.time_ns[0]) + 10 * MINUTE
    form.call(run.advance, later)
    told = run._run.strategies[0].told
    assert [row[1] for row in told if row[1] in ("1m", "5m")] == ["1m", "5m"]
    assert any(str(row[1]).startswith("after") for row in told)
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, [row(later - 1000, 20_000, 1, 1)]))
    until(lambda: run.late == 1)
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, [{"price": 20_000.0}]))
    until(lambda: run.unread == 1)
    form.call(run.stop)


def test_a_price_off_the_grid_ends_it(form, trader, gateway):
    run = form.call(paper, Everything, trader, begin_ns=MONDAY)
    subscribed(gateway, "ContractTrades")
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, [row(MONDAY, 20_000.1, 1, 1)]))
    until(lambda: run.is_over)
    with pytest.raises(BadData, match="multiple of 0.25"):
        form.call(run.stop)


def test_what_cannot_run_is_refused_before_anything_is_heard(form, trader, gateway):
    class Prepares(Strategy):
        symbol = "MNQ"

        def prepare(self, data):
            pass

    class Nameless(Strategy):
        pass

    class Unloaded(Strategy):
        symbol = "ES"

    class Raises(Strategy):
        symbol = "MNQ"

        def start(self):
            raise ZeroDivisionError

    for given, kind, text in (
        ((Prepares, {}), StrategyError, "must not have prepare"),
        ((Nameless, {}), StrategyError, "symbols must be given"),
        ((Unloaded, {}), UnknownSymbol, "ES"),
        ((Raises, {}), StrategyFailed, "start raised"),
        ((Everything, {"patience_s": 0}), StrategyError, "patience_s must be above 0"),
        ((Everything, {"fills": "luck"}), StrategyError, "fills must be"),
        ((Everything, {"parameters": {"x": 1}}), BadParameter, "no parameter x"),
    ):
        strategy, options = given
        if strategy is Unloaded and not form.is_async:
            continue  # it loads the contract by itself
        with pytest.raises(kind, match=text):
            form.call(paper, strategy, trader, **options)
    assert not any(
        ("ContractTrades", MNQ) in each.groups for each in gateway.hubs.connections
    )
