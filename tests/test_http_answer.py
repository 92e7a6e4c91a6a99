"""An answer is read the same however it comes, and refused where it is ambiguous."""

import itertools
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastorder._core.transport.http_answer import AnswerReader

PLACED = b'{"orderId":9056,"success":true,"errorCode":0,"errorMessage":null}'
DATE = b"Tue, 24 Nov 2026 16:45:06 GMT"


def whole(raw, limit=1 << 20):
    """Read all of it at once; it must be whole then."""
    reader = AnswerReader(limit)
    assert reader.take(raw)
    return reader


def answer(*headers, body=b"", status=b"200 OK", version=b"1.1"):
    return b"\r\n".join([b"HTTP/%s %s" % (version, status), *headers, b"", body])


def by_length(body, *headers, **more):
    return answer(b"Content-Length: %d" % len(body), *headers, body=body, **more)


def chunked(chunks, trailer=b"", extension=b"", end=b"\r\n"):
    parts = [b"%x%s%s%s%s" % (len(part), extension, end, part, end) for part in chunks]
    body = b"".join(parts) + b"0" + end + trailer + end
    return answer(b"Transfer-Encoding: chunked", body=body)


# ---------------------------------------------------------------- what is read


def test_an_answer_of_known_length():
    read = whole(by_length(PLACED, b"Date: " + DATE, b"retry-after:  7 "))
    assert (read.status, read.body, read.keeps_open) == (200, PLACED, True)
    assert (read.date, read.retry_after) == (DATE, b"7")


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_by_its_status(status):
    read = whole(answer(status=b"%d None" % status))
    assert (read.status, read.body, read.keeps_open) == (status, b"", True)


def test_an_answer_in_chunks():
    raw = chunked([b'{"order', b"Id", b'":1}'], b"X: y\r\n", b";name=value")
    read = whole(raw)
    assert (read.body, read.keeps_open) == (b'{"orderId":1}', True)


def test_an_answer_that_ends_with_the_connection():
    reader = AnswerReader()
    assert not reader.take(answer(body=PLACED))
    assert reader.end()
    assert (reader.body, reader.keeps_open) == (PLACED, False)


def test_interim_answers_are_passed_over():
    interim = answer(b"Retry-After: 9", b"Date: x", status=b"103 Early Hints")
    read = whole(b"HTTP/1.1 100 Continue\r\n\r\n" + interim + by_length(PLACED))
    assert (read.status, read.body, read.retry_after) == (200, PLACED, b"")


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", None, True),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"Close", False),
        (b"1.1", b"upgrade,\tclose", False),
        (b"1.1", b"closed", True),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"keep-alive, close", False),
        (b"1.1", b"close\r\nConnection: keep-alive", False),
    ],
)
def test_whether_another_request_may_follow(version, connection, kept):
    headers = [] if connection is None else [b"Connection: " + connection]
    assert whole(by_length(PLACED, *headers, version=version)).keeps_open is kept


@pytest.mark.parametrize("name", [b"Date", b"Retry-After"])
def test_a_value_that_is_given_in_two_ways_is_none(name):
    read = whole(by_length(PLACED, name + b": 1", name + b": 2", name + b": 1"))
    assert (read.date, read.retry_after) == (b"", b"")
    read = whole(by_length(PLACED, name + b": 1", name + b": 1"))
    assert read.date + read.retry_after == b"1"


@pytest.mark.parametrize(
    ("headers", "coding"),
    [
        ([], b""),
        ([b"Content-Encoding: identity"], b""),
        ([b"content-encoding: Identity"], b""),
        ([b"Content-Encoding:"], b""),
        ([b"Content-Encoding: gzip"], b"gzip"),
        ([b"CONTENT-ENCODING: br, gzip"], b"br, gzip"),
        ([b"Content-Encoding: gzip", b"Content-Encoding: identity"], b"gzip"),
        ([b"Content-Encoding: " + b"x" * 99], b"x" * 64),
    ],
)
def test_the_coding_of_a_body_is_kept(headers, coding):
    assert whole(by_length(PLACED, *headers)).coding == coding


@pytest.mark.parametrize("head", [b"X: a\tb", b"X:\t\ta", b"X: \xff\x80\xc3\xa9 \x7f"])
def test_tabs_and_letters_beyond_ascii_are_no_control_letters(head):
    assert whole(by_length(PLACED, head)).body == PLACED


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=80), max_size=8),
    trailer=st.sampled_from([b"", b"A: b\r\n", b"A: b\r\nC: d\r\n"]),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    is_chunked=st.booleans(),
)
@example(chunks=[b"x"], trailer=b"", cuts=list(range(200)), is_chunked=True)
def test_an_answer_is_the_same_however_it_is_cut(chunks, trailer, cuts, is_chunked):
    body = b"".join(chunks)
    raw = chunked(chunks, trailer) if is_chunked else by_length(body)
    edges = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    reader = AnswerReader()
    taken = [reader.take(raw[a:b]) for a, b in itertools.pairwise(edges)]
    assert taken[-1]
    assert not any(taken[:-1])
    assert (reader.status, reader.body, reader.keeps_open) == (200, body, True)


