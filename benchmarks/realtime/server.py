"""A hub that floods: quotes as fast as they are taken, or at a pace; plain or TLS.

``server.py COUNT PACE CERT KEY``: COUNT quotes for each connection, PACE a second (0
for as fast as they go); CERT and KEY may be "-". It prints its port, and serves until
its input ends. Each quote carries the sender's clock where it is paced.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import sys
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
QUOTE = (
    '{"type":1,"target":"GatewayQuote","arguments":["CON.F.US.MNQ.Z26",'
    '{"symbol":"F.US.MNQ","bestBid":29547.25,"bestAsk":29547.5,"volume":%d,'
    '"lastUpdated":"2026-08-19T20:51:31.4347534+00:00",'
    '"timestamp":"2026-08-19T20:51:31.348+00:00","contract":"CON.F.US.MNQ.Z26"}]}\x1e'
)
BATCH = 256


def frame(payload: bytes) -> bytes:
    """A text frame of a server."""
    if len(payload) < 126:
        return bytes([0x81, len(payload)]) + payload
    return bytes([0x81, 126]) + struct.pack(">H", len(payload)) + payload


def upgraded(connection: socket.socket) -> None:
    """Answer an upgrade, a handshake and the first subscription."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    (key,) = [
        line.split(b":", 1)[1].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    ]
    accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    message(connection)
    connection.sendall(frame(b"{}\x1e"))
    number = json.loads(message(connection)[:-1]).get("invocationId")
    if number is not None:
        answer = {"type": 3, "invocationId": number, "result": None}
        connection.sendall(frame(json.dumps(answer).encode() + b"\x1e"))


def message(connection: socket.socket) -> bytes:
    """The payload of one short message of the client."""
    first, size = exactly(connection, 2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", exactly(connection, 2))
    mask, data = exactly(connection, 4), exactly(connection, size)
    if first & 0x0F not in (0, 1, 2):
        return message(connection)
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def serve(connection: socket.socket, count: int, pace: float) -> None:
    """Flood one client, then wait until it is gone."""
    try:
        upgraded(connection)
        if pace:
            paced(connection, count, pace)
        else:
            batch = b"".join(frame((QUOTE % i).encode()) for i in range(BATCH))
            for _ in range(count // BATCH):
                connection.sendall(batch)
        while connection.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass


def paced(connection: socket.socket, count: int, pace: float) -> None:
    """One at a time; the volume is the sender's clock."""
    begun_ns = time.monotonic_ns()
    for i in range(count):
        due_ns = begun_ns + int(i * 1e9 / pace)
        while (left_ns := due_ns - time.monotonic_ns()) > 0:
            if left_ns > 200_000:
                time.sleep((left_ns - 150_000) / 1e9)
        connection.sendall(frame((QUOTE % time.monotonic_ns()).encode()))


def main() -> None:
    """Listen until the input ends."""
    count, pace = int(sys.argv[1]), float(sys.argv[2])
    context = None
    if sys.argv[3] != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            threading.Thread(
                target=serve, args=(connection, count, pace), daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
