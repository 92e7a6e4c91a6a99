"""project-x-py: its ``OrderManager.place_order``.

Logging in and asking for the account are left out: token and account are given. Its
limiter, 60 requests a minute, would stop a benchmark; it gets a window of 50 ms instead
of a minute, so that its list of the window's requests stays as short as in use.
Nothing of an order's path is changed. Its ``modify_order`` reads the order from the
gateway first, which is another request; it is not timed.
"""

from __future__ import annotations

import os
from typing import Any

from order import ACCOUNT, CONTRACT, ORDER, ORDER_ID, TAG, TOKEN
from project_x_py import EventBus, ProjectX
from project_x_py.models import Account, ProjectXConfig
from project_x_py.order_manager import OrderManager
from project_x_py.utils.async_rate_limiter import RateLimiter

from peers import Contender


class Client(Contender):
    async def open(self) -> None:
        if self.target.ca_file:
            os.environ["SSL_CERT_FILE"] = self.target.ca_file
        config = ProjectXConfig(api_url=f"{self.target.url}/api")
        client = ProjectX("nobody", "no key", config=config)
        self.client = await client.__aenter__()
        self.client.session_token = TOKEN
        self.client.account_info = Account(
            id=ACCOUNT,
            name="PRACTICE",
            balance=50_000.0,
            canTrade=True,
            isVisible=True,
            simulated=True,
        )
        self.client.rate_limiter = RateLimiter(10**9, window_seconds=0.05)
        self.manager = OrderManager(self.client, EventBus())

    async def place(self) -> Any:
        return await self.manager.place_order(
            CONTRACT,
            2,
            0,
            1,
            custom_tag=TAG,
            account_id=ACCOUNT,
            stop_loss_bracket=ORDER["stopLossBracket"],
            take_profit_bracket=ORDER["takeProfitBracket"],
        )

    async def cancel(self) -> bool:
        self.manager.order_status_cache.clear()  # it would not ask again
        return await self.manager.cancel_order(ORDER_ID, ACCOUNT)

    async def close(self) -> None:
        await self.client.__aexit__(None, None, None)

    def succeeded(self, answer: Any) -> bool:
        return answer is True or answer.success is True
