"""Bars beside other libraries, on one core; prints tables and draws a chart.

Each round runs every contender once, one after the other, so that a slow moment of the
machine hits all of them; the ratios are those of a round, and the median counts. Before
the clock starts, each contender's bars are compared with ours.

    make bench-bars
    python benchmarks/marketdata/compare.py --rows 2e6 --rounds 5 --chart bars
"""

from __future__ import annotations

import argparse
import os

# one core for everybody, before the libraries look
for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from pictures import Speed, draw_speeds
from plain import BareBuilder, PlainBuilder
from results import processor

from fastorder.marketdata import BarBuilder, Bars, _vectors, aggregate_ticks, resample

MINUTE = 60_000_000_000
START = 1_700_000_000_000_000_000
Contenders = dict[str, Callable[[], object]]
OURS, SUM, LOOP = "fastorder", "NumPy sum of the columns", "the loop alone"


def ticks_of(rows: int) -> dict[str, np.ndarray]:
    """Ticks at ten a second that wander by quarter points."""
    chance = np.random.default_rng(1)
    return {
        "time": np.cumsum(chance.integers(0, 200_000_000, rows)) + START,
        "price": 20_000 + np.cumsum(chance.integers(-1, 2, rows)) * 0.25,
        "size": chance.integers(1, 10, rows),
    }


def bars_of(rows: int) -> dict[str, np.ndarray]:
    """Bars of a minute without gaps."""
    chance = np.random.default_rng(2)
    close = 20_000 + np.cumsum(chance.integers(-9, 10, rows)) * 0.25
    opened = np.concatenate([close[:1], close[:-1]])
    return {
        "time_ns": np.arange(rows) * MINUTE + START // MINUTE * MINUTE,
        "open": opened,
        "high": np.maximum(opened, close) + chance.integers(0, 9, rows) * 0.25,
        "low": np.minimum(opened, close) - chance.integers(0, 9, rows) * 0.25,
        "close": close,
        "volume": chance.integers(1, 1000, rows),
    }


