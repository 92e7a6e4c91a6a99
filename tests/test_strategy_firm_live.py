"""The firm's rules live: a backtest's object is the limit of a trader's account."""

import logging
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from conftest import ACCOUNT, bought_elsewhere, held
from realtime_scene import until
from strategy_scenes import MINUTE
from test_loss_watch import subscribed as quotes_subscribed
from test_risk_trader import move
from test_strategy_live import LiveForm
from test_strategy_paper import MNQ, row
from test_streams_trader import at_hubs, subscribed

from fastorder import RiskLimits
from fastorder.risk.trading_day import trading_day
from fastorder.strategy import (
    Firm,
    Instrument,
    Strategy,
    StrategyError,
    Ticks,
    backtest,
    live,
)

CHICAGO = ZoneInfo("America/Chicago")
FREE = Instrument("MNQ", "0.25", "0.5", spread_ticks=0, stop_slippage_ticks=0)
SECOND = 1_000_000_000
KIND = "combine-150k"  # the simulator's practice account holds 150,000


def moment(clock, day=0):
    at = datetime(2026, 8, 31, tzinfo=CHICAGO) + timedelta(days=day)
    local = datetime.combine(at.date(), time.fromisoformat(clock), CHICAGO)
    return int(local.timestamp()) * SECOND


class Tries(Strategy):
    """Asks by its plan at each tick, and notes what it holds and what was refused."""

    symbol = "MNQ"

    def start(self):
        self.told, self.n = [], 0

    def on_tick(self, tick):
        self.told.append(("holds", self.n, self.position))
        act = type(self).plan.get(self.n)
        self.n += 1
        if act is not None:
            act(self)

    def on_order(self, event):
        if event.outcome is not None and event.outcome.name == "NOT_SENT":
            self.told.append(("refused", self.n, event.reason))


def buying(plan):
    """A strategy that buys so many contracts at its ticks."""
    acts = {n: lambda s, size=size: s.buy(size) for n, size in plan.items()}
    return type("Tries", (Tries,), {"plan": acts})


def falling(begin_ns, steps, by=5.0):
    """Prices that stand still once, and fall then."""
    return [(begin_ns + n * SECOND, 20_000 - max(0, n - 1) * by) for n in range(steps)]


LOCK = {"daily_loss": True}
PLANS = {
    "lots": (
        {}, {0: 80, 1: 71, 2: 70, 3: 1}, falling(moment("09:00"), 5, 0),
        ["max_lots is 15"] * 2, 150, None,
    ),
    "the day's last entry, and flat": (
        {}, {0: 2, 2: 3, 3: 1, 4: 1},
        [(moment(clock), 20_000) for clock in
         ("15:06", "15:07", "15:08", "15:09", "15:10", "15:11")],
        ["no new position from 15:08 Chicago on"] * 3, 0, None,
    ),
    "the daily loss": (
        LOCK, {0: 80, **dict.fromkeys(range(5, 8), 1)}, falling(moment("09:00"), 9),
        ["the daily loss limit has ended the day"] * 3, 0, 5,
    ),
    "the maximum loss": (
        {}, {0: 80, 8: 1}, falling(moment("09:00"), 9),
        ["the account is lost"], 0, 7,
    ),
}  # fmt: skip
"""The account, sizes by ticks, prices, refusals, what is left, and the tick of a loss
that ends it."""


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = LiveForm(request.param, gateway)
    form.gateway = gateway
    yield form
    form.end()


def enter(form, risk):
    trader = form.enter(risk=risk, budgets=False)
    noon_s = trading_day(trader.risk._clock.wall_s()).at(time(12))
    form.call(move, form, noon_s)  # whenever the tests are run
    form.call(trader.executor.load_exposure, ACCOUNT)
    return trader


def quote(form, gateway, price):
    """The price of what is held, once the limits know it."""
    if not held(gateway):
        return
    quotes_subscribed(gateway)
    gateway.call(lambda: gateway.hubs.quote(MNQ, lastPrice=float(price)))
    prices = form.trader.risk._losses._prices
    form.until(lambda: MNQ in prices and prices[MNQ][0] == Decimal(str(price)))


def play(form, gateway, run, points):
    """Prices, each first as a quote and then as a trade, once all is at rest."""
    subscribed(gateway, "ContractTrades")
    ticks = run._run.ticks["MNQ"]
    for n, (time_ns, price) in enumerate(points):
        gateway.set_price(MNQ, float(price))
        quote(form, gateway, price)
        at_rest(form, gateway, run)
        taken = [row(time_ns, price, 1, 1)]
        at_hubs(gateway, lambda hubs, taken=taken: hubs.trades(MNQ, taken))
        form.until(lambda n=n: ticks.taken > n or run.is_over, "the trade")
        form.rest()
        quote(form, gateway, price)
        at_rest(form, gateway, run)


