"""An engine that the calling thread drives while it waits."""

from libc.stdint cimport int64_t

from fastorder._core.transport.connection cimport Connection, Step
from fastorder._core.transport.engine cimport Engine
from fastorder._core.transport.libcurl cimport CurlWait

cdef class PollEngine(Engine):
    cdef unsigned long owner    # thread id; 0 until the first use
    cdef bint behind            # a WebSocket has more to read at once
    cdef CurlWait* waits        # owned; NULL until the first
    cdef Py_ssize_t waits_room

    cpdef object turn(self, int64_t longest_ns)
    cdef list waiting(self)
    cdef int make_room(self, Py_ssize_t count) except -1
    cdef int serve(self, list waiting) except -1
    cdef Step resumed(self, Connection connection, short ready) except *
    cdef int pause(self, int64_t longest_ns, unsigned int sockets) except -1
