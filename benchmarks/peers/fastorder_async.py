"""``fastorder.OrderExecutor``: the verbs of the project, awaited."""

from __future__ import annotations

from typing import Any

from order import ACCOUNT, CONTRACT, ORDER_ID, TOKEN

import fastorder
from peers import Contender


class Trading(Contender):
    """What the awaited and the blocking executor have in common."""

    executor: Any

    def made(self, kind: Any) -> Any:
        settings = dict(self.options)
        self.connects = settings.pop("connect", True)
        self.stamped = settings.pop("stamp", False)
        if self.target.ca_file:
            settings["ca_file"] = self.target.ca_file
        executor = kind(self.target.url, **settings)
        executor.set_token(TOKEN)
        executor.set_contract_id("MNQ", CONTRACT)
        return executor

    def place(self) -> Any:
        return self.executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, 50, 100)

    def modify(self) -> Any:
        return self.executor.modify_order(
            ORDER_ID, ACCOUNT, quantity=2, limit_price=25_000.25
        )

    def cancel(self) -> Any:
        return self.executor.cancel_order(ORDER_ID, ACCOUNT)

    def succeeded(self, answer: Any) -> bool:
        return answer.success is True

    def nanoseconds(self, answer: Any, spent: int) -> int:
        return answer.timing.call_to_written if self.stamped else spent


class Client(Trading):
    async def open(self) -> None:
        self.executor = self.made(fastorder.OrderExecutor)
        if self.connects:
            await self.executor.connect()

    async def close(self) -> None:
        await self.executor.aclose()
