"""pyreqwest: Rust's reqwest under PyO3, one client; its own JSON writer and reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyreqwest.client import ClientBuilder

from peers import HttpContender


class Client(HttpContender):
    async def open(self) -> None:
        builder = ClientBuilder().base_url(self.target.url)
        builder = builder.default_headers(self.headers).http2(self.target.http2)
        if self.target.ca_file:
            authority = Path(self.target.ca_file).read_bytes()
            builder = builder.add_root_certificate_pem(authority)
        self.client = builder.build()

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        response = await self.client.post(path).body_json(value).build().send()
        return await response.json()

    async def close(self) -> None:
        await self.client.close()
