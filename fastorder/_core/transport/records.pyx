# cython: boundscheck=False, wraparound=False, cdivision=True
"""Cuts a stream of bytes into records at 0x1E; what is not whole yet is kept.

A record that lies whole in the bytes that came is handed out where it lies. JSON writes
the separator as an escape, so it stands within no record.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdlib cimport free, realloc
from libc.string cimport memchr, memcpy, memset

from fastorder._base.counted import counted
from fastorder.errors import RealtimeProtocolError

cdef enum:
    SEPARATOR = 0x1E
    FIRST_ROOM = 4096
    LONG_ROOM = 65536           # a larger buffer is not kept for the next record


# ---------------------------------------------------------------- red


cdef void records_begin(Records* records, size_t limit) noexcept nogil:
    """Be ready for a new connection, whose first byte begins a record."""
    memset(records, 0, sizeof(Records))
    records.limit = limit


cdef void records_free(Records* records) noexcept nogil:
    free(records.kept)
    records.kept = NULL
    records.kept_room = 0
    records.kept_size = 0


cdef Cut records_next(
    Records* records, const char* bytes, size_t size, size_t* used
) noexcept nogil:
    """The next whole record; ``used`` says how many bytes were taken."""
    cdef const char* end
    cdef size_t taken
    if records.given:
        forget_given(records)
    end = <const char*>memchr(bytes, SEPARATOR, size) if size else NULL
    taken = size if end is NULL else end - bytes
    used[0] = taken if end is NULL else taken + 1
    if records.kept_size + taken > records.limit:
        return OVER_LIMIT
    if end is not NULL and records.kept_size == 0:
        records.record = bytes
        records.record_size = taken
        return RECORD
    if not keep(records, bytes, taken):
        return OUT_OF_MEMORY
    if end is NULL:
        return NO_MORE
    records.record = records.kept
    records.record_size = records.kept_size
    records.given = True
    return RECORD


cdef void forget_given(Records* records) noexcept nogil:
    records.given = False
    records.kept_size = 0
    if records.kept_room > LONG_ROOM:
        records_free(records)


cdef bint keep(Records* records, const char* bytes, size_t size) noexcept nogil:
    """Put bytes behind those that are kept; False where there is no memory."""
    cdef size_t wanted = records.kept_size + size
    cdef size_t room = records.kept_room if records.kept_room else FIRST_ROOM
    cdef char* grown
    if wanted > records.kept_room:
        while room < wanted:
            room *= 2
        grown = <char*>realloc(records.kept, room)
        if grown is NULL:
            return False
        records.kept = grown
        records.kept_room = room
    if size:
        memcpy(records.kept + records.kept_size, bytes, size)
    records.kept_size = wanted
    return True


# ---------------------------------------------------------------- amber


cdef class RecordReader:
    """Cuts bytes into records, without a connection.

    Args:
        limit: the longest record that is taken, in bytes.
    """

    def __cinit__(self, size_t limit=RECORD_LIMIT):
        records_begin(&self.records, limit)

    def __dealloc__(self):
        records_free(&self.records)

    def take(self, bytes more not None):
        """The records that are whole now.

        Raises:
            RealtimeProtocolError: a record is longer than the limit.
        """
        cdef const char* at = PyBytes_AS_STRING(more)
        cdef size_t left = PyBytes_GET_SIZE(more)
        cdef size_t used = 0
        cdef list found = []
        cdef Cut cut = RECORD
        while left:
            cut = records_next(&self.records, at, left, &used)
            at += used
            left -= used
            if cut == RECORD:
                found.append(PyBytes_FromStringAndSize(
                    self.records.record, self.records.record_size))
            elif cut != NO_MORE:
                raise RealtimeProtocolError(cut_text(cut, self.records.limit))
        return found


cdef str cut_text(Cut cut, size_t limit):
    if cut == OVER_LIMIT:
        return f"a record must be at most {counted(limit, 'byte')}, was longer"
    return "there is no memory for a record"
