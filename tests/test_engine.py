"""The engines alone: bytes out, evidence in, without orders around them."""

import asyncio
import os
import socket
import time

import pytest
from canary import TOKEN
from serial_server import SerialServer, read_head

from fastorder._core.transport.evidence import Receiver
from fastorder._core.transport.loop_engine import LoopEngine
from fastorder._core.transport.poll_engine import PollEngine
from fastorder._core.transport.request_head import Origin, Route, Security

PARTIAL_FILE = 18
"""libcurl's code for an answer that was cut."""

LARGE = b"x" * 8_000_000
"""More than a socket takes at once."""


class Sink(Receiver):
    """Keeps the evidence that it is given."""

    def __init__(self):
        self.heard = []

    def _on_evidence(self, evidence):
        self.heard.append(evidence)

    def _on_close(self, evidence):
        self.heard.append(evidence)


class Server(SerialServer):
    """Answers requests one after another, on one connection after another.

    Args:
        pause: seconds before it reads what it is sent.
        early: answer before the body is read, and read no more.
        cut: end the connection in the middle of the second answer.
    """

    def __init__(self, pause=0.0, early=False, cut=False):
        self.pause, self.early, self.cut = pause, early, cut
        self.heads, self.bodies, self.answers = [], [], 0
        super().__init__()

    def _answered(self, connection, stream):
        time.sleep(self.pause)
        head = read_head(stream) if stream.peek(1) else b""
        if not head:
            return False
        self.heads.append(head)
        if not self.early:
            size = int(head.lower().partition(b"content-length:")[2].split()[0])
            self.bodies.append(stream.read(size))
        last = self.cut and self.answers == 1
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        connection.sendall(answer[:-1] if last else answer)
        if last:
            connection.shutdown(socket.SHUT_RDWR)
        self.answers += 1
        if self.early:
            time.sleep(0.2)
        return not (self.early or last)


