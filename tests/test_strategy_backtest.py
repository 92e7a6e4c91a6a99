"""Backtests: the order of things, outcomes, latencies, repeatability."""

import time
from collections import deque
from typing import ClassVar

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
    walk,
)

from fastorder import Outcome
from fastorder.strategy import (
    BadOrder,
    BadParameter,
    Bar,
    Histogram,
    Latencies,
    Queue,
    Series,
    Strategy,
    StrategyError,
    StrategyFailed,
    Tick,
    Ticks,
    backtest,
)


class Breakout(Strategy):
    symbol = "MNQ"
    length: int = 20

    def start(self) -> None:
        self.bars = self.subscribe(self.symbol, "5m", history=self.length)
        self.high = None

    def on_bar(self, bar) -> None:
        if self.flat and self.high is not None and bar.close > self.high:
            self.buy(1, stop_loss_ticks=40, take_profit_ticks=80)
        self.high = self.bars.high.max()


class Cross(Strategy):
    symbol = "MNQ"
    fast: int = 5
    slow: int = 20

    def start(self):
        self.bars = self.subscribe(every="1m", history=self.slow)
        self.way = 0

    def on_bar(self, bar):
        closes = self.bars.close
        if len(closes) < self.slow:
            return
        way = 1 if closes[-self.fast :].mean() > closes.mean() else -1
        if way != self.way:
            size = 1 if self.way == 0 else 2
            _ = self.buy(size) if way > 0 else self.sell(size)
            self.way = way


# ------------------------------------------------------------------ what is run


def test_the_example_trades_on_ticks_and_on_bars():
    for data in (ticks(40_000), random_bars(4_000)):
        result = backtest(Breakout, data=data, missing_days="allow")
        kinds = set(result.trades["exit_kind"])
        assert kinds == {"stop loss", "take profit"}
        assert len(result.trades["net"]) > 2


def test_trades_are_those_of_a_plain_loop():
    closes = walk(3_000)
    result = backtest(Cross, data=bars(closes), latency=1, account=1e6)
    entries, way, last = [], 0, deque(maxlen=20)
    for nth, close in enumerate(closes):
        last.append(close)
        if len(last) < 20:
            continue
        new = 1 if np.mean(list(last)[-5:]) > np.mean(last) else -1
        if new != way and nth + 1 < len(closes):
            entries.append((nth, new))  # at the next bar's open, which is this close
        way = new
    trades = result.trades
    assert trades["side"].tolist() == [new for _, new in entries[: len(trades["side"])]]
    # bought at the ask, a tick above the print; sold at the bid, a tick below
    expected = [closes[nth] + 0.25 * new for nth, new in entries]
    assert trades["entry_price"].tolist() == expected[: len(trades["side"])]
    assert len(entries) - len(trades["side"]) == 1
    assert (
        trades["entry_ns"] == [MONDAY + (n + 1) * MINUTE + 1 for n, _ in entries[:-1]]
    ).all()


def test_the_same_run_is_the_same_bytes():
    latency = Latencies(Histogram((1_000, 5_000_000, 90_000_000), (3, 5, 1)), 2_000_000)
    data = ticks(20_000)
    runs = [
        backtest(Breakout, data=data, latency=latency, seed=seed, lost_answers=0.2)
        for seed in (7, 7, 8)
    ]
    assert runs[0].events.tobytes() == runs[1].events.tobytes()
    assert runs[0].fingerprint == runs[1].fingerprint != runs[2].fingerprint


def test_columns_are_never_written_again():
    kept = []

    class Keeps(Told):
        def on_bar(self, bar):
            kept.append((self.bars.close, self.bars.close.copy()))

    backtest(Keeps, data=random_bars(10_000), missing_days="allow")
    assert len(kept) == 10_000
    for column, copy in kept:
        assert (column == copy).all()
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


# ------------------------------------------------------------------ time


def test_a_bar_is_delivered_at_its_end_and_before_the_tick_that_comes_then():
    order = []

    class Both(Strategy):
        symbol = "MNQ"

        def start(self):
            self.subscribe(every="1m")
            self.subscribe(every="5m")
            self.at(MONDAY + 5 * MINUTE, "five")

        def on_bar(self, bar):
            assert self.now_ns == bar.end_ns
            order.append((self.now_ns - MONDAY, bar.every))

        def on_tick(self, tick):
            order.append((tick.time_ns - MONDAY, "tick"))

        def on_timer(self, name):
            order.append((self.now_ns - MONDAY, name))

    times = MONDAY + np.array([1, 2, 3, 4, 5, 6, 10]) * MINUTE
    times[0] -= MINUTE
    backtest(Both, data=Ticks(times, np.full(7, 80_000)))
    five = [what for when, what in order if when == 5 * MINUTE]
    assert five == ["five", "1m", "5m", "tick"]
    assert [when for when, _ in order] == sorted(when for when, _ in order)


