"""``pycurl.AsyncCurlMulti``: easy handles kept, one for each order in flight."""

from __future__ import annotations

import json
from typing import Any

import pycurl

from peers import HttpContender
from peers.pycurl_easy import pointed, prepared


class Client(HttpContender):
    async def open(self) -> None:
        self.multi = pycurl.AsyncCurlMulti()
        self.idle: list[pycurl.Curl] = []

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        curl = self.idle.pop() if self.idle else prepared(self.target, self.headers)
        answer = pointed(curl, self.target.url + path, value)
        await self.multi.perform(curl)
        self.idle.append(curl)
        return json.loads(answer.getvalue())

    async def close(self) -> None:
        await self.multi.aclose()
