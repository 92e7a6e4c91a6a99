"""TLS 1.2 whose other side shakes hands anew: a request waits, and can be held back."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time

import pytest
from test_send_again import Loop, ask, evidence_of, plant

from fastorder._core.transport.gate import Gate
from fastorder._core.transport.request_head import Origin, Route, Security

HANDSHAKE = b"\x16"
"""The first letter of a TLS record that is part of one; it is not encrypted."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

__all__ = ["plant"]

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs the program openssl"
)


class Relay:
    """Stands between client and server; holds back what the server says, when told.

    Attributes:
        hold: while it is set, what answers later words of the client waits.
        said: how many handshakes the client had spoken of before that.
        up, down: how often the client, and the server, spoke of a handshake.
        ended: how many connections the client has ended.
    """

    def __init__(self, port):
        self.hold, self.up, self.down, self.ended = threading.Event(), 0, 0, 0
        self.said = 0
        self._target = ("127.0.0.1", port)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self._socket.accept()[0]
                server = socket.create_connection(self._target)
            except OSError:
                return
            self._open += [client, server]
            for run in (self._send_up, self._send_down):
                threading.Thread(target=run, args=(client, server), daemon=True).start()

    def _send_up(self, client, server):
        for more in pieces(client):
            self.up += more[:1] == HANDSHAKE
            with contextlib.suppress(OSError):
                server.sendall(more)
        self.ended += 1
        server.close()

    def _send_down(self, client, server):
        for more in pieces(server):
            while self.hold.is_set() and self.up > self.said:
                time.sleep(0.005)
            with contextlib.suppress(OSError):
                client.sendall(more)
            self.down += more[:1] == HANDSHAKE

    def hold_after_next_word(self):
        """What the server says next passes; its answer to the client's answer waits."""
        self.said = self.up
        self.hold.set()

    def close(self):
        self.hold.clear()
        for one in (self._socket, *self._open):
            one.close()


def pieces(connection):
    try:
        while more := connection.recv(65536):
            yield more
    except OSError:
        return


class Renegotiator:
    """openssl's own server, told by its input what to say."""

    def __init__(self, certificate):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.read = b""
        self._process = subprocess.Popen(
            [
                *("openssl", "s_server", "-tls1_2"),
                *("-accept", f"127.0.0.1:{self.port}"),
                *("-cert", certificate.chain, "-key", certificate.key),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        eventually(self._accepts)

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def _listen(self):
        while more := self._process.stdout.read(65536):
            self.read += more

    def say(self, text):
        self._process.stdin.write(text)

    def close(self):
        self._process.kill()
        self._process.wait(10)
        self._thread.join(10)
        self._process.stdin.close()
        self._process.stdout.close()


def eventually(holds, meanwhile=lambda: time.sleep(0.005)):
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        meanwhile()


@pytest.fixture
def far(certificate):
    server = Renegotiator(certificate)
    relay = Relay(server.port)
    yield server, relay
    relay.close()
    server.close()


@pytest.fixture
def driver(far):
    """On a loop, which reads what comes to an idle connection."""
    driver = Loop()
    yield driver
    driver.close()


def asked_anew(driver, far, certificate):
    """A route whose connection waits for the server to shake hands anew."""
    server, relay = far
    origin = Origin(
        f"https://localhost:{relay.port}", Security(ca_file=certificate.authority)
    )
    route = Route(origin, "/api", once=True, request_ms=20_000)
    sink = ask(driver, route, body=b"first")
    eventually(lambda: b"first" in server.read, driver.turn)
    server.say(ANSWER)
    assert evidence_of(driver, sink).http_status == 200
    relay.hold_after_next_word()
    down = relay.down
    server.say(b"r\n")
    eventually(lambda: relay.down > down)
    eventually(lambda: relay.up > relay.said, driver.turn)
    return route


def waiting(driver, route, gate):
    """A request that TLS does not take, as its own words are not answered."""
    sink = ask(driver, route, gate, body=b"second")
    for _ in range(5):
        driver.turn()
    assert sink.heard == []
    return sink


def test_a_request_waits_for_the_handshake_and_leaves_whole(
    driver, far, certificate, plant
):
    server, relay = far
    route = asked_anew(driver, far, certificate)
    planted = plant(0)
    sink = waiting(driver, route, Gate())
    calls = planted.calls
    for _ in range(20):
        driver.turn()
    assert 0 < calls == planted.calls, "it spins"
    relay.hold.clear()
    eventually(lambda: b"second" in server.read, driver.turn)
    server.say(ANSWER)
    evidence = evidence_of(driver, sink)
    assert (evidence.curl_code, evidence.starts, evidence.http_status) == (0, 1, 200)
    assert server.read.count(b"second") == 1


def test_a_gate_that_shuts_during_the_handshake_keeps_it_from_leaving(
    driver, far, certificate
):
    server, relay = far
    route, gate = asked_anew(driver, far, certificate), Gate()
    sink = waiting(driver, route, gate)
    ended = relay.ended
    gate.shut("enough")
    relay.hold.clear()
    evidence = evidence_of(driver, sink)
    assert evidence.starts == 0
    assert "enough" in evidence.held_back
    eventually(lambda: relay.ended > ended)
    eventually(lambda: b"CONNECTION CLOSED" in server.read or b"ERROR" in server.read)
    assert b"second" not in server.read