def test_a_large_answer_in_small_chunks_takes_no_more_room_than_its_body():
    body = json.dumps(list(range(50_000))).encode()
    chunks = [body[i : i + 1] for i in range(len(body))]
    assert whole(chunked(chunks), limit=len(body)).body == body


# ---------------------------------------------------------------- what is refused

REFUSED = {
    "another protocol": b"SSH-2.0-OpenSSH\r\n",
    "no protocol": b"{}",
    "HTTP/2 in clear": b"HTTP/2 200 OK\r\n",
    "a version between": b"HTTP/1.2 200 OK\r\n",
    "a status of letters": b"HTTP/1.1 2xx OK\r\n",
    "a status of two digits": b"HTTP/1.1 20\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n",
    "a status under 100": b"HTTP/1.1 099 No\r\n",
    "another protocol from here on": answer(status=b"101 Switching Protocols"),
    "a header without a colon": answer(b"Nonsense"),
    "a header without a name": answer(b": value"),
    "a folded header": answer(b"Date: a", b" b"),
    "a blank before the colon": answer(b"Content-Length : 5", body=b"12345"),
    "a NUL": answer(b"Date: a\0b"),
    "two lengths that differ": answer(
        b"Content-Length: 1", b"Content-Length: 2", body=b"ab"
    ),
    "a length beside chunks": chunked([PLACED]).replace(
        b"\r\n", b"\r\nContent-Length: 3\r\n", 1
    ),
    "the same length beside chunks": chunked([PLACED]).replace(
        b"\r\n", b"\r\nContent-Length: %d\r\n" % len(PLACED), 1
    ),
    "chunks in HTTP/1.0": chunked([PLACED]).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an interim answer with a length": answer(
        b"Content-Length: 5", status=b"103 Early Hints"
    ),
    "an interim answer in chunks": answer(
        b"Transfer-Encoding: chunked", status=b"100 Continue"
    ),
    "a 204 with a length": answer(b"Content-Length: 5", status=b"204 None"),
    "a 204 in chunks": answer(b"Transfer-Encoding: chunked", status=b"204 None"),
    "a head with bare line feeds": by_length(PLACED).replace(b"\r\n", b"\n"),
    "one bare line feed": by_length(PLACED, b"A: b\nContent-Length: 2"),
    "a bare CR in a value": by_length(PLACED, b"A: b\rContent-Length: 2"),
    "a bare CR in a name": by_length(PLACED, b"A\rContent-Length: 2"),
    "a CR before the end of a line": by_length(PLACED, b"A: b\r"),
    "a bare CR in a status line": by_length(PLACED, status=b"200 O\rK"),
    "a bare CR in an interim answer": answer(b"A: b\rc", status=b"103 Early Hints")
    + by_length(PLACED),
    "a header under the status line that is folded": answer(b" A: b"),
    "a header that is folded with a tab": answer(b"A: b", b"\tc"),
    "a NUL in a name": answer(b"A\0: b"),
    "a NUL in a status line": answer(status=b"200 O\0K"),
    "a vertical tab before the colon": answer(b"Content-Length\x0b: 5"),
    "chunks with bare line feeds": chunked([b"ab", b"c"], end=b"\n"),
    "a bare line feed behind a chunk": answer(
        b"Transfer-Encoding: chunked", body=b"1\r\na\n0\r\n\r\n"
    ),
    "a bare CR in a chunk's extension": chunked([PLACED], extension=b";a\rb"),
    "a NUL in a chunk's extension": chunked([PLACED], extension=b";a\0b"),
    "two sizes of a chunk": chunked([PLACED], extension=b" 5"),
    "a trailer without a colon": chunked([PLACED], b"HTTP/1.1 200 OK\r\n"),
    "a trailer that is folded": chunked([PLACED], b"A: b\r\n c\r\n"),
    "a trailer with a bare CR": chunked([PLACED], b"A: b\rc\r\n"),
    "a trailer that is a length": chunked([PLACED], b"Content-Length: 5\r\n"),
    "a trailer that is a coding": chunked([PLACED], b"content-encoding: gzip\r\n"),
    "a trailer that is a transfer coding": chunked(
        [PLACED], b"Transfer-Encoding: chunked\r\n"
    ),
    "a second answer": by_length(PLACED) * 2,
    "a second answer behind chunks": chunked([PLACED]) * 2,
    "a letter behind the answer": by_length(PLACED) + b"H",
    "an empty line behind the answer": by_length(PLACED) + b"\r\n",
    "a body behind a length of 0": answer(b"Content-Length: 0", body=PLACED),
    "a body that a 304 has not": answer(status=b"304 None", body=PLACED),
    "a chunked coding with a parameter": answer(b"Transfer-Encoding: chunked;a=b"),
    "an empty coding": answer(b"Transfer-Encoding:"),
    "a list of lengths": answer(b"Content-Length: 2, 2", body=b"ab"),
    "a signed length": answer(b"Content-Length: +2", body=b"ab"),
    "a hexadecimal length": answer(b"Content-Length: 0x2", body=b"ab"),
    "an empty length": answer(b"Content-Length:", body=b"ab"),
    "an endless length": answer(b"Content-Length: " + b"9" * 19),
    "another coding": answer(b"Transfer-Encoding: gzip, chunked"),
    "no coding": answer(b"Transfer-Encoding: identity"),
    "chunked twice": answer(*[b"Transfer-Encoding: chunked"] * 2),
    "a chunk without a size": answer(b"Transfer-Encoding: chunked", body=b"\r\n"),
    "a chunk of size x": answer(b"Transfer-Encoding: chunked", body=b"x\r\n"),
    "a chunk of size -1": answer(b"Transfer-Encoding: chunked", body=b"-1\r\n"),
    "a chunk of size 1x": answer(b"Transfer-Encoding: chunked", body=b"1x\r\na\r\n"),
    "a chunk that goes on": answer(
        b"Transfer-Encoding: chunked", body=b"1\r\nab\r\n0\r\n\r\n"
    ),
    "a chunk of size 2**64": answer(
        b"Transfer-Encoding: chunked", body=b"1" + b"0" * 16 + b"\r\n"
    ),
}


