"""Whatever a server sends: an error that is told, or counted; nothing crashes."""

import os
import random

import pytest
from canary import TOKEN
from realtime_scene import CLIENTS, MNQ, PlainServer, server_frame, until

from fastorder.errors import ExecutorMisuse
from fastorder.realtime.blocking_hub import BlockingHub

TEXT, BINARY, CLOSE = 1, 2, 8
HELLO = server_frame(TEXT, b"{}\x1e")
LAST = b'{"type":1,"target":"Last","arguments":[]}\x1e'
HEAD = b'{"type":1,"target":"GatewayQuote","arguments":["%s",' % MNQ.encode()


@pytest.fixture(params=CLIENTS)
def fed(request):
    """Has a client hear some bytes; the client, once it has told what became of it."""
    things = []

    def feed(data, name="market"):
        def script(connection):
            connection.sendall(HELLO + data)

        server = PlainServer(script)
        client = CLIENTS[request.param](name, server.url, TOKEN)
        things.extend([client, server])
        client.connect()
        until(lambda: client.heard.of("gap") or client.heard.of("event"))
        return client

    yield feed
    for thing in things:
        thing.close()


PASSED_OVER = {
    "10,000 levels": HEAD + b"[" * 10_000 + b"]" * 10_000 + b"]}",
    "10,000 objects": HEAD + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"]}",
    "invalid UTF-8": HEAD + b'{"symbol":"\xff\xfe"}]}',
    "beyond int64": HEAD + b'{"volume":9223372036854775808}]}',
    "vast": HEAD + b'{"volume":1' + b"0" * 100_000 + b"}]}",
    "vast price": HEAD + b'{"lastPrice":1e308}]}',
    "no JSON": b"\x00\x01\x02",
    "nothing": b"",
    "a number": b"7",
    "no arguments": b'{"type":1,"target":"GatewayQuote"}',
    "one argument": b'{"type":1,"target":"GatewayQuote","arguments":[1]}',
}


@pytest.mark.parametrize("kind", [TEXT, BINARY])
@pytest.mark.parametrize("name", PASSED_OVER)
def test_a_record_that_cannot_be_read_is_counted_and_the_connection_stays(
    fed, name, kind
):
    client = fed(server_frame(kind, PASSED_OVER[name] + b"\x1e" + LAST))
    assert [event.target for event in client.heard.of("event")] == ["Last"]
    assert client.hub.counts == {"undecodable": 1}
    assert len(client.heard.of("undecodable")) == 1
    assert client.heard.of("quote") == client.heard.of("gap") == []
    assert client.hub.is_live


def test_an_oversized_frame_ends_the_connection_and_says_so(fed):
    client = fed(b"\x81\x7f" + (1 << 40).to_bytes(8, "big") + b"x" * (5 << 20))
    assert "at most 4194304 bytes" in client.heard.of("gap")[0].why


@pytest.mark.parametrize("seed", range(15))
def test_random_bytes_end_the_connection_or_are_passed_over(fed, seed):
    chance = random.Random(seed)
    parts = []
    for _ in range(30):
        payload = chance.randbytes(chance.randrange(200))
        kind = chance.choice([TEXT, BINARY, 9, 10])
        parts.append(server_frame(kind, payload if kind < 8 else payload[:125]))
    noise = chance.randbytes(300) if seed % 2 else b""
    data = b"".join(parts) + server_frame(TEXT, b"\x1e" + LAST) + noise
    client = fed(data)
    until(lambda: client.heard.of("gap") or not noise)
    assert set(client.hub.counts) <= {"undecodable"}


def test_a_fork_is_refused():
    hub = BlockingHub("market", "http://127.0.0.1:1", TOKEN)
    child = os.fork()
    if child == 0:
        try:
            hub.subscribe_quotes(MNQ)
        except ExecutorMisuse:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    hub.close()
