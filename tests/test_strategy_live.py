"""Live: a strategy's orders go out by the trader, and what becomes of them comes in."""

import asyncio
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest
from conftest import ACCOUNT
from realtime_scene import until
from strategy_scenes import MONDAY
from test_realtime_trader import Form
from test_strategy_paper import MNQ, recorded, row
from test_streams_trader import at_hubs, subscribed

from fastorder import Outcome, RetryPolicy, RiskLimits
from fastorder.errors import UnknownSymbol
from fastorder.simulator import Fault
from fastorder.strategy import (
    BadParameter,
    Series,
    Strategy,
    StrategyError,
    StrategyFailed,
    live,
    live_loop,
    live_run,
)
from fastorder.strategy.arriving import ArrivingBars

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
        """Until no handler runs, and nothing that was asked for is under way."""
        run, desks = self.run, self.run._run.desks
        self.until(lambda: not run._is_busy and run._inbox.empty())
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
        self.told, self.whys = [], []
        self.plan = list(type(self).acts)

    def on_tick(self, tick):
        if self.plan:
            self.plan.pop(0)(self)

    def on_order(self, event):
        self.told.append((event.what, event.order.id, event.outcome))
        self.why = event.reason
        self.whys.append(event.reason)

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
        form.until(
            lambda taken=taken, n=before: taken.taken > n or run.is_over, "the trade"
        )
        form.rest()


def whys(run):
    return run._run.desks[0].strategy.whys


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


def test_changes_go_out_and_what_came_of_them_is_told(form, trader, gateway):
    def ask(s):
        s.order = s.buy(1, limit=19_000)
        s.modify(s.order, size=2, price=19_000.25)  # its number is not known yet

    run = form.live(
        doing(
            ask,
            lambda s: s.modify(s.order, price=19_000.25),  # as it is
            lambda s: s.modify(s.order, price=19_001),
            lambda s: s.cancel(s.order),
            lambda s: s.modify(s.order, price=19_002),
            lambda s: s.cancel(s.order),
        )
    )
    ticks(form, gateway, 6)
    form.until(lambda: len(told(run)) == 6)
    assert told(run) == [
        ("accepted", 1, Outcome.ACCEPTED),
        ("modified", 1, None),
        ("modified", 1, None),
        ("modified", 1, None),
        ("cancelled", 1, None),
        ("modify refused", 1, None),
    ]
    strategy = run.strategies["Doing"]
    assert strategy.why in ("the order is cancelled", "the order is cancelled already")
    assert (strategy.order.size, strategy.order.price) == (2, 19_001.0)
    assert strategy.flat
    assert [row[1] for row in run.requests[0]] == ["place", *["modify"] * 3, "cancel",
                                                   "modify"]  # fmt: skip


def test_the_gateway_refuses(form, trader, gateway):
    run = form.live(
        doing(
            lambda s: s.buy(1, stop=1_000),
            lambda s: setattr(s, "order", s.buy(1, limit=19_000)),
            lambda s: s.modify(s.order, size=3),
        )
    )
    gateway.faults.add(
        Fault("/api/Order/modify", reply="code", effect="none", error_code=3,
              message="no")
    )  # fmt: skip
    ticks(form, gateway, 3)
    assert [row[0] for row in told(run)] == ["rejected", "accepted", "modify refused"]
    assert run.strategies["Doing"].why == "no"
    assert len(run._run.desks[0].live()) == 1


def test_an_answer_that_is_lost_is_unknown_until_it_is_looked_up(
    form, gateway, monkeypatch
):
    monkeypatch.setattr(live_run, "LOOKS_S", (0.05,))
    form.enter(retry=RetryPolicy(base_delay=0.01, max_retries=1))
    run = form.live(doing(lambda s: s.buy(1, limit=19_000, stop_loss_ticks=8)))
    gateway.call(lambda: setattr(gateway.gateway.exchange, "tell", lambda *_: None))
    lists = "/api/Order/search", "/api/Order/searchOpen", "/api/Order/v2/query"
    gateway.faults.add(
        Fault("/api/Order/place", reply="hang_up"),
        *[Fault(each, reply="status", times=None) for each in lists],
    )
    ticks(form, gateway)
    form.until(lambda: told(run))
    assert told(run) == [("unknown", 1, Outcome.UNKNOWN)]
    assert not run.strategies["Doing"].flat
    gateway.faults.clear()
    form.until(lambda: len(told(run)) == 2)
    assert told(run)[1] == ("accepted", 1, Outcome.ACCEPTED)
    assert len(gateway.ledger.placements()) == 1


