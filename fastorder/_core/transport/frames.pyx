# cython: boundscheck=False, wraparound=False, cdivision=True
"""WebSocket frames of a client, by RFC 6455: bytes in, spans of payload out.

A frame's payload is handed on as it comes, wherever it was cut: what reads it treats it
as a stream. Control frames are kept until they are whole. Whatever the RFC forbids a
server is a fault, and nothing is read behind it. The extension bits are among that:
this client offers no extension.
"""

import os

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from fastorder.errors import RealtimeProtocolError

cdef enum:
    NOT_GIVEN = 1005            # the code of a close frame without one
    POOL = 4096                 # random bytes that are drawn at once
    MASK = 4
    SHORT_HEAD = 4              # of a frame of less than 64 KB

FAULTS = (
    "",
    "a frame of the server is masked",
    "a reserved bit is set, no extension was agreed",
    "a frame has an unknown opcode",
    "a control frame is longer than 125 bytes",
    "a control frame is cut into fragments",
    "a frame's length has more bytes than it needs",
    "a frame is longer than 2**63 - 1 bytes",
    "a fragment continues no message",
    "a message begins before the one before it ended",
    "a close frame has a code that must not be sent",
    "a close frame has a reason that is not UTF-8",
)
"""What is wrong with a frame, for people; by Fault."""


# ---------------------------------------------------------------- red: reading


cdef void frames_begin(Frames* frames) noexcept nogil:
    """Be ready for a new connection."""
    memset(frames, 0, sizeof(Frames))


cdef Found frames_next(
    Frames* frames, const char* bytes, size_t size, size_t* used
) noexcept nogil:
    """Look at bytes until something is found; ``used`` says how many were taken."""
    cdef size_t taken = 0
    cdef Found found = BROKEN if frames.fault else MORE
    while found == MORE and (taken < size or whole(frames)):
        if frames.in_payload:
            taken += take_payload(frames, bytes + taken, size - taken, &found)
        elif frames.head_size == 0 and size - taken >= SHORT_HEAD:
            taken += take_head(frames, bytes + taken)
        else:
            frames.head[frames.head_size] = <unsigned char>bytes[taken]
            frames.head_size += 1
            taken += 1
            if frames.head_size >= 2 and frames.head_size == head_size(frames):
                begin_payload(frames)
        if frames.fault:
            found = BROKEN
    used[0] = taken
    return found


cdef inline size_t take_head(Frames* frames, const char* bytes) noexcept nogil:
    """Take a head at once, or as much of it as a short one has; how many bytes."""
    cdef int size
    memcpy(frames.head, bytes, SHORT_HEAD)
    size = head_size(frames)
    frames.head_size = size if size <= SHORT_HEAD else SHORT_HEAD
    if size <= SHORT_HEAD:
        begin_payload(frames)
    return frames.head_size


cdef inline bint whole(Frames* frames) noexcept nogil:
    """Whether a frame's end needs no further byte: it has no payload, or all of it."""
    return frames.in_payload and frames.left == 0


cdef inline int head_size(Frames* frames) noexcept nogil:
    """How long the head is; of a masked frame without the mask, which is refused."""
    cdef int length = frames.head[1] & 0x7F
    return 2 + (2 if length == 126 else 8 if length == 127 else 0)


cdef void begin_payload(Frames* frames) noexcept nogil:
    """The head of a frame is there: check it by the RFC's section 5.2."""
    frames.opcode = <Opcode>(frames.head[0] & 0x0F)
    frames.last = (frames.head[0] & 0x80) != 0
    frames.left = length_of(frames)
    frames.fault = head_fault(frames)
    if frames.fault:
        return
    frames.frame_count += 1
    frames.in_payload = True
    if frames.opcode >= CLOSE:
        frames.control_size = 0
    elif frames.opcode != CONTINUATION:
        frames.message = frames.opcode
        frames.binary = frames.opcode == BINARY
        frames.binary_count += frames.binary


cdef uint64_t length_of(Frames* frames) noexcept nogil:
    cdef uint64_t length = frames.head[1] & 0x7F
    cdef int i
    if length < 126:
        return length
    length = 0
    for i in range(2, frames.head_size):
        length = length << 8 | frames.head[i]
    return length


