# cython: boundscheck=False, wraparound=False, cdivision=True
"""An engine that the calling thread drives while it waits."""

import sys

from cpython.exc cimport PyErr_CheckSignals
from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc

from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.timer_heap cimport NEVER
from fastorder._core.transport.clock cimport monotonic_ns as now_ns
from fastorder._core.transport.channel cimport Channel
from fastorder._core.transport.connection cimport (
    GOES_ON, ROOM, Connection, Step, pull, resume)
from fastorder._core.transport.engine cimport Engine
from fastorder._core.transport.libcurl cimport CurlWait, curl

from fastorder.errors import ExecutorMisuse

cdef int64_t LONGEST_PAUSE_NS = 100_000_000     # a signal is seen at least this often


cdef class PollEngine(Engine):
    """An engine that the calling thread drives while it waits.

    It may be made anywhere; the first use binds it to the thread of that use.
    """

    cdef int check_owner(self) except -1:
        Engine.check_owner(self)
        cdef unsigned long thread = PyThread_get_thread_ident()
        if self.owner == 0:
            self.owner = thread
        elif self.owner != thread:
            raise ExecutorMisuse(
                f"an executor belongs to the thread that used it first ({self.owner}), "
                f"this is thread {thread}: make one executor for each thread"
            )
        return 0

    @property
    def used(self):
        """Whether a thread is bound to it."""
        return self.owner != 0

    @property
    def driver_ended(self):
        """Whether its thread has ended; no other can be in the middle of a call."""
        return self.owner != 0 and self.owner not in sys._current_frames()

    cpdef object waiter(self):
        """Refused: nothing on a loop would ever end the wait."""
        raise ExecutorMisuse(
            "a ticket of a blocking executor must not be awaited: use resolve(tag)")

    def __dealloc__(self):
        free(self.waits)

    cdef int drive(self) except -1:
        cdef int running = 0
        cdef int code = curl.multi_perform(self.multi, &running)
        self.close_sockets()
        if code != 0:
            return self.fail_all(code)
        return self.hand_out()

    cpdef object turn(self, int64_t longest_ns):
        """Wait for the next event, at most so long; then act on it.

        The GIL is released during the wait. A signal ends it.
        """
        self.check_owner()
        cdef list waiting = self.waiting()
        self.pause(longest_ns, <unsigned int>len(waiting))
        if self.opening and not self.closed:    # a signal's handler may close it
            self.drive()
        if not self.closed:
            self.serve(waiting)
        if not self.closed:
            self.run_due()
            self.begin_waiting()

    def wake(self):
        """End the wait of the thread that drives it; from any thread."""
        if not self.closed:
            curl.multi_wakeup(self.multi)

    cdef list waiting(self):
        """The connections whose sockets are to be waited for, as libcurl takes them."""
        cdef list waiting = []
        cdef Connection connection
        cdef unsigned int count = 0
        cdef Channel channel
        self.make_room(len(self.busy) + len(self.channels))
        self.behind = False
        for connection in self.channels:
            channel = connection.channel
            self.behind = self.behind or channel.behind
            self.waits[count].fd = connection.wire.fd
            self.waits[count].revents = 0
            self.waits[count].events = c.CURL_WAIT_POLLIN
            if channel.pending():
                self.waits[count].events |= c.CURL_WAIT_POLLOUT
            waiting.append(connection)
            count += 1
        for connection in self.busy:
            if connection.is_open:
                self.waits[count].fd = connection.wire.fd
                self.waits[count].revents = 0
                self.waits[count].events = c.CURL_WAIT_POLLIN
                if (
                    connection.wire.out_sent < connection.wire.out_size
                    and connection.wire.wants == ROOM
                ):
                    self.waits[count].events |= c.CURL_WAIT_POLLOUT
                waiting.append(connection)
                count += 1
        return waiting

    cdef int make_room(self, Py_ssize_t count) except -1:
        if count <= self.waits_room:
            return 0
        cdef CurlWait* grown = <CurlWait*>realloc(
            self.waits, 2 * count * sizeof(CurlWait))
        if grown is NULL:
            raise MemoryError
        self.waits = grown
        self.waits_room = 2 * count
        return 0

    cdef int serve(self, list waiting) except -1:
        """Go on with each exchange whose socket is ready."""
        cdef Connection connection
        cdef Py_ssize_t i
        cdef short ready
        for i in range(len(waiting)):
            connection = waiting[i]
            ready = self.waits[i].revents
            if connection.channel is not None:
                if connection in self.channels and (
                    ready or (<Channel>connection.channel).behind
                ):
                    self.serve_channel(connection)
                continue
            if not ready or connection.receiver is None:
                continue
            if connection.wire.out_sent < connection.wire.out_size:
                self.go_on(connection, self.resumed(connection, ready))
            else:
                self.go_on(connection, pull(&connection.wire))
        return 0

    cdef Step resumed(self, Connection connection, short ready) except *:
        """Go on with a request that was not all taken."""
        cdef bint readable = (ready & ~c.CURL_WAIT_POLLOUT) != 0
        cdef Step step = resume(&connection.wire, readable)
        if step == GOES_ON:
            self.await_room(connection)
        return step

    cdef int pause(self, int64_t longest_ns, unsigned int sockets) except -1:
        cdef int64_t pause_ns = min(longest_ns, LONGEST_PAUSE_NS)
        cdef int64_t due = min(self.queue.next_due_ns(), self.expiry_ns)
        if self.behind:
            pause_ns = 0
        if due != NEVER:
            pause_ns = min(pause_ns, due - now_ns())
        cdef int pause_ms = <int>((pause_ns + 999_999) // 1_000_000)
        if pause_ms > 0:
            with nogil:
                curl.multi_poll(self.multi, self.waits, sockets, pause_ms, NULL)
        PyErr_CheckSignals()
        return 0