def test_an_event_ends_the_doubt(form, trader, gateway):
    run = form.live(doing(lambda s: s.buy(1)))
    gateway.faults.add(Fault("/api/Order/place", reply="hang_up"))
    ticks(form, gateway)
    form.until(lambda: len(told(run)) == 4)
    assert [row[0] for row in told(run)] == ["accepted", "fill", "filled", "position"]


def test_what_is_kept_here_is_told_after_the_handler(form, gateway):
    trader = form.enter(risk=RiskLimits(max_order_size=2, max_orders_per_second=3))

    def loops(s):
        s.told.append("asks")
        for _ in range(20):
            s.buy(1, limit=19_000)
        s.buy(3)
        s.told.append("asked")

    def halted(s):
        trader.kill("enough")
        s.buy(1)
        trader.resume()

    run = form.live(doing(loops, halted))
    ticks(form, gateway, 2)
    rows = told(run)
    assert rows[:2] == ["asks", "asked"]
    kinds = [row[0] for row in rows[2:]]
    assert (kinds.count("accepted"), kinds.count("not sent")) == (3, 19)
    assert all(row[1] < 0 for row in rows[2:] if row[0] == "not sent")
    assert "enough" in run.strategies["Doing"].why
    assert len(gateway.ledger.placements()) == 3


def test_two_strategies_net_and_each_has_its_own(form, trader, gateway):
    long = doing(lambda s: s.buy(3), lambda s: None, lambda s: s.close())
    short = doing(lambda s: None, lambda s: s.sell(2))
    trader.executor  # noqa: B018
    manual = form.call(trader.buy, "MES", 1)
    assert manual
    run = form.live({"long": long(), "short": short()})
    ticks(form, gateway, 2)
    form.until(lambda: run.positions["short"]["MNQ"])
    assert run.positions == {"long": {"MNQ": 3}, "short": {"MNQ": -2}}
    strategy = run.strategies["short"]
    assert strategy.net_position_of("MNQ") == 1
    assert ("position", -2, 1) in strategy.told
    form.call(trader.sell, "MNQ", 4)  # of nobody here
    form.until(lambda: strategy.net_position_of("MNQ") == -3)
    assert strategy.position == -2
    ticks(form, gateway, 1)
    form.until(lambda: run.positions["long"]["MNQ"] == 0)
    names = [row.custom_tag.partition(".")[0] for row in gateway.ledger.placements()
             if "." in row.custom_tag]  # fmt: skip
    assert names == ["long", "short", "long"]


def test_what_the_trader_flattens_is_held_no_more(form, trader, gateway):
    run = form.live(doing(lambda s: s.buy(2, stop_loss_ticks=80), lambda s: s.close()))
    ticks(form, gateway)
    form.until(lambda: run.positions["Doing"]["MNQ"] == 2)
    assert form.call(trader.flatten, deadline=20)
    form.until(lambda: run.strategies["Doing"].flat)
    ticks(form, gateway)
    assert [row[1] for row in run.requests[0]] == ["place"]
    assert ("position", 0, 0) in told(run)


# ---------------------------------------------------------------- what goes wrong


def fails(_):
    raise ZeroDivisionError("mine")


def waits(_):
    pass


def sleeps(_):
    time.sleep(0.05)


