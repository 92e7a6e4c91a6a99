"""topstep-client-py: its ``orders.place``, with its own models.

Its ``create`` logs in first. Here the client is made the way that ``create`` makes it,
with a token that is already there. Nothing of an order's path is changed.
"""

from __future__ import annotations

import os
from typing import Any

from order import ACCOUNT, CONTRACT, ORDER_ID, TAG, TOKEN
from topstep import Bracket, OrderSide, OrderType, PlaceOrderRequest, TopstepClient
from topstep.http import HTTPClient

from peers import Contender


class Client(Contender):
    async def open(self) -> None:
        if self.target.ca_file:
            os.environ["SSL_CERT_FILE"] = self.target.ca_file
        http = HTTPClient(base_url=self.target.url)
        http.token = TOKEN
        self.client = TopstepClient(http)

    async def place(self) -> int:
        return await self.client.orders.place(
            PlaceOrderRequest(
                accountId=ACCOUNT,
                contractId=CONTRACT,
                type=OrderType.MARKET,
                side=OrderSide.BUY,
                size=1,
                customTag=TAG,
                stopLossBracket=Bracket(ticks=-50, type=OrderType.STOP),
                takeProfitBracket=Bracket(ticks=100, type=OrderType.LIMIT),
            )
        )

    async def modify(self) -> None:
        await self.client.orders.modify(
            ACCOUNT, ORDER_ID, size=2, limit_price=25_000.25
        )

    async def cancel(self) -> None:
        await self.client.orders.cancel(ACCOUNT, ORDER_ID)

    async def close(self) -> None:
        await self.client.close()

    def succeeded(self, answer: Any) -> bool:
        return answer in (ORDER_ID, None)  # it raises otherwise