cdef Fault head_fault(Frames* frames) noexcept nogil:
    """What the RFC forbids of a head."""
    cdef int coded = frames.head[1] & 0x7F
    if frames.head[1] & 0x80:
        return MASKED
    if frames.head[0] & 0x70:
        return RESERVED_BITS
    if 2 < <int>frames.opcode < 8 or <int>frames.opcode > 10:
        return UNKNOWN_OPCODE
    if coded == 126 and frames.left < 126 or coded == 127 and frames.left < 65536:
        return LENGTHENED
    if frames.left >> 63:
        return HUGE
    if frames.opcode >= CLOSE:
        if frames.left > CONTROL_LIMIT:
            return LONG_CONTROL
        return NO_FAULT if frames.last else CUT_CONTROL
    if frames.opcode == CONTINUATION:
        return NO_FAULT if frames.message else NOTHING_BEFORE
    return UNFINISHED if frames.message else NO_FAULT


cdef size_t take_payload(
    Frames* frames, const char* bytes, size_t size, Found* found
) noexcept nogil:
    """Take what has come of a payload; how many bytes that are."""
    cdef size_t taken = size if size < frames.left else <size_t>frames.left
    frames.left -= taken
    if frames.opcode >= CLOSE:
        memcpy(frames.control + frames.control_size, bytes, taken)
        frames.control_size += <int>taken
    elif taken:
        frames.span = bytes
        frames.span_size = taken
        found[0] = DATA
    if frames.left == 0:
        end_frame(frames, found)
    return taken


cdef void end_frame(Frames* frames, Found* found) noexcept nogil:
    frames.in_payload = False
    frames.head_size = 0
    if frames.opcode >= CLOSE:
        found[0] = CONTROL
        if frames.opcode == CLOSE:
            frames.fault = close_fault(frames)
    elif frames.last:
        frames.message = CONTINUATION


cdef int close_code(Frames* frames) noexcept nogil:
    """The code of a close frame."""
    if frames.control_size < 2:
        return NOT_GIVEN
    return (
        <unsigned char>frames.control[0] << 8 | <unsigned char>frames.control[1])


cdef Fault close_fault(Frames* frames) noexcept nogil:
    """What the RFC forbids of a close frame: sections 5.5.1 and 7.4."""
    cdef int code = close_code(frames)
    if frames.control_size == 0:
        return NO_FAULT
    if frames.control_size == 1 or not (
        1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    ):
        return BAD_CLOSE
    if not is_utf8(frames.control + 2, frames.control_size - 2):
        return BAD_CLOSE_TEXT
    return NO_FAULT


cdef bint is_utf8(const char* text, int size) noexcept nogil:
    """Whether it is UTF-8, by RFC 3629: no surrogates, nothing too long."""
    cdef const unsigned char* at = <const unsigned char*>text
    cdef const unsigned char* end = at + size
    cdef int more, low, high, i
    while at < end:
        if at[0] < 0x80:
            at += 1
            continue
        more = 1 if 0xC2 <= at[0] <= 0xDF else (
            2 if 0xE0 <= at[0] <= 0xEF else 3 if 0xF0 <= at[0] <= 0xF4 else 0)
        if more == 0 or end - at <= more:
            return False
        low = 0xA0 if at[0] == 0xE0 else 0x90 if at[0] == 0xF0 else 0x80
        high = 0x9F if at[0] == 0xED else 0x8F if at[0] == 0xF4 else 0xBF
        if not low <= at[1] <= high:
            return False
        for i in range(2, more + 1):
            if at[i] & 0xC0 != 0x80:
                return False
        at += more + 1
    return True


# ---------------------------------------------------------------- red: writing


cdef size_t head_of(
    char* out, Opcode opcode, size_t size, const char* mask
) noexcept nogil:
    """Write the head of a whole, masked frame; how long it is."""
    cdef size_t at = 2
    cdef int i
    out[0] = <char>(0x80 | opcode)
    if size < 126:
        out[1] = <char>(0x80 | size)
    elif size < 65536:
        out[1] = <char>(0x80 | 126)
        at = 4
    else:
        out[1] = <char>(0x80 | 127)
        at = 10
    for i in range(2, <int>at):
        out[i] = <char>(size >> 8 * (<int>at - 1 - i) & 0xFF)
    memcpy(out + at, mask, MASK)
    return at + MASK