@pytest.mark.parametrize(
    ("bad", "kind", "text"),
    [(fails, StrategyFailed, "on_tick raised"), (sleeps, StrategyError, "at most")],
)
def test_one_that_raises_or_sleeps_is_ended_and_the_other_goes_on(
    form, trader, gateway, bad, kind, text
):
    def opens(s):
        s.buy(1, limit=19_000)
        s.buy(1, stop_loss_ticks=80)

    run = form.live(
        {"bad": doing(opens, bad)(), "good": doing(waits, lambda s: s.buy(1))()},
        patience_s=0.04 if bad is sleeps else 60,
    )  # fmt: skip
    ticks(form, gateway, 2)
    form.until(lambda: run.positions["good"]["MNQ"] == 1)
    assert not run.is_over
    assert set(run.failures) == {"bad"}
    working = {(row.role, row.status) for row in run._run.desks[0].live()}
    form.until(lambda: len(run._run.desks[0].live()) == 1)
    assert ("stop loss", "accepted") in working  # what protects stays
    assert run.strategies["bad"].told[-1] == ("stop",)
    with pytest.raises(kind, match=text):
        form.call(run.stop)
    assert run.is_over


def test_one_that_fails_is_flattened_where_that_is_asked_for(form, trader, gateway):
    ended = []

    def opens(s):
        s.buy(2, stop_loss_ticks=80, take_profit_ticks=80)

    run = form.live(doing(opens, fails), on_failure="flatten", on_end=ended.append)
    ticks(form, gateway, 2)
    form.until(lambda: ended)
    assert ended == [run]
    assert run.positions == {"Doing": {"MNQ": 0}}
    until(lambda: not gateway.call(lambda: gateway.gateway.exchange.accounts[ACCOUNT]
                                   .working))  # fmt: skip
    held = gateway.call(lambda: dict(gateway.gateway.exchange.accounts[ACCOUNT]
                                     .positions))  # fmt: skip
    assert held == {}
    assert run.strategies["Doing"].told[-1] == ("stop",)


def test_what_fills_after_the_failure_is_closed_too(form, trader, gateway):
    def opens(s):
        s.buy(1)
        s.buy(2, limit=30_000)
        s.buy(1, stop_loss_ticks=80, take_profit_ticks=80)
        raise ZeroDivisionError

    run = form.live(doing(opens), on_failure="flatten")
    ticks(form, gateway)
    form.until(lambda: run.is_over)
    assert run.positions == {"Doing": {"MNQ": 0}}
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    assert gateway.call(lambda: (account.positions, account.working)) == ({}, {})


def test_legs_are_cancelled_that_are_not_there_yet(form, trader, gateway):
    """A cancel waits for the gateway's number, and the run for the cancel."""

    def opens(s):
        s.buy(1, stop_loss_ticks=80, take_profit_ticks=80)
        legs = [order for order in s.orders if order.parent is not None]
        assert [leg.status for leg in legs] == ["waiting"] * 2
        for leg in legs:
            s.cancel(leg)

    run = form.live(doing(opens))
    ticks(form, gateway)
    form.until(lambda: [each[0] for each in told(run)].count("cancelled") == 2)
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    until(lambda: gateway.call(lambda: not account.working))


def test_a_cancel_that_is_not_answered_after_the_failure_is_logged(
    form, trader, gateway, caplog
):
    def opens(s):
        s.buy(1, limit=19_000)

    run = form.live(doing(opens, fails))
    ticks(form, gateway)
    gateway.faults.add(
        Fault("/api/Order/cancel", reply="status", effect="none", status=403)
    )
    ticks(form, gateway)
    form.until(lambda: run.is_over)
    assert "cancel unknown" in caplog.text


def test_a_handler_that_does_not_return_is_told_of(form, trader, gateway, caplog):
    run = form.live(doing(lambda s: time.sleep(0.3)), patience_s=0.05)
    ticks(form, gateway)
    form.until(lambda: run.is_over)
    assert "on_tick does not return" in caplog.text


def test_the_wait_for_an_answer_is_not_the_handlers(form, trader, gateway):
    run = form.live(doing(lambda s: s.buy(1)), patience_s=0.2)
    gateway.faults.add(Fault("/api/Order/place", delay_s=0.4))
    ticks(form, gateway)
    form.until(lambda: run.positions["Doing"]["MNQ"] == 1)
    assert run.failures == {}