def test_nothing_fills_on_the_datum_that_caused_it():
    class Buys(Told):
        def on_tick(self, tick):
            self.asked = getattr(self, "asked", [])
            if self.flat:
                self.asked.append((self.now_ns, self.buy(1)))
            elif self.position:
                self.close()

    result = backtest(Buys, data=ticks(3_000), latency=1, budget=10_000)
    fills = told(result, "fill")
    assert len(fills) > 1_000
    data = result._run.feeds["MNQ"].time_ns
    for _, time_ns, fill, _ in fills:
        assert time_ns > fill.order.asked_ns
        assert data.searchsorted(time_ns) > data.searchsorted(fill.order.asked_ns)


def test_latency_decides_when_an_order_arrives():
    plan = {2: lambda s: s.buy(1)}
    quick = backtest(planned(plan), data=random_bars(50), latency=1)
    slow = backtest(planned(plan), data=random_bars(50), latency=90_000_000_000)
    asked = MONDAY + 3 * MINUTE
    assert told(quick, "fill")[0][1] == asked + 1
    assert told(slow, "fill")[0][1] == asked + 90_000_000_000


def test_a_longer_latency_is_no_gift_where_the_price_runs_away():
    closes = 20_000 + np.arange(600) * 0.25
    plan = {5: lambda s: s.buy(1)}
    nets = []
    for latency in (1, 10**9, 10**10, 10**11, 10**12):
        result = backtest(planned(plan), data=bars(closes), latency=latency)
        nets.append(result.equity["equity"][-1])
    assert nets == sorted(nets, reverse=True)
    assert nets[0] > nets[-1]


def test_timers_come_in_order_and_not_in_the_past():
    class Timed(Told):
        def start(self):
            super().start()
            self.after(90, "b")
            self.after(30, "a")
            self.after(90, "c")

        def on_timer(self, name):
            super().on_timer(name)
            if name == "a":
                self.after(1, "d")
                with pytest.raises(StrategyError, match="must be after now"):
                    self.at(self.now_ns, "x")

    result = backtest(Timed, data=ticks(2_000))
    first = result._run.first_ns
    rows = [(row[2], row[1] - first) for row in told(result, "timer")]
    second = 1_000_000_000
    assert rows == [
        ("a", 30 * second),
        ("d", 31 * second),
        ("b", 90 * second),
        ("c", 90 * second),
    ]


# ------------------------------------------------------------------ outcomes


def test_an_order_is_accepted_then_filled_and_its_leg_cancels_the_other():
    plan = {2: lambda s: s.buy(1, stop_loss_ticks=8, take_profit_ticks=8)}
    result = backtest(planned(plan), data=random_bars(200))
    rows = [row for row in told(result) if row[0] != "bar"]
    names = [
        (row[0], (row[2] if row[0] != "fill" else row[2].order).role) for row in rows
    ]
    assert names[:3] == [("accepted", "entry"), ("fill", "entry"), ("filled", "entry")]
    assert ("active", "stop loss") in names
    assert ("active", "take profit") in names
    ended = {name for name, role in names if role in ("stop loss", "take profit")}
    assert {"filled", "cancelled"} <= ended
    assert result._run.strategies[0].flat


def test_the_venue_rejects_a_stop_on_the_wrong_side_and_says_why():
    plan = {2: lambda s: s.buy(1, stop=1_000.0)}
    result = backtest(planned(plan), data=random_bars(20))
    ((_, _, order, why),) = told(result, "rejected")
    assert order.status == "rejected"
    assert why == "stop on wrong side"
    assert order.filled == 0


def test_an_order_whose_answer_is_lost_is_unknown_until_it_is_looked_up():
    outcomes = []

    class Hears(Told):
        _plan: ClassVar = {2: lambda s: s.buy(1, limit=10_000.0)}

        def on_order(self, event):
            outcomes.append((event.what, event.outcome, self.flat, event.order.status))

    backtest(Hears, data=ticks(5_000), lost_answers=1.0)
    assert outcomes == [
        ("unknown", Outcome.UNKNOWN, False, "unknown"),
        ("accepted", Outcome.ACCEPTED, False, "accepted"),
    ]


