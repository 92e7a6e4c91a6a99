"""How many ticks a second the compiled exchange takes, with orders that rest in it.

Scenes take turns, round by round, so that a busy machine slows down all of them alike:
what counts is the ratio to the first. Seconds are of this process's CPU.

    python benchmarks/matching/ticks.py [--ticks 5000000] [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from fastorder.matching import (
    Account,
    Contract,
    Exchange,
    Kind,
    Latencies,
    Queue,
    Side,
    TradeThrough,
)

SECOND = 1_000_000_000
HOURS = 23 * 3600 * SECOND


def ticks(n):
    """A random walk: a tick each 10 ms."""
    rng = np.random.default_rng(1)
    prices = 120_000 + np.cumsum(rng.integers(-1, 2, n))
    return {
        "time_ns": np.arange(1, n + 1) * (SECOND // 100),
        "price": prices,
        "size": rng.integers(1, 9, n),
        "side": rng.integers(-1, 2, n).astype(np.int8),
    }


def exchange(rules, fills=None):
    """An exchange; with rules it has sessions, fees, and an end."""
    more = {}
    if rules:
        starts = [1 + day * 24 * 3600 * SECOND for day in range(30)]
        more = {
            "opens": tuple(starts),
            "closes": tuple(start + HOURS for start in starts),
            "expires_ns": 31 * 24 * 3600 * SECOND,
        }
    contract = Contract("MNQ", 500_000, 360_000, 250_000, **more)
    return Exchange(
        [contract], [Account(50_000_000_000)], fills=fills, latency=Latencies(1)
    )


def fed(venue, columns, orders):
    """Seconds of a feed while orders rest: ten away from the prices, or moving ones."""
    first = int(columns["price"][0])
    venue.tick(0, 1, first)
    for nth in range(5 if orders else 0):
        away = 10_000 + nth if orders == "far" else 3 + nth
        for side, way in ((Side.BUY, -1), (Side.SELL, 1)):
            venue.place(0, 0, Kind.LIMIT, side, 1, limit=first + way * away)
    if orders == "trail":
        venue.place(0, 0, Kind.TRAILING_STOP, Side.SELL, 1, trail=first - 500)
    begun = time.process_time()
    venue.feed_ticks(0, **columns)
    return time.process_time() - begun


SCENES = {
    "no orders": lambda columns: fed(exchange(False), columns, None),
    "10 resting": lambda columns: fed(exchange(False), columns, "far"),
    "10 resting, sessions and fees": lambda columns: fed(
        exchange(True), columns, "far"
    ),
    "10 near, through": lambda columns: fed(
        exchange(True, TradeThrough(1)), columns, "near"
    ),
    "10 near, queue": lambda columns: fed(exchange(True, Queue(50)), columns, "near"),
    "10 near and a trailing stop": lambda columns: fed(
        exchange(True), columns, "trail"
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ticks", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    columns = ticks(given.ticks)
    seconds = {name: [] for name in SCENES}
    for _ in range(given.rounds):
        for name, scene in SCENES.items():
            seconds[name].append(scene(columns))
    base = min(seconds["no orders"])
    print(f"{given.ticks:,} ticks, {given.rounds} rounds, each scene once a round")
    for name, spent in seconds.items():
        best, middle = min(spent), statistics.median(spent)
        print(
            f"{name:<32} {given.ticks / middle / 1e6:8.0f} M ticks/s, "
            f"best {given.ticks / best / 1e6:8.0f}, {best / base:6.2f} of no orders"
        )


if __name__ == "__main__":
    main()
