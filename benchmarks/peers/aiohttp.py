"""aiohttp: one session, as many connections as there are orders in flight."""

from __future__ import annotations

import ssl
from typing import Any

import aiohttp
from order import rendered

from peers import HttpContender


class Client(HttpContender):
    async def open(self) -> None:
        secure: Any = True
        if self.target.ca_file:
            secure = ssl.create_default_context(cafile=self.target.ca_file)
        self.session = aiohttp.ClientSession(
            self.target.url,
            headers=self.headers,
            connector=aiohttp.TCPConnector(ssl=secure, limit=0),
        )

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        async with self.session.post(path, data=rendered(value)) as response:
            return await response.json()

    async def close(self) -> None:
        await self.session.close()
