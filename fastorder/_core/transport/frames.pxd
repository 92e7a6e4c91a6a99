"""WebSocket frames of a client: bytes in, payload out; frames to bytes."""

from libc.stdint cimport int64_t, uint64_t

cdef enum:
    CONTROL_LIMIT = 125         # bytes of a control frame's payload
    HEAD_ROOM = 14              # the longest head of a frame

cdef enum Opcode:
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

cdef enum Found:                # what came of a look at the bytes
    MORE = 0                    # the next frame, or its payload, is to come
    DATA = 1                    # a span of payload
    CONTROL = 2                 # a whole control frame
    BROKEN = 3                  # FrameReader.fault says why; nothing more is read

cdef enum Fault:
    NO_FAULT = 0
    MASKED = 1
    RESERVED_BITS = 2
    UNKNOWN_OPCODE = 3
    LONG_CONTROL = 4
    CUT_CONTROL = 5
    LENGTHENED = 6
    HUGE = 7
    NOTHING_BEFORE = 8
    UNFINISHED = 9
    BAD_CLOSE = 10
    BAD_CLOSE_TEXT = 11

cdef struct Frames:
    unsigned char head[HEAD_ROOM]
    int head_size               # bytes of the head so far
    bint in_payload
    bint last                   # the frame is the last of its message
    Opcode opcode               # of the frame
    Opcode message              # of the message; CONTINUATION where none is open
    bint binary                 # the message, or the one before it, is binary
    uint64_t left               # of the frame's payload
    char control[CONTROL_LIMIT]
    int control_size            # bytes of the control frame's payload so far
    Fault fault
    # what was found
    const char* span            # DATA: borrowed from the bytes that were given
    size_t span_size
    # counted
    int64_t frame_count
    int64_t binary_count        # messages that came as binary

cdef void frames_begin(Frames* frames) noexcept nogil
cdef Found frames_next(
    Frames* frames, const char* bytes, size_t size, size_t* used) noexcept nogil
cdef int close_code(Frames* frames) noexcept nogil
cdef size_t head_of(
    char* out, Opcode opcode, size_t size, const char* mask) noexcept nogil
cdef void put_masked(
    char* out, const char* payload, size_t size, const char* mask) noexcept nogil
cdef str fault_text(Fault fault)

cdef class Masks:
    cdef bytes pool             # None until the first
    cdef Py_ssize_t used

    cdef const char* next(self) except NULL

cdef class FrameReader:
    cdef Frames frames
