"""The hub's client over real sockets: upgrades, framing, what ends a connection."""

import gc
import logging
import socket
import struct
import time
from contextlib import closing, suppress

import pytest
from canary import TOKEN
from realtime_scene import CLIENTS, PlainServer, accepted, server_frame, until

from fastorder.errors import RealtimeUnavailable
from fastorder.realtime.hub_protocol import HubProtocol

TEXT, CONTINUATION, BINARY, CLOSE, PING, PONG = 1, 0, 2, 8, 9, 10
HELLO = server_frame(TEXT, b"{}\x1e")
EVENT = b'{"type":1,"target":"T","arguments":[%d]}\x1e'


@pytest.fixture(params=CLIENTS)
def made(request):
    """Makes clients and servers, and closes them."""
    things = []

    def make(script=None, connect=True, **options):
        server = PlainServer(script, **options)
        client = CLIENTS[request.param]("user", server.url, TOKEN)
        things.extend([client, server])
        if connect:
            client.connect()
        return client, server

    yield make
    for thing in things:
        thing.close()


def sending(*parts, pause_s=0.0):
    """A script that sends the handshake's answer, and then these."""

    def script(connection):
        for part in (HELLO, *parts):
            connection.sendall(part)
            time.sleep(pause_s)

    return script


def numbers(client):
    return [event.arguments[0] for event in client.heard.of("event")]


# ---------------------------------------------------------------- upgrade


