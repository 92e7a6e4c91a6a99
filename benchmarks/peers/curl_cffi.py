"""curl_cffi: one AsyncSession; libcurl behind CFFI."""

from __future__ import annotations

from typing import Any

from curl_cffi import CurlHttpVersion
from curl_cffi.requests import AsyncSession
from order import rendered

from peers import HttpContender


class Client(HttpContender):
    async def open(self) -> None:
        http2 = self.target.http2
        self.session: AsyncSession[Any] = AsyncSession(
            headers=self.headers,
            verify=self.target.ca_file or True,
            http_version=CurlHttpVersion.V2_0 if http2 else CurlHttpVersion.V1_1,
            max_clients=1000,
        )

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        url = self.target.url + path
        return (await self.session.post(url, data=rendered(value))).json()

    async def close(self) -> None:
        await self.session.close()