def test_a_fill_tells_what_became_of_an_unknown_order():
    plan = {2: lambda s: s.buy(1)}
    result = backtest(planned(plan), data=ticks(5_000), lost_answers=1.0)
    names = [row[0] for row in told(result) if row[0] != "bar"]
    assert names == ["unknown", "fill", "filled"]


def test_orders_in_a_loop_are_held_back_and_told():
    def loop(strategy):
        for _ in range(500):
            strategy.buy(1, limit=10_000.0)

    result = backtest(planned({2: loop}), data=random_bars(20))
    assert result.throttled == 300
    held = told(result, "not sent")
    assert len(held) == 300
    assert held[0][2].status == "not sent"
    assert held[0][3] == "the budget of 200 requests in 60 s is spent"
    assert len(told(result, "accepted")) == 200


def test_orders_on_every_tick_end_with_the_budget():
    class Floods(Strategy):
        symbol = "MNQ"

        def on_tick(self, tick):
            _ = self.buy(1) if self.position <= 0 else self.sell(2)

    data = ticks(20_000, gap_ns=50_000_000)
    result = backtest(Floods, data=data)
    seconds = (data.time_ns[-1] - data.time_ns[0]) / 1e9
    assert result.throttled > 1_000
    assert len(result.requests[0]) <= 200 * (seconds / 60 + 1)


def test_a_close_is_asked_for_once_while_it_is_under_way():
    def close(strategy):
        assert strategy.close() is not None
        assert strategy.close() is None

    plan = {2: lambda s: s.buy(3), 5: close}
    result = backtest(planned(plan), data=random_bars(20), latency=30_000_000_000)
    assert result._run.strategies[0].position == 0
    assert [row[2].size for row in told(result, "fill")] == [3, 3]


def test_a_close_leaves_the_legs_and_flatten_cancels_them():
    def entry(strategy):
        strategy.buy(1, stop_loss_ticks=2_000, take_profit_ticks=2_000)

    closed = backtest(planned({2: entry, 5: lambda s: s.close()}), data=random_bars(20))
    assert {order.role for order in closed._run.strategies[0].orders} == {
        "stop loss",
        "take profit",
    }
    assert not closed._run.strategies[0].flat
    gone = backtest(planned({2: entry, 5: lambda s: s.flatten()}), data=random_bars(20))
    assert gone._run.strategies[0].flat


def test_an_order_is_modified_and_cancelled():
    def entry(strategy):
        strategy.order = strategy.buy(1, limit=10_000.0)

    plan = {
        2: entry,
        4: lambda s: s.modify(s.order, price=10_001.0, size=3),
        6: lambda s: s.cancel(s.order),
        8: lambda s: s.cancel(s.order),
    }
    result = backtest(planned(plan), data=random_bars(20))
    names = [row[0] for row in told(result) if row[0] != "bar"]
    assert names == ["accepted", "modified", "cancelled"]
    assert result._run.strategies[0].order.size == 3


# ------------------------------------------------------------------ ambiguity


def test_a_bar_that_reaches_both_legs_counts_against_the_strategy_and_is_told():
    closes = [20_000.0] * 6
    data = bars(closes, spread=0.0)
    columns = {name: np.array(column) for name, column in data.to_numpy().items()}
    columns["high"][4], columns["low"][4] = 20_020.0, 19_980.0
    both = type(data).from_columns(columns, "1m")
    plan = {1: lambda s: s.buy(1, stop_loss_ticks=20, take_profit_ticks=20)}
    result = backtest(planned(plan), data=both)
    assert result.ambiguous > 0
    assert result.trades["ambiguous"].tolist() == [True]
    assert result.trades["exit_kind"].tolist() == ["stop loss"]
    assert told(result, "ambiguous")


# ------------------------------------------------------------------ several


def test_strategies_share_an_account_and_have_their_own_positions():
    class Long(Told):
        _plan: ClassVar = {2: lambda s: s.buy(2)}

    class Short(Told):
        _plan: ClassVar = {3: lambda s: s.sell(2), 9: lambda s: s.close()}

    result = backtest([Long, Short], data=random_bars(20))
    long, short = result._run.strategies
    assert (long.position, short.position) == (2, 0)
    assert long.net_position_of("MNQ") == 2
    assert {fill[2].order.symbol for fill in long.told if fill[0] == "fill"} == {"MNQ"}
    assert result.trades["strategy"].tolist() == ["Short"]


