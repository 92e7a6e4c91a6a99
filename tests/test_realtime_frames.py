"""Framing of the hub's client, against websockets' server side, and cut anywhere."""

import struct
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastorder._core.transport.frames import FrameReader, encoded
from fastorder._core.transport.records import RecordReader
from fastorder.errors import RealtimeProtocolError

websockets = pytest.importorskip("websockets")
from websockets.frames import Frame, Opcode  # noqa: E402
from websockets.http11 import Request  # noqa: E402
from websockets.server import ServerProtocol  # noqa: E402

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def of_server(opcode, payload=b"", fin=True, rsv=0, length=None):
    """A server's frame, as RFC 6455, section 5.2, draws it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size = len(payload)
    if length is None:
        length = size if size < 126 else 126 if size < 65536 else 127
    coded = {126: ">H", 127: ">Q"}.get(length)
    return (
        bytes([first, length]) + (struct.pack(coded, size) if coded else b"") + payload
    )


def joined(events):
    """Spans of one message as one; control frames as they came."""
    found = []
    for kind, group in groupby(events, key=lambda event: event[0]):
        if kind in (TEXT, BINARY):
            found.append((kind, b"".join(payload for _, payload in group)))
        else:
            found += group
    return found


def read(*pieces):
    reader = FrameReader()
    return joined([event for piece in pieces for event in reader.take(piece)])


def fed(reader, parts):
    for part in parts:
        reader.take(part)


def fault(data):
    with pytest.raises(RealtimeProtocolError) as raised:
        read(data)
    return str(raised.value)


# ---------------------------------------------------------------- what is read

SAMPLE = (
    of_server(TEXT, b"whole")
    + of_server(TEXT, b"first ", fin=False)
    + of_server(PING, b"between")
    + of_server(0, b"", fin=False)
    + of_server(0, b"second " * 30, fin=False)
    + of_server(PONG)
    + of_server(0, b"last")
    + of_server(BINARY, bytes(range(256)))
    + of_server(TEXT)
    + of_server(CLOSE, struct.pack(">H", 1001) + "ende \u00e4\u20ac\U0001f600".encode())
)
READ = [
    (TEXT, b"wholefirst "),
    (PING, b"between"),
    (TEXT, b"second " * 30),
    (PONG, b""),
    (TEXT, b"last"),
    (BINARY, bytes(range(256))),
    (CLOSE, struct.pack(">H", 1001) + "ende \u00e4\u20ac\U0001f600".encode()),
]


def test_frames_are_read_in_their_order():
    assert read(SAMPLE) == READ


def test_frames_are_read_wherever_they_are_cut():
    for at in range(len(SAMPLE) + 1):
        assert read(SAMPLE[:at], SAMPLE[at:]) == READ, at
    assert read(*(bytes([byte]) for byte in SAMPLE)) == READ


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_payloads_of_each_kind_of_length(size):
    payload = b"x" * size
    expected = [(TEXT, payload)] if size else []
    assert read(of_server(TEXT, payload)) == expected


def test_the_wire_may_hold_more_than_a_frame_and_less():
    reader = FrameReader()
    first = of_server(TEXT, b"one") + of_server(TEXT, b"two")[:3]
    assert reader.take(first) == [(TEXT, b"one"), (TEXT, b"t")]
    assert reader.take(b"") == []
    assert reader.take(b"wo") == [(TEXT, b"wo")]


# ---------------------------------------------------------------- what is refused

FAULTS = {
    "masked": (bytes([0x81, 0x81, 1, 2, 3, 4, 5]), "is masked"),
    "rsv1": (of_server(TEXT, b"x", rsv=4), "reserved bit"),
    "rsv2": (of_server(TEXT, b"x", rsv=2), "reserved bit"),
    "rsv3": (of_server(PING, b"x", rsv=1), "reserved bit"),
    "opcode 3": (of_server(3, b"x"), "unknown opcode"),
    "opcode 7": (of_server(7), "unknown opcode"),
    "opcode 11": (of_server(11), "unknown opcode"),
    "opcode 15": (of_server(15), "unknown opcode"),
    "long ping": (of_server(PING, b"x" * 126), "longer than 125"),
    "cut ping": (of_server(PING, b"x", fin=False), "cut into fragments"),
    "cut close": (of_server(CLOSE, fin=False), "cut into fragments"),
    "126 for 125": (
        of_server(TEXT, b"x" * 125, length=126),
        "more bytes than it needs",
    ),
    "127 for 65535": (of_server(TEXT, b"x" * 65535, length=127), "more bytes than"),
    "2**63": (bytes([0x81, 127]) + struct.pack(">Q", 1 << 63), "longer than 2**63 - 1"),
    "nothing before": (of_server(0, b"x"), "continues no message"),
    "nothing before any more": (of_server(TEXT, b"x") + of_server(0), "continues no"),
    "unfinished": (
        of_server(TEXT, b"x", fin=False) + of_server(TEXT, b"y"),
        "before the one before it ended",
    ),
    "close of one byte": (of_server(CLOSE, b"\x03"), "must not be sent"),
    "close reason": (of_server(CLOSE, b"\x03\xe8\xff"), "not UTF-8"),
    "close surrogate": (of_server(CLOSE, b"\x03\xe8\xed\xa0\x80"), "not UTF-8"),
    "close cut reason": (of_server(CLOSE, b"\x03\xe8\xe2\x82"), "not UTF-8"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_rfc_forbids_is_refused(name):
    data, text = FAULTS[name]
    assert text in fault(data)
    reader = FrameReader()
    with pytest.raises(RealtimeProtocolError):
        fed(reader, [bytes([byte]) for byte in data])
    with pytest.raises(RealtimeProtocolError):
        reader.take(of_server(TEXT, b"behind it"))


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])
def test_close_codes_that_must_not_be_sent(code):
    assert "must not be sent" in fault(of_server(CLOSE, struct.pack(">H", code)))


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close_codes_that_may_be_sent(code):
    payload = struct.pack(">H", code)
    assert read(of_server(CLOSE, payload)) == [(CLOSE, payload)]


def test_a_close_may_have_no_code():
    assert read(of_server(CLOSE)) == [(CLOSE, b"")]


@given(text=st.binary(max_size=20))
def test_close_reasons_are_utf_8_as_python_sees_it(text):
    data = of_server(CLOSE, b"\x03\xe8" + text)
    try:
        text.decode()
    except UnicodeDecodeError:
        assert "not UTF-8" in fault(data)
    else:
        assert read(data) == [(CLOSE, b"\x03\xe8" + text)]


@given(data=st.binary(max_size=300), pieces=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_give_the_same_however_they_are_cut(data, pieces):
    def outcome(parts):
        reader, found = FrameReader(), []
        try:
            for part in parts:
                found += reader.take(part)
        except RealtimeProtocolError as error:
            return str(error)
        return joined(found)

    cuts = sorted({0, len(data), *(cut for cut in pieces if cut < len(data))})
    parts = [data[a:b] for a, b in pairwise(cuts)]
    assert outcome([data]) == outcome(parts)


# ---------------------------------------------------------------- against websockets


def server():
    """websockets' server, its handshake done."""
    protocol = ServerProtocol(max_size=None)
    protocol.receive_data(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    request = protocol.events_received()[0]
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.data_to_send()
    return protocol


@given(
    payload=st.binary(max_size=300)
    | st.sampled_from([b"y" * size for size in (65535, 65536, 70_001)]),
    opcode=st.sampled_from([TEXT, BINARY, PING, PONG]),
    mask=st.binary(min_size=4, max_size=4),
)
def test_a_frame_is_what_the_server_of_websockets_reads(payload, opcode, mask):
    if opcode == TEXT:
        payload = payload.hex().encode()
    if opcode in (PING, PONG):
        payload = payload[:125]
    protocol = server()
    protocol.receive_data(encoded(opcode, payload, mask))
    frame = protocol.events_received()[0]
    assert (frame.opcode, frame.data, frame.fin) == (opcode, payload, True)
    assert protocol.parser_exc is None


messages = st.lists(
    st.tuples(
        st.sampled_from([TEXT, BINARY, PING, PONG]),
        st.binary(max_size=40),
        st.lists(st.integers(0, 40), max_size=3),
    ),
    max_size=6,
)


@given(messages=messages)
def test_what_the_server_of_websockets_sends_is_read(messages):
    protocol, expected = server(), []
    for opcode, payload, cuts in messages:
        if opcode in (PING, PONG):
            frame = Frame(Opcode(opcode), payload)
            protocol.send_frame(frame)
            expected.append((opcode, payload))
            continue
        ends = [0, *sorted(min(cut, len(payload)) for cut in cuts), len(payload)]
        parts = [payload[a:b] for a, b in pairwise(ends)]
        for i, part in enumerate(parts):
            kind = Opcode(opcode) if i == 0 else Opcode.CONT
            protocol.send_frame(Frame(kind, part, fin=i == len(parts) - 1))
        if payload:
            expected.append((opcode, payload))
    sent = b"".join(protocol.data_to_send())
    assert read(sent) == joined(expected)
    assert read(*(bytes([byte]) for byte in sent)) == joined(expected)


def test_a_close_of_ours_ends_the_server_of_websockets():
    protocol = server()
    protocol.receive_data(encoded(CLOSE, struct.pack(">H", 1000)))
    assert protocol.close_rcvd.code == 1000
    assert read(b"".join(protocol.data_to_send()))[0][0] == CLOSE


def test_masks_are_drawn_anew():
    masks = {encoded(TEXT, b"x")[2:6] for _ in range(50)}
    assert len(masks) == 50


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, b""), "opcode must be 1, 2, 8, 9 or 10, was 3"),
        ((PING, b"x" * 126), "payload must be at most 125 bytes, was 126"),
        ((TEXT, b"", b"abc"), "mask must be 4 bytes, was 3"),
    ],
)
def test_frames_that_must_not_be_sent_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        encoded(*arguments)


