"""``fastorder.blocking.OrderExecutor``: the same verbs without an event loop."""

from __future__ import annotations

from fastorder import blocking
from peers.fastorder_async import Trading


class Client(Trading):
    awaited = False

    def open(self) -> None:
        self.executor = self.made(blocking.OrderExecutor)
        if self.connects:
            self.executor.connect()

    def close(self) -> None:
        self.executor.close()