def test_quotes_depth_and_gaps_are_heard(form, trader, gateway):
    class All(Hears):
        def start(self):
            self.told = []

        def on_tick(self, tick):
            self.told.append("tick")

        def on_quote(self, quote):
            self.told.append(("quote", quote.best_bid))

        def on_depth(self, book):
            self.told.append("depth")

        def on_gap(self, gap):
            self.told.append("gap")

    run = form.live(All)
    subscribed(gateway, "ContractMarketDepth")
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=100.25, bestAsk=100.5))
    gateway.call(lambda: gateway.market.reset_depth(MNQ))
    form.until(lambda: len(told(run)) == 2)
    assert sorted(map(str, told(run))) == ["('quote', Decimal('100.25'))", "depth"]
    run._run.trader._callbacks.tell("gap", SimpleNamespace(hub="user"))
    run._run.trader._callbacks.tell("gap", SimpleNamespace(hub="market"))
    ticks(form, gateway)
    assert told(run)[2:] == ["gap", "tick"]


def test_start_that_raises_ends_it(form, trader, gateway):
    class Raises(Strategy):
        symbol = "MNQ"

        def start(self):
            raise ZeroDivisionError

    run = form.live(Raises)
    form.until(lambda: run.is_over)
    with pytest.raises(StrategyFailed, match="start raised"):
        form.call(run.stop)


def test_nothing_is_opened_while_events_may_be_missing(form, trader, gateway):
    run = form.live(doing(lambda s: s.buy(2), lambda s: (s.buy(1), s.close())))
    ticks(form, gateway)
    form.until(lambda: run.positions["Doing"]["MNQ"] == 2)
    users = [each for each in gateway.hubs.connections if ("Accounts", None) in
             each.groups]  # fmt: skip
    gateway.hubs.faults.refuse = 503
    at_hubs(gateway, lambda hubs: [each.abort() for each in users])
    form.until(lambda: not trader.state.misses_nothing)
    ticks(form, gateway)
    form.until(lambda: ("not sent", -1, Outcome.NOT_SENT) in told(run))
    assert any("events of the account may be missing" in why for why in whys(run))
    assert len(gateway.ledger.placements()) == 2
    gateway.hubs.faults.refuse = 0
    form.until(lambda: run.positions["Doing"]["MNQ"] == 0)  # by a read


def test_timers_go_by_the_machine_and_bars_end_without_trades(
    form, trader, gateway, monkeypatch
):
    monkeypatch.setattr(live_loop, "GRACE_NS", 0)

    class Times(Hears):
        def start(self):
            self.told = []
            self.subscribe(every="1s")
            self.after(0.02, "soon")

        def on_tick(self, tick):
            pass

        def on_bar(self, bar):
            self.told.append("bar")

        def on_timer(self, name):
            self.told.append(name)

    run = form.live(Times, begin_ns=None)
    form.until(lambda: told(run) == ["soon"])
    subscribed(gateway, "ContractTrades")
    now = row(time.time_ns(), 20_000, 1, 1)
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, [now]))
    form.until(lambda: told(run) == ["soon", "bar"])


def test_what_cannot_run_is_refused_before_anything_is_heard(form, trader, gateway):
    class Nameless(Strategy):
        pass

    class Prepares(Hears):
        def prepare(self, data):
            pass

    class Unloaded(Strategy):
        symbol = "ES"

    class ALongNameThatDoesNotFit(Hears):
        pass

    class Asynchronous(Strategy):
        symbol = "MNQ"

        async def on_tick(self, tick):
            pass

    for given, kind, text in (
        ((Nameless, {}), StrategyError, "symbols must be given"),
        ((Prepares, {}), StrategyError, "must not have prepare"),
        ((Unloaded, {}), UnknownSymbol, "ES"),
        ((ALongNameThatDoesNotFit, {}), StrategyError, "1 to 20 characters"),
        (({"a.b": Hears}, {}), StrategyError, "1 to 20 characters"),
        (([Hears, Hears], {}), StrategyError, "a name of its own"),
        ((Asynchronous, {}), StrategyError, "must not be async"),
        ((Hears, {"on_failure": "pray"}), StrategyError, "on_failure must be"),
        ((Hears, {"patience_s": 0}), StrategyError, "patience_s must be above 0"),
        ((Hears, {"on_end": 1}), StrategyError, "on_end must be callable"),
        ((Hears, {"parameters": {"x": 1}}), BadParameter, "no parameter x"),
        ((Hears, {"store": __file__}), StrategyError, "cannot be used"),
    ):
        strategy, options = given
        with pytest.raises(kind, match=text):
            form.call(live, strategy, trader, **{"store": False, **options})
    groups = [each.groups for each in gateway.hubs.connections]
    assert not any(("ContractTrades", MNQ) in each for each in groups)


