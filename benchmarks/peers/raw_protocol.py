"""An ``asyncio.Protocol``: bytes made before, written; a future ended by the answer.

It reads nothing out of the answer: a yardstick for what is awaited, and no client.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from order import BODY, PLACE

from peers import Contender
from peers.raw_socket import request


class Exchange(asyncio.Protocol):
    """Ends a future with the answer; it fits one segment."""

    answered: asyncio.Future[bytes]

    def data_received(self, data: bytes) -> None:
        self.answered.set_result(data)


class Client(Contender):
    async def open(self) -> None:
        target = self.target
        self.loop = asyncio.get_running_loop()
        secure = None
        if target.ca_file:
            secure = ssl.create_default_context(cafile=target.ca_file)
        self.transport, self.protocol = await self.loop.create_connection(
            Exchange, target.host, target.port, ssl=secure
        )
        self.request = request(target, PLACE, BODY)

    def place(self) -> asyncio.Future[bytes]:
        answered = self.protocol.answered = self.loop.create_future()
        self.transport.write(self.request)
        return answered

    async def close(self) -> None:
        self.transport.close()

    def succeeded(self, answer: Any) -> bool:
        return b'"success":true' in answer.replace(b" ", b"")
