"""From a gap to a state that is proven again, in round trips.

Between the trader and the simulator stands a relay that lets each way take half a round
trip, and a new connection a whole one. What is counted is what a trader waits for the
network: to connect, to upgrade, to greet, to subscribe, to read. It is measured at a
short round trip and at a long one: what the second adds is trips, the rest is what both
ends take, and is told apart. The pause before it connects, which is drawn at random, is
left out.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
from typing import Any
from unittest.mock import patch

from fastorder.realtime.reconnect import Reconnect
from fastorder.runtime.clock import SECOND_NS

SHORT_S, LONG_S = 0.1, 0.3
GAPS = 7


class Relay:
    """Hands bytes on, each way half a round trip later; on a loop of its own.

    Args:
        port: of the server.
        round_trip_s: how long bytes are on their way, there and back.

    Attributes:
        port: where it listens.
    """

    def __init__(self, port: int, round_trip_s: float) -> None:
        self._server_port, self._trip_s = port, round_trip_s
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.port: int = asyncio.run_coroutine_threadsafe(
            self._listen(), self._loop
        ).result()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _accept(self, reader: Any, writer: Any) -> None:
        await asyncio.sleep(self._trip_s)  # what connecting takes
        there = await asyncio.open_connection("127.0.0.1", self._server_port)
        await asyncio.gather(
            self._hand_on(reader, there[1]), self._hand_on(there[0], writer)
        )

    async def _hand_on(self, reader: Any, writer: Any) -> None:
        """Bytes in their order, each when its time has come."""
        try:
            while chunk := await reader.read(65536):
                self._loop.call_later(self._trip_s / 2, self._write, writer, chunk)
        except ConnectionError:
            pass
        self._loop.call_later(self._trip_s / 2, writer.close)

    @staticmethod
    def _write(writer: Any, chunk: bytes) -> None:
        if not writer.is_closing():
            writer.write(chunk)


async def synced(gateway: Any, round_trip_s: float) -> tuple[float, float, int]:
    """Seconds from the gap to the proof, and from the subscriptions' answers on.

    The most requests of a gap are the third.
    """
    import fastorder

    relay = Relay(int(gateway.base_url.rsplit(":", 1)[1]), round_trip_s)
    trader = fastorder.Trader(
        f"http://127.0.0.1:{relay.port}",
        user_name="trader1",
        api_key="key",
        account="PRAC",
        symbols=["MNQ"],
        journal=False,
        budgets=False,
        risk=False,
    )
    trader.settle_s = 0  # the simulator's lists are never behind
    whole, since_live, requests = [], [], []
    async with trader:
        told: asyncio.Queue[Any] = asyncio.Queue()
        lost: list[int] = []
        trader.state.on_gap(lambda gap: lost.append(trader._clock.monotonic_ns()))
        trader.state.on_synced(told.put_nowait)
        await told.get()
        await trader.buy("MNQ", 1, stop_loss_ticks=40, take_profit_ticks=80)
        for _ in range(GAPS):
            while not trader.state.proven:
                await asyncio.sleep(0.05)
            while not told.empty():
                told.get_nowait()
            before = len(gateway.ledger.requests())
            await asyncio.to_thread(gateway.call, lambda: cut(gateway))
            proof = await told.get()
            took_ns = trader._clock.monotonic_ns() - lost[-1]
            whole.append(took_ns / SECOND_NS)
            since_live.append(proof.took_s)
            requests.append(len(gateway.ledger.requests()) - before)
    return statistics.median(whole), statistics.median(since_live), max(requests)


def cut(gateway: Any) -> None:
    """Both hubs' connections are gone, without a word."""
    for each in list(gateway.hubs.connections):
        each.abort()


def measured() -> dict[str, float]:
    """All of it."""
    from fastorder.simulator import run_in_thread

    at_once = patch.object(Reconnect, "pause_ns", lambda self, **given: 0)
    with at_once, run_in_thread(rate_limit=False) as gateway:
        short = asyncio.run(synced(gateway, SHORT_S))
        far = asyncio.run(synced(gateway, LONG_S))
    trips, since_live = ((far[i] - short[i]) / (LONG_S - SHORT_S) for i in range(2))
    return {
        "from the gap": trips,
        "from the subscriptions' answers": since_live,
        "besides, of the gateway and of us, ms": (short[0] - trips * SHORT_S) * 1000,
        "requests": max(short[2], far[2]),
    }


if __name__ == "__main__":
    print(measured())
