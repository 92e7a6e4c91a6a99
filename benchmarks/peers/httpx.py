"""httpx: one AsyncClient."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from peers import HttpContender


class Client(HttpContender):
    async def open(self) -> None:
        secure: Any = True
        if self.target.ca_file:
            secure = ssl.create_default_context(cafile=self.target.ca_file)
        self.client = httpx.AsyncClient(
            base_url=self.target.url,
            headers=self.headers,
            verify=secure,
            http2=self.target.http2,
            timeout=60,
        )

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        response = await self.client.post(path, json=value)
        return response.json()

    async def close(self) -> None:
        await self.client.aclose()