@pytest.fixture
def serve():
    servers = []

    def start(**options):
        servers.append(Server(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def exchange_on_a_loop(run, route, bodies):
    async def main():
        engine, sink = LoopEngine(), Sink()
        for body in bodies:
            engine.submit(route, body, TOKEN.encode(), sink)
            while len(sink.heard) < bodies.index(body) + 1:
                await asyncio.sleep(0.001)
        engine.close()
        return sink.heard

    return run(main())


def exchange_by_polling(run, route, bodies):
    engine, sink = PollEngine(), Sink()
    for body in bodies:
        engine.submit(route, body, TOKEN.encode(), sink)
        while len(sink.heard) < bodies.index(body) + 1:
            engine.turn(1_000_000_000)
    engine.close()
    return sink.heard


EXCHANGES = [exchange_on_a_loop, exchange_by_polling]


def route_to(url, **options):
    return Route(Origin(url, Security(protocols="http")), "/api", once=True, **options)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_request_that_the_socket_takes_in_parts_arrives_whole(run, serve, exchange):
    server = serve(pause=0.1)
    heard = exchange(run, route_to(server.url), [LARGE, b"small"])
    assert [evidence.http_status for evidence in heard] == [200, 200]
    assert server.bodies == [LARGE, b"small"]
    assert all(0 < evidence.written_ns <= evidence.first_byte_ns for evidence in heard)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_an_answer_before_the_whole_request_ends_the_connection(run, serve, exchange):
    server = serve(early=True)
    heard = exchange(run, route_to(server.url), [LARGE, b"small"])
    assert heard[0].starts == 1
    assert heard[0].http_status in (0, 200)  # the answer, or the reset behind it
    assert heard[1].http_status == 200
    assert len(server.heads) == 2


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_request_that_is_never_read_ends_with_its_time(run, serve, exchange):
    server = serve(pause=1.0)
    (evidence,) = exchange(run, route_to(server.url, request_ms=150), [LARGE])
    assert (evidence.curl_code, evidence.starts) == (28, 1)
    assert evidence.curl_error == "no answer within 150 ms"
    assert evidence.written_ns == 0


def patient_and_hasty(url):
    """Two routes that share their connections; the second waits for 150 ms."""
    origin = Origin(url, Security(protocols="http"))
    return (
        Route(origin, "/api", once=True),
        Route(origin, "/api", once=True, request_ms=150),
    )


def let_its_time_pass_unread(server, count):
    """Keep the thread busy until an answer is there and its time is over."""
    until = time.monotonic() + 20
    while server.answers < count:
        assert time.monotonic() < until, "the server has not answered"
        time.sleep(0.01)
    time.sleep(0.2)


@pytest.mark.parametrize("pause", [0.0, 0.3], ids=["in time", "late"])
def test_an_answer_that_a_busy_loop_left_unread_is_read(run, serve, pause):
    server = serve(pause=pause)
    patient, hasty = patient_and_hasty(server.url)

    async def main():
        engine, sink = LoopEngine(), Sink()
        engine.submit(patient, b"{}", TOKEN.encode(), sink)
        while not sink.heard:
            await asyncio.sleep(0.001)
        engine.submit(hasty, b"{}", TOKEN.encode(), sink)
        let_its_time_pass_unread(server, 2)
        while len(sink.heard) < 2:
            await asyncio.sleep(0.001)
        engine.close()
        return sink.heard

    assert [(e.curl_code, e.http_status) for e in run(main())] == [(0, 200)] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are of Unix")
def test_a_fork_leaves_the_timer_of_its_parent_alone(run, serve):
    server = serve(pause=1.0)

    async def main():
        engine, sink = LoopEngine(), Sink()
        engine.submit(route_to(server.url, request_ms=150), b"{}", None, sink)
        child = os.fork()
        if child == 0:
            time.sleep(0.2)  # its time is over in both
            engine.on_time()
            os._exit(0)
        os.waitpid(child, 0)
        while not sink.heard:
            await asyncio.sleep(0.001)
        engine.close()
        return sink.heard

    (evidence,) = run(main(), limit_s=20)
    assert evidence.curl_code == 28


@pytest.mark.parametrize(
    ("cut", "told"), [(False, (0, 200)), (True, (PARTIAL_FILE, 200))]
)
def test_an_answer_that_nobody_waited_for_is_read(serve, cut, told):
    server, engine, sink = serve(cut=cut), PollEngine(), Sink()
    patient, hasty = patient_and_hasty(server.url)
    engine.submit(patient, b"{}", TOKEN.encode(), sink)
    while not sink.heard:
        engine.turn(1_000_000_000)
    engine.submit(hasty, b"{}", TOKEN.encode(), sink)
    let_its_time_pass_unread(server, 2)
    while len(sink.heard) < 2:
        engine.turn(1_000_000_000)
    engine.close()
    assert [(e.curl_code, e.http_status) for e in sink.heard] == [(0, 200), told]


def test_the_head_names_host_path_and_token(run, serve):
    server = serve()
    origin = Origin(server.url + "/base/", Security(protocols="http"))
    route = Route(origin, "/api/x", once=True)
    exchange_by_polling(run, route, [b"{}"])
    first, *headers = server.heads[0].decode().splitlines()
    assert first == "POST /base/api/x HTTP/1.1"
    assert headers == [
        f"Host: {server.url.removeprefix('http://')}",
        f"Authorization: Bearer {TOKEN}",
        "User-Agent: fastorder",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Content-Type: application/json",
        "Content-Length: 2",
    ]


def test_an_engine_that_is_forgotten_closes_its_connections(run, serve):
    server = serve()
    engine, sink = PollEngine(), Sink()
    engine.submit(route_to(server.url), b"{}", None, sink)
    while not sink.heard:
        engine.turn(1_000_000_000)
    del engine
    server.close()  # its thread ends once the connection has
    assert not server._thread.is_alive()
    server.close = lambda: None


@pytest.fixture
def silent():
    """A port of this machine that takes no more connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        crowd = [socket.socket() for _ in range(3)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"
        for one in crowd:
            one.close()


@pytest.mark.parametrize("kind", [LoopEngine, PollEngine])
def test_what_waits_for_a_connection_is_begun_where_none_can_be_opened(
    run, silent, kind
):
    origin = Origin(silent, Security(protocols="http"), connect_ms=50)
    route = Route(origin, "/api", once=True, request_ms=60_000)

    async def main():
        engine, sink = kind(max_connections=2), Sink()
        for _ in range(6):
            engine.submit(route, b"{}", None, sink)
        while len(sink.heard) < 6:
            await asyncio.sleep(0.001)
            if kind is PollEngine:
                engine.turn(10_000_000)
        engine.close()
        return sink.heard

    ends = run(main(), limit_s=20)
    assert {(evidence.curl_code, evidence.starts) for evidence in ends} == {(28, 0)}


def test_the_number_of_a_socket_that_was_given_up_is_free_for_others(
    run, serve, silent
):
    """A time-out while the connection opens takes its socket off the loop."""
    origin = Origin(silent, Security(protocols="http"), connect_ms=10_000)
    hopeless = Route(origin, "/api", once=True, request_ms=50)
    server = serve()

    async def main():
        engine, sink = LoopEngine(), Sink()
        for _ in range(3):
            engine.submit(hopeless, b"{}", None, sink)
            while not sink.heard:
                await asyncio.sleep(0.001)
            evidence = sink.heard.pop()
            assert (evidence.curl_code, evidence.starts) == (28, 0)
            port = int(server.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            writer.close()
            await writer.wait_closed()
        engine.submit(route_to(server.url), b"{}", None, sink)
        while not sink.heard:
            await asyncio.sleep(0.001)
        engine.close()
        return sink.heard.pop()

    assert run(main(), limit_s=20).http_status == 200


class Eager(Sink):
    """Submits one more from inside the first it hears of."""

    def __init__(self, engine, route):
        super().__init__()
        self.engine, self.route = engine, route

    def _on_evidence(self, evidence):
        if not self.heard:
            self.engine.submit(self.route, b"late", None, self)
        super()._on_evidence(evidence)


def test_requests_that_wait_are_first_come_first_served(serve):
    server = serve()
    engine, route = PollEngine(max_connections=1), route_to(server.url)
    sink = Eager(engine, route)
    for body in (b"first", b"second", b"third"):
        engine.submit(route, body, None, sink)
    while len(sink.heard) < 4:
        engine.turn(1_000_000_000)
    engine.close()
    assert server.bodies == [b"first", b"second", b"third", b"late"]


class Stubborn(Sink):
    """Raises what no caller catches."""

    def _on_evidence(self, evidence):
        super()._on_evidence(evidence)
        raise KeyboardInterrupt

    def _on_error(self, error):
        pass


def test_every_exchange_that_is_late_ends_whatever_one_of_them_raises(serve):
    server = serve(pause=1.0)
    engine, sink = PollEngine(), Stubborn()
    for _ in range(3):
        engine.submit(route_to(server.url, request_ms=50), b"{}", None, sink)
    raised = 0
    while len(sink.heard) < 3:
        try:
            engine.turn(1_000_000_000)
        except KeyboardInterrupt:
            raised += 1
    engine.close()
    assert raised == 3


READ, CHANGE, CANCEL = (False, False), (True, False), (True, True)
"""Of a request: does it change something, does it take risk away."""


@pytest.mark.parametrize("kind", [LoopEngine, PollEngine])
def test_what_takes_risk_away_does_not_wait_behind_look_ups(run, serve, kind):
    server = serve()
    origin = Origin(server.url, Security(protocols="http"))
    waiting = [READ, CHANGE, READ, CANCEL, CHANGE, CANCEL]

    async def main():
        engine, sink = kind(max_connections=1), Sink()
        for number, (once, lessens) in enumerate([READ, *waiting]):
            route = Route(origin, f"/{number}", once=once, lessens=lessens)
            engine.submit(route, b"{}", None, sink)
        while len(sink.heard) < 7:
            await asyncio.sleep(0.001)
            if kind is PollEngine:
                engine.turn(10_000_000)
        engine.close()

    run(main(), limit_s=20)
    paths = [int(head.split()[1][1:]) for head in server.heads]
    assert paths == [0, 4, 6, 2, 5, 1, 3]
