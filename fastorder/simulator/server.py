"""The gateway's sockets: aiohttp in front of the model, and the faults between them."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
import math
import socket
import ssl
import struct
import threading
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from fastorder.simulator.endpoints import PING
from fastorder.simulator.faults import Fault, FaultPlan
from fastorder.simulator.gateway import Gateway
from fastorder.simulator.hubs import Hubs, is_hub
from fastorder.simulator.listener import Listener
from fastorder.simulator.market_data import MarketData
from fastorder.simulator.near_names import class_with_near_names, with_near_names
from fastorder.simulator.personality import Personality, personality_from
from fastorder.simulator.wire import Answer, LongAnswer, document_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.simulator.clock import Clock
    from fastorder.simulator.ledger import Ledger

T = TypeVar("T")

PONG = Answer(200, b"pong", "text/plain; charset=utf-8")
ROWS_A_TURN = 20
PATIENCE_S = 60.0
"""How long a thread waits for the loop of the server; a busy machine takes seconds."""

REASONS = {200: "OK", 400: "Bad Request", 500: "Internal Server Error"}


@class_with_near_names
class Simulator:
    """A gateway that listens.

    Attributes:
        gateway: the model; touch it on the server's loop only (see ``call``).
        ledger: what really happened.
        faults: what is still to go wrong; safe from any thread.
        hubs: the realtime hubs; touch them on the server's loop only (see ``call``).
        market: makes what the market hub sends; the same holds for it.
        token: a valid token.
        host, port, base_url: where it listens.
        connections: how many it has taken so far.
        compresses: whether answers are coded with gzip where a request accepts it.
    """

    def __init__(
        self,
        gateway: Gateway,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_cert: str | None = None,
        tls_key: str | None = None,
    ) -> None:
        if not _is_loopback(host):
            raise ValueError(f"the host must be a loopback address, was {host!r}")
        self.gateway = gateway
        self.ledger: Ledger = gateway.ledger
        self.faults = FaultPlan()
        self.hubs = Hubs(gateway.tokens.valid)
        gateway.exchange.tell = self.hubs.changed
        self.hubs.rows = gateway.rows_of
        self.market = MarketData(gateway, self.hubs)
        self.token = gateway.tokens.give("trader1")
        self.host = host
        self.port = port
        self._tls = _tls_context(tls_cert, tls_key)
        self._transports: dict[asyncio.Transport, int] = {}
        self.connections = 0
        self.compresses = False
        self._idle_s = Personality().idle_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: web.Server | None = None
        self._listener: Listener | None = None

    @property
    def base_url(self) -> str:
        """The URL that a client is given; by name under TLS, for the certificate."""
        if self._tls is None:
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"http://{host}:{self.port}"
        return f"https://localhost:{self.port}"

    async def start(self) -> None:
        """Listen; port 0 becomes the port that the system picked."""
        self._loop = asyncio.get_running_loop()
        self._server = web.Server(
            self._serve,
            access_log=None,
            keepalive_timeout=self._idle_s,
            auto_decompress=False,
        )
        await self._listen()

    async def _listen(self) -> None:
        assert self._server is not None
        self._listener = Listener(self._server, self.host, self.port, self._tls)
        self.port = self._listener.port

    async def stop(self) -> None:
        """End every connection and stop listening."""
        for task in self._tasks:
            task.cancel()
        self.market.stop()
        self.hubs.stop()
        assert self._server is not None
        await self._stop_listening()
        self._abort_all()
        await asyncio.sleep(0)  # requests that have come are begun
        self._server.pre_shutdown()
        await self._server.shutdown(0.05)
        await asyncio.sleep(0)  # what was aborted is closed a turn later

    async def _stop_listening(self) -> None:
        """Take no more connections; those that were taken are all there then."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    def _abort_all(self) -> None:
        """End every connection, those without a request too."""
        assert self._server is not None
        for connection in self._server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the server's loop, from another thread; its result."""
        assert self._loop is not None

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    def set_price(self, contract_id: str, price: Any) -> None:
        """Move a contract's market, from another thread."""
        self.call(lambda: self.gateway.set_price(contract_id, price))

    def become(self, personality: Personality) -> None:
        """Behave so where the documentation is silent; before it is started."""
        self.gateway.become(personality)
        self.hubs.personality = personality
        self._idle_s = personality.idle_s

    # ------------------------------------------------------------ requests

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionError:  # the client has gone before its request was whole
            return web.Response(status=400)
        endpoint = request.path.lower()
        connection = self._connection(request)
        if is_hub(endpoint):
            return await self.hubs.serve(request)
        if request.method != ("GET" if endpoint == PING else "POST"):
            return web.Response(status=405)
        fault = self.faults.strike(endpoint)
        if endpoint != PING:
            self._book(connection, endpoint, body, fault)
        carry_out = self._handling(request, endpoint, body)
        if fault is None:
            return self._response(request, await _whole(carry_out()))
        return await self._faulty(request, fault, carry_out)

    def _book(
        self, connection: int, endpoint: str, body: bytes, fault: Fault | None
    ) -> None:
        self.ledger.request(
            self.gateway.clock.now_s(),
            endpoint,
            connection,
            body,
            _document(body),
            None if fault is None else f"{fault.effect}/{fault.reply}",
        )

    def _handling(
        self, request: web.BaseRequest, endpoint: str, body: bytes
    ) -> Callable[[], Answer | LongAnswer]:
        """What carries a request out and returns its answer."""
        if endpoint == PING:
            return lambda: PONG
        if body and (_is_coded(request) or not _is_json(request.content_type)):
            return lambda: Answer(415, b"")
        token = _bearer(request.headers.get("Authorization"))
        return lambda: self.gateway.handle(endpoint, token, body)

    def _response(self, request: web.BaseRequest, answer: Answer) -> web.Response:
        response = _response(answer)
        accepted = request.headers.get("Accept-Encoding", "").lower()
        if self.compresses and answer.body and "gzip" in accepted:
            response.body = gzip.compress(answer.body, 5)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Vary"] = "Accept-Encoding"
        return response

    def _connection(self, request: web.BaseRequest) -> int:
        transport = request.transport
        if transport is None:
            return -1
        if transport not in self._transports:
            self.connections += 1
            self._transports[transport] = self.connections
            if len(self._transports) > 2000:
                self._drop_closed()
        return self._transports[transport]

    def _drop_closed(self) -> None:
        gone = [t for t in self._transports if t.is_closing()]
        for transport in gone:
            del self._transports[transport]

    # ------------------------------------------------------------ faults

    async def _faulty(
        self,
        request: web.BaseRequest,
        fault: Fault,
        carry_out: Callable[[], Answer | LongAnswer],
    ) -> web.StreamResponse:
        answer = Answer(200, b"")
        if fault.reply == "lag":
            self.gateway.search_lag_s = fault.delay_s
        if fault.effect == "now":
            answer = await _whole(carry_out())
        elif fault.effect == "late":
            self._later(fault.delay_s, carry_out)
        return await self._reply(request, fault, answer)

    async def _reply(
        self, request: web.BaseRequest, fault: Fault, answer: Answer
    ) -> web.StreamResponse:
        transport = request.transport
        if transport is None:  # the client has gone meanwhile
            return web.Response(status=500)
        if fault.reply in ("answer", "lag"):
            if fault.effect == "now" and fault.reply == "answer":
                await _pause(transport, fault.delay_s)
            return self._response(request, answer)
        if fault.reply == "status":
            headers = dict(fault.headers)
            if fault.retry_after is not None:
                headers["Retry-After"] = fault.retry_after
            return web.Response(status=fault.status, body=fault.body, headers=headers)
        if fault.reply == "body":
            return web.Response(body=fault.body, content_type="application/json")
        if fault.reply == "code":
            return _response(_coded(fault, answer))
        if fault.reply == "chunked":
            return await _chunked(request, answer)
        await self._break(transport, fault, answer)
        return web.Response(status=500)  # never written: the connection is gone

    async def _break(
        self, transport: asyncio.Transport, fault: Fault, answer: Answer
    ) -> None:
        """The replies that end the connection."""
        if fault.reply == "stall":
            await _pause(transport, math.inf)
            return
        if fault.reply == "refuse":
            await self._refuse(fault.delay_s)
            return
        if fault.reply == "cut":
            transport.write(_raw(answer)[: fault.cut_at])
        if fault.reply == "trickle":
            for byte in _raw(answer):
                if transport.is_closing():
                    break
                transport.write(bytes([byte]))
                await _pause(transport, fault.delay_s)
        if fault.reply == "reset" or (fault.reply == "cut" and fault.reset):
            await asyncio.sleep(0)
            _reset(transport)
        else:
            transport.close()

    async def _refuse(self, seconds: float) -> None:
        if self._listener is None:  # it refuses already
            return
        await self._stop_listening()
        self._abort_all()
        self._later(seconds, self._listen)

    def _later(self, delay_s: float, function: Callable[[], Any]) -> None:
        """Call a function, or await a coroutine function, after a while."""

        async def run() -> None:
            await asyncio.sleep(delay_s)
            result = function()
            if asyncio.iscoroutine(result):
                await result

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@with_near_names
@contextmanager
def run_in_thread(
    seed: int = 7,
    *,
    clock: Clock | None = None,
    rate_limit: bool = True,
    accept_tokens: tuple[str, ...] = (),
    keep_ledger: bool = True,
    host: str = "127.0.0.1",
    port: int = 0,
    tls_cert: str | None = None,
    tls_key: str | None = None,
    personality: Personality | str | None = None,
) -> Iterator[Simulator]:
    """A simulator on a loop of its own in a thread, while the block runs.

    Args:
        seed: of prices and tokens.
        clock: what it is told of the time; the machine's where it is not given.
        rate_limit: whether it has the gateway's request budgets.
        accept_tokens: tokens that are valid without a login.
        keep_ledger: whether it keeps what really happened.
        host, port: where it listens; port 0 picks a free one.
        tls_cert, tls_key: PEM files, both or none; then it speaks https.
        personality: what it does where the documentation is silent: one of its own, or
            the name of one, as the command line has them: "plain", "racy", "slow",
            "odd".
    """
    gateway = Gateway(seed, clock, rate_limit, accept_tokens, keep_ledger)
    simulator = Simulator(gateway, host, port, tls_cert, tls_key)
    if personality is not None:
        simulator.become(personality_from(personality))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fastorder-simulator")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(PATIENCE_S)
        try:
            yield simulator
        finally:
            asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(PATIENCE_S)
    finally:
        _end_loop(loop, thread)


