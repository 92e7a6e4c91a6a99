"""A server that keeps the bodies that it is sent: to be looked at, not timed."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from order import PLACED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWER = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(PLACED)}\r\n\r\n{PLACED}"
).encode()


def body_of(stream: socket.socket) -> bytes | None:
    """The body of the next request; None once the other side has closed."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = stream.recv(65536)
        if not piece:
            return None
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    fields = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:])
    while len(body) < int(fields.get(b"content-length", b"0")):
        body += stream.recv(65536)
    return body


@contextlib.contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that serves every connection on a thread of its own."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                stream, _ = listener.accept()
                threading.Thread(target=serve, args=(stream,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def recording() -> Iterator[tuple[int, list[bytes]]]:
    """The port, and the bodies so far."""
    bodies: list[bytes] = []

    def serve(stream: socket.socket) -> None:
        with stream, contextlib.suppress(OSError):
            while (body := body_of(stream)) is not None:
                if body:  # warming a connection sends none
                    bodies.append(body)
                stream.sendall(ANSWER)

    with serving(serve) as port:
        yield port, bodies
