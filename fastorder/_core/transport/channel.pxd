"""A WebSocket over a connection of the engine: records in, messages out."""

from libc.stdint cimport int64_t

from fastorder._core.transport.connection cimport Connection
from fastorder._core.transport.frames cimport Frames, Masks, Opcode
from fastorder._core.transport.records cimport Records
from fastorder._core.transport.request_head cimport Route

cdef class ChannelKeeper:       # the engine, as far as a channel knows it
    cdef int await_room_of(self, Channel channel) except -1
    cdef int forget_channel(self, Channel channel) except -1

cdef class RecordReceiver:      # who hears what comes over a channel
    cdef int on_record(self, const char* record, size_t size) except -1
    cdef int on_ended(self, str why) except -1
    cdef int on_batch(self) except -1

cdef class HubRoute(Route):
    cdef readonly Channel channel
    cdef str key                # Sec-WebSocket-Key: 16 random bytes, in base64
    cdef str query

cdef class Channel:
    cdef readonly bint ended
    cdef readonly bint read_whole       # the server has ended it, and all was read
    cdef readonly int64_t heard_ns      # when the last bytes came
    cdef readonly int64_t record_count
    cdef bint behind            # there is, or may be, more to read at once
    cdef Connection connection
    cdef ChannelKeeper keeper
    cdef RecordReceiver receiver
    cdef Frames frames
    cdef Records records
    cdef Masks masks
    cdef char* input            # owned; one read's bytes
    cdef char* out              # owned; frames that wait for the socket
    cdef size_t out_room
    cdef size_t out_size
    cdef size_t out_sent
    cdef bint said_close        # nothing may be sent after a close frame
    cdef str refused            # why the upgrade's answer is not taken

    cdef int attach(self, ChannelKeeper keeper, Connection connection) except -1
    cdef int pull(self) except -1
    cdef bint nothing_begun(self) noexcept
    cdef int feed(self, const char* bytes, size_t size) except -1
    cdef int cut(self, const char* bytes, size_t size) except -1
    cdef int control(self) except -1
    cdef int put(self, Opcode opcode, const char* payload, size_t size) except -1
    cdef bint pending(self) noexcept
    cdef int flush(self) except -1
    cdef int fail(self, int code, str why) except -1
    cdef int end(self, str why) except -1
