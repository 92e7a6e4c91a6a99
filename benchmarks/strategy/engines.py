"""One run of one engine, in whichever environment it is: prints its cost as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

from rows import FAST, SLOW, Means, bar_columns, running_mean, tick_columns


def own_bars(n):
    from fastorder.strategy import Strategy

    class Cross(Strategy):
        symbol = "MNQ"

        def start(self):
            bars = self.subscribe(every="1m", history=SLOW)
            self.fast = bars.indicator(lambda bars: running_mean(bars.close, FAST))
            self.slow = bars.indicator(lambda bars: running_mean(bars.close, SLOW))
            self.way = 0

        def on_bar(self, bar):
            slow = self.slow[-1]
            way = 1 if self.fast[-1] > slow else -1
            if way != self.way and slow == slow:  # there are enough bars
                size = 2 if self.way else 1
                _ = self.buy(size) if way > 0 else self.sell(size)
                self.way = way

    return run_of_bars(Cross, n)


def own_bars_one_by_one(n):
    from fastorder.strategy import Strategy

    class Cross(Strategy):
        symbol = "MNQ"

        def start(self):
            self.subscribe(every="1m")
            self.means, self.way = Means(), 0

        def on_bar(self, bar):
            way = self.means.way(bar.close)
            if way != self.way:
                size = 2 if self.way else 1
                _ = self.buy(size) if way > 0 else self.sell(size)
                self.way = way

    return run_of_bars(Cross, n)


def run_of_bars(strategy, n):
    from fastorder.marketdata import Bars
    from fastorder.strategy import backtest

    bars = Bars.from_columns(bar_columns(n), "1m")
    begun = time.process_time()
    result = backtest(
        strategy, data=bars, account=10_000_000, latency=1, missing_days="allow"
    )
    return begun, len(result.requests[0])


def ticks(n):
    from fastorder.strategy import Ticks

    return Ticks(*tick_columns(n))


def own_each(n):
    from fastorder.strategy import Strategy, backtest

    class Each(Strategy):
        symbol = "MNQ"

        def start(self):
            self.n = 0

        def on_tick(self, tick):
            self.n += 1
            if self.n % 10_000 == 0:
                _ = self.buy(1) if self.position <= 0 else self.sell(2)

    data = ticks(n)
    begun = time.process_time()
    result = backtest(Each, data=data, account=1e6, latency=1, missing_days="allow")
    return begun, len(result.requests[0])


def own_rules(n):
    from fastorder.strategy import Strategy, backtest

    class Rests(Strategy):
        symbol = "MNQ"

        def start(self):
            self.subscribe(every="1m", history=20)
            self.n = 0

        def on_bar(self, bar):
            self.n += 1
            if self.n % 1_000 == 1:
                for nth in range(5):
                    self.buy(1, limit=round(bar.close) - 3_000.0 - nth)
                    self.sell(1, limit=round(bar.close) + 3_000.0 + nth)
            elif self.n % 100 == 50:
                _ = self.buy(1) if not self.position else self.close()

    data = ticks(n)
    begun = time.process_time()
    result = backtest(
        Rests, data=data, account="combine-150k", latency=1, missing_days="allow"
    )
    return begun, len(result.requests[0])


def backtesting(n):
    import pandas as pd
    from backtesting import Backtest, Strategy

    columns = bar_columns(n)
    index = pd.to_datetime(columns.pop("time_ns"))
    frame = pd.DataFrame(
        {name.capitalize(): column for name, column in columns.items()}, index=index
    )

    class Cross(Strategy):
        def init(self):
            close = self.data.Close
            self.fast = self.I(lambda: pd.Series(close).rolling(FAST).mean())
            self.slow = self.I(lambda: pd.Series(close).rolling(SLOW).mean())
            self.way = 0

        def next(self):
            way = 1 if self.fast[-1] > self.slow[-1] else -1
            if way != self.way:
                if self.way:
                    self.position.close()
                _ = self.buy(size=1) if way > 0 else self.sell(size=1)
                self.way = way

    test = Backtest(frame, Cross, cash=10_000_000)
    begun = time.process_time()
    return begun, len(test.run()._trades)


def backtrader(n):
    import backtrader as bt
    import pandas as pd

    columns = bar_columns(n)
    index = pd.to_datetime(columns.pop("time_ns"))
    frame = pd.DataFrame(columns, index=index)

    class Cross(bt.Strategy):
        def __init__(self):
            self.fast = bt.ind.SMA(self.data.close, period=FAST)
            self.slow = bt.ind.SMA(self.data.close, period=SLOW)
            self.way = self.orders = 0

        def next(self):
            way = 1 if self.fast[0] > self.slow[0] else -1
            if way != self.way:
                size = 2 if self.way else 1
                _ = self.buy(size=size) if way > 0 else self.sell(size=size)
                self.way = way
                self.orders += 1

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(10_000_000)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Cross)
    begun = time.process_time()
    (ran,) = cerebro.run()
    return begun, ran.orders


def nautilus_bars(n):
    import nautilus_engine

    return nautilus_engine.cross(n)


def nautilus_each(n):
    import nautilus_engine

    return nautilus_engine.each(n)


def hftbacktest_each(n):
    import hftbacktest_engine

    return hftbacktest_engine.each(n)


RUNS = {
    "bars": own_bars,
    "bars-one-by-one": own_bars_one_by_one,
    "each": own_each,
    "rules": own_rules,
    "backtesting": backtesting,
    "backtrader": backtrader,
    "nautilus": nautilus_bars,
    "nautilus-each": nautilus_each,
    "hftbacktest": hftbacktest_each,
}

if __name__ == "__main__":
    scene, rows = sys.argv[1], int(sys.argv[2])
    begun, trades = RUNS[scene](rows)
    spent = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"rows": rows, "seconds": spent, "trades": trades, "peak_mib": peak})
    )
