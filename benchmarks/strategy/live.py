"""From an event to its order on the wire: a live strategy beside a bare place.

Both are taken in turn, in the same loop, and none waits for the other's answer: so load
of the machine is load of both. Told are medians, and the quarter of the differences.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import fastorder
from fastorder.simulator import run_in_thread
from fastorder.strategy import Strategy, live

MOST_US = 20.0
ROUNDS, IN_A_ROUND = 60, 10
LEGS = {"stop_loss_ticks": 40, "take_profit_ticks": 80}


class Buys(Strategy):
    """Buys at each tick."""

    symbol = "MNQ"

    def on_tick(self, tick: Any) -> None:
        """One order."""
        self.buy(1, limit=20_000.0, **LEGS)


class Contest:
    """Both ways on one trader.

    Args:
        trader: entered.
        run: of ``Buys``.
    """

    def __init__(self, trader: Any, run: Any) -> None:
        self.trader, self.take = trader, run._takes("MNQ")
        self.bare_ns: list[int] = []
        self.live_ns: list[int] = []
        self.sent: list[Any] = []
        self._buy, self._sent_ns = trader.buy, 0
        trader.buy = self._marked
        self._n = 0

    def _marked(self, *given: Any, **how: Any) -> Any:
        placing = self._buy(*given, **how)
        self._sent_ns = time.perf_counter_ns()
        self.sent.append(placing)
        return placing

    def both(self) -> None:
        """One of each."""
        began_ns = time.perf_counter_ns()
        self.trader.buy("MNQ", 1, limit=Decimal("20000.00"), **LEGS)
        self.bare_ns.append(self._sent_ns - began_ns)
        self._n += 1
        trade = SimpleNamespace(
            price=Decimal("20000.25"), volume=1, time_ns=1000 * self._n, type=0
        )
        began_ns = time.perf_counter_ns()
        self.take(trade)
        self.live_ns.append(self._sent_ns - began_ns)


async def contest(base_url: str) -> Contest:
    """Let them run side by side."""
    trader = fastorder.Trader(
        base_url, user_name="trader1", api_key="key", account="PRAC", symbols=["MNQ"],
        journal=False, risk=False, budgets=False,
    )  # fmt: skip
    trader.settle_s = 0
    async with trader:
        run = live(Buys, trader, store=False, begin_ns=1)
        while not run.has_begun:
            await asyncio.sleep(0.01)
        found = Contest(trader, run)
        for _ in range(ROUNDS):
            for _ in range(IN_A_ROUND):
                found.both()
            await asyncio.gather(*found.sent)
            found.sent.clear()
            await asyncio.sleep(0.01)
        run.stop()
    return found


def main() -> int:
    """Print it; 1 where it is more than promised."""
    with run_in_thread(rate_limit=False) as gateway:
        found = asyncio.run(contest(gateway.base_url))
    bare = statistics.median(found.bare_ns) / 1e3
    lived = statistics.median(found.live_ns) / 1e3
    both = zip(found.live_ns, found.bare_ns, strict=True)
    more = [(live_ns - bare_ns) / 1e3 for live_ns, bare_ns in both]
    low, middle, high = statistics.quantiles(more, n=4)
    print(f"a bare place                {bare:6.1f} us")
    print(f"from the event to its order {lived:6.1f} us")
    print(f"more                        {middle:6.1f} us ({low:.1f} to {high:.1f})")
    return int(middle > MOST_US)


if __name__ == "__main__":
    sys.exit(main())
