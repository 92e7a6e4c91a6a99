"""The firm's accounts: two clocks, lots, deadlines, verdicts; to the cent."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from strategy_scenes import (
    MINUTE,
    MONDAY,
    Told,
    bars,
    planned,
    random_bars,
    ticks,
    told,
)

from fastorder.marketdata import Sessions
from fastorder.strategy import (
    BadData,
    Firm,
    Instrument,
    StrategyError,
    Ticks,
    backtest,
    monte_carlo,
)
from fastorder.strategy.lots import weight_of

CHICAGO = ZoneInfo("America/Chicago")
FREE = Instrument("MNQ", "0.25", "0.5", spread_ticks=0, stop_slippage_ticks=0)
"""MNQ without costs, so that amounts can be counted by hand."""


def moment(day, clock):
    """A time in Chicago, days after the last of August 2026, in nanoseconds."""
    at = datetime(2026, 8, 31, tzinfo=CHICAGO) + timedelta(days=day)
    return (
        int(datetime.combine(at.date(), time.fromisoformat(clock), CHICAGO).timestamp())
        * 10**9
    )


def run(script, points, account="combine-50k", step_ns=MINUTE, **more):
    """A strategy that acts at times, over ticks that go from point to point.

    Args:
        script: a time and what to do then.
        points: times and prices in points; a tick each step, straight in between.
    """
    times = np.arange(points[0][0], points[-1][0] + 1, step_ns)
    prices = np.interp(times, [p[0] for p in points], [p[1] for p in points])
    whole = np.rint(prices * 4).astype(np.int64)

    class Scripted(Told):
        def start(self):
            self.told = []
            for nth, (when, _) in enumerate(script):
                self.at(when, str(nth))

        def on_timer(self, name):
            script[int(name)][1](self)

    more.setdefault("instruments", [FREE])
    return backtest(
        Scripted, data=Ticks(times, whole), account=account, latency=1,
        missing_days="allow", **more,
    )  # fmt: skip


def test_touching_the_floor_with_open_loss_is_the_end():
    start, end = moment(1, "09:00"), moment(1, "14:00")
    buys = [(start + MINUTE, lambda s: s.buy(10))]  # 20 dollars a point
    result = run(buys, [(start, 20_000), (end, 20_000 - 150)])
    assert result.verdict.state == "lost"
    paid = result.trades["entry_price"][0]
    lost = result.verdict.time_ns
    feed = result._run.feeds["MNQ"]
    row = feed.time_ns.searchsorted(lost)
    price = feed.ticks["price"][row] / 4
    assert (paid - price) * 20 >= 2_000
    before = feed.ticks["price"][row - 1] / 4
    assert (paid - before) * 20 < 2_000
    assert "maximum loss limit 48,000.00" in result.verdict.why
    assert result.trades["exit_kind"].tolist() == ["firm"]
    assert result.trades["exit_ns"][0] > lost


def test_data_that_begin_after_the_last_entry_open_nothing_on_that_day():
    start, turn = moment(1, "15:09"), moment(1, "17:00")
    script = [
        (start + MINUTE, lambda s: s.buy(1)),
        (turn + MINUTE, lambda s: s.buy(1)),
    ]
    result = run(script, [(start, 20_000), (turn + 5 * MINUTE, 20_000)])
    assert result.firm.refused == {"no new position from 15:08 Chicago on": 1}
    assert result._run.net("MNQ") == 1


def test_a_high_at_noon_does_not_move_the_floor_and_the_days_end_does():
    first, second = moment(1, "09:00"), moment(2, "09:00")
    script = [
        (first + MINUTE, lambda s: s.buy(10)),
        (moment(1, "12:00"), lambda s: s.close()),
    ]
    points = [
        (first, 20_000),
        (moment(1, "11:00"), 20_100),
        (moment(1, "13:00"), 20_050),
        (second, 20_050),
        (moment(2, "15:00"), 20_050),
    ]
    result = run(script, points)
    days = result.firm.days
    gained = result.trades["net"].sum()
    assert 500 < gained < 2_000
    assert days[0].balance == pytest.approx(50_000 + gained)
    assert days[0].floor == pytest.approx(
        48_000 + gained
    )  # from the balance, not the high
    assert days[1].floor == days[0].floor
    assert result.verdict.state == "running"


def test_the_floor_stops_at_the_start_and_never_comes_down():
    start = moment(1, "09:00")
    script, points = [], [(start, 20_000)]
    price = 20_000
    for day in range(1, 4):
        script += [
            (moment(day, "09:30"), lambda s: s.buy(10)),
            (moment(day, "12:00"), lambda s: s.close()),
        ]
        price += 80 if day < 3 else -60
        points += [(moment(day, "09:31"), points[-1][1]), (moment(day, "11:59"), price)]
        points += [(moment(day, "14:00"), price)]
    result = run(script, points)
    floors = [day.floor for day in result.firm.days]
    assert floors == sorted(floors)
    assert floors[-1] == 50_000
    assert result.firm.days[-1].profit < 0


def test_a_daily_loss_ends_the_day_and_not_the_account():
    script = [
        (moment(1, "09:01"), lambda s: s.buy(10)),
        (moment(1, "13:00"), lambda s: s.buy(1)),
        (moment(2, "09:01"), lambda s: s.buy(1)),
    ]
    points = [
        (moment(1, "09:00"), 20_000),
        (moment(1, "12:00"), 19_945),
        (moment(1, "14:00"), 19_945),
        (moment(2, "14:00"), 19_945),
    ]
    result = run(script, points, account=Firm("combine-50k", daily_loss=True))
    assert result.verdict.state == "running"
    assert [day.locked for day in result.firm.days] == [True, False]
    (held,) = told(result, "not sent")
    assert held[3] == "the daily loss limit has ended the day"
    assert result.trades["exit_kind"].tolist() == ["firm"]
    assert result._run.net("MNQ") == 1  # of the next day
    without = run(script, points)
    assert [day.locked for day in without.firm.days] == [False, False]


def test_no_position_is_open_after_the_deadline_and_none_is_opened_before_it():
    script = [
        (
            moment(1, "14:00"),
            lambda s: s.buy(1, stop_loss_ticks=400, take_profit_ticks=400),
        ),
        (moment(1, "15:08"), lambda s: s.buy(1)),
        (moment(1, "17:00"), lambda s: s.buy(1)),
    ]
    points = [(moment(1, "13:00"), 20_000), (moment(1, "18:00"), 20_000)]
    result = run(script, points, step_ns=1_000_000_000)
    trades = result.trades
    assert trades["exit_kind"][0] == "firm"
    late = trades["exit_ns"][0] - moment(1, "15:10")
    assert 0 < late <= 1_000_000_000
    (held,) = told(result, "not sent")
    assert held[3] == "no new position from 15:08 Chicago on"
    cancelled = {row[2].role for row in told(result, "cancelled")}
    assert cancelled == {"stop loss", "take profit"}
    assert result._run.net("MNQ") == 1  # the new day's


@pytest.mark.parametrize(("day", "utc_hour"), [("2026-10-30", 20), ("2026-11-03", 21)])
def test_the_deadline_is_chicagos_before_and_after_the_clocks_change(day, utc_hour):
    noon = int(datetime.fromisoformat(f"{day}T12:00-05:00").timestamp()) * 10**9
    script = [(noon + MINUTE, lambda s: s.buy(1))]
    points = [(noon, 20_000), (noon + 300 * MINUTE, 20_000)]
    result = run(script, points, step_ns=10**9)
    closed = datetime.fromtimestamp(result.trades["exit_ns"][0] / 1e9, ZoneInfo("UTC"))
    assert (closed.hour, closed.minute) == (utc_hour, 10)


def test_an_early_close_comes_with_its_deadline():
    day = (datetime(2026, 8, 31) + timedelta(days=1)).date()
    early = Sessions([moment(0, "17:00")], [moment(1, "12:00")], [day])
    script = [(moment(1, "10:00"), lambda s: s.buy(1))]
    points = [(moment(1, "09:00"), 20_000), (moment(1, "11:59"), 20_000)]
    result = run(script, points, sessions=early, step_ns=10**9)
    closed = datetime.fromtimestamp(result.trades["exit_ns"][0] / 1e9, CHICAGO)
    assert (closed.hour, closed.minute) == (11, 45)


def test_lots_are_weighed_over_the_account_with_what_works():
    script = [
        (moment(1, "09:01"), lambda s: s.buy(50, limit=19_000.0)),
        (moment(1, "09:02"), lambda s: s.buy(1)),
        (moment(1, "09:03"), lambda s: s.sell(50)),
        (moment(1, "09:04"), lambda s: s.sell(1)),
        (moment(1, "09:05"), lambda s: s.buy(50)),
    ]
    points = [(moment(1, "09:00"), 20_000), (moment(1, "10:00"), 20_000)]
    result = run(script, points)
    held = told(result, "not sent")
    assert [(row[2].side, row[3]) for row in held] == [
        (1, "max_lots is 5"),
        (-1, "max_lots is 5"),
    ]
    assert result.firm.refused == {"max_lots is 5": 2}
    assert (weight_of("MNQ"), weight_of("NQ"), weight_of("SIL")) == (1, 10, 10)


def test_a_funded_account_starts_with_few_lots_and_gets_more_the_next_day():
    script = [
        (moment(1, "09:01"), lambda s: s.buy(20)),
        (moment(1, "09:02"), lambda s: s.buy(1)),
    ]
    script += [
        (moment(1, "12:00"), lambda s: s.close()),
        (moment(1, "12:05"), lambda s: s.buy(21)),
    ]
    script += [(moment(2, "09:00"), lambda s: s.buy(30))]
    points = [
        (moment(1, "09:00"), 20_000),
        (moment(1, "09:05"), 20_000),
        (moment(1, "11:59"), 20_040),
        (moment(2, "10:00"), 20_040),
    ]
    result = run(script, points, account="funded-50k")
    held = [(row[2].size, row[3]) for row in told(result, "not sent")]
    assert held == [(1, "max_lots is 2"), (21, "max_lots is 2")]
    assert 1_500 < result.firm.days[0].balance < 2_000
    assert result._run.net("MNQ") == 30


def profits(*points):
    """Days that each bring some points with ten contracts: 20 dollars a point."""
    script, path, price = [], [(moment(1, "09:00"), 20_000)], 20_000.0
    for day, gain in enumerate(points, 1):
        script += [
            (moment(day, "09:30"), lambda s: s.buy(10)),
            (moment(day, "12:00"), lambda s: s.close()),
        ]
        path += [(moment(day, "09:35"), price), (moment(day, "11:55"), price + gain)]
        price += gain
        path += [(moment(day, "14:00"), price)]
    return run(script, path)


@pytest.mark.parametrize(
    ("points", "state"),
    [
        ((80, 80), "passed"),  # 1,600 and 1,600
        ((80, 60), "running"),  # 2,800
        ((100, 52), "running"),  # 3,040, and the best day is two thirds of it
        ((100, 52, 60), "passed"),  # 4,240, the best day 47 %
    ],
)
def test_a_combine_passes_with_its_target_and_no_day_that_is_too_good(points, state):
    result = profits(*points)
    assert result.verdict.state == state
    assert result.firm.days[0].profit == pytest.approx(points[0] * 20, abs=1)
    if state == "passed":
        assert result.verdict.time_ns == moment(len(points), "17:00")


def test_to_observe_closes_and_refuses_nothing():
    start = moment(1, "09:00")
    buys = [(start + MINUTE, lambda s: s.buy(70))]
    firm = Firm("combine-50k", observe=True)
    result = run(buys, [(start, 20_000), (moment(1, "16:00"), 19_000)], account=firm)
    assert result.verdict.state == "lost"
    assert result.firm.refused == {"max_lots is 5": 1}
    assert result._run.net("MNQ") == 70
    assert firm.verdict.state == "running"  # a run has an account of its own


def test_bars_that_hide_the_deadline_are_refused():
    hours = bars(np.full(50, 20_000.0), every=60 * MINUTE)

    class Hours(Told):
        def start(self):
            self.subscribe(every="1h")

    with pytest.raises(BadData, match="10 minutes at most with the firm's rules"):
        backtest(Hours, data=hours, account="combine-50k", missing_days="allow")


def test_the_floor_is_tested_on_the_way_of_a_bar():
    closes = np.full(30, 20_000.0)
    data = bars(closes)
    found = {name: np.array(column) for name, column in data.to_numpy().items()}
    found["low"][20] = 19_900.0
    result = backtest(
        planned({2: lambda s: s.buy(10)}), data=found, account="combine-50k", latency=1
    )
    # 20 dollars a point: a hundred points below what was paid
    assert result.verdict.state == "lost"
    inside = MONDAY + 20 * MINUTE < result.verdict.time_ns < MONDAY + 21 * MINUTE
    assert inside


# ------------------------------------------------------------------ Monte Carlo


class Coin:
    """A result with trades that were thought up."""

    def __init__(self, days):
        nets = [net for day in days for net in day]
        starts = [moment(1, "10:00") + i * 24 * 60 * MINUTE for i in range(len(days))]
        exits = [
            starts[i] + nth for i, day in enumerate(days) for nth in range(len(day))
        ]
        self.trades = {
            "net": np.array(nets, float),
            "mae": np.minimum(np.array(nets, float), 0.0),
            "exit_ns": np.array(exits, np.int64),
        }
        self.days = {"traded": np.ones(len(days), bool)}
        self._run = type("R", (), {"first_ns": starts[0], "end_ns": exits[-1] + 1})


def test_the_chance_is_that_of_a_walk_that_can_be_counted():
    # a day wins or loses 1,000: lost after two in a row from a high, passed at +3,000
    result = Coin([[1_000.0], [-1_000.0]])
    found = monte_carlo(result, "combine-50k", runs=40_000, days=400)
    assert found.passed.low <= exact_chance() <= found.passed.high
    assert found.open.value < 0.01
    assert found.passed.value + found.lost.value + found.open.value == pytest.approx(1)


def exact_chance():
    """The same by hand: states are gain and floor, in thousands."""
    chance = {(0, -2): 1.0}
    passed = 0.0
    for _ in range(400):
        after = {}
        for (gain, floor), share in chance.items():
            for step in (1, -1):
                new = gain + step
                if new <= floor:
                    continue
                low = max(floor, min(0, new - 2))
                if new >= 3:
                    passed += share / 2
                else:
                    after[new, low] = after.get((new, low), 0) + share / 2
        chance = after
    return passed


def test_luck_alone_decides_nothing_where_every_day_wins():
    found = monte_carlo(Coin([[500.0, 500.0]] * 5), "combine-50k", runs=500)
    assert found.passed.value == 1
    assert found.median_days == 3
    assert found.passed.low > 0.98
    by_trades = monte_carlo(
        Coin([[500.0, 500.0]] * 5), "combine-50k", by="trades", runs=500
    )
    assert by_trades.passed.value == 1


def test_an_open_loss_on_the_way_counts():
    result = Coin([[500.0]])
    result.trades["mae"] = np.array([-2_000.0])
    assert monte_carlo(result, "combine-50k", runs=100).lost.value == 1
    assert monte_carlo(result, "combine-50k", runs=100, by="trades").lost.value == 1


def test_the_same_seed_draws_the_same_and_bad_input_is_refused():
    plan = {
        i: (lambda s: s.buy(1)) if i % 4 else (lambda s: s.close())
        for i in range(2, 900)
    }
    result = backtest(planned(plan), data=random_bars(1_000))
    one = monte_carlo(result, "combine-50k", runs=200, seed=3)
    assert one == monte_carlo(result, "combine-50k", runs=200, seed=3)
    for more, why in (
        ({"by": "weeks"}, "by must be days or trades"),
        ({"runs": 0}, "must be at least 1"),
    ):
        with pytest.raises(StrategyError, match=why):
            monte_carlo(result, "combine-50k", **more)
    with pytest.raises(StrategyError, match="must be a kind of account"):
        monte_carlo(result, 50_000)
    nothing = backtest(planned({}), data=ticks(500))
    with pytest.raises(StrategyError, match="must have trades"):
        monte_carlo(nothing, "combine-50k")