cdef void put_masked(
    char* out, const char* payload, size_t size, const char* mask
) noexcept nogil:
    """Write a payload under its mask, eight bytes at a time."""
    cdef uint64_t wide, eight
    cdef size_t i = 0
    memcpy(&wide, mask, MASK)
    memcpy(<char*>&wide + MASK, mask, MASK)
    while i + 8 <= size:
        memcpy(&eight, payload + i, 8)
        eight ^= wide
        memcpy(out + i, &eight, 8)
        i += 8
    while i < size:
        out[i] = payload[i] ^ mask[i & 3]
        i += 1


# ---------------------------------------------------------------- amber


cdef class Masks:
    """Masks that nobody can foresee: random bytes of the system, many drawn at once.

    A mask keeps what a program sends from looking like something else to a proxy on the
    way (RFC 6455, section 10.3). One byte of the pool is in one mask only.
    """

    cdef const char* next(self) except NULL:
        """The next mask's four bytes; they last until the next call."""
        if self.pool is None or self.used + MASK > PyBytes_GET_SIZE(self.pool):
            self.pool = os.urandom(POOL)
            self.used = 0
        self.used += MASK
        return PyBytes_AS_STRING(self.pool) + self.used - MASK


cdef str fault_text(Fault fault):
    return FAULTS[<int>fault]


cdef class FrameReader:
    """Reads the frames of a server from bytes, without a connection."""

    def __cinit__(self):
        frames_begin(&self.frames)

    def take(self, bytes more not None):
        """What has come: pairs of an opcode and bytes.

        TEXT (1) and BINARY (2) stand before each span of payload as it came, 8, 9 and
        10 before the payload of a whole close, ping and pong.

        Raises:
            RealtimeProtocolError: a frame breaks RFC 6455; the text says which rule.
        """
        cdef const char* at = PyBytes_AS_STRING(more)
        cdef size_t left = PyBytes_GET_SIZE(more)
        cdef size_t used = 0
        cdef list events = []
        cdef Found found
        while True:
            found = frames_next(&self.frames, at, left, &used)
            at += used
            left -= used
            if found == BROKEN:
                raise RealtimeProtocolError(fault_text(self.frames.fault))
            if found == MORE:
                return events
            events.append(self.event(found))

    def event(self, int found):
        if found == DATA:
            kind = BINARY if self.frames.binary else TEXT
            return <int>kind, PyBytes_FromStringAndSize(
                self.frames.span, self.frames.span_size)
        return <int>self.frames.opcode, PyBytes_FromStringAndSize(
            self.frames.control, self.frames.control_size)


def encoded(int opcode, bytes payload not None, bytes mask=None):
    """A whole frame of a client.

    Args:
        opcode: 1 text, 2 binary, 8 close, 9 ping, 10 pong.
        payload: at most 125 bytes of a control frame.
        mask: four bytes; drawn where not given.
    """
    cdef size_t size = PyBytes_GET_SIZE(payload)
    cdef char head[HEAD_ROOM]
    cdef bytes frame
    cdef size_t at
    if opcode not in (1, 2, 8, 9, 10):
        raise ValueError(f"opcode must be 1, 2, 8, 9 or 10, was {opcode}")
    if opcode >= CLOSE and size > CONTROL_LIMIT:
        raise ValueError(
            f"payload must be at most {CONTROL_LIMIT} bytes, was {size}")
    if mask is None:
        mask = os.urandom(MASK)
    if PyBytes_GET_SIZE(mask) != MASK:
        raise ValueError(f"mask must be {MASK} bytes, was {len(mask)}")
    at = head_of(head, <Opcode>opcode, size, mask)
    frame = PyBytes_FromStringAndSize(NULL, at + size)
    memcpy(PyBytes_AS_STRING(frame), head, at)
    put_masked(
        PyBytes_AS_STRING(frame) + at, PyBytes_AS_STRING(payload), size, mask)
    return frame
