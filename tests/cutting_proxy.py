"""A proxy on loopback that cuts a connection at a chosen byte, and counts all it saw.

It takes a request whole before it passes on a part of it: a client whose bytes are in
the kernel cannot tell how many of them the other side has read, but a gateway can.
"""

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

CHUNK = 65536
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Mode(Enum):
    """How a connection ends."""

    FIN = "fin"
    RST = "rst"
    STALL = "stall"


class Part(Enum):
    """What is cut."""

    CONNECTION = "connection"  # before a byte of a request is read
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True)
class Cut:
    """Where and how a connection is cut, once.

    Attributes:
        path: the request that it hits.
        part: of what it cuts.
        offset: how many bytes get through before.
        mode: how the connection ends.
        stays: every later request on the line is lost whole, until it is mended.
        late: the rest of the request arrives as well, when the next one of its path
            does; for a request that stalls.
    """

    path: str
    part: Part
    offset: int
    mode: Mode
    stays: bool = False
    late: bool = False


@dataclass
class Seen:
    """What the proxy saw of one request.

    Attributes:
        connection: the number of its connection on the line.
        received: the bytes that came from the client.
        forwarded: how many of them went to the gateway.
        answer: the bytes that the gateway gave.
        answered: how many of them went to the client.
    """

    connection: int
    received: bytearray = field(default_factory=bytearray)
    forwarded: int = 0
    answer: bytes = b""
    answered: int = 0

    @property
    def path(self) -> str:
        return self.words[1] if len(self.words) > 1 else ""

    @property
    def words(self) -> list[str]:
        """The first line: method, path, version; or what a stranger's bytes are."""
        return self.received.partition(b"\r\n")[0].decode("latin-1").split()


WAITS_S = 60
"""So long a line waits for the ends of its connections; they come at once."""

TURNS = 8
"""So many turns of the loop, and what the kernel has accepted has its task."""


class StillOpen(AssertionError):
    """A connection is open that nobody needs any more."""