# ---------------------------------------------------------------- records


@given(
    records=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\x1e", b""))),
    rest=st.binary(max_size=9).map(lambda b: b.replace(b"\x1e", b"")),
    cuts=st.lists(st.integers(0, 400), max_size=9),
)
def test_records_are_the_same_wherever_they_are_cut(records, rest, cuts):
    stream = b"".join(record + b"\x1e" for record in records) + rest
    ends = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = RecordReader()
    parts = [stream[a:b] for a, b in pairwise(ends)]
    assert [found for part in parts for found in reader.take(part)] == records


def test_records_are_cut_at_every_byte():
    stream = b'{"type":6}\x1e\x1e{"a":1}\x1e' + b"z" * 5000 + b"\x1e"
    expected = [b'{"type":6}', b"", b'{"a":1}', b"z" * 5000]
    for at in range(0, len(stream), 7):
        reader = RecordReader()
        assert reader.take(stream[:at]) + reader.take(stream[at:]) == expected


@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_record_over_the_limit_is_refused_and_one_at_it_is_not(step):
    reader = RecordReader(limit=10)
    assert reader.take(b"0123456789\x1e") == [b"0123456789"]
    data = b"0123456789x\x1e"
    parts = [data[at : at + step] for at in range(0, len(data), step)]
    with pytest.raises(RealtimeProtocolError, match="at most 10 bytes, was longer"):
        fed(reader, parts)


def test_a_long_record_leaves_no_long_buffer_and_no_trace():
    reader = RecordReader()
    assert reader.take(b"x" * 1_000_000) == []
    assert reader.take(b"\x1eshort") == [b"x" * 1_000_000]
    assert reader.take(b" one\x1e") == [b"short one"]
