"""Random streams of requests and prices, one for each seed."""

from __future__ import annotations

import random
from typing import NamedTuple

STARTS = (400, 12)
"""The first price of each contract in ticks; the second may go below zero."""


class Step(NamedTuple):
    """One thing that happens; ``what`` names it."""

    what: str
    given: dict


class Stream:
    """Steps for two accounts and two contracts, decided by the seed alone.

    Args:
        seed: which stream.
        steps: how many.
        jumps: whether prices may move by more than a tick at once.
    """

    def __init__(self, seed: int, steps: int = 60, jumps: bool = True) -> None:
        self.random = random.Random(seed)
        self.steps = steps
        self.jumps = jumps
        self.prices = list(STARTS)
        self.ids = 0
        self.tags = 0

    def __iter__(self):
        for contract, price in enumerate(STARTS):
            yield Step("price", {"contract": contract, "price": price})
        for _ in range(self.steps):
            yield self.one()

    def one(self) -> Step:
        draw = self.random.random()
        if draw < 0.45:
            return self.price()
        if draw < 0.78:
            return self.place()
        if draw < 0.88:
            return self.modify()
        if draw < 0.94:
            return Step("cancel", {"account": self.account(), "order": self.order()})
        return self.close()

    # ------------------------------------------------------------ parts

    def account(self) -> int:
        return 0 if self.random.random() < 0.8 else 1

    def contract(self) -> int:
        return 0 if self.random.random() < 0.7 else 1

    def order(self) -> int:
        """The number of an order in the order of their making; some were never made."""
        return self.random.randrange(max(self.ids, 1) + 1)

    def near(self, contract: int, reach: int = 12) -> int:
        price = self.prices[contract] + self.random.randint(-reach, reach)
        return price if contract or self.random.random() < 0.01 else max(price, 1)

    def price(self) -> Step:
        contract = self.contract()
        reach = self.random.choice((1, 1, 1, 5, 20)) if self.jumps else 1
        moved = self.prices[contract] + self.random.randint(-reach, reach)
        self.prices[contract] = moved if contract else max(moved, 30)
        return Step("price", {"contract": contract, "price": self.prices[contract]})

    def place(self) -> Step:
        pick = self.random.random
        contract, side = self.contract(), self.random.randrange(2)
        self.ids += 1
        kind = self.random.choice((1, 1, 1, 2, 2, 2, 3, 4, 4, 5, 6, 7))
        given = {
            "account": self.account(),
            "contract": contract,
            "kind": kind if pick() < 0.98 else self.random.choice((0, 8, 9)),
            "side": side if pick() < 0.99 else 2,
            "size": self.random.randint(1, 5) if pick() < 0.98 else 0,
            "limit": self.near(contract) if pick() < 0.97 else None,
            "stop": self.stop(contract, side) if pick() < 0.97 else None,
            "trail": self.near(contract) if pick() < 0.97 else None,
            "tag": self.tag() if pick() < 0.3 else None,
            "stop_loss": self.leg(-1, side, (4, 4, 5)) if pick() < 0.5 else None,
            "take_profit": self.leg(1, side, (1,)) if pick() < 0.5 else None,
        }
        return Step("place", given)

    def stop(self, contract: int, side: int) -> int:
        away = self.random.randint(1, 10) * (1 if side == 0 else -1)
        if self.random.random() < 0.05:
            away = -away
        return self.prices[contract] + away

    def tag(self) -> str:
        if self.tags and self.random.random() < 0.1:
            ending = self.random.choice(("", "", "-SL", "-TP"))
            return f"t{self.random.randrange(self.tags)}{ending}"
        self.tags += 1
        return f"t{self.tags - 1}"

    def leg(self, way: int, side: int, kinds: tuple[int, ...]) -> tuple[int, int]:
        ticks = self.random.randint(4, 15) * way * (1 if side == 0 else -1)
        if self.random.random() < 0.05:
            ticks = self.random.randint(-6, 6)
        if self.random.random() < 0.02:
            kinds = (2,)
        return ticks, self.random.choice(kinds)

    def modify(self) -> Step:
        contract, pick = self.contract(), self.random.random
        given = {
            "account": self.account(),
            "order": self.order(),
            "size": self.random.randint(0, 5) if pick() < 0.3 else None,
            "limit": self.near(contract) if pick() < 0.5 else None,
            "stop": self.near(contract) if pick() < 0.4 else None,
            "trail": self.near(contract) if pick() < 0.4 else None,
        }
        return Step("modify", given)

    def close(self) -> Step:
        given = {"account": self.account(), "contract": self.contract(), "size": None}
        self.ids += 1
        if self.random.random() < 0.5:
            given["size"] = self.random.randint(0, 6)
        return Step("close", given)