def _end_loop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """End a loop in its own thread: in this one another loop may run."""
    closing = loop.shutdown_asyncgens()
    try:
        asyncio.run_coroutine_threadsafe(closing, loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


# ---------------------------------------------------------------- helpers of the wire


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    if answer.body:
        response.headers["Content-Type"] = answer.content_type
    return response


def _coded(fault: Fault, answer: Answer) -> Answer:
    """The fault's own envelope, with the order id of the true answer if it had one."""
    document = {
        "orderId": _document(answer.body).get("orderId"),
        "success": fault.success,
        "errorCode": fault.error_code,
        "errorMessage": fault.message,
    }
    return Answer(200, json.dumps(document).encode())


async def _chunked(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    headers = {"Content-Type": answer.content_type}
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, len(answer.body), 7):
        await response.write(answer.body[start : start + 7])
    await response.write_eof()
    return response


def _raw(answer: Answer) -> bytes:
    """A whole HTTP/1.1 answer as bytes."""
    reason = REASONS.get(answer.status, "Status")
    head = (
        f"HTTP/1.1 {answer.status} {reason}\r\n"
        f"Date: {formatdate(usegmt=True)}\r\n"
        f"Content-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\n\r\n"
    )
    return head.encode() + answer.body


async def _pause(transport: asyncio.Transport, seconds: float) -> None:
    """Sleep, but not longer than the connection lives."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not transport.is_closing() and loop.time() < end:
        await asyncio.sleep(min(end - loop.time(), 0.01))


def _reset(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _whole(answer: Answer | LongAnswer) -> Answer:
    """The answer, its rows made; others have their turn between some of them."""
    if isinstance(answer, Answer):
        return answer
    rows = []
    for row in answer.rows:
        rows.append(row)
        if len(rows) % ROWS_A_TURN == 0:
            await asyncio.sleep(0)
    return answer.answer(rows)


def _is_coded(request: web.BaseRequest) -> bool:
    """Whether its body has a content coding: the gateway's pages know of none.

    Source: RFC 9110, section 15.5.16.
    """
    coding = request.headers.get("Content-Encoding", "")
    return coding.strip().lower() not in ("", "identity")


def _is_json(content_type: str) -> bool:
    return content_type in ("application/json", "text/json") or (
        content_type.startswith("application/") and content_type.endswith("+json")
    )


def _bearer(header: str | None) -> str | None:
    if header is None or not header.startswith("Bearer "):
        return None
    return header[7:]


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = document_of(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls_context(cert: str | None, key: str | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