REASONS = "it is not|cannot be read|in two ways|transfer coding|more came behind"


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(raw):
    with pytest.raises(ValueError, match=REASONS):
        AnswerReader().take(raw)
    reader = AnswerReader()
    if raw.startswith((by_length(PLACED), chunked([PLACED]))):
        return  # cut there, it is whole: what comes later nobody can wait for
    with pytest.raises(ValueError, match=REASONS):
        [reader.take(raw[i : i + 1]) for i in range(len(raw))]
    assert not reader.keeps_open


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"Content-Length: 11"),
        answer(b"Transfer-Encoding: chunked", body=b"b\r\n"),
        chunked([b"123456", b"78901"]),
        answer(body=b"12345678901"),
    ],
    ids=["length", "chunk", "chunks", "to the end"],
)
def test_an_answer_over_the_limit_is_refused(raw):
    with pytest.raises(ValueError, match="larger than 10 bytes"):
        AnswerReader(10).take(raw)


@pytest.mark.parametrize(
    "endless",
    [
        answer(b"A: " + b"b" * 70_000),
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 12_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000,
        answer(b"Transfer-Encoding: chunked", body=b"1;" + b"x" * 5_000),
        answer(b"Transfer-Encoding: chunked", body=b"0\r\n" + b"A: b\r\n" * 15_000),
    ],
    ids=["line", "headers", "interim answers", "extension", "trailers"],
)
def test_what_has_no_end_is_refused(endless):
    with pytest.raises(ValueError, match="cannot be read"):
        AnswerReader().take(endless)


@pytest.mark.parametrize("raw", [by_length(PLACED), chunked([PLACED])])
def test_an_answer_that_is_cut_anywhere_is_not_whole(raw):
    for cut in range(len(raw)):
        reader = AnswerReader()
        assert not reader.take(raw[:cut])
        assert not reader.end()


CONTROL = [*range(9), 11, 12, *range(14, 32)]


@pytest.mark.parametrize("letter", [b"\r", b"\n", *(b"%c" % c for c in CONTROL)])
@pytest.mark.parametrize("raw", [by_length(b"", b"A: bc", b"D: ef"), chunked([])])
def test_a_control_letter_anywhere_in_a_head_is_refused(raw, letter):
    for place in range(len(raw)):
        broken = raw[:place] + letter + raw[place:]
        reader = AnswerReader()
        try:
            assert not reader.take(broken), broken
        except ValueError:
            continue
        assert not reader.end(), broken


STARTS = [b"", b"HTTP/1.1 200 OK\r\n", answer(b"Transfer-Encoding: chunked")]


@given(start=st.sampled_from(STARTS), more=st.lists(st.binary(max_size=64), max_size=8))
def test_no_bytes_at_all_do_any_harm(start, more):
    reader = AnswerReader(100)
    try:
        for part in (start, *more):
            reader.take(part)
    except ValueError:
        assert not reader.keeps_open
    reader.end()
    assert len(reader.body) <= 100