def test_the_request_carries_the_token_twice_and_asks_for_nothing_more(made):
    _, server = made(sending())
    head = server.heads[0].decode()
    assert head.startswith(f"GET /hubs/user?access_token={TOKEN} HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n" in head
    assert "\r\nSec-WebSocket-Version: 13\r\n" in head
    assert "extensions" not in head.lower()
    assert server.frames[0] == (TEXT, b'{"protocol":"json","version":1}\x1e')


def test_case_04_handshake_with_frames_in_the_segment_of_the_101(made):
    greeting = server_frame(TEXT, b"{}\x1e" + EVENT % 1) + server_frame(TEXT, EVENT % 2)
    client, _ = made(greeting=greeting)
    until(lambda: numbers(client) == [1, 2])


def test_case_05_handshake_split(made):
    def script(connection):
        connection.sendall(server_frame(TEXT, b"{", fin=False))
        connection.sendall(server_frame(CONTINUATION, b"}\x1e"))

    made(script)


BAD_ANSWERS = {
    "wrong accept": lambda mixed: accepted(b"AAAA"),
    "missing accept": lambda mixed: accepted(mixed).replace(b"Sec-WebSocket-Acc", b"X"),
    "extension": lambda mixed: accepted(
        mixed, b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    ),
    "subprotocol": lambda mixed: accepted(mixed, b"Sec-WebSocket-Protocol: chat\r\n"),
    "no upgrade": lambda mixed: accepted(mixed).replace(
        b"websocket\r\nConn", b"h2\r\nConn"
    ),
    "no connection": lambda mixed: accepted(mixed).replace(b"Connection: Up", b"X: Up"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_case_12_wrong_accept_unrequested_extension_subprotocol(made, name):
    client, server = made(connect=False, answer=BAD_ANSWERS[name])
    with pytest.raises(RealtimeUnavailable, match="the upgrade's answer was refused"):
        client.connect(0.5)
    assert not [frame for frame in server.frames if frame[0] == TEXT]


def test_case_13_200_instead_of_101(made):
    page = b"<html>" + TOKEN.encode() + b"x" * 1000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    client, _ = made(connect=False, answer=lambda mixed: answer)
    with pytest.raises(RealtimeUnavailable, match="HTTP 200: <html>") as raised:
        client.connect(0.5)
    assert TOKEN not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_case_11_a_redirect_is_not_followed_and_the_token_not_sent_on(made):
    _, other = made(sending(), connect=False)
    answer = f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
    client, _ = made(connect=False, answer=lambda mixed: answer.encode())
    with pytest.raises(RealtimeUnavailable, match="HTTP 302"):
        client.connect(0.5)
    assert other.heads == []


# ---------------------------------------------------------------- framing


@pytest.mark.parametrize("count", [16, 1000])
def test_case_22_many_in_one(made, count):
    many = b"".join(EVENT % i for i in range(count))
    client, _ = made(sending(server_frame(TEXT, many)))
    until(lambda: numbers(client) == list(range(count)))


@pytest.mark.parametrize("pause_s", [0.0, 0.001])
def test_case_23_one_in_many_cut_at_every_byte(made, pause_s):
    record = EVENT % 7
    frames = [server_frame(TEXT, record[:1], fin=False)]
    frames += [server_frame(CONTINUATION, record[i : i + 1], fin=False)
               for i in range(1, len(record))]  # fmt: skip
    client, _ = made(sending(*frames, server_frame(CONTINUATION), pause_s=pause_s))
    until(lambda: numbers(client) == [7])


def test_case_24_fragments_interleaved_with_ping(made):
    record = EVENT % 7
    client, server = made(
        sending(
            server_frame(TEXT, record[:9], fin=False),
            server_frame(PING, b"are you there"),
            server_frame(CONTINUATION, record[9:]),
        )
    )
    until(lambda: numbers(client) == [7])
    until(lambda: (PONG, b"are you there") in server.frames)


def test_case_25_empty_ws_message_and_zero_length_fragment(made):
    client, _ = made(
        sending(
            server_frame(TEXT),
            server_frame(TEXT, b"", fin=False),
            server_frame(CONTINUATION, EVENT % 1, fin=False),
            server_frame(CONTINUATION),
        )
    )
    until(lambda: numbers(client) == [1])


def test_case_26_rest_at_close(made):
    client, _ = made(
        sending(server_frame(TEXT, EVENT % 1 + EVENT[:-1] % 2), server_frame(CLOSE))
    )
    until(lambda: client.heard.of("gap"))
    assert numbers(client)[:1] == [1]
    assert 2 not in numbers(client)


def test_case_27_record_over_4_mib(made):
    client, server = made(sending(server_frame(TEXT, b"x" * (4 << 20) + b"yy")))
    gap = until(lambda: client.heard.of("gap"))[0]
    assert gap.why == "a record must be at most 4194304 bytes, was longer"
    until(lambda: (CLOSE, struct.pack(">H", 1009)) in server.frames)


def test_case_28_binary_frame(made, caplog):
    frames = b"".join(server_frame(BINARY, EVENT % number) for number in (1, 2, 3))
    client, _ = made(sending(frames))
    until(lambda: numbers(client) == [1, 2, 3])
    until(lambda: "hub sends binary messages" in caplog.text)
    assert caplog.text.count("binary messages") == 1


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (b"\x81\x81abcd", "masked"),
        (b"\xc1\x01x", "reserved bit"),
        (b"\x83\x00", "unknown opcode"),
        (b"\x09\x00", "cut into fragments"),
        (b"\x81\x7e\x00\x01x", "more bytes than it needs"),
    ],
)
def test_case_29_frames_against_the_rules(made, bad, text):
    client, server = made(sending(bad))
    gap = until(lambda: client.heard.of("gap"))[0]
    assert text in gap.why
    until(lambda: (CLOSE, struct.pack(">H", 1002)) in server.frames)


def test_case_30_a_record_of_bad_utf_8_is_a_gap_of_the_user_hub(made):
    client, _ = made(sending(server_frame(TEXT, b'{"type":1,"\xff"}\x1e' + EVENT % 3)))
    until(lambda: numbers(client) == [3])
    assert len(client.heard.of("gap")) == len(client.heard.of("undecodable")) == 1
    assert client.hub.counts["undecodable"] == 1


@pytest.mark.parametrize(
    ("script", "whole"),
    [
        (sending(server_frame(TEXT, EVENT % 1) + server_frame(CLOSE)), True),
        (sending(server_frame(TEXT, EVENT % 1)), True),
        (sending(server_frame(TEXT, EVENT[:-1] % 1) + server_frame(CLOSE)), False),
        (sending(server_frame(TEXT, EVENT % 1, fin=False)[:-9] + b"\x81"), False),
        (sending(b"\x83\x00"), False),
    ],
    ids=["close", "end", "rest", "cut", "broken"],
)
def test_whether_all_that_was_sent_was_read(made, monkeypatch, script, whole):
    told, lost = [], HubProtocol.lost

    def heard(self, *given, whole):
        told.append(whole)
        lost(self, *given, whole=whole)

    def ended(connection):
        script(connection)
        connection.shutdown(socket.SHUT_WR)

    monkeypatch.setattr(HubProtocol, "lost", heard)
    client, _ = made(ended, connect=False)
    with suppress(RealtimeUnavailable):
        client.connect(0.5)
    until(lambda: told)
    assert told[0] is whole


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011])
def test_case_50_ws_close_is_answered_and_is_a_gap(made, code):
    payload = struct.pack(">H", code)
    client, server = made(sending(server_frame(CLOSE, payload + b"why")))
    gap = until(lambda: client.heard.of("gap"))[0]
    assert gap.why == f"the server closed with code {code}: why"
    until(lambda: (CLOSE, payload) in server.frames)


