# cython: boundscheck=False, wraparound=False, cdivision=True
"""A WebSocket over a connection that the engine has opened: records in, messages out.

The socket is read until it is empty, at most READS times in a turn, and never waits for
whoever hears the records: a server ends a connection that is not read for ten seconds.
"""

import os

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc, realloc

from fastorder._base.counted import counted
from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.clock cimport monotonic_ns
from fastorder._core.transport.frames cimport (
    BROKEN, CLOSE, CONTROL, DATA, HEAD_ROOM, PING, PONG, TEXT, Found,
    close_code, fault_text, frames_begin, frames_next, head_of, put_masked)
from fastorder._core.transport.libcurl cimport curl
from fastorder._core.transport.records cimport (
    NO_MORE, OVER_LIMIT, RECORD, RECORD_LIMIT, Cut, records_begin, records_free,
    records_next)

from fastorder._base.outside_text import from_outside

cdef enum:
    READS = 16                  # of one turn
    INPUT = 65536               # bytes of one read
    OUT_LIMIT = 1048576         # bytes that may wait for the socket
    BAD_FRAME = 1002
    NOT_TAKEN = 1008
    TOO_BIG = 1009

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server mixes into its answer. Source: RFC 6455, section 1.3."""


cdef class ChannelKeeper:
    """What a channel needs of its engine."""

    cdef int await_room_of(self, Channel channel) except -1:
        """Some of what was written waits for the socket."""
        raise NotImplementedError

    cdef int forget_channel(self, Channel channel) except -1:
        """It has ended: close its connection."""
        raise NotImplementedError


cdef class RecordReceiver:
    """Who hears what comes over a channel; a subclass acts on it."""

    cdef int on_record(self, const char* record, size_t size) except -1:
        """A whole record, without its separator; it lasts as long as the call."""
        raise NotImplementedError

    cdef int on_ended(self, str why) except -1:
        """Nothing more will come."""
        raise NotImplementedError

    cdef int on_batch(self) except -1:
        """What could be read at once has been."""
        return 0


cdef class HubRoute(Route):
    """The request that turns one connection into a WebSocket; it is sent once.

    Args:
        channel: what the connection becomes.
        query: behind the path, "id=..." say; the token is put behind it.
    """

    def __init__(self, *given, Channel channel not None, str query="", **options):
        super().__init__(*given, once=True, is_post=False, **options)
        self.upgrades = True
        self.channel = channel
        from base64 import b64encode    # for a hub alone
        self.query = query
        self.key = b64encode(os.urandom(16)).decode("ascii")

    cdef bytes head(self, bytes token):
        """The token stands in the query, as documented, and in a header."""
        parts = [self.query] if self.query else []
        lines = ["Host: " + self.origin.host.decode("ascii")]
        if token is not None:
            from urllib.parse import quote
            text = token.decode("ascii")
            parts.append("access_token=" + quote(text, safe=""))
            lines.append("Authorization: Bearer " + text)
        path = self.origin.path + self.path + ("?" + "&".join(parts) if parts else "")
        lines += [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + self.key, "User-Agent: fastorder",
        ]
        lines = [f"GET {path} HTTP/1.1", *lines]
        return "".join([f"{line}\r\n" for line in lines]).encode("ascii")

    def refusal(self, bytes head not None):
        """Why an answer with status 101 is not taken; None where it is.

        Source: RFC 6455, section 4.1.
        """
        from base64 import b64encode    # for a hub alone
        from hashlib import sha1
        found = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, colon, value = line.partition(":")
            if colon:
                found.setdefault(name.strip().lower(), []).append(value.strip())
        mixed = sha1((self.key + GUID).encode(), usedforsecurity=False).digest()
        if found.get("sec-websocket-accept") != [b64encode(mixed).decode()]:
            return "its Sec-WebSocket-Accept does not answer our key"
        if [each.lower() for each in found.get("upgrade", [])] != ["websocket"]:
            return "it does not upgrade to websocket"
        words = ",".join(found.get("connection", [])).lower().split(",")
        if "upgrade" not in [word.strip() for word in words]:
            return "it has no Connection: Upgrade"
        for name in ("sec-websocket-extensions", "sec-websocket-protocol"):
            if found.get(name):
                return f"it has a {name} that was not asked for"
        return None


cdef class Channel:
    """One WebSocket, from the upgrade to its end.

    Args:
        receiver: hears the records.
        limit: the longest record that is taken, in bytes.

    Attributes:
        ended: nothing more comes or goes.
        heard_ns: when the last bytes came; monotonic nanoseconds.
        record_count: records that have come.
    """

    def __cinit__(self, RecordReceiver receiver not None, size_t limit=RECORD_LIMIT):
        self.receiver = receiver
        self.masks = Masks()
        frames_begin(&self.frames)
        records_begin(&self.records, limit)
        self.input = <char*>malloc(INPUT)
        if self.input is NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self.input)
        free(self.out)
        records_free(&self.records)

    @property
    def binary_count(self):
        """Messages that came as binary, where a hub sends text."""
        return self.frames.binary_count

    cdef int attach(self, ChannelKeeper keeper, Connection connection) except -1:
        """The upgrade was answered; what came with the answer is read first."""
        cdef size_t parsed = connection.wire.answer.parsed
        self.keeper = keeper
        self.connection = connection
        self.heard_ns = monotonic_ns()
        self.behind = True
        self.feed(
            connection.wire.answer.bytes + parsed, connection.wire.answer.size - parsed)
        return 0

    # ------------------------------------------------------------ in

    cdef int pull(self) except -1:
        """Read what has come."""
        cdef size_t read
        cdef int code
        cdef int _turn
        self.behind = False
        for _turn in range(READS):
            if self.ended:
                return 0
            read = 0
            code = curl.easy_recv(self.connection.wire.easy, self.input, INPUT, &read)
            if code == c.CURLE_AGAIN:
                break
            if code != c.CURLE_OK or read == 0:
                self.read_whole = code == c.CURLE_OK and self.nothing_begun()
                return self.end(self.lost(code))
            self.heard_ns = monotonic_ns()
            self.feed(self.input, read)
        else:
            self.behind = True          # a socket that TLS has emptied wakes nobody
        if not self.ended and self.pending():
            self.flush()
        return self.receiver.on_batch()

    cdef bint nothing_begun(self) noexcept:
        """Whether what came ends with a record's end."""
        return (
            (self.records.kept_size == 0 or self.records.given)
            and not self.frames.in_payload and self.frames.head_size == 0)

    def lost(self, int code):
        """Why nothing more can be read."""
        if code == c.CURLE_OK:
            return "the server ended the connection"
        text = (<bytes>self.connection.wire.error).decode("utf-8", "replace")
        if not text:
            text = (<bytes>curl.easy_strerror(code)).decode()
        return f"the connection was lost: {from_outside(text)}"

    cdef int feed(self, const char* bytes, size_t size) except -1:
        """Take bytes as they came."""
        cdef size_t used = 0
        cdef Found found
        while not self.ended:
            found = frames_next(&self.frames, bytes, size, &used)
            bytes += used
            size -= used
            if found == DATA:
                self.cut(self.frames.span, self.frames.span_size)
            elif found == CONTROL:
                self.control()
            elif found == BROKEN:
                return self.fail(BAD_FRAME, fault_text(self.frames.fault))
            else:
                break
        return 0

    cdef int cut(self, const char* bytes, size_t size) except -1:
        """Hand on the records that end in a span of payload."""
        cdef size_t used = 0
        cdef Cut found
        while size and not self.ended:
            found = records_next(&self.records, bytes, size, &used)
            bytes += used
            size -= used
            if found == RECORD:
                self.record_count += 1
                self.receiver.on_record(self.records.record, self.records.record_size)
            elif found == OVER_LIMIT:
                limit = counted(self.records.limit, "byte")
                text = f"a record must be at most {limit}, was longer"
                return self.fail(TOO_BIG, text)
            elif found != NO_MORE:
                return self.fail(TOO_BIG, "there is no memory for a record")
        return 0

    cdef int control(self) except -1:
        cdef int size = self.frames.control_size
        if self.frames.opcode == PING:
            return self.put(PONG, self.frames.control, size)
        if self.frames.opcode == PONG:
            return 0
        cdef int code = close_code(&self.frames)
        why = f"the server closed with code {code}"
        if size > 2:
            text = self.frames.control[2:size].decode("utf-8", "replace")
            why = f"{why}: {from_outside(text)}"
        self.put(CLOSE, self.frames.control, 2 if size >= 2 else 0)
        self.read_whole = self.nothing_begun()
        return self.end(why)

    # ------------------------------------------------------------ out

    def write(self, bytes payload not None):
        """Send a text message; what the socket does not take waits in memory."""
        self.put(TEXT, PyBytes_AS_STRING(payload), PyBytes_GET_SIZE(payload))

    def ping(self):
        """Send a WebSocket ping: whoever is there answers at once."""
        self.put(PING, b"", 0)

    def farewell(self, int code=1000):
        """Send a close frame; nothing can be sent after it, and more may come."""
        cdef char payload[2]
        payload[0] = <char>(code >> 8)
        payload[1] = <char>(code & 0xFF)
        self.put(CLOSE, payload, 2)

    def drop(self):
        """End it now; its receiver is not told."""
        if not self.ended:
            self.ended = True
            if self.keeper is not None:
                self.keeper.forget_channel(self)

    cdef int put(self, Opcode opcode, const char* payload, size_t size) except -1:
        """Frame, mask and send."""
        cdef size_t wanted = self.out_size + HEAD_ROOM + size
        cdef const char* mask
        cdef char* grown
        if self.ended or self.said_close or self.connection is None:
            return 0
        if wanted - self.out_sent > OUT_LIMIT:
            return self.end("the server took nothing that was sent")
        if wanted > self.out_room:
            grown = <char*>realloc(self.out, 2 * wanted)
            if grown is NULL:
                raise MemoryError
            self.out = grown
            self.out_room = 2 * wanted
        mask = self.masks.next()
        self.out_size += head_of(self.out + self.out_size, opcode, size, mask)
        put_masked(self.out + self.out_size, payload, size, mask)
        self.out_size += size
        self.said_close = opcode == CLOSE
        return self.flush()

    cdef bint pending(self) noexcept:
        """Whether something waits for the socket."""
        return self.out_sent < self.out_size

    cdef int flush(self) except -1:
        """Hand on what the socket takes; an error is seen by the next read."""
        cdef size_t sent = 0
        while self.pending():
            sent = 0
            if curl.easy_send(
                self.connection.wire.easy, self.out + self.out_sent,
                self.out_size - self.out_sent, &sent
            ) != c.CURLE_OK:
                break
            self.out_sent += sent
        if self.pending():
            return self.keeper.await_room_of(self)
        self.out_sent = self.out_size = 0
        return 0

    # ------------------------------------------------------------ the end

    def refuse(self, str why not None):
        """The upgrade's answer is not taken."""
        self.fail(NOT_TAKEN, why)

    cdef int fail(self, int code, str why) except -1:
        """The server breaks a rule: say so, and end."""
        self.farewell(code)
        return self.end(why)

    cdef int end(self, str why) except -1:
        if self.ended:
            return 0
        self.drop()
        return self.receiver.on_ended(why)