def with_values(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same with ticks and value, as bars have them that are made from ticks."""
    value = columns["close"] * columns["volume"]
    ticks = np.minimum(columns["volume"], 100)
    return columns | {"ticks": ticks, "value": value, "value_rest": value * 0}


def with_sides(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same with the volumes of buyers and sellers: every column that bars have."""
    bought = np.random.default_rng(3).integers(0, columns["volume"] + 1)
    sides = {"buy_volume": bought, "sell_volume": columns["volume"] - bought}
    return columns | sides


def full_contenders(columns: dict[str, np.ndarray]) -> Contenders:
    bars = Bars.from_columns(columns, "1m")
    return {OURS: lambda: resample(bars, "5m"), SUM: plain_sum(columns)}


def plain_sum(columns: dict[str, np.ndarray]) -> Callable[[], object]:
    """A yardstick, and no bars: reads the same memory, one column after the other."""
    return lambda: [column.sum() for column in columns.values()]


def tick_contenders(ticks: dict[str, np.ndarray]) -> Contenders:
    when, price, size = ticks.values()
    stamps = when.view("datetime64[ns]")
    frame = pl.DataFrame({"time": stamps, "price": price, "size": size}).set_sorted(
        "time"  # as we are told it: by the order of the arguments
    )
    pandas = pd.DataFrame({"price": price, "size": size}, pd.DatetimeIndex(stamps))
    made: Contenders = {
        OURS: lambda: aggregate_ticks(when, price, size, "1m"),
        "Polars": lambda: frame.group_by_dynamic("time", every="1m").agg(
            pl.col("price").first().alias("open"),
            pl.col("price").max().alias("high"),
            pl.col("price").min().alias("low"),
            pl.col("price").last().alias("close"),
            pl.col("size").sum().alias("volume"),
        ),
        "pandas": lambda: pandas.resample("1min").agg(
            {"price": ["first", "max", "min", "last"], "size": "sum"}
        ),
        "NumPy reduceat": lambda: reduceat(when, price, size),
        SUM: plain_sum(ticks),
    }
    made |= numba_contender(when, price, size)
    made |= duckdb_contender(frame)
    return made


def reduceat(when: np.ndarray, price: np.ndarray, size: np.ndarray) -> tuple:
    minute = when // MINUTE
    starts = np.concatenate([[0], np.flatnonzero(np.diff(minute)) + 1])
    ends = np.concatenate([starts[1:], [len(when)]]) - 1
    return (
        minute[starts] * MINUTE, price[starts], np.maximum.reduceat(price, starts),
        np.minimum.reduceat(price, starts), price[ends], np.add.reduceat(size, starts),
    )  # fmt: skip


def numba_contender(when, price, size) -> Contenders:
    try:
        import numba
    except ImportError:
        return {}

    @numba.njit
    def loop(when, price, size):  # a division for each tick, as one writes it
        rows = np.empty((len(when), 6))
        last, at = -1, -1
        for i in range(len(when)):
            minute = when[i] // MINUTE
            if minute != last:
                at, last = at + 1, minute
                rows[at, 0] = minute * MINUTE
                rows[at, 1:5] = price[i]
                rows[at, 5] = 0
            rows[at, 2] = max(rows[at, 2], price[i])
            rows[at, 3] = min(rows[at, 3], price[i])
            rows[at, 4] = price[i]
            rows[at, 5] += size[i]
        return rows[: at + 1].copy()

    return {"numba": lambda: loop(when, price, size)}


def duckdb_contender(frame: pl.DataFrame) -> Contenders:
    try:
        import duckdb
    except ImportError:
        return {}
    base = duckdb.connect(config={"threads": 1})
    base.execute("create table ticks as select * from frame")
    query = (
        "select time_bucket(interval '1 minute', time) t, first(price order by time), "
        "max(price), min(price), last(price order by time), sum(size) "
        "from ticks group by t"
    )
    return {"DuckDB": lambda: base.execute(query).fetchnumpy()}


def floor_contenders(ticks: dict[str, np.ndarray], every: str) -> Contenders:
    """Ours alone beside the yardstick, for bars of another length."""
    return {
        OURS: lambda: aggregate_ticks(*ticks.values(), every),
        SUM: plain_sum(ticks),
    }


def bar_contenders(columns: dict[str, np.ndarray]) -> Contenders:
    """Bars that are dropped each time leave memory for the next, as in a long run."""
    bars = Bars.from_columns(columns, "1m")
    stamps = columns["time_ns"].view("datetime64[ns]")
    frame = pl.DataFrame({**columns, "time_ns": stamps}).set_sorted("time_ns")
    pandas = pd.DataFrame(
        {k: c for k, c in columns.items() if k != "time_ns"}, pd.DatetimeIndex(stamps)
    )
    rules = {
        "open": "first",
        "high": "max",
        "low": "min",
        "close": "last",
        "volume": "sum",
    }
    return {
        OURS: lambda: resample(bars, "5m"),
        "Polars": lambda: frame.group_by_dynamic("time_ns", every="5m").agg(
            pl.col("open").first(), pl.col("high").max(), pl.col("low").min(),
            pl.col("close").last(), pl.col("volume").sum(),
        ),
        "pandas": lambda: pandas.resample("5min").agg(rules),
        SUM: plain_sum(columns),
    }  # fmt: skip


def live_contenders(ticks: dict[str, np.ndarray]) -> Contenders:
    """Each within the same loop of Python, which is a contender of its own.

    The builder of nautilus has a loop of its own, over prices of its own kind.
    """
    rows = list(zip(*(c[:300_000].tolist() for c in ticks.values()), strict=True))

    def run(update: Callable[[int, float, int], object]) -> None:
        for when, price, size in rows:
            update(when, price, size)

    def loop() -> None:
        for when, price, size in rows:  # noqa: B007
            pass

    def nothing(when: int, price: float, size: int) -> None:
        pass

    return {
        OURS: lambda: run(BarBuilder("1m").update),
        "plain Python, same rules": lambda: run(PlainBuilder(MINUTE).update),
        "plain Python, no checks": lambda: run(BareBuilder(MINUTE).update),
        "an empty function": lambda: run(nothing),
        LOOP: loop,
        **nautilus_contender(rows),
    }


def nautilus_contender(rows: list) -> Contenders:
    try:
        from nautilus_trader.data.aggregation import BarBuilder as Theirs
        from nautilus_trader.model.data import BarType
        from nautilus_trader.model.objects import Price, Quantity
        from nautilus_trader.test_kit.providers import TestInstrumentProvider
    except ImportError:
        return {}
    instrument = TestInstrumentProvider.default_fx_ccy("AUD/USD")
    kind = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-INTERNAL")
    made = [(Price(price, 2), Quantity(size, 0), when) for when, price, size in rows]

    def run() -> None:
        builder = Theirs(instrument, kind)
        for price, size, when in made:
            builder.update(price, size, when)

    return {"nautilus_trader (no closing)": run}


def check(contenders: Contenders) -> None:
    """Every contender has as many bars as we have, with the same volume."""
    ours = contenders[OURS]()
    volume = sum(ours.volume)
    for name, run in contenders.items():
        if name in (OURS, SUM):
            continue
        count, theirs = counted(run())
        if (count, theirs) != (len(ours), volume):
            sys.exit(f"{name}: {count} bars of {theirs}, ours {len(ours)} of {volume}")


def counted(bars) -> tuple[int, int]:
    """How many bars a contender has made, and their volume, which comes last."""
    if isinstance(bars, np.ndarray):
        return len(bars), int(bars[:, -1].sum())
    if isinstance(bars, pl.DataFrame):
        return len(bars), int(bars[:, -1].sum())
    if isinstance(bars, pd.DataFrame):
        return len(bars), int(bars.iloc[:, -1].sum())
    columns = list(bars.values()) if isinstance(bars, dict) else bars
    return len(columns[0]), int(columns[-1].sum())


def measured(contenders: Contenders, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            before = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - before)
    return seconds


def table(title: str, seconds: dict[str, list[float]], rows: int) -> list[Speed]:
    """Print millions a second, ns for one, and how many times as fast ours is.

    Where a loop is one of the contenders, the ratio without it comes last: of each
    round, what a contender takes beyond the loop over what ours takes beyond it.
    """
    print(f"\n{title}, {where()}")
    print(f"{'':28}{'M/s':>9}{'ns each':>9}{'ours is':>9}{'spread':>16}", end="")
    print(f"{'without loop':>14}{'spread':>16}" if LOOP in seconds else "")
    lines = []
    for name, times in seconds.items():
        middle = statistics.median(times)
        ratio, least, most = ratio_of(times, seconds[OURS])
        speed, each = rows / middle / 1e6, middle / rows * 1e9
        lines.append(Speed(name, speed, ratio, least, most, name == SUM))
        spread = f"{least:.2f} to {most:.2f}"
        print(f"{name:28}{speed:9.1f}{each:9.2f}{ratio:8.2f}x{spread:>16}", end="")
        if LOOP in seconds and name != LOOP:
            ratio, least, most = ratio_of(
                beyond(times, seconds[LOOP]), beyond(seconds[OURS], seconds[LOOP])
            )
            spread = f"{least:.2f} to {most:.2f}"
            print(f"{ratio:13.2f}x{spread:>16}", end="")
        print()
    return lines


def where() -> str:
    """The processor and its vectors: ratios of one do not hold on another."""
    return f"{processor()} with {_vectors.vector_path()}"


def beyond(times: list[float], loop: list[float]) -> list[float]:
    """What each round took beyond the loop of that round."""
    return [time - less for time, less in zip(times, loop, strict=True)]


def ratio_of(theirs: list[float], ours: list[float]) -> tuple[float, float, float]:
    """How many times as long theirs took: the median of the rounds, least and most.

    A round has none where ours took nothing, since what is taken off it was held up.
    """
    pairs = zip(theirs, ours, strict=True)
    ratios = sorted(their / our for their, our in pairs if our > 0)
    return statistics.median(ratios), ratios[0], ratios[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e7, help="ticks, and bars (1e7)")
    parser.add_argument("--rounds", type=int, default=7, help="how often (7)")
    parser.add_argument(
        "--chart",
        type=Path,
        help="draw the first table to CHART.svg and CHART-dark.svg",
    )
    options = parser.parse_args()
    rows = int(options.rows)
    print(
        f"{where()}, {platform.python_implementation()} {platform.python_version()}, "
        f"{date.today()}"
    )
    ticks = ticks_of(rows)
    contenders = tick_contenders(ticks)
    check(contenders)
    lines = table(
        f"{rows:,} ticks to bars of a minute",
        measured(contenders, options.rounds),
        rows,
    )
    if options.chart:
        draw_speeds(
            lines,
            options.chart,
            f"{rows:,} ticks to bars of a minute, one core, {where()}",
        )
    for every in ("10s", "1h", "600 ticks"):
        made = measured(floor_contenders(ticks, every), options.rounds)
        table(f"{rows:,} ticks to bars of {every}", made, rows)
    contenders = bar_contenders(bars_of(rows))
    check(contenders)
    table(
        f"{rows:,} bars of a minute to bars of five",
        measured(contenders, options.rounds),
        rows,
    )
    columns = with_values(bars_of(rows))
    table(
        f"The same with ticks and values: {rows:,} bars of nine columns",
        measured(full_contenders(columns), options.rounds),
        rows,
    )
    table(
        f"And with the volumes of sides: {rows:,} bars of eleven columns",
        measured(full_contenders(with_sides(columns)), options.rounds),
        rows,
    )
    live = live_contenders(ticks)
    table("Ticks one at a time", measured(live, options.rounds), 300_000)
    return 0


if __name__ == "__main__":
    sys.exit(main())
