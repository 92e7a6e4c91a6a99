"""A live strategy that trades until it is killed; test_strategy_kill.py runs it.

It says on its standard output what it starts with, and at rest what it knows.
"""

import json
import sys
from pathlib import Path

from canary import API_KEY

from fastorder import RetryPolicy
from fastorder.blocking import Trader
from fastorder.strategy import Strategy, live

ORDERS = 3
"""So many turns: a bracket at the market in all but one, there an order that rests."""


def say(what, **known):
    print(what, json.dumps(known), flush=True)


class Trades(Strategy):
    """All that it decides by is what it keeps, its orders, and its position."""

    symbol = "MNQ"
    rests: bool = False

    def start(self):
        say("began", **known(self))

    def on_tick(self, tick):
        turn = self.state["ticks"] = self.state.get("ticks", 0) + 1
        if self.rests:
            return
        if self.flat and turn % ORDERS:
            self.buy(2, stop_loss_ticks=6, take_profit_ticks=6)
        elif self.flat:
            self.sell(1, limit=tick.price + 0.5, stop_loss_ticks=8)
        elif turn % 5 == 0:
            self.flatten()

    def on_fill(self, fill):
        self.state["held"] = self.state.get("held", 0) + fill.side * fill.size
        self.state["fills"] = [*self.state.get("fills", []), fill.price]


def known(strategy):
    """What a strategy believes, for the ledger to be compared with."""
    desk = strategy._ports.orders
    return {
        "position": strategy.position,
        "working": sorted(desk.numbers.get(each.id, 0) for each in strategy.orders),
        "tags": sorted(desk.sent_as.values()),
        "held": strategy.state.get("held", 0),
        "fills": strategy.state.get("fills", []),
        "unknown": sum(each.status in ("asked", "unknown") for each in strategy.orders),
    }


def main(url, folder, rests):
    trader = Trader(
        url,
        user_name="trader1",
        api_key=API_KEY,
        account="PRAC",
        symbols=["MNQ"],
        journal=Path(folder, "orders.db"),
        risk=False,
        budgets=False,
        retry=RetryPolicy(base_delay=0.02, multiplier=1.5, quiet=0.3, watch=60.0),
    )
    trader.settle_s = 0
    more = {"store": folder, "patience_s": 60, "parameters": {"rests": rests}}
    with trader, live(Trades, trader, **more) as run:
        while not run.is_over:
            run.work(0.1)
            if rests and run.has_begun:
                say("knows", **known(run.strategies["Trades"]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] == "rests")
