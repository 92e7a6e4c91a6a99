"""libcurl sends a request again by itself; a request that changes something may not."""

import json
import socket
import threading

import pytest
from canary import TOKEN
from conftest import ACCOUNT, QUICK
from serial_server import SerialServer

import fastorder
from fastorder import Outcome, blocking


class DyingServer:
    """Answers pings and look-ups; reads every other request whole, and then ends.

    Args:
        ending: "fin" and "rst" end the connection, "stall" leaves it silent.

    Attributes:
        bodies: of the requests to Order/place, as they came.
        listed: what Order/search answers.
        books: makes a listed order of a body, or None.
        wrap: what a connection becomes before it is read, or None.
    """

    def __init__(self, ending: str = "fin") -> None:
        self._ending = ending
        self.books = None
        self.wrap = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.bodies: list[bytes] = []
        self.searches = 0
        self.listed: list[dict] | None = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def settle(self) -> None:
        """Wait until all that closed clients have sent is read."""
        for thread in self._threads[1:]:
            thread.join(20)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.wrap is not None:
                connection = self.wrap(connection)
            with connection, connection.makefile("rb") as stream:
                self._exchange(connection, stream)
        except OSError:
            connection.close()  # the client was quicker

    def _exchange(self, connection, stream) -> None:
        while line := stream.readline():
            path = line.split()[1].decode()
            length = 0
            while (header := stream.readline()) not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = stream.read(length)
            answer = self._answer(path, body)
            if answer is None:
                self._end(connection, stream)
                return
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
            )

    def _end(self, connection, stream) -> None:
        if self._ending == "stall":
            stream.read()  # until the client has had enough
        elif self._ending == "rst":
            linger = b"\x01\0\0\0\0\0\0\0"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def _answer(self, path: str, body: bytes) -> bytes | None:
        if path.endswith("/ping"):
            return b"pong"
        if path.endswith("/search"):
            self.searches += 1
            document = {
                "orders": self.listed,
                "success": True,
                "errorCode": 0,
                "errorMessage": None,
            }
            return json.dumps(document).encode()
        self.bodies.append(body)
        if self.books is not None:
            self.listed = [self.books(json.loads(body))]
        return None


@pytest.fixture(params=["fin", "rst"])
def dying(request):
    server = DyingServer(request.param)
    yield server
    server.close()


def ready(executor):
    executor.set_token(TOKEN)
    executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
    return executor


NO_RETRY = fastorder.RetryPolicy(max_retries=0, base_delay=0.02)


@pytest.mark.parametrize("connections", [1, 6])
def test_the_blocking_order_leaves_once_too(dying, connections):
    with ready(blocking.OrderExecutor(dying.url, retry=NO_RETRY)) as executor:
        executor.connect(connections)
        result = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        assert len(dying.bodies) == 1
        assert result.outcome is Outcome.UNKNOWN
        assert "connection ended" in result.error or "no answer" in result.error
        dying.listed = [listed_row(json.loads(dying.bodies[0]))]
        assert executor.resolve(result.tag).order_id == 77
        assert len(dying.bodies) == 1


@pytest.mark.parametrize("verb", ["modify", "cancel"])
def test_a_modify_and_a_cancel_leave_once(dying, verb):
    with ready(blocking.OrderExecutor(dying.url, retry=NO_RETRY)) as executor:
        executor.connect(3)
        if verb == "modify":
            result = executor.modify_order(5, ACCOUNT, quantity=2)
        else:
            result = executor.cancel_order(5, ACCOUNT)
    sent = [body for body in dying.bodies if b"orderId" in body]
    amended = sent[: 1 + sent[1:].count(sent[0])] if verb == "modify" else sent[:1]
    assert len(amended) == 1
    assert result.outcome is Outcome.UNKNOWN


def test_a_list_that_is_null_is_not_an_empty_one(dying):
    dying.listed = None
    with ready(blocking.OrderExecutor(dying.url, retry=QUICK)) as executor:
        executor.connect()
        result = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert len(dying.bodies) == 1  # blind: never sent again
    assert dying.searches > 1
    assert result.outcome is Outcome.UNKNOWN


class Forgetful(DyingServer):
    """Ends its first connection where a list of accounts is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def _answer(self, path: str, body: bytes) -> bytes | None:
        if not path.endswith("/Account/search"):
            return super()._answer(path, body)
        self.asked += 1
        if self.asked == 1:
            return None
        return b'{"accounts":[],"success":true,"errorCode":0,"errorMessage":null}'


def test_a_read_goes_over_another_connection_where_its_own_dies():
    server = Forgetful()
    with ready(blocking.OrderExecutor(server.url, retry=NO_RETRY)) as executor:
        executor.connect()
        assert executor.accounts() == []
    server.close()
    assert server.asked == 2


def test_a_read_is_asked_once_on_a_connection_of_its_own():
    server = Forgetful()
    with (
        ready(blocking.OrderExecutor(server.url, retry=NO_RETRY)) as executor,
        pytest.raises(fastorder.RequestFailed, match="connection ended"),
    ):
        executor.accounts()
    server.close()
    assert server.asked == 1


def listed_row(body):
    return {
        "id": 77,
        "accountId": body["accountId"],
        "contractId": body["contractId"],
        "status": 2,
        "type": 2,
        "side": body["side"],
        "size": body["size"],
        "customTag": body["customTag"],
        "fillVolume": body["size"],
    }


class Chatterbox(SerialServer):
    """Answers each request, and then says something that nobody has asked for."""

    def __init__(self, stray: bytes, last: bool) -> None:
        self.stray, self.last = stray, last
        self.placed = 0
        self._read, self._said = threading.Semaphore(0), threading.Semaphore(0)
        super().__init__()

    def _answered(self, connection, stream) -> bool:
        head = b""
        while (line := stream.readline()) not in (b"\r\n", b""):
            head += line
        if not head:
            return False
        stream.read(int(head.lower().split(b"content-length:")[1].split()[0]))
        self.placed += 1
        connection.sendall(placed(self.placed))
        self._read.acquire(timeout=10)
        connection.sendall(self.stray)
        if self.last:
            connection.shutdown(socket.SHUT_WR)
        self._said.release()
        return True

    def say_more(self) -> None:
        """Once the answer has been read, the rest."""
        self._read.release()
        assert self._said.acquire(timeout=10)


def placed(order_id: int) -> bytes:
    body = b'{"orderId":%d,"success":true,"errorCode":0,"errorMessage":null}'
    body %= order_id
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


STRAYS = [
    (placed(666), False),
    (placed(666), True),
    (b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", True),
    (b"", True),
]


@pytest.mark.parametrize(
    ("stray", "last"), STRAYS, ids=["answer", "answer-end", "408-end", "end"]
)
@pytest.mark.parametrize("kind", ["async", "blocking"])
def test_what_waits_on_an_idle_connection_answers_no_order(run, kind, stray, last):
    server = Chatterbox(stray, last)

    async def with_a_loop():
        async with ready(
            fastorder.OrderExecutor(server.url, retry=NO_RETRY)
        ) as executor:
            for _ in range(3):
                yield await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
                server.say_more()

    def without_one():
        with ready(blocking.OrderExecutor(server.url, retry=NO_RETRY)) as executor:
            for _ in range(3):
                yield executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
                server.say_more()

    async def main():
        return [result async for result in with_a_loop()]

    try:
        results = run(main()) if kind == "async" else list(without_one())
    finally:
        server.close()
    assert [result.order_id for result in results] == [1, 2, 3]
    assert server.placed == 3