def at_rest(form, gateway, run):
    """Until what the strategy believes is so, and the limits know it."""
    form.rest()
    risk = form.trader.risk

    def known():
        if is_closing(run, risk) and held(gateway):
            return False
        today = risk._losses.of(ACCOUNT).positions or {}
        listed = sum(each.net for each in today.values())
        knows_all = risk.daily_loss(ACCOUNT) is not None
        return knows_all and listed == run.positions["Tries"]["MNQ"] == held(gateway)

    form.until(known, "rest")


def is_closing(run, risk):
    """Whether the rules close what is held by now."""
    return risk.state.name != "ACTIVE" or run._run.now_ns() >= moment("15:10")


def refusals(told):
    return [reason for what, _, reason in told if what == "refused"]


def without(told, tick):
    return [each for each in told if each[:2] != ("holds", tick)]


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_backtest_refuses_and_closes_is_refused_and_closed_live(
    form, gateway, plan
):
    more, sizes, points, wanted, left, end = PLANS[plan]
    firm, kind = Firm(KIND, **more), buying(sizes)
    gateway.set_price(MNQ, 20_000.0)
    enter(form, firm.limits())
    run = form.live(kind, account=firm, begin_ns=points[0][0] - MINUTE)
    play(form, gateway, run, points)
    times, prices = zip(*points, strict=True)
    result = backtest(
        kind, data=Ticks(list(times), list(prices)), account=firm, latency=1,
        instruments=[FREE], missing_days="allow", fills="touch",
    )  # fmt: skip
    heard, there = run.strategies["Tries"].told, result._run.strategies[0].told
    assert refusals(heard) == wanted
    if end is not None:  # live, a quote tells the loss, before the trade is shown
        assert there.index(("holds", end, 80)) == heard.index(("holds", end, 0))
        there[:], heard[:] = without(there, end), without(heard, end)
    assert heard[: len(there)] == there
    assert held(gateway) == left
    assert run.verdict.state == result.verdict.state
    if run.verdict.state == "running":  # a backtest ends with its account
        assert len(heard) == len(there)
        assert run.firm.refused == result.firm.refused
    else:
        assert there[-1][1] <= end + 1, there
    form.call(run.stop)


# ---------------------------------------------------------------- what is refused


def trial(form, account, risk, **options):
    trader = enter(form, risk)
    return form.call(live, buying({}), trader, account=account, store=False, **options)


LOOSER = [
    ({"trailing_loss": 4_501}, "trailing_loss must be at most 4500, was 4501"),
    ({"max_lots": 16}, "max_lots must be at most 15, was 16"),
    ({"max_lots": None}, "max_lots must be at most 15, was None"),
    ({"trailing_from": None}, "trailing_from must be at least 150000, was None"),
    ({"trailing_stops_at": 140_000}, "trailing_stops_at must be at least 150000"),
    ({"flat_by": "15:09"}, "flat_by must be 15:08:00 at the latest, was 15:09:00"),
    ({"flat_by": None}, "flat_by must be 15:08:00 at the latest, was None"),
    ({"flatten_on_breach": False}, "flatten_on_breach must be True, was False"),
    ({"lot_weights": {"MNQ": 0.01}}, "lot_weights of MNQ must be at least 0.1"),
]


@pytest.mark.parametrize(("changes", "why"), LOOSER)
def test_limits_that_are_looser_than_the_rules_are_refused(form, changes, why):
    limits = Firm(KIND).limits().replace(**changes)
    with pytest.raises(StrategyError, match="must hold the account to") as refused:
        trial(form, KIND, limits)
    assert why in str(refused.value)
    assert f"give Trader(risk=Firm('{KIND}').limits())" in str(refused.value)


def test_a_trader_without_the_limits_is_refused(form):
    firm = Firm(KIND, daily_loss=True)
    with pytest.raises(StrategyError, match="max_daily_loss must be at most 3000"):
        trial(form, firm, Firm(KIND).limits())
    with pytest.raises(StrategyError, match="or a Firm: the balance is the gateway's"):
        form.call(live, buying({}), form.trader, account=50_000, store=False)
    with pytest.raises(StrategyError, match="account must be one of combine-50k"):
        form.call(live, buying({}), form.trader, account="combine-51k", store=False)


def test_stricter_limits_and_one_that_observes_are_taken(form):
    stricter = Firm(KIND).limits().replace(
        max_lots=3, trailing_loss=500, flat_by="14:00", trailing_from=151_000,
        trailing_stops_at=None, max_daily_loss=100, lot_weights={"MNQ": 1},
    )  # fmt: skip
    run = trial(form, KIND, stricter)
    form.call(run.stop)
    observed = Firm(KIND, daily_loss=True, observe=True)
    run = form.call(live, buying({}), form.trader, account=observed, store=False)
    form.call(run.stop)
    with pytest.raises(StrategyError, match="observe=False"):
        observed.limits()