def test_ticks_of_several_contracts_come_in_order_of_time():
    seen = []

    class Two(Strategy):
        def start(self):
            self.subscribe("MNQ", "1m")
            self.subscribe("MES", "1m")

        def on_bar(self, bar):
            seen.append((bar.end_ns, bar.symbol))
            if len(seen) == 10:
                self.buy(1, symbol="MES")

    data = {"MES": ticks(3_000, 2), "MNQ": ticks(3_000, 3)}
    result = backtest(Two, data=data)
    assert [when for when, _ in seen] == sorted(when for when, _ in seen)
    assert {symbol for _, symbol in seen} == {"MES", "MNQ"}
    assert result._run.net("MES") == 1


# ------------------------------------------------------------------ progress


class AtRandom(Told):
    """Trades every way there is, where its numbers say so."""

    seed: int = 0

    def start(self):
        super().start()
        self.rng = np.random.default_rng(self.seed)
        self.at(MONDAY + 20 * MINUTE + 1, "once")

    def on_bar(self, bar):
        super().on_bar(bar)
        away = int(self.rng.integers(1, 12)) * 0.25
        match self.rng.integers(8):
            case 0:
                self.buy(1, stop_loss_ticks=6, take_profit_ticks=9)
            case 1:
                self.sell(1, limit=bar.close + away, stop_loss_ticks=5)
            case 2:
                self.buy(1, stop=bar.close + away)
            case 3:
                self.flatten()
            case 4:
                _ = [self.cancel(order) for order in self.orders]


@pytest.mark.parametrize("seed", range(12))
def test_a_run_whose_progress_is_told_is_the_same_run(seed):
    data = (ticks(4_000, seed), random_bars(450, seed), random_bars(30, seed))[seed % 3]
    options = {
        "data": data,
        "latency": (1, 250_000_000, Latencies(Histogram((5, 90_000_000), (1, 1)), 0))[
            seed // 3 % 3
        ],
        "account": ("combine-50k", 1e6)[seed % 2],
        "parameters": {"seed": seed},
        "lost_answers": 0.1,
        "missing_days": "allow",
    }
    shares = []
    plain = backtest(AtRandom, **options)
    followed = backtest(AtRandom, progress=shares.append, **options)
    assert followed.fingerprint == plain.fingerprint
    assert repr(told(followed)) == repr(told(plain))
    assert len(plain.events)
    assert shares == sorted(set(shares))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(shares) > 100


# ------------------------------------------------------------------ what goes wrong


def test_a_strategy_that_raises_is_named_with_its_handler_and_time():
    def wrong(strategy):
        return 1 / 0

    with pytest.raises(
        StrategyFailed, match=r"Planned.on_bar raised ZeroDiv"
    ) as told_of:
        backtest(planned({4: wrong}), data=random_bars(20))
    assert told_of.value.handler == "on_bar"
    assert told_of.value.time_ns == MONDAY + 5 * MINUTE
    assert isinstance(told_of.value.__cause__, ZeroDivisionError)


def test_a_strategy_that_sleeps_changes_nothing():
    plan = {2: lambda s: s.buy(1)}
    slow = {2: lambda s: (time.sleep(0.05), s.buy(1))}
    runs = [backtest(planned(p), data=random_bars(50)) for p in (plan, slow)]
    assert runs[0].fingerprint == runs[1].fingerprint


