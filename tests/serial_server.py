"""A server for one client at a time, on loopback; what it answers is its subclass's."""

import contextlib
import socket
import threading


class SerialServer:
    """Serves one connection after another, request by request.

    A subclass has ``_answered(connection, stream)``: it reads one request and answers
    it; false where that was the connection's last. It is called from a thread that
    starts here, so a subclass's own attributes come first.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            quiet = contextlib.suppress(ConnectionError)
            with connection, connection.makefile("rb") as stream, quiet:
                while self._answered(connection, stream):
                    pass


def read_head(stream):
    """The lines before the empty one."""
    lines = []
    while True:
        line = stream.readline()
        if not line:
            raise EOFError
        if line == b"\r\n":
            return b"".join(lines)
        lines.append(line)
