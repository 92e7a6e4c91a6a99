"""Results: trades, equity and statistics, against other libraries and plain counts."""

import math

import numpy as np
import pytest
from strategy_scenes import MINUTE, MONDAY, planned, random_bars, ticks

from fastorder.matching import What
from fastorder.strategy import Instrument, Strategy, Ticks, backtest
from fastorder.strategy import statistics as own


@pytest.fixture(scope="module")
def empyrical():
    return pytest.importorskip("empyrical")


class Churns(Strategy):
    symbol = "MNQ"

    def start(self):
        self.bars = self.subscribe(every="1m", history=3)

    def on_bar(self, bar):
        if not self.bars.ready:
            return
        way = 1 if bar.close > self.bars.close[0] else -1
        if self.flat:
            _ = (self.buy if way > 0 else self.sell)(
                2, stop_loss_ticks=12, take_profit_ticks=9
            )
        elif self.position * way < 0:
            self.flatten()


@pytest.fixture(scope="module")
def run():
    return backtest(Churns, data=random_bars(20_000), missing_days="allow")


@pytest.fixture(scope="module")
def on_ticks():
    return backtest(Churns, data=ticks(60_000), missing_days="allow")


@pytest.fixture
def returns():
    return np.random.default_rng(5).normal(0.0005, 0.01, 400)


def test_ratios_are_those_of_empyrical(returns, empyrical):
    assert own.sharpe(returns) == pytest.approx(empyrical.sharpe_ratio(returns))
    assert own.sortino(returns) == pytest.approx(empyrical.sortino_ratio(returns))


def test_a_drawdown_is_that_of_empyrical(returns, empyrical):
    equity = np.cumprod(1 + returns)
    highest = np.maximum.accumulate(np.maximum(equity, 1.0))
    shares = (equity - highest) / highest
    assert shares.min() == pytest.approx(empyrical.max_drawdown(returns))
    dollars = own.max_drawdown(equity, 1.0)
    assert dollars == pytest.approx((equity - highest).min())
    assert own.max_drawdown(np.array([]), 1.0) == 0


def test_ratios_of_a_run_are_those_of_its_returns(run, empyrical):
    assert run.summary["sharpe"] == pytest.approx(
        empyrical.sharpe_ratio(run.daily_returns)
    )
    assert run.summary["sortino"] == pytest.approx(
        empyrical.sortino_ratio(run.daily_returns)
    )


@pytest.mark.parametrize("few", [[], [0.1], [0.1, 0.1]])
def test_what_cannot_be_said_is_nan(few):
    few = np.array(few)
    assert math.isnan(own.sharpe(few))
    assert math.isnan(own.sortino(few))
    assert math.isnan(own.profit_factor(np.zeros(3)))
    assert own.profit_factor(np.ones(3)) == math.inf
    assert own.profit_factor(np.array([3.0, -2.0, 1.0])) == 2