class Line:
    """One address of the proxy, with a cut of its own.

    Attributes:
        url: for the client.
        seen: every request that came on it, in order.
        connections: how many it has taken.
    """

    def __init__(self, proxy: "Proxy") -> None:
        self._proxy = proxy
        self._cut: Cut | None = None
        self._down: Mode | None = None
        self._idle: set[Connection] = set()
        self._tasks: dict[asyncio.Task[None], Connection] = {}
        self._late: dict[str, list[Callable[[], None]]] = {}
        self._server: asyncio.Server | None = None
        self.url = ""
        self.seen: list[Seen] = []
        self.connections = 0

    def of(self, path: str) -> list[Seen]:
        """What was seen of the requests to one path."""
        return [seen for seen in self.seen if seen.path == path]

    def arm(self, cut: Cut) -> None:
        """From now on, the next request that the cut is for is hit."""
        self._proxy.call(self._arm, cut)

    async def _arm(self, cut: Cut) -> None:
        self._cut = cut
        if cut.part is Part.CONNECTION and self._idle:
            self._struck(cut)
            for connection in list(self._idle):
                connection.end(cut.mode)

    def mend(self) -> None:
        """From now on, everything passes."""
        self._cut = self._down = None

    def refuse(self) -> None:
        """From now on, no connection is taken; those that are open go on."""
        self._proxy.call(self._refuse)

    async def _refuse(self) -> None:
        """A server of asyncio that closes forgets what it has just accepted."""
        assert self._server is not None
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self._server.close()

    def close(self) -> None:
        """Wait until all is counted: each connection has ended, as the client has.

        Raises:
            StillOpen: one has not; it says whom the proxy waits for.
        """
        self._proxy.call(self._close)

    async def _close(self) -> None:
        await self._refuse()
        left = await self._ended()
        for path in list(self._late):
            for deliver in self._late.pop(path):
                deliver()
        if left:
            raise StillOpen("; ".join(left))

    async def _ended(self) -> list[str]:
        """Wait for every connection; those that have not ended, in words."""
        if not self._tasks:
            return []
        _, late = await asyncio.wait(self._tasks, timeout=WAITS_S)
        left = [str(self._tasks[task]) for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is gone a turn later
        return left

    # ------------------------------------------------------------ the proxy's side

    async def listen(self) -> "Line":
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        connection = Connection(self, self.connections, reader, writer)
        self._tasks[task] = connection
        try:
            await connection.serve(self._proxy.port)
        finally:
            connection.leave()
            del self._tasks[task]

    def strikes_connection(self) -> Mode | None:
        """How a connection that has just been taken ends; None where it does not."""
        cut = self._cut
        if cut is None or cut.part is not Part.CONNECTION:
            return None
        self._struck(cut)
        return cut.mode

    def strikes(self, path: str) -> Cut | None:
        """The cut of a request that has come; None where it passes."""
        cut = self._cut
        if cut is not None and cut.path == path:
            self._struck(cut)
            return cut
        if self._down is not None:
            return Cut(path, Part.REQUEST, 0, self._down)
        for deliver in self._late.pop(path, []):
            deliver()
        return None

    def _struck(self, cut: Cut) -> None:
        self._cut = None
        if cut.stays:
            self._down = cut.mode

    def rests(self, connection: "Connection", idle: bool) -> None:
        """A connection waits for its next request, or no longer does."""
        (self._idle.add if idle else self._idle.discard)(connection)

    def keep(self, path: str, deliver: Callable[[], None]) -> None:
        """Deliver the rest of a request when the next one of its path has come."""
        self._late.setdefault(path, []).append(deliver)


class Connection:
    """One connection of a client, and the one to the gateway behind it."""

    def __init__(
        self,
        line: Line,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._line = line
        self._number = number
        self._reader = reader
        self._writer = writer
        self._gateway: asyncio.StreamWriter | None = None
        self._seen = Seen(number)
        self._ended = False
        self._awaits = "the gateway, which has not taken a connection"

    def __str__(self) -> str:
        return f"connection {self._number} waits for {self._awaits}"

    async def serve(self, port: int) -> None:
        """Pass exchanges until one is cut, or either side ends the connection."""
        mode = self._line.strikes_connection()
        if mode is not None:
            self.end(mode)
        else:
            with suppress(OSError):  # the other side was quicker
                answers, self._gateway = await asyncio.open_connection(
                    "127.0.0.1", port
                )
                while await self._exchange(answers):
                    pass
            if not self._ended:
                self.end(Mode.FIN)
        await self._drain()

    def leave(self) -> None:
        """End both sides, however far they have come."""
        self._writer.close()
        if self._gateway is not None:
            self._gateway.close()

    async def _exchange(self, answers: asyncio.StreamReader) -> bool:
        """Pass one request and its answer; whether the connection goes on."""
        seen = self._seen = Seen(self._number)
        if not await self._read_request(seen):
            return False
        cut = self._line.strikes(seen.path)
        if cut is not None and cut.part is Part.REQUEST:
            self._forward(seen, cut.offset)
        else:
            await self._pass(seen, answers, cut)
        if cut is None:
            return seen.answered > 0
        self.end(cut.mode)
        self._end_gateway(seen, cut)
        return False

    async def _read_request(self, seen: Seen) -> bool:
        """Read a request; whether it came whole, and may be passed."""
        self._line.rests(self, True)
        self._awaits = "the client, which has left it open"
        while not is_whole(seen.received):
            data = await self._reader.read(CHUNK)
            self._line.rests(self, False)
            if not data:
                return False
            self._count(data)
        return not self._ended

    def _count(self, data: bytes) -> None:
        """Add to the request that is coming, or to the next once that is whole."""
        if is_whole(self._seen.received):
            self._seen = Seen(self._number)
        if not self._seen.received:
            self._line.seen.append(self._seen)
        self._seen.received += data

    def _forward(self, seen: Seen, count: int) -> None:
        assert self._gateway is not None
        part = bytes(seen.received[seen.forwarded : count])
        self._gateway.write(part)
        seen.forwarded += len(part)

    async def _pass(
        self, seen: Seen, answers: asyncio.StreamReader, cut: Cut | None
    ) -> None:
        """Pass a request whole, and its answer up to the cut."""
        self._forward(seen, len(seen.received))
        self._awaits = f"the gateway, which has not answered {seen.path}"
        while not is_whole(seen.answer):
            data = await answers.read(CHUNK)
            if not data:
                break
            seen.answer += data
        part = seen.answer if cut is None else seen.answer[: cut.offset]
        self._writer.write(part)
        self._awaits = "the client, which does not read"
        seen.answered = len(part)
        await self._writer.drain()

    def _end_gateway(self, seen: Seen, cut: Cut) -> None:
        """End the connection towards the gateway as well, or leave it for later."""
        assert self._gateway is not None
        if cut.late:
            self._line.keep(seen.path, self._rest_of(seen, self._gateway))
            self._gateway = None
        elif cut.mode is Mode.RST:
            reset(self._gateway)
        elif cut.mode is Mode.FIN:
            self._gateway.close()

    @staticmethod
    def _rest_of(seen: Seen, gateway: asyncio.StreamWriter) -> Callable[[], None]:
        def deliver() -> None:
            gateway.write(bytes(seen.received[seen.forwarded :]))
            seen.forwarded = len(seen.received)
            gateway.close()

        return deliver

    def end(self, mode: Mode) -> None:
        """End the connection towards the client."""
        self._ended = True
        if mode is Mode.RST:
            reset(self._writer)
        elif mode is Mode.FIN:
            with suppress(OSError):
                self._writer.write_eof()

    async def _drain(self) -> None:
        """Count what still comes, until the client closes.

        libcurl 8.23 takes an answer that ends within its head for a whole one, and may
        send the next request on the connection that has ended.
        """
        self._awaits = "the client, which has left it open"
        with suppress(OSError):
            while data := await self._reader.read(CHUNK):
                self._count(data)


class Proxy:
    """Lines to one gateway, on a loop of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self._loop = loop
        self.port = port

    def line(self) -> Line:
        """A new address that leads to the gateway."""
        line: Line = self.call(Line(self).listen)
        return line

    def call(self, function, *args):
        """Run a coroutine function on the proxy's loop, from another thread."""
        running = asyncio.run_coroutine_threadsafe(function(*args), self._loop)
        return running.result(2 * WAITS_S)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy to a port on loopback, in a thread, while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cutting-proxy")
    thread.start()
    try:
        yield Proxy(loop, port)
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def is_whole(message: bytes | bytearray) -> bool:
    """Whether these bytes are a whole request or answer."""
    head, end, body = bytes(message).partition(b"\r\n\r\n")
    if not end:
        return False
    length = LENGTH.search(head)
    return len(body) >= (int(length[1]) if length else 0)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, whatever is still to be read or written."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
