"""Who is timed: each takes a server and a count, and gives nanoseconds for each order.

Every one sends the same kind of request over one warm connection and reads the whole
answer. The raw ones send bytes that were made before and read nothing out of the
answer: they are the floor, not a client.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from time import perf_counter_ns as now
from typing import TYPE_CHECKING, Any

import uvloop

import fastorder
from fastorder import blocking

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from server import Server

ACCOUNT = 12345678
WARM_UP = 20
BODY = (
    b'{"accountId":12345678,"contractId":"CON.F.US.MNQ.Z26","type":2,"side":0,'
    b'"size":1,"customTag":"fo1-aaaaaaaaaaaaaaaaa-00000001",'
    b'"stopLossBracket":{"ticks":-50,"type":4},'
    b'"takeProfitBracket":{"ticks":100,"type":1}}'
)


def raw_request(server: Server) -> bytes:
    """The bytes of one order, as the client's own look on the wire."""
    return (
        b"POST /api/Order/place HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
        b"Authorization: Bearer abc\r\nUser-Agent: fastorder\r\n"
        b"Accept: */*\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % (server.plain, len(BODY))
    ) + BODY


def raw_socket(server: Server, orders: int, *, tls: bool = False) -> list[int]:
    """A blocking socket: send, receive."""
    request = raw_request(server)
    port = server.tls if tls else server.plain
    bare = socket.create_connection(("127.0.0.1", port))
    bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with server.wrapped(bare) if tls else bare as sock:
        times = []
        for _ in range(orders + WARM_UP):
            start = now()
            sock.sendall(request)
            sock.recv(65536)
            times.append(now() - start)
    return times[WARM_UP:]


def raw_socket_tls(server: Server, orders: int) -> list[int]:
    """The same through Python's ssl."""
    return raw_socket(server, orders, tls=True)


class Exchange(asyncio.Protocol):
    """Ends a future when an answer has come."""

    answered: asyncio.Future[None]

    def data_received(self, data: bytes) -> None:
        """An answer; it fits one segment."""
        self.answered.set_result(None)


async def _raw_protocol(server: Server, orders: int) -> list[int]:
    loop = asyncio.get_running_loop()
    request = raw_request(server)
    transport, protocol = await loop.create_connection(
        Exchange, "127.0.0.1", server.plain
    )
    times = []
    for _ in range(orders + WARM_UP):
        start = now()
        protocol.answered = loop.create_future()
        transport.write(request)
        await protocol.answered
        times.append(now() - start)
    transport.close()
    return times[WARM_UP:]


def raw_protocol(server: Server, orders: int) -> list[int]:
    """An asyncio.Protocol: write, await."""
    return asyncio.run(_raw_protocol(server, orders))


def prepared(executor: Any) -> Any:
    """An executor with its token and its contract."""
    executor.set_token("abc")
    executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
    return executor


def place(executor: Any) -> Any:
    """A bracketed market order."""
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, 50, 100)


def modify(executor: Any) -> Any:
    """A new price and size."""
    return executor.modify_order(9056, ACCOUNT, quantity=2, limit_price=25_000.25)


def cancel(executor: Any) -> Any:
    """A cancellation."""
    return executor.cancel_order(9056, ACCOUNT)


async def _awaited(
    server: Server,
    orders: int,
    verb: Callable[[Any], Any],
    tls: bool,
    stamp: bool,
    **settings: Any,
) -> list[int]:
    url = f"https://localhost:{server.tls}" if tls else server.url
    async with fastorder.OrderExecutor(url, ca_file=server.ca_file, **settings) as made:
        executor = prepared(made)
        await executor.connect()
        times = []
        for _ in range(orders + WARM_UP):
            start = now()
            result = await verb(executor)
            spent = now() - start
            assert result.success, result
            times.append(result.timing.call_to_written if stamp else spent)
    return times[WARM_UP:]


def awaited(
    verb: Callable[[Any], Any] = place,
    *,
    run: Callable[[Coroutine[Any, Any, list[int]]], list[int]] = asyncio.run,
    tls: bool = False,
    stamp: bool = False,
) -> Callable[[Server, int], list[int]]:
    """The client's verbs, awaited; ``stamp`` times from call to bytes written."""
    return lambda server, orders: run(_awaited(server, orders, verb, tls, stamp))


def journaled(durability: str) -> Callable[[Server, int], list[int]]:
    """An awaited place whose intent is written down before it leaves."""

    def run(server: Server, orders: int) -> list[int]:
        with tempfile.TemporaryDirectory() as folder:
            settings = {"journal": f"{folder}/orders.db", "durability": durability}
            return asyncio.run(
                _awaited(server, orders, place, False, False, **settings)
            )

    return run


def waited(server: Server, orders: int) -> list[int]:
    """The blocking executor."""
    with blocking.OrderExecutor(base_url=server.url) as made:
        executor = prepared(made)
        executor.connect()
        times = []
        for _ in range(orders + WARM_UP):
            start = now()
            result = place(executor)
            times.append(now() - start)
            assert result.success, result
    return times[WARM_UP:]


PLAIN = {
    "raw socket": raw_socket,
    "raw protocol": raw_protocol,
    "place": awaited(),
    "place, uvloop": awaited(run=uvloop.run),
    "place, blocking": waited,
    "modify": awaited(modify),
    "cancel": awaited(cancel),
    "place, call to bytes written": awaited(stamp=True),
    "place, journal (process)": journaled("process"),
    "place, journal (power)": journaled("power"),
}
TLS = {
    "raw socket": raw_socket_tls,
    "place": awaited(tls=True),
    "modify": awaited(modify, tls=True),
    "cancel": awaited(cancel, tls=True),
}
