"""A blocking socket: bytes made before, sent; the answer received, and not read.

This is a yardstick, and no client.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

from order import BODY, CANCEL, CANCELLATION, CHANGE, MODIFY, PLACE, TOKEN, rendered

from peers import Contender, Target


def request(target: Target, path: str, body: bytes) -> bytes:
    """The bytes of one request, as fastorder's own look on the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nUser-Agent: fastorder\r\n"
        "Accept: */*\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client(Contender):
    awaited = False

    def open(self) -> None:
        target = self.target
        sock = socket.create_connection((target.host, target.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.ca_file:
            context = ssl.create_default_context(cafile=target.ca_file)
            sock = context.wrap_socket(sock, server_hostname=target.host)
        self.sock = sock
        self.order = request(target, PLACE, BODY)
        self.change = request(target, MODIFY, rendered(CHANGE))
        self.cancellation = request(target, CANCEL, rendered(CANCELLATION))

    def place(self) -> bytes:
        self.sock.sendall(self.order)
        return self.sock.recv(65536)

    def modify(self) -> bytes:
        self.sock.sendall(self.change)
        return self.sock.recv(65536)

    def cancel(self) -> bytes:
        self.sock.sendall(self.cancellation)
        return self.sock.recv(65536)

    def close(self) -> None:
        self.sock.close()

    def succeeded(self, answer: Any) -> bool:
        return b'"success":true' in answer.replace(b" ", b"")