def test_what_no_limit_can_hold_to_is_said(form, caplog):
    caplog.set_level(logging.WARNING, "fastorder")
    enter(form, Firm(KIND).limits())
    run = form.live(buying({}), account=KIND)
    said = [each.getMessage() for each in caplog.records]
    assert [text for text in said if "no limit holds" in text] == [
        f"{KIND}: no limit holds an order to {rule}" for rule in run.firm.not_limited
    ]
    assert "9000 dollars" in run.firm.not_limited[0]
    assert "55%" in run.firm.not_limited[1]
    form.call(run.stop)


# ---------------------------------------------------------------- limits


def test_the_limits_of_an_account_are_its_rules():
    assert Firm("combine-50k").limits() == RiskLimits(
        max_lots=5, trailing_loss=2_000, trailing_stops_at=50_000,
        trailing_from=50_000, flat_by="15:08", flatten_on_breach=True,
    )  # fmt: skip
    assert Firm("combine-50k", daily_loss=True).limits().max_daily_loss == 1_000
    assert Firm("funded-50k").limits().max_lots == 2
    assert Firm("funded-50k").limits(balance=1_800).max_lots == 3
    assert Firm("funded-50k").not_limited == ()


@pytest.mark.parametrize(("balance", "lots"), [(0, 2), (1_600, 3), (2_500, 5)])
def test_a_funded_account_has_the_lots_of_the_evening_before(
    form, gateway, balance, lots
):
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    gateway.call(lambda: setattr(account, "balance", Decimal(balance)))
    enter(form, Firm("funded-50k").limits(balance=5_000))
    begin_ns = moment("09:00")
    run = form.live(buying({0: 10 * lots + 1}), account="funded-50k", begin_ns=begin_ns)
    play(form, gateway, run, [(begin_ns + SECOND, 20_000)])
    assert refusals(run.strategies["Tries"].told) == [f"max_lots is {lots}"]
    form.call(run.stop)


def test_the_highest_balance_outlives_a_restart(form, gateway, tmp_path):
    """The floor that a good day has raised is not lowered by a bad one."""
    account, journal = gateway.gateway.exchange.accounts[ACCOUNT], tmp_path / "o.db"
    for balance, floor in ((151_000, 146_500), (149_000, 146_500)):
        gateway.call(lambda b=balance: setattr(account, "balance", Decimal(b)))
        form.enter(risk=Firm(KIND).limits(), budgets=False, journal=journal)
        form.call(form.trader.executor.load_exposure, ACCOUNT)
        risk = form.trader.risk
        until(lambda r=risk: r._losses.floor(ACCOUNT)[0] is not None)
        assert risk._losses.floor(ACCOUNT) == (floor, balance)
        form.leave()
        form.trader = None


# ---------------------------------------------------------------- the day's end


def test_what_others_hold_is_flat_by_the_deadline_too(form, gateway):
    """The rule is the account's, whoever holds it."""
    gateway.set_price(MNQ, 20_000.0)
    enter(form, Firm(KIND).limits())
    begin_ns = moment("15:09")
    run = form.live(buying({0: 1}), account=KIND, begin_ns=begin_ns)
    subscribed(gateway, "ContractTrades")
    bought_elsewhere(gateway)
    form.until(lambda: form.trader.state.positions, "the position")
    for n, left in ((1, 1), (61, 0)):
        taken = [row(begin_ns + n * SECOND, 20_000, 1, 1)]
        at_hubs(gateway, lambda hubs, taken=taken: hubs.trades(MNQ, taken))
        form.until(lambda left=left: held(gateway) == left, "the close")
    assert refusals(run.strategies["Tries"].told) == [
        "no new position from 15:08 Chicago on"
    ]
    form.call(run.stop)


def test_strategies_on_both_sides_hold_nothing_once_the_account_is_flat(form, gateway):
    """Of 3 and -2 the account holds 1; its close is the end of both."""
    gateway.set_price(MNQ, 20_000.0)
    enter(form, Firm(KIND).limits())
    begin_ns = moment("15:00")
    sells = type("Sells", (Tries,), {"plan": {1: lambda s: s.sell(2)}})
    run = form.live([buying({0: 3}), sells], account=KIND, begin_ns=begin_ns)
    subscribed(gateway, "ContractTrades")
    for n, left in ((1, 3), (2, 1), (601, 0)):
        taken = [row(begin_ns + n * SECOND, 20_000, 1, 1)]
        at_hubs(gateway, lambda hubs, taken=taken: hubs.trades(MNQ, taken))
        form.until(lambda left=left: held(gateway) == left, "the order")
        form.rest()
    form.until(lambda: not any(each["MNQ"] for each in run.positions.values()))
    form.call(run.stop)
