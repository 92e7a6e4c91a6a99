"""No strategy knows the future: planted leaks are caught, and honest ones are not."""

import numpy as np
import pytest
from strategy_scenes import MINUTE, Told, planned, random_bars, ticks

from fastorder.marketdata import Bars, aggregate_ticks, resample
from fastorder.strategy import Strategy, StrategyError, backtest, check
from fastorder.strategy.future import early_fills

BARS = random_bars(1_500)
TICKS = ticks(8_000)


class Honest(Strategy):
    symbol = "MNQ"
    every: str = "1m"

    def start(self):
        self.bars = self.subscribe(every=self.every, history=10)

    def on_bar(self, bar):
        if self.flat and self.bars.ready and bar.close >= self.bars.close.max():
            self.buy(1, stop_loss_ticks=20, take_profit_ticks=20)


class Signals(Strategy):
    """Trades by a column that was computed over the whole data."""

    symbol = "MNQ"

    def start(self):
        self.subscribe(every="1m")

    def on_bar(self, bar):
        row = int(self.times.searchsorted(bar.time_ns))
        way = self.signal[row] if row < len(self.signal) else 0
        if way > 0 and self.position <= 0:
            self.buy(1)
        elif way < 0 and self.position >= 0:
            self.sell(1)


class PastOnly(Signals):
    def prepare(self, data):
        close = data["MNQ"]["close"]
        self.times = data["MNQ"]["time_ns"]
        self.signal = np.sign(np.diff(close, prepend=close[0]))


class NextClose(Signals):
    """The close of the bar that is being made: the one after the last closed one."""

    def prepare(self, data):
        close = data["MNQ"]["close"]
        self.times = data["MNQ"]["time_ns"]
        self.signal = np.sign(np.append(close[1:], close[-1]) - close)


class UnclosedHour(Signals):
    """The hour's close, known from the hour's first minute on."""

    def prepare(self, data):
        columns = data["MNQ"]
        self.times = columns["time_ns"]
        bars = Bars.from_columns(columns, "1m")
        hours = resample(bars, "1h").to_numpy()
        row = hours["time_ns"].searchsorted(self.times, side="right") - 1
        self.signal = np.sign(hours["close"][row] - columns["close"])


class RightLabels(Signals):
    """Five minutes under the time of their end, taken for that of their start."""

    def prepare(self, data):
        columns = data["MNQ"]
        self.times = columns["time_ns"]
        five = resample(Bars.from_columns(columns, "1m"), "5m").to_numpy()
        labels = (
            five["time_ns"] + 5 * MINUTE
        )  # right; taken for what is known at the left
        row = labels.searchsorted(self.times + 5 * MINUTE, side="right") - 1
        self.signal = np.sign(five["close"][np.maximum(row, 0)] - columns["close"])


class WholeRange(Signals):
    """Compared with the mean of the whole range."""

    def prepare(self, data):
        close = data["MNQ"]["close"]
        self.times = data["MNQ"]["time_ns"]
        self.signal = np.sign(close - close.mean())


@pytest.mark.parametrize("leak", [NextClose, UnclosedHour, RightLabels, WholeRange])
def test_a_planted_leak_is_caught(leak):
    found = check(leak, data=BARS, cuts=12)
    assert not found.clean
    assert found.changes[0].time_ns <= found.changes[0].cut_ns
    assert "knows the future" in repr(found)


@pytest.mark.parametrize(
    ("kind", "data"), [(Honest, BARS), (Honest, TICKS), (PastOnly, BARS)]
)
def test_a_strategy_that_knows_the_past_only_is_clean(kind, data):
    found = check(kind, data=data, cuts=12)
    assert found.clean, found
    assert found.requests > 3
    assert "the same in" in repr(found)


def test_one_that_looks_beyond_the_cut_data_is_told_of():
    class Beyond(NextClose):
        def on_bar(self, bar):
            row = int(self.times.searchsorted(bar.time_ns))
            if self.times[row + 2] and self.flat:
                self.buy(1)

    data = BARS
    with pytest.raises(Exception, match="IndexError"):
        backtest(Beyond, data=data)

    class Guarded(Beyond):
        def on_bar(self, bar):
            if bar.time_ns < data.time_ns[len(data) - 3]:
                super().on_bar(bar)

    found = check(Guarded, data=data, cuts=4)
    assert "IndexError" in repr(found)


def test_a_fill_by_its_own_datum_is_caught():
    result = backtest(planned({3: lambda s: s.buy(1)}), data=BARS)
    assert early_fills(result) == []
    (order,) = result.orders
    order.asked_ns = int(result.events["time_ns"][-1])  # as if asked for at the fill
    assert early_fills(result) == [order]


def test_the_memory_behind_columns_holds_nothing_that_has_not_closed():
    class Digs(Told):
        def on_bar(self, bar):
            whole = self.bars.close
            while whole.base is not None:
                whole = whole.base
            known = whole[~np.isnan(whole)]
            assert known[-1] == bar.close
            assert len(known) <= self.n + 1
            self.n += 1

    backtest(Digs, data=BARS)


def test_bars_made_of_ticks_are_those_that_had_closed():
    seen = []

    class Sees(Strategy):
        symbol = "MNQ"

        def start(self):
            self.subscribe(every="1m")
            self.subscribe(every="15m")

        def on_bar(self, bar):
            seen.append((bar.every, bar.time_ns, bar.close, self.last()))

    backtest(Sees, data=TICKS)
    prices = TICKS.price
    for every in ("1m", "15m"):
        whole = aggregate_ticks(TICKS.time_ns, prices, TICKS.size, every)
        mine = [row for row in seen if row[0] == every]
        assert [row[1] for row in mine] == list(whole.time_ns)[: len(mine)]
        assert len(whole) - len(mine) == 1  # the one that had not ended
        assert all(row[2] == row[3] for row in mine)


def test_nothing_asked_for_proves_nothing():
    found = check(planned({}), data=BARS, cuts=3)
    assert not found.clean
    assert "nothing is proved" in repr(found)
    with pytest.raises(StrategyError, match="cuts must be at least 1"):
        check(Honest, data=BARS, cuts=0)
