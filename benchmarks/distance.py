"""A proxy on loopback that makes the server far away: a process of its own.

Every byte arrives half a round trip after it was sent. A connection's first bytes take
a whole one more: the round trip of TCP's own handshake, which a proxy does not see.

    python distance.py PORT MILLISECONDS    # prints the port that it listens on
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Side(asyncio.Protocol):
    """One end of a connection; what it hears the other end says later."""

    def __init__(self, delay: float, handshake: float = 0.0) -> None:
        self.delay = delay
        self.other: asyncio.Future[asyncio.Transport] = (
            asyncio.get_running_loop().create_future()
        )
        self.not_before = asyncio.get_running_loop().time() + handshake + delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        due = max(loop.time() + self.delay, self.not_before)
        loop.call_at(due, self.pass_on, data)

    def pass_on(self, data: bytes) -> None:
        if self.other.done():
            self.other.result().write(data)
        else:
            self.other.add_done_callback(lambda other: other.result().write(data))

    def connection_lost(self, error: Exception | None) -> None:
        if self.other.done():
            self.other.result().close()


class Near(Side):
    """The client's end: opens the far one."""

    def __init__(self, port: int, round_trip: float) -> None:
        super().__init__(round_trip / 2, handshake=round_trip)
        self.port, self.round_trip = port, round_trip

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.opening = asyncio.ensure_future(self.reach())

    async def reach(self) -> None:
        loop = asyncio.get_running_loop()
        far, side = await loop.create_connection(
            lambda: Side(self.round_trip / 2), "127.0.0.1", self.port
        )
        side.other.set_result(self.transport)  # type: ignore[arg-type]
        self.other.set_result(far)


async def serve(port: int, round_trip: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Near(port, round_trip), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def far_away(port: int, milliseconds: int) -> Iterator[int]:
    """The port behind which the server at ``port`` is that round trip away."""
    command = [sys.executable, __file__, str(port), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
