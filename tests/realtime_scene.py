"""A hub's client of either facade, driven by a test, and a plain WebSocket server."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct
import threading
import time

from serial_server import read_head

from fastorder.realtime.blocking_hub import BlockingHub
from fastorder.realtime.hub import Hub
from fastorder.realtime.listeners import KINDS

MNQ = "CON.F.US.MNQ.U26"
LIMIT_S = 60.0


class Heard(list):
    """Everything that a hub tells."""

    def of(self, kind):
        return [event for event in self if type(event) is KINDS[kind]]


class LoopClient:
    """A Hub on an event loop in a thread of its own."""

    def __init__(self, *given, **options):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.heard = Heard()
        self.hub = self.call(self._made, given, options)

    async def _made(self, given, options):
        hub = Hub(*given, **options)
        for kind in KINDS:
            hub.on(kind, self.heard.append)
        return hub

    def call(self, function, *arguments):
        waiting = asyncio.run_coroutine_threadsafe(function(*arguments), self.loop)
        return waiting.result(LIMIT_S)

    def connect(self, timeout=10.0):
        self.call(self.hub.connect, timeout)

    def do(self, name, *arguments):
        """Call a method of the hub that returns at once."""

        async def act():
            return getattr(self.hub, name)(*arguments)

        return self.call(act)

    def act(self, function):
        """Do something where the hub is driven, with the protocol and the time."""

        async def act():
            self.hub._act(lambda now_ns: function(self.hub._protocol, now_ns))

        self.call(act)

    def invoke(self, target, *arguments):
        return self.call(self.hub.invoke, target, *arguments)

    def close(self):
        if self.loop.is_closed():
            return
        self.call(self.hub.aclose)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class ThreadClient:
    """A BlockingHub."""

    def __init__(self, *given, **options):
        self.heard = Heard()
        self.hub = BlockingHub(*given, **options)
        for kind in KINDS:
            self.hub.on(kind, self.heard.append)

    def connect(self, timeout=10.0):
        self.hub.connect(timeout)

    def do(self, name, *arguments):
        return getattr(self.hub, name)(*arguments)

    def act(self, function):
        self.hub._act(lambda now_ns: function(self.hub._protocol, now_ns))

    def invoke(self, target, *arguments):
        return self.hub.invoke(target, *arguments)

    def close(self):
        self.hub.close()


CLIENTS = {"loop": LoopClient, "thread": ThreadClient}


def until(condition, what="it"):
    """Wait until something is so; its value."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError(f"{what} did not come within {LIMIT_S:g} s")


# ---------------------------------------------------------------- a plain server

CLOSE = 8
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def server_frame(opcode, payload=b"", fin=True):
    size = len(payload)
    first = (0x80 if fin else 0) | opcode
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65536:
        return bytes([first, 126]) + struct.pack(">H", size) + payload
    return bytes([first, 127]) + struct.pack(">Q", size) + payload


class PlainServer:
    """Answers each upgrade, and then does what a script says.

    Args:
        script: called with the connection once the client's handshake is there.
        answer: makes the answer to an upgrade from its Accept value.
        greeting: what goes with the answer, in the same segment.

    Attributes:
        heads: what the clients have asked for.
        frames: opcode and payload of what they have sent since.
    """

    def __init__(self, script=None, answer=None, greeting=b""):
        self._script, self._greeting = script, greeting
        self._answer = answer or accepted
        self.heads, self.frames = [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open, self._threads = [], []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._one, args=(connection,), daemon=True)
            self._open.append(connection)
            self._threads.append(thread)
            thread.start()

    def _one(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                self._speak(connection, stream)
        except (OSError, EOFError, ValueError, struct.error):
            pass  # either side has ended it

    def _speak(self, connection, stream):
        head = read_head(stream)
        self.heads.append(head)
        key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        answer = self._answer(base64.b64encode(hashlib.sha1(key + GUID).digest()))
        connection.sendall(answer + self._greeting)
        while b" 101 " in answer:
            self.frames.append(read_frame(stream))
            if self.frames[-1][0] == CLOSE:
                connection.sendall(server_frame(CLOSE, self.frames[-1][1]))
                return
            if self._script is not None and len(self.frames) == 1:
                self._script(connection)

    def close(self):
        """End the listener, then each connection; a thread closes its own."""
        shut(self._listener)
        self._thread.join(LIMIT_S)
        self._listener.close()
        for connection in self._open:
            shut(connection)
        for thread in self._threads:
            thread.join(LIMIT_S)


def shut(connection):
    """Wake whoever waits for it in another thread; closing it would not."""
    with contextlib.suppress(OSError):  # it may have ended
        connection.shutdown(socket.SHUT_RDWR)


def accepted(mixed, more=b""):
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + mixed
        + b"\r\n"
        + more
        + b"\r\n"
    )


def read_frame(stream):
    head = stream.read(2)
    if len(head) < 2:
        raise EOFError
    size = head[1] & 0x7F
    assert head[1] & 0x80, "a client's frame must be masked"
    if size == 126:
        (size,) = struct.unpack(">H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", stream.read(8))
    mask, payload = stream.read(4), stream.read(size)
    return head[0] & 15, bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