def test_the_deflated_ratio_falls_with_what_was_tried(returns):
    chances = [own.deflated_sharpe(returns, tried, 0.05) for tried in (1, 2, 10, 1_000)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 2 * chances[-1]
    assert math.isnan(own.deflated_sharpe(returns[:2], 10, 0.05))


def test_the_best_of_many_draws_is_as_large_as_expected():
    draws = np.random.default_rng(1).normal(size=(4_000, 100)).max(axis=1)
    assert own.expected_best(100) == pytest.approx(draws.mean(), abs=0.03)


def test_the_deflated_ratio_is_that_of_the_paper():
    # Bailey and Lopez de Prado, 2014, "A numerical example": five years of days,
    # annual ratio 2.5, 100 trials with variance 1/2, skewness -3, kurtosis 10
    ratio, n = 2.5 / math.sqrt(250), 1250
    luck = math.sqrt(0.5 / 250) * own.expected_best(100)
    assert luck == pytest.approx(0.1132, abs=5e-5)
    inner = 1 + 3 * ratio + 9 / 4 * ratio**2
    z = (ratio - luck) * math.sqrt(n - 1) / math.sqrt(inner)
    assert 0.5 * (1 + math.erf(z / math.sqrt(2))) == pytest.approx(0.9004, abs=5e-4)


# ------------------------------------------------------------------ trades and equity


@pytest.mark.parametrize("name", ["run", "on_ticks"])
def test_no_cent_and_no_contract_appears_or_is_lost(name, request):
    result = request.getfixturevalue(name)
    trades, events = result.trades, result.events
    fills = events[events["kind"] == What.TRADE]
    held = int((fills["side"].astype(int) * fills["size"]).sum())
    assert held == result._run.net("MNQ")
    assert trades["size"].sum() * 2 + abs(held) == fills["size"].sum()
    costs = (fills["fees_micros"] + fills["commissions_micros"]).sum() / 1e6
    open_costs = abs(held) * 0.61
    assert trades["costs"].sum() + open_costs == pytest.approx(costs)
    assert trades["gross"].sum() == pytest.approx(fills["profit_micros"].sum() / 1e6)
    assert result.net == pytest.approx(trades["net"].sum() - open_costs)
    assert len(trades["net"]) > 50


@pytest.mark.parametrize("name", ["run", "on_ticks"])
def test_equity_is_the_balance_with_what_is_open(name, request):
    result = request.getfixturevalue(name)
    equity, events = result.equity, result.events
    fills = events[events["kind"] == What.TRADE]
    feed = result._run.feeds["MNQ"]
    for row in range(0, len(equity["time_ns"]), 997):
        end = equity["time_ns"][row]
        before = fills[fills["time_ns"] < end]
        cash = 0.0
        size = 0
        for fill in before:
            size += int(fill["side"]) * int(fill["size"])
            cash -= (
                int(fill["side"]) * int(fill["size"]) * int(fill["price_ticks"]) * 0.5
            )
            cash -= (int(fill["fees_micros"]) + int(fill["commissions_micros"])) / 1e6
        if feed.bars is not None:
            last = feed.bars["close"][row]
        else:
            last = feed.ticks["price"][feed.time_ns.searchsorted(end) - 1] / 4
        assert equity["equity"][row] == pytest.approx(50_000 + cash + size * last * 2)
        assert equity["position"][row] == abs(size)


def test_excursions_hold_the_trade_and_are_those_of_its_ticks(on_ticks):
    trades, feed = on_ticks.trades, on_ticks._run.feeds["MNQ"]
    price = feed.ticks["price"] / 4
    for nth in range(len(trades["net"])):
        inside = (feed.time_ns > trades["entry_ns"][nth]) & (
            feed.time_ns <= trades["exit_ns"][nth]
        )
        way = trades["side"][nth] * trades["size"][nth] * 2
        path = [
            *((price[inside] - trades["entry_price"][nth]) * way),
            trades["gross"][nth],
            0,
        ]
        assert trades["mae"][nth] == pytest.approx(min(path))
        assert trades["mfe"][nth] == pytest.approx(max(path))


def test_a_trade_has_its_stop_and_its_target(run):
    trades = run.trades
    side = trades["side"]
    stop = (trades["entry_price"] - trades["stop_price"]) * side
    target = (trades["target_price"] - trades["entry_price"]) * side
    assert (stop == 3.0).all()
    assert (target == 2.25).all()
    hit = trades["exit_kind"] == "take profit"
    assert (trades["exit_price"][hit] == trades["target_price"][hit]).all()
    hit = trades["exit_kind"] == "stop loss"
    assert (
        (trades["exit_price"][hit] - trades["stop_price"][hit]) * side[hit] < 0
    ).all()


@pytest.mark.parametrize(
    "what", ["day", "hour", "side", "exit_kind", "symbol", "strategy"]
)
def test_parts_come_to_the_whole(run, what):
    rows = run.by(what)
    assert sum(row["trades"] for row in rows.values()) == len(run.trades["net"])
    assert sum(row["net"] for row in rows.values()) == pytest.approx(
        run.trades["net"].sum()
    )
    assert set(run.by("exit_kind")) <= {"stop loss", "take profit", "exit"}
    assert all(0 <= hour < 24 for hour in run.by("hour"))
    with pytest.raises(ValueError, match="by must be day, hour"):
        run.by("moon")


def test_days_come_to_the_equity(run):
    days, equity = run.days, run.equity
    assert days["profit"].sum() == pytest.approx(equity["equity"][-1] - 50_000)
    assert days["trades"].sum() == len(run.trades["net"])
    assert len(days["date"]) == len(set(days["date"].tolist()))


def test_everything_is_there_for_arrow(run):
    for what in ("trades", "equity", "days", "events"):
        table = run.arrow(what)
        assert (
            table.num_rows == len(next(iter(getattr(run, what).values())))
            if what != "events"
            else len(run.events)
        )
    assert run.arrow().column_names[:4] == ["strategy", "symbol", "side", "size"]


def test_a_run_without_trades_has_results_too():
    result = backtest(planned({}), data=random_bars(100))
    assert result.summary["trades"] == 0
    assert result.net == 0
    assert result.arrow().num_rows == 0
    assert result.by("day") == {}
    assert "0 trades" in repr(result)


def test_lots_are_matched_first_in_first_out():
    free = Instrument("MNQ", "0.25", "0.5", spread_ticks=0)
    times = MONDAY + np.arange(1, 41) * MINUTE
    prices = 80_000 + np.arange(40) * 4
    plan = {
        1: lambda s: s.buy(1),
        3: lambda s: s.buy(2),
        5: lambda s: s.sell(2),
        7: lambda s: s.sell(3),
    }
    result = backtest(
        planned(plan), data=Ticks(times, prices), latency=1, instruments=[free],
    )  # fmt: skip
    trades = result.trades
    rows = list(
        zip(
            trades["side"].tolist(),
            trades["size"].tolist(),
            trades["gross"].tolist(),
            strict=True,
        )
    )
    # a print each minute, a point higher: bought at +0 and +2, sold at +4 and +6
    assert rows == [(1, 1, 8.0), (1, 1, 4.0), (1, 1, 8.0)]
    assert result._run.net("MNQ") == -2