def test_case_51_our_close(made):
    client, server = made(sending())
    client.close()
    until(lambda: len(server.frames) >= 3)
    assert server.frames[1:3] == [
        (TEXT, b'{"type":7}\x1e'),
        (CLOSE, struct.pack(">H", 1000)),
    ]


# ---------------------------------------------------------------- secrets, leaks


def test_case_21_the_token_stands_nowhere(made, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [
        lambda mixed: (
            b"HTTP/1.1 401 " + TOKEN.encode() + b"\r\nContent-Length: 0\r\n\r\n"
        ),
        lambda mixed: b"HTTP/1.1 500 x\r\n\r\n" + TOKEN.encode(),
        lambda mixed: TOKEN.encode(),
    ]
    for answer in answers:
        client, _ = made(connect=False, answer=answer)
        with pytest.raises(RealtimeUnavailable) as raised:
            client.connect(0.3)
        shown = [str(raised.value), repr(client.hub), repr(client.heard), caplog.text]
        assert TOKEN not in "".join(shown)
    why = server_frame(CLOSE, struct.pack(">H", 1000) + TOKEN.encode())
    client, _ = made(sending(why))
    assert TOKEN not in until(lambda: client.heard.of("gap"))[0].why


def test_a_callback_that_fails_stops_nobody(made, caplog):
    client, _ = made(sending(server_frame(TEXT, EVENT % 1 + EVENT % 2)), connect=False)

    def fail(event):
        raise RuntimeError("mine")

    client.do("on", "event", fail)
    client.connect()
    until(lambda: numbers(client) == [1, 2])
    until(lambda: client.hub.counts.get("callback of Event") == 2)
    assert caplog.text.count("a callback for Event has failed") == 1
    assert client.hub.is_live


def test_a_callback_may_close_its_hub(made):
    client, server = made(
        sending(server_frame(TEXT, EVENT % 1 + EVENT % 2)), connect=False
    )
    if hasattr(client, "loop"):
        pytest.skip("aclose is awaited")
    client.do("on", "event", lambda event: client.hub.close())
    client.connect()
    until(lambda: (CLOSE, struct.pack(">H", 1000)) in server.frames)


def test_a_hub_that_nobody_keeps_ends_its_connection():
    import asyncio

    from fastorder.realtime.hub import Hub

    with closing(PlainServer(sending())) as server:

        async def scene():
            hub = Hub("user", server.url, TOKEN)
            await hub.connect()

        asyncio.run(scene())
        gc.collect()
        (connection,) = server._open  # it closes its side once the other has ended
        until(lambda: connection._closed)