def test_the_form_of_the_trader_decides_where_handlers_run(form, trader, gateway):
    run = form.live(doing(lambda s: None))
    if form.is_async:
        with pytest.raises(StrategyError, match="on the event loop of the trader"):
            live(Hears, trader, store=False)
        with pytest.raises(StrategyError, match="must not be called on a loop"):
            form.call(run.work)
        form.call(run.stop)
        form.call(run.ended)
    else:

        async def in_a_notebook():  # a loop that runs is not the trader's
            live({"other": Hears}, trader, store=False).stop()

        asyncio.run(in_a_notebook())
        with pytest.raises(StrategyError, match="ended must be awaited"):
            run.ended().send(None)
        with run:
            run.work(0.01)
        run.run()
    assert run.is_over
    assert "ended" in repr(run)


def test_a_trader_that_is_closed_ends_its_strategies(form, trader, gateway):
    run = form.live(doing(waits))
    form.leave()
    assert run.is_over
    assert told(run) == [("stop",)]
    with pytest.raises(StrategyError, match="trader was closed"):
        form.call(run.stop)


def test_series_begin_with_the_bars_of_before(form, trader, gateway):
    class Warm(Hears):
        def start(self):
            self.told = []
            self.hours = self.subscribe(every="1h", history=5)
            self.minutes = self.subscribe(every="1m", history=20)
            self.seen = None

        def on_bar(self, bar):
            self.told.append(bar)

        def on_tick(self, tick):
            self.seen = self.minutes.close.copy(), self.hours.time_ns.copy()

    run = form.live(Warm, begin_ns=None)
    subscribed(gateway, "ContractTrades")
    price = float(gateway.call(lambda: gateway.gateway.exchange.last(
        gateway.gateway.contract(MNQ))))  # fmt: skip
    now = row(time.time_ns(), price, 1, 1)
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, [now]))
    strategy = run.strategies["Warm"]
    form.until(lambda: strategy.seen is not None)
    closes, hours = strategy.seen
    assert (len(closes), len(hours)) == (20, 5)
    assert [after - before for before, after in pairwise(hours)] == [3_600 * 10**9] * 4
    wanted = form.call(trader.bars, "MNQ", "1m", limit=20)
    assert closes.tolist()[-5:] == wanted.close.tolist()[-5:]
    form.call(run.stop)


def test_history_that_is_not_there_is_told_and_the_run_goes_on(form, gateway, caplog):
    form.enter(retry=RetryPolicy(base_delay=0.01, max_retries=0))
    gateway.faults.add(Fault("/api/History/retrieveBars", reply="status", times=None))

    class Warm(Hears):
        def start(self):
            self.told = []
            self.minutes = self.subscribe(every="1m", history=20)

    run = form.live(Warm, begin_ns=None)
    assert "bars of 1m of MNQ begin empty" in caplog.text
    assert len(run.strategies["Warm"].minutes) == 0
    form.call(run.stop)


@pytest.mark.parametrize(
    ("prices", "volume"),
    [((5, 9, 1, 6), 7), ((5, 5, 5, 5), 1), ((5, 6, 5, 6), 2), ((5, 6, 4, 4), 3)],
)
def test_a_bar_in_the_making_goes_on_as_history_shows_it(prices, volume):
    made = ArrivingBars("MNQ", "1m", (1, 4), None)
    made.begin(MONDAY, tuple(each / 4 for each in prices), volume)
    made.tick(MONDAY + 1, prices[3], 2)
    taken = Series("MNQ", "1m", 1)
    made.frame.add(taken, None)
    bar = made._builder.update(MONDAY + 60_000_000_000, 1, 1)
    assert (bar.open, bar.high, bar.low, bar.close) == prices
    assert bar.volume == volume + 2
