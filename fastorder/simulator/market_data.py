"""Market data for the hubs: quotes, trades and depth of contracts, by rate or at will.

The rates are those of MNQ in a session of the US: about 40 quotes, 20 trades and 60
rows of depth in a second. What is traded here is what history shows of that time.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from fastorder.simulator.book import number
from fastorder.simulator.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from fastorder.simulator.contracts import Contract
    from fastorder.simulator.gateway import Gateway
    from fastorder.simulator.hubs import Hubs

QUOTES_S, TRADES_S, DEPTH_S = 40.0, 20.0, 60.0
TURN_S = 0.025
ASK, BID, RESET = 1, 2, 6
LEVELS = 10


class MarketData:
    """Makes a market's data; everything of it runs on the server's loop.

    Args:
        gateway: whose contracts, and whose clock.
        hubs: what is sent goes to those who have subscribed it.
        seed: makes prices and sizes repeatable.
    """

    def __init__(self, gateway: Gateway, hubs: Hubs, seed: int = 7) -> None:
        self._gateway = gateway
        self._hubs = hubs
        self._random = random.Random(seed)
        self._ticks: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(
        self,
        contract_ids: Iterable[str],
        *,
        quotes_s: float = QUOTES_S,
        trades_s: float = TRADES_S,
        depth_s: float = DEPTH_S,
    ) -> None:
        """Send so much of each contract in a second, until ``stop``."""
        rates = {self.quote: quotes_s, self.trade: trades_s, self.depth: depth_s}
        for contract_id in contract_ids:
            self.reset_depth(contract_id)
            self._tasks.append(asyncio.ensure_future(self._run(contract_id, rates)))

    def stop(self) -> None:
        """Send no more."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _run(self, contract_id: str, rates: dict[Any, float]) -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        sent = dict.fromkeys(rates, 0)
        while True:
            for send, rate in rates.items():
                due = int((loop.time() - begun_s) * rate)
                for _ in range(due - sent[send]):
                    send(contract_id)
                sent[send] = due
            await asyncio.sleep(TURN_S)

    # ------------------------------------------------------------ one of each

    def trade(self, contract_id: str) -> None:
        """One trade, a tick away from the last at most."""
        contract = self._contract(contract_id)
        price = self._moved(contract)
        volume = self._random.randrange(1, 10)
        now_s = self._gateway.clock.now_s()
        self._gateway.tape_of(contract_id).add(now_s, price, volume)
        row = {
            "symbolId": contract.symbol_id,
            "price": number(price),
            "timestamp": stamp(now_s),
            "type": self._random.randrange(2),
            "volume": volume,
            "contractId": contract_id,
        }
        self._hubs.trades(contract_id, [row])

    def quote(self, contract_id: str) -> None:
        """A quote: bid and ask, now and then the last price too."""
        contract = self._contract(contract_id)
        last = self._price(contract)
        members: dict[str, Any] = {"symbol": contract.symbol_id}
        if self._random.random() < 0.3:
            members["lastPrice"] = number(last)
        members |= {
            "bestBid": number(last - contract.tick_size),
            "bestAsk": number(last + contract.tick_size),
            "lastUpdated": stamp(self._gateway.clock.now_s()),
            "contract": contract_id,
        }
        self._hubs.quote(contract_id, **members)

    def depth(self, contract_id: str) -> None:
        """One level of the depth with another size."""
        contract = self._contract(contract_id)
        away = self._random.randrange(1, LEVELS + 1)
        side = self._random.choice((BID, ASK))
        size = self._random.choice((0, 1, 2, 5, 9, 30))
        self._hubs.depth(contract_id, [self._level(contract, side, away, size)])

    def reset_depth(self, contract_id: str) -> None:
        """The whole depth anew."""
        contract = self._contract(contract_id)
        rows = [
            self._level(contract, side, away, self._random.randrange(1, 50))
            for side in (BID, ASK)
            for away in range(1, LEVELS + 1)
        ]
        reset = {"timestamp": rows[0]["timestamp"], "type": RESET}
        self._hubs.depth(contract_id, [reset, *rows])

    # ------------------------------------------------------------ inner

    def _contract(self, contract_id: str) -> Contract:
        contract = self._gateway.contract(contract_id)
        if contract is None:
            raise LookupError(f"a listed contract was expected, was {contract_id!r}")
        return contract

    def _price(self, contract: Contract) -> Decimal:
        start = int(contract.start_price / contract.tick_size)
        return self._ticks.setdefault(contract.id, start) * contract.tick_size

    def _moved(self, contract: Contract) -> Decimal:
        self._price(contract)
        self._ticks[contract.id] += self._random.choice((-1, 0, 0, 1))
        return self._price(contract)

    def _level(
        self, contract: Contract, side: int, away: int, size: int
    ) -> dict[str, Any]:
        way = -1 if side == BID else 1
        return {
            "contractId": contract.id,
            "timestamp": stamp(self._gateway.clock.now_s()),
            "type": side,
            "price": number(self._price(contract) + way * away * contract.tick_size),
            "volume": size,
            "currentVolume": 0,
        }
