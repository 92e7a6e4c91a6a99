"""niquests: one AsyncSession."""

from __future__ import annotations

from typing import Any

import niquests
from order import rendered

from peers import HttpContender


class Client(HttpContender):
    async def open(self) -> None:
        self.session = niquests.AsyncSession(
            disable_http2=not self.target.http2, disable_http3=True
        )
        self.session.headers.update(self.headers)
        self.verify = self.target.ca_file or True

    async def post(self, path: str, value: dict[str, Any]) -> Any:
        url = self.target.url + path
        # a session's own `verify` gives way to REQUESTS_CA_BUNDLE, a request's does not
        response = await self.session.post(
            url, data=rendered(value), verify=self.verify
        )
        return response.json()

    async def close(self) -> None:
        await self.session.close()
