"""A plain connection to a hub: each frame with its size and time, nothing hidden."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside
from fastorder._core.transport.frames import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.auth.session_token import SessionToken
    from fastorder.cli.probing.wire import Place

SEPARATOR = "\x1e"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HUB_PING, HUB_CLOSE = 6, 7
MOST_HEAD = 65_536
MOST_FRAME = 16 << 20
CONNECT_S = 15.0


class Heard(NamedTuple):
    """One message of a hub, or the end of the connection.

    Attributes:
        at_s: on the monotonic clock.
        message: its members; empty for the end, ``why`` says how that came.
        size: bytes of the frame that it came in; 0 for the second one of a frame on.
    """

    at_s: float
    message: dict[str, Any]
    size: int
    why: str = ""

    @property
    def target(self) -> str:
        """The method that it calls; "" where it calls none."""
        return str(self.message.get("target", ""))


class HubLine:
    """A WebSocket to a hub.

    Args:
        place: where the hubs are.
        path: of the hub.
        token: of the session.
        token_in: "query", "header", or both.
        extensions: what is offered.

    Attributes:
        status: of the answer to the upgrade; 101 where it is open.
        headers: of that answer, by name in lower case.

    Raises:
        OSError: no connection.
    """

    def __init__(
        self,
        place: Place,
        path: str,
        token: SessionToken,
        token_in: str = "query",  # noqa: S107 (where, not which)
        extensions: str = "",
    ) -> None:
        plain = socket.create_connection((place.host, place.port), CONNECT_S)
        self._socket: socket.socket = plain
        if place.context is not None:
            self._socket = place.context.wrap_socket(plain, server_hostname=place.host)
        self._bytes = bytearray()
        self._text = bytearray()
        self._calls = 0
        self._socket.sendall(_upgrade(place, path, token, token_in, extensions))
        self.status, self.headers = self._answered()

    def __enter__(self) -> HubLine:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _answered(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._bytes and len(self._bytes) < MOST_HEAD:
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("the hub has closed before it answered")
            self._bytes += more
        head, _, rest = bytes(self._bytes).partition(b"\r\n\r\n")
        self._bytes = bytearray(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split()
        if len(words) < 2 or not words[1].isdecimal():
            raise ConnectionError("the answer to the upgrade is no HTTP")
        pairs = (line.partition(":") for line in lines)
        return int(words[1]), {name.lower(): text.strip() for name, _, text in pairs}

    # ------------------------------------------------------------ out

    def greet(self) -> None:
        """Agree on the protocol."""
        self.send({"protocol": "json", "version": 1})

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self._frame(TEXT, f"{json.dumps(message)}{SEPARATOR}".encode())

    def call(self, target: str, *arguments: Any) -> str:
        """Call a method; the number that its answer will have."""
        self._calls += 1
        number = str(self._calls)
        self.send(
            {
                "type": 1,
                "invocationId": number,
                "target": target,
                "arguments": list(arguments),
            }
        )
        return number

    def _frame(self, opcode: int, payload: bytes) -> None:
        self._socket.settimeout(CONNECT_S)
        self._socket.sendall(encoded(opcode, payload))

    def close(self) -> None:
        """End it without a word."""
        self._socket.close()

    # ------------------------------------------------------------ in

    def hear(self, seconds: float) -> Iterator[Heard]:
        """What comes until then; the last one has a ``why`` where it has ended."""
        until_s = time.monotonic() + seconds
        while True:
            frame = self._next_frame()
            if frame is None:
                ended = self._fill(until_s - time.monotonic())
                if ended is None:
                    return
                if ended:
                    yield Heard(time.monotonic(), {}, 0, ended)
                    return
                continue
            opcode, is_last, payload = frame
            if opcode == PING:
                self._frame(PONG, payload)
            elif opcode == CLOSE:
                yield Heard(time.monotonic(), {}, 0, f"a close frame, {_code(payload)}")
                return
            elif opcode < CLOSE:
                yield from self._messages(payload, is_last)

    def answer(
        self,
        number: str,
        seconds: float,
        other: Callable[[Heard], object] = lambda heard: None,
    ) -> dict[str, Any] | None:
        """The answer to a call, or None; ``other`` takes what comes before it."""
        for heard in self.hear(seconds):
            if heard.message.get("type") == 3 and (
                heard.message.get("invocationId") == number
            ):
                return heard.message
            other(heard)
        return None

    def _messages(self, payload: bytes, is_last: bool) -> Iterator[Heard]:
        now_s, size = time.monotonic(), len(payload)
        self._text += payload
        if not is_last:
            return
        *records, rest = bytes(self._text).split(SEPARATOR.encode())
        self._text = bytearray(rest)
        for record in records:
            try:
                message = json.loads(record)
            except ValueError:
                message = {"unreadable": from_outside(record.decode(errors="replace"))}
            yield Heard(now_s, message if isinstance(message, dict) else {}, size)
            size = 0

    def _fill(self, seconds: float) -> str | None:
        """Read more: "" where some came, why it has ended, None where it is time."""
        if seconds <= 0:
            return None
        self._socket.settimeout(seconds)
        try:
            more = self._socket.recv(1 << 16)
        except TimeoutError:
            return None
        except OSError as error:
            return type(error).__name__
        self._bytes += more
        return "" if more else "the connection was closed without a word"

    def _next_frame(self) -> tuple[int, bool, bytes] | None:
        data = self._bytes
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(data) < start:
                return None
            (size,) = struct.unpack_from(">H" if start == 4 else ">Q", data, 2)
        if size > MOST_FRAME:
            raise ConnectionError(
                f"a frame of {counted(size, 'byte')} is more than is read"
            )
        if len(data) < start + size:
            return None
        payload = bytes(data[start : start + size])
        first = data[0]
        del data[: start + size]
        return first & 0x0F, bool(first & 0x80), payload


def _code(payload: bytes) -> str:
    if len(payload) < 2:
        return "without a code"
    (code,) = struct.unpack_from(">H", payload)
    return f"code {code} {from_outside(payload[2:].decode(errors='replace'))}".strip()


def _upgrade(
    place: Place, path: str, token: SessionToken, token_in: str, extensions: str
) -> bytes:
    where = path
    if "query" in token_in:
        where += f"?access_token={quote(token.reveal(), safe='')}"
    lines = [
        f"GET {where} HTTP/1.1",
        f"Host: {place.host}:{place.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
    ]
    if "header" in token_in:
        lines.append(f"Authorization: Bearer {token.reveal()}")
    if extensions:
        lines.append(f"Sec-WebSocket-Extensions: {extensions}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