def test_what_is_asked_for_after_the_end_is_not_sent():
    orders = []

    class Late(Told):
        def on_stop(self):
            orders.append(self.buy(1))

    backtest(Late, data=random_bars(20))
    assert orders[0].status == "not sent"


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda s: s.buy(0), "size must be at least 1, was 0"),
        (lambda s: s.buy(1.0), "size must be a whole number, was 1.0"),
        (lambda s: s.buy(True), "size must be a whole number, was True"),
        (lambda s: s.buy(1, limit=20_000.1), "limit must be a multiple of 0.25"),
        (lambda s: s.buy(1, limit="x"), "limit must be a price, was 'x'"),
        (lambda s: s.buy(1, limit=float("nan")), "limit must be a price"),
        (lambda s: s.buy(1, limit=1.0, stop=2.0), "one of limit, stop and trail_ticks"),
        (lambda s: s.buy(1, stop_loss_ticks=-40), "at least 4, was -40"),
        (lambda s: s.sell(1, take_profit_ticks=3), "at least 4, was 3"),
        (lambda s: s.buy(1, trail_ticks=1001), "at most 1000, was 1001"),
        (lambda s: s.buy(1, symbol="MES"), "one that has data, MNQ, was 'MES'"),
        (lambda s: s.modify(s.buy(1)), "size or price must be given"),
        (lambda s: s.modify(s.buy(1), price=1.0), "kind market has no price"),
    ],
)
def test_what_can_be_no_order_is_refused_where_it_is_asked_for(ask, why):
    with pytest.raises(BadOrder, match=why):
        backtest(planned({2: ask}), data=random_bars(20))


def test_ports_are_there_from_start_on():
    strategy = Breakout()
    with pytest.raises(StrategyError, match="has no world yet"):
        strategy.buy(1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"lenght": 3}, "Breakout has no parameter lenght, only length"),
        ({"length": "20"}, "Breakout.length must be int, was '20'"),
        ({"length": True}, "Breakout.length must be int, was True"),
        ({"length": 2.0}, "Breakout.length must be int, was 2.0"),
    ],
)
def test_parameters_are_checked(given, why):
    with pytest.raises(BadParameter, match=why):
        backtest(Breakout, data=random_bars(20), parameters=given)


def test_parameters_come_with_their_defaults_and_from_bases():
    class Longer(Breakout):
        width: float = 2
        length: int = 50

    assert Longer(width=3).parameters == {"length": 50, "width": 3.0}
    with pytest.raises(BadParameter, match="must be finite"):
        Longer(width=float("inf"))
    with pytest.raises(BadParameter, match="must be int, float, str, bool or an Enum"):

        class Wrong(Strategy):
            lengths: list = None


def test_state_takes_what_a_file_can_hold():
    class Keeps(Told):
        def on_bar(self, bar):
            self.state["n"] = self.state.get("n", 0) + 1
            self.state["rows"] = [1, {"a": None}]

    result = backtest(Keeps, data=random_bars(20), state={"n": 100})
    assert result.state == [{"n": 120, "rows": [1, {"a": None}]}]

    class Wrong(Told):
        def on_bar(self, bar):
            self.state["bar"] = bar

    with pytest.raises(StrategyError, match=r"state\['bar'\] must be numbers, text"):
        backtest(Wrong, data=random_bars(20))


def test_async_handlers_and_other_things_are_refused():
    class Late(Strategy):
        symbol = "MNQ"

        async def on_bar(self, bar):
            pass

    with pytest.raises(StrategyError, match=r"Late.on_bar must not be async"):
        backtest(Late, data=random_bars(20))
    with pytest.raises(StrategyError, match="must be a Strategy"):
        backtest(int, data=random_bars(20))


def test_the_fill_models_differ_as_they_say():
    def entry(strategy):
        strategy.buy(1, limit=19_999.0)

    touched = bars([20_000, 20_000, 20_000, 19_999, 20_000, 20_000])
    fills = {
        name: len(
            told(backtest(planned({1: entry}), data=touched, fills=model), "fill")
        )
        for name, model in (("touch", "touch"), ("through", "trade_through"))
    }
    assert fills == {"touch": 1, "through": 0}
    assert not told(
        backtest(planned({1: entry}), data=touched, fills=Queue(10)), "fill"
    )
    with pytest.raises(StrategyError, match="fills must be touch"):
        backtest(planned({}), data=touched, fills="magic")


def test_bars_ticks_and_series_show_themselves():
    bar = Bar("MNQ", "1m", 0, 60, 1.0, 2.0, 0.5, 1.5, 7)
    assert "close 1.5" in repr(bar)
    assert "2 at 1.25" in repr(Tick("MNQ", 0, 1.25, 2, 1))
    series = Series("MNQ", "1m", 2)
    for close in (1.0, 2.0, 3.0):
        series.take(Bar("MNQ", "1m", 0, 60, 1.0, 4.0, 0.5, close))
    assert series.close.tolist() == [2.0, 3.0]
    assert series.ready
    assert len(series) == 2
    with pytest.raises(ValueError, match="history must be at least 1"):
        Series("MNQ", "1m", 0)
