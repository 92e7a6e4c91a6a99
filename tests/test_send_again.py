"""A request that nothing takes yet: it waits, does not spin, and can be held back."""

import asyncio
import ctypes
import socket
import time

import pytest
from canary import TOKEN
from test_engine import Server, Sink

from fastorder._core.transport import libcurl
from fastorder._core.transport.engine import monotonic_ns
from fastorder._core.transport.gate import Gate
from fastorder._core.transport.loop_engine import LoopEngine
from fastorder._core.transport.poll_engine import PollEngine
from fastorder._core.transport.request_head import Origin, Route, Security

AGAIN, TIMED_OUT, ABORTED = 81, 28, 42
EASY_SEND = 8
"""Where CurlApi has its pointer to curl_easy_send."""

SEND = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.POINTER(ctypes.c_size_t),
)


def api():
    """The table of libcurl's functions that the compiled modules call through."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype = ctypes.c_void_p
    pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype = ctypes.c_char_p
    name.argtypes = [ctypes.py_object]
    capsule = libcurl.__pyx_capi__["curl"]
    table = pointer(capsule, name(capsule))
    return (ctypes.c_void_p * (EASY_SEND + 1)).from_address(table)


class Planted:
    """Says "again" in curl_easy_send's place, so many times, and then lets it be.

    Attributes:
        times: how often it still says so.
        calls: how often it was asked.
        then: called each time that it says so.
    """

    def __init__(self, times):
        self.times, self.calls, self.then = times, 0, None
        self._table = api()
        self._own = self._table[EASY_SEND]
        self._real = SEND(self._own)
        self._callback = SEND(self._send)
        self._table[EASY_SEND] = ctypes.cast(self._callback, ctypes.c_void_p).value

    def _send(self, easy, data, size, sent):
        self.calls += 1
        if self.times == 0:
            return self._real(easy, data, size, sent)
        self.times -= 1
        if self.then is not None:
            self.then()
        return AGAIN

    def undo(self):
        self._table[EASY_SEND] = self._own


@pytest.fixture
def plant():
    planted = []

    def start(times):
        planted.append(Planted(times))
        return planted[-1]

    yield start
    for one in planted:
        one.undo()


class Talker(Server):
    """Counts its connections, and says things that nobody has asked for."""

    def __init__(self):
        self.connections, self._current = 0, None
        super().__init__()

    def _answered(self, connection, stream):
        if connection is not self._current:
            self.connections += 1
            self._current = connection
        return super()._answered(connection, stream)

    def blurt(self, what):
        if what == "the end":
            self._current.shutdown(socket.SHUT_RDWR)
        else:
            whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
            self._current.sendall(whole if what == "an answer" else whole[:9])


@pytest.fixture
def server():
    server = Talker()
    yield server
    server.close()


class Loop:
    """A LoopEngine, driven as the other one is."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.engine = self.inside(LoopEngine)

    def inside(self, call, *arguments):
        async def main():
            return call(*arguments)

        return self.loop.run_until_complete(main())

    def submit(self, *arguments):
        self.inside(self.engine.submit, *arguments)

    def turn(self):
        self.loop.run_until_complete(asyncio.sleep(0.01))

    def close(self):
        self.inside(self.engine.close)
        self.loop.close()


class Poll:
    """A PollEngine."""

    def __init__(self):
        self.engine = PollEngine()
        self.submit = self.engine.submit
        self.close = self.engine.close

    def turn(self):
        self.engine.turn(10_000_000)


@pytest.fixture(params=[Loop, Poll])
def driver(request, server):
    """It ends before the server, which waits for its connection to end."""
    driver = request.param()
    yield driver
    driver.close()


def evidence_of(driver, sink, count=1):
    until = time.monotonic() + 20
    while len(sink.heard) < count:
        assert time.monotonic() < until, "the exchange has not ended"
        driver.turn()
    return sink.heard[-1]


def warm(driver, server, **options):
    """A route over whose connection an exchange has gone already."""
    origin = Origin(server.url, Security(protocols="http"))
    sink = Sink()
    driver.submit(Route(origin, "/api", once=True), b"{}", TOKEN.encode(), sink)
    assert evidence_of(driver, sink).http_status == 200
    return Route(origin, "/api", once=True, **options)


def ask(driver, route, gate=None, valid_until_ns=2**63 - 1, body=b"[]"):
    sink = Sink()
    driver.submit(route, body, TOKEN.encode(), sink, gate, valid_until_ns)
    return sink


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_was_not_taken_at_once_leaves_whole_and_once(driver, server, plant, times):
    route = warm(driver, server)
    planted = plant(times)
    evidence = evidence_of(driver, ask(driver, route))
    assert (evidence.curl_code, evidence.starts, evidence.http_status) == (0, 1, 200)
    assert server.bodies == [b"{}", b"[]"]
    assert planted.calls == times + 1


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_gate_that_shuts_meanwhile_keeps_it_from_leaving(
    driver, server, plant, after
):
    route, gate = warm(driver, server), Gate()
    planted = plant(after)
    planted.then = lambda: planted.times or gate.shut("enough")
    evidence = evidence_of(driver, ask(driver, route, gate))
    assert (evidence.curl_code, evidence.starts) == (ABORTED, 0)
    assert "enough" in evidence.held_back
    assert planted.calls == after
    evidence = evidence_of(driver, ask(driver, route))
    assert (evidence.starts, server.bodies) == (1, [b"{}", b"[]"])
    assert server.connections == 2, "TLS may hold bytes of it: the connection is left"


def test_its_time_may_be_over_before_anything_takes_it(driver, server, plant):
    route = warm(driver, server, request_ms=60_000)
    planted = plant(10**9)
    sink = ask(driver, route, None, monotonic_ns() + 300_000_000)
    evidence = evidence_of(driver, sink)
    assert (evidence.curl_code, evidence.starts) == (ABORTED, 0)
    assert "its time was over" in evidence.held_back
    assert planted.calls < 10
    planted.times = 0
    assert evidence_of(driver, ask(driver, route, body=b"{ }")).starts == 1
    assert server.bodies == [b"{}", b"{ }"]


def test_waiting_for_tls_does_not_spin_and_ends_with_its_time(driver, server, plant):
    route = warm(driver, server, request_ms=300)
    planted = plant(10**9)
    evidence = evidence_of(driver, ask(driver, route))
    assert (evidence.curl_code, evidence.starts) == (TIMED_OUT, 0)
    assert "300 ms" in evidence.curl_error
    assert planted.calls < 10
    assert server.bodies == [b"{}"]


def test_more_than_one_tls_record_counts_as_begun(driver, server, plant):
    route = warm(driver, server, request_ms=300)
    plant(10**9)
    evidence = evidence_of(driver, ask(driver, route, body=b"x" * 20_000))
    assert (evidence.curl_code, evidence.starts) == (TIMED_OUT, 1)


@pytest.mark.parametrize("what", ["an answer", "its begin", "the end"])
def test_what_comes_before_it_was_taken_is_no_answer_to_it(driver, server, plant, what):
    route = warm(driver, server, request_ms=5_000)
    planted = plant(10**9)
    sink = ask(driver, route)
    planted.times = 0
    server.blurt(what)
    evidence = evidence_of(driver, sink)
    assert (evidence.starts, evidence.http_status) == (1, 200)
    assert server.bodies == [b"{}", b"[]"]
    assert server.connections == 2
