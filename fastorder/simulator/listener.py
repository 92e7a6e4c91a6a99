"""A port that is listened on, and every connection from the moment it is accepted.

asyncio's own servers know a connection once its protocol does: one that was accepted a
moment before, or is still in its TLS handshake, is nobody's when they stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

BACKLOG = 1024
A_TURN = 100
"""So many connections are accepted before others have their turn."""


class Listener:
    """Listens from when it is made, on the running loop.

    Args:
        protocol: makes what speaks on a connection.
        host: a loopback address.
        port: 0 for one that the system picks.
        tls: the server's side of it; None for none.

    Attributes:
        port: where it listens.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._protocol = protocol
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        self._socket = socket.socket(family, kind, number)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setblocking(False)
            self._socket.bind(address)
            self._socket.listen(BACKLOG)
        except BaseException:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._loop.add_reader(self._socket, self._accept)

    async def stop(self) -> None:
        """Stop; each connection that was accepted has its protocol, or is closed."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        await asyncio.sleep(0)  # each has begun: it closes what it was given
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is gone a turn later

    def _accept(self) -> None:
        for _ in range(A_TURN):
            try:
                accepted, _address = self._socket.accept()
            except OSError:  # none is left, or it has gone meanwhile
                return
            task = self._loop.create_task(self._take(accepted))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _take(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        with contextlib.suppress(OSError):  # a handshake that fails closes it
            await self._loop.connect_accepted_socket(
                self._protocol, accepted, ssl=self._tls
            )
