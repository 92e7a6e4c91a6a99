# cython: boundscheck=False, wraparound=False, cdivision=True
"""Opens, uses and keeps connections; takes requests, gives evidence.

A request is sent inside the call that submits it, where a connection is idle. The
multi handle of libcurl opens connections; its callbacks only leave notes, which are
acted upon once libcurl has returned, so libcurl is never called from its own callback
and no Python code runs inside it. Who drives it, an event loop or the calling thread,
is a subclass's: ``loop_engine`` and ``poll_engine``.
"""

import os
import sys
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.timer_heap cimport NEVER, TimerHeap
from fastorder._core.transport.addresses cimport forgive
from fastorder._core.transport.clock cimport monotonic_ns as now_ns
from fastorder._core.transport.backlog cimport Backlog
from fastorder._core.transport.channel cimport Channel, ChannelKeeper, HubRoute
from fastorder._core.transport.connection cimport (
    ENDED, FAILED, GOES_ON, HELD, LEFT, STALE, TOO_LATE, Connection, Step, begin,
    ends_ns, pull)
from fastorder._core.transport.gate cimport Gate
from fastorder._core.transport.libcurl cimport CurlMessage, curl, set_pointer, socket_t
from fastorder._core.transport.request_head cimport Origin, Route
from fastorder._core.transport.evidence cimport FOREVER_NS, Evidence, Receiver

from fastorder.errors import ExecutorClosed, ExecutorMisuse

cdef enum:
    CLOSED_CODE = -1            # evidence of an exchange that the close has ended

cdef int64_t MS = 1_000_000

cdef int forks = 0


def _forked():
    global forks
    forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


cpdef int64_t monotonic_ns() noexcept:
    """The clock of every stamp in an Evidence, in nanoseconds."""
    return now_ns()


# ---------------------------------------------------------------- red: the callback


cdef int on_close_socket(void* data, socket_t fd) noexcept nogil:
    """Keep the socket open until the loop has forgotten it: numbers are reused."""
    cdef Notes* notes = <Notes*>data
    cdef socket_t* grown
    if notes.closed_count == notes.closed_room:
        grown = <socket_t*>realloc(
            notes.closed, (2 * notes.closed_room + 8) * sizeof(socket_t))
        if grown is NULL:
            notes.no_memory = True
            return c.close_socket(fd)
        notes.closed = grown
        notes.closed_room = 2 * notes.closed_room + 8
    notes.closed[notes.closed_count] = fd
    notes.closed_count += 1
    return 0


# ---------------------------------------------------------------- amber: the engine


cdef class Engine(ChannelKeeper):
    """What both engines share: connections, exchanges, wake-ups, delivery, closing.

    Attributes:
        on_failure: called with an error that ended an exchange; None for nobody.
    """

    def __cinit__(self, *args, **kwargs):
        memset(&self.notes, 0, sizeof(Notes))
        self.notes.deadline_ns = NEVER
        self.expiry_ns = NEVER
        self.forks = forks
        self.busy = set()
        self.channels = set()
        self.idle = []
        self.queue = TimerHeap()
        self.backlog = Backlog()
        self.multi = curl.multi_init()
        if self.multi is NULL:
            raise MemoryError("libcurl made no multi handle")

    def __init__(self, *, int max_connections=64):
        self.most = max_connections
        curl.multi_setopt(self.multi, c.CURLMOPT_MAXCONNECTS, <long>max_connections)
        # a close does not wait for a name server that does not answer
        curl.multi_setopt(self.multi, c.CURLMOPT_QUICK_EXIT, <long>1)

    def __del__(self):
        """Nobody can reach it any more: end its connections; there is nobody to tell.

        The collector runs this before it takes anything apart. ``__dealloc__`` would
        come too late: by then the connections may be gone.
        """
        if self.multi is NULL:
            return
        self.closed = True
        if self.forks == forks:
            self.release()
        else:
            self.leave_to_parent()

    def __dealloc__(self):
        free(self.notes.changes)
        free(self.notes.closed)

    cdef int leave_to_parent(self) except -1:
        """The sockets, and what is said over them, belong to the process before this.
        """
        cdef Connection connection
        for connection in (*self.busy, *self.channels, *self.idle):
            connection.abandon()
        self.multi = NULL
        return 0

    @property
    def used(self):
        """Whether the loop or the thread that it belongs to is known."""
        raise NotImplementedError

    @property
    def driver_ended(self):
        """Whether the loop or the thread that it belongs to has ended."""
        raise NotImplementedError

    @property
    def is_forked(self):
        """Whether this process is a fork of the one that made it."""
        return self.forks != forks

    cpdef object waiter(self):
        """What a task can wait for until a ticket has ended."""
        raise NotImplementedError

    @property
    def in_flight_count(self):
        """How many exchanges are on their way."""
        return len(self.busy)

    @property
    def waiting_count(self):
        """How many wake-ups are due later."""
        return self.queue.size

    cpdef object check(self):
        """Refuse a use from a wrong loop, thread or process, or after the close.

        Raises:
            ExecutorClosed, ExecutorMisuse.
        """
        self.check_owner()

    cdef bint is_deaf(self) noexcept:
        """Whether what its loop says is none of its business: it is closed, or this
        process is a fork, which shares the sockets and the timer with its parent."""
        return self.closed or self.forks != forks

    cdef int check_owner(self) except -1:
        if self.forks != forks:
            raise ExecutorMisuse(
                "an executor works in the process that made it, this is a fork of "
                "it: make a new executor in the child"
            )
        if self.closed:
            raise ExecutorClosed("the executor must be open, it is closed")
        return 0

    # ------------------------------------------------------------ out

    cpdef int submit(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate=None,
        int64_t valid_until_ns=FOREVER_NS
    ) except -1:
        """Start an exchange; its evidence goes to ``receiver``.

        On a warm connection the request is in the kernel when this returns. The
        receiver may hear of the end before that, where the end comes at once. Where
        every connection is taken it waits for one, the most urgent first.
        """
        self.check_owner()
        if self.backlog.size or len(self.busy) >= self.most:
            return self.backlog.push(
                route, receiver, (route, body, token, receiver, gate, valid_until_ns))
        return self.start(route, body, token, receiver, gate, valid_until_ns)

    cpdef bint carries(self, Receiver receiver):
        """Whether an exchange of this receiver is on its way, or waits for its turn."""
        cdef Connection connection
        for connection in self.busy:
            if connection.receiver is receiver:
                return True
        return self.backlog.holds(receiver)

    cdef int start(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns
    ) except -1:
        """Give a request to a connection, and have it go as far as it goes now.

        Its time is watched first: from ``load`` on it may leave, whatever is raised.
        """
        cdef int64_t now = now_ns()
        cdef int64_t deadline_ns = now + route.request_ms * MS
        cdef Connection connection
        if deadline_ns < self.expiry_ns:
            self.expiry_ns = deadline_ns
            self.rescheduled()
        try:
            connection = self.connection_to(route.origin, now)
            connection.load(
                route, body, token, receiver, gate, valid_until_ns, deadline_ns)
        except Exception as error:
            self.note(error)
            return self.tell(receiver, unsent(error))
        self.busy.add(connection)
        return self.set_off(connection)

    cdef int set_off(self, Connection connection) except -1:
        """Send over an open connection; have libcurl open another one."""
        try:
            if connection.is_open:
                self.send(connection)
            else:
                self.drive()
        except Exception as error:
            self.abandon(connection, error)
        return 0

    cdef Connection connection_to(self, Origin origin, int64_t now):
        """An idle connection, the one that was used last; or a new one."""
        cdef Connection connection
        cdef Py_ssize_t i
        for i in range(len(self.idle) - 1, -1, -1):
            connection = self.idle[i]
            if connection.origin is not origin:
                continue
            del self.idle[i]
            if not connection.is_too_old(now):
                return connection
            self.drop(connection)
        return self.new_connection(origin)

    cdef Connection new_connection(self, Origin origin):
        """A connection that libcurl opens once it is driven."""
        cdef Connection connection = Connection(origin)
        set_pointer(
            connection.wire.easy, c.CURLOPT_CLOSESOCKETFUNCTION, <void*>on_close_socket)
        set_pointer(connection.wire.easy, c.CURLOPT_CLOSESOCKETDATA, &self.notes)
        cdef int code = curl.multi_add_handle(self.multi, connection.wire.easy)
        if code != 0:
            raise RuntimeError(f"libcurl took no connection: {multi_error(code)}")
        self.opening += 1
        return connection

    cdef int send(self, Connection connection) except -1:
        """Send what an open connection was loaded with."""
        cdef Step step = begin(&connection.wire)
        if step == LEFT:
            return 0
        if step == GOES_ON:
            return self.await_room(connection)
        if step == FAILED:
            return self.retire(connection, connection.wire.code)
        return self.take_back(connection, step)

    cdef int take_back(self, Connection connection, Step step) except -1:
        """Nothing of its request has left: end it, or begin it on another connection.
        """
        if step == HELD:
            return self.retire(connection, c.CURLE_ABORTED_BY_CALLBACK)
        if connection.exchanges > 0:
            return self.move(connection)
        return self.retire(connection, connection.wire.code or c.CURLE_GOT_NOTHING)

    cdef int move(self, Connection connection) except -1:
        """Put an exchange on another connection; this one carries none any more."""
        cdef Connection other = self.connection_to(connection.origin, now_ns())
        other.take_over(connection)
        self.busy.add(other)            # first: what is raised below loses no exchange
        self.busy.discard(connection)
        self.drop(connection)
        return self.set_off(other)

    cdef int go_on(self, Connection connection, Step step) except -1:
        """Act on how far a connection's socket let its exchange come."""
        if step == GOES_ON or step == LEFT:
            return 0
        if step == ENDED:
            return self.retire(connection, c.CURLE_OK)
        if step == HELD or step == STALE:
            return self.take_back(connection, step)
        if connection.may_begin_anew() and connection.receiver._may_begin_anew():
            return self.move(connection)
        return self.retire(connection, connection.wire.code)

    # ------------------------------------------------------------ back

    cdef int retire(self, Connection connection, int code) except -1:
        """Tell the receiver how its exchange has ended; keep the connection or not."""
        if code == c.CURLE_OK and connection.wire.answer.status == 101:
            return self.switch(connection)
        cdef Receiver receiver = connection.receiver
        cdef bint kept = connection.may_carry_more(code)
        cdef Evidence evidence = connection.finish(code)
        self.busy.discard(connection)
        if kept:
            self.idle.append(connection)
            return self.tell(receiver, evidence)
        try:
            self.drop(connection)
        finally:                        # whatever is raised, its receiver hears of it
            self.tell(receiver, evidence)
        return 0

    cdef int switch(self, Connection connection) except -1:
        """Its connection speaks WebSocket from now on; the receiver is told first."""
        cdef Receiver receiver = connection.receiver
        cdef Channel channel = (<HubRoute>connection.route).channel
        cdef Evidence evidence = connection.finish(c.CURLE_OK)
        self.busy.discard(connection)
        self.channels.add(connection)
        connection.channel = channel
        channel.keeper = self
        channel.connection = connection
        self.tell(receiver, evidence)
        if not channel.ended:
            channel.attach(self, connection)
        return self.serve_channel(connection)

    cdef int serve_channel(self, Connection connection) except -1:
        """Read what has come over a WebSocket; what its receiver raises ends it."""
        cdef Channel channel = connection.channel
        try:
            channel.pull()
        except Exception as error:
            self.note(error)
            channel.end(f"its receiver failed: {type(error).__name__}")
        return 0

    cdef int await_room_of(self, Channel channel) except -1:
        """Engines that look at every socket in each turn have nothing to do here."""
        return 0

    cdef int forget_channel(self, Channel channel) except -1:
        cdef Connection connection = channel.connection
        if connection in self.channels and self.forks == forks:
            self.channels.discard(connection)
            connection.close(self.multi)
            self.close_sockets()
        return 0

    cdef int tell(self, Receiver receiver, Evidence evidence) except -1:
        try:
            receiver._on_evidence(evidence)
        except BaseException as error:
            receiver._on_error(error)
            if not isinstance(error, Exception):
                raise
        return 0

    cdef int drop(self, Connection connection) except -1:
        """End a connection that carries nothing."""
        if not connection.is_open:
            self.opening -= 1
        connection.close(self.multi)
        return self.close_sockets()

    cdef int hand_out(self) except -1:
        """Act on what libcurl has opened, or could not open."""
        cdef int left = 1
        cdef CurlMessage* message
        cdef void* owner
        cdef int code
        cdef Connection connection
        while left and self.multi is not NULL:
            message = curl.multi_info_read(self.multi, &left)
            if message is NULL:
                break
            if message.msg != c.CURLMSG_DONE:
                continue
            code = message.result.code
            owner = NULL
            curl.easy_getinfo(message.easy, c.CURLINFO_PRIVATE, &owner)
            connection = <Connection>owner
            try:
                if code != c.CURLE_OK:
                    self.not_opened(connection, code)
                    continue
                self.opening -= 1
                connection.opened()
                self.follow(connection)
                self.send(connection)
            except Exception as error:
                self.abandon(connection, error)
        return 0

    cdef int not_opened(self, Connection connection, int code) except -1:
        """libcurl could not connect it: the next one is to go to another address."""
        if connection.passed_all_over():
            forgive(&connection.origin.shunned)
            return self.move(connection)
        connection.shun()
        return self.retire(connection, code)

    cdef int abandon(self, Connection connection, object error) except -1:
        """Give up an exchange that cannot be watched; it may have left already."""
        if connection not in self.busy:
            raise error
        self.note(error)
        connection.explain(repr(error))
        connection.wire.answer.keeps_open = False
        return self.retire(connection, CLOSED_CODE)

    cdef int note(self, object error) except -1:
        """An error ends an exchange, and nobody catches it: it is said at least."""
        if self.on_failure is not None:
            self.on_failure(error)
        return 0

    cdef int begin_waiting(self) except -1:
        """Begin what waited for a connection; one that ends at once begins the next."""
        cdef Receiver receiver
        if self.beginning:
            return 0
        self.beginning = True
        try:
            while self.backlog.size and len(self.busy) < self.most and not self.closed:
                route, body, token, receiver, gate, until_ns = self.backlog.pop()
                try:
                    self.start(route, body, token, receiver, gate, until_ns)
                except BaseException as error:
                    if not self.carries(receiver):
                        receiver._on_error(error)
                    if not isinstance(error, Exception):
                        raise
        finally:
            self.beginning = False
        return 0

    # ------------------------------------------------------------ time

    cpdef int wake_at(self, int64_t due_ns, Receiver receiver) except -1:
        """Call ``receiver._on_timer()`` once the monotonic clock shows ``due_ns``."""
        self.check_owner()
        self.queue.push(due_ns, receiver)
        self.rescheduled()
        return 0

    cdef int64_t next_due_ns(self) noexcept:
        """When something is due first: a wake-up, libcurl, the end of an exchange."""
        return min(self.queue.next_due_ns(), self.notes.deadline_ns, self.expiry_ns)

    cdef int run_due(self) except -1:
        """Wake and end what is due by now."""
        cdef Receiver receiver = self.queue.pop_due(now_ns())
        while receiver is not None:
            try:
                receiver._on_timer()
            except BaseException as error:
                receiver._on_error(error)
                if not isinstance(error, Exception):
                    raise
            receiver = self.queue.pop_due(now_ns())
        if not self.closed and self.expiry_ns <= now_ns():
            self.expire()
        return 0

    cdef int expire(self) except -1:
        """End the exchanges whose time is over; note when the next one's is."""
        cdef Connection connection
        cdef int64_t now = now_ns()
        cdef int64_t due_ns
        self.expiry_ns = NEVER
        try:
            for connection in list(self.busy):
                if connection.receiver is None:
                    continue            # what another's end has ended
                due_ns = ends_ns(&connection.wire)
                if due_ns <= now:
                    self.time_out(connection)
                elif due_ns < self.expiry_ns:
                    self.expiry_ns = due_ns
        except BaseException:
            self.expiry_ns = now        # some were not looked at
            raise
        return 0

    cdef int time_out(self, Connection connection) except -1:
        """Its time is over; what has come meanwhile, and was not read, counts."""
        cdef Step step = GOES_ON
        if connection.is_open and connection.wire.starts > 0:
            step = pull(&connection.wire)
        if step == ENDED:
            return self.retire(connection, c.CURLE_OK)
        if step == FAILED:
            return self.retire(connection, connection.wire.code)
        if ends_ns(&connection.wire) < connection.wire.deadline_ns:
            connection.wire.held_back = TOO_LATE
            return self.retire(connection, c.CURLE_ABORTED_BY_CALLBACK)
        connection.shun()
        what = "answer" if connection.is_open else "connection"
        if connection.is_open and connection.wire.starts == 0:
            what = "room for it"
        connection.explain(f"no {what} within {connection.route.request_ms} ms")
        return self.retire(connection, c.CURLE_OPERATION_TIMEDOUT)

    # ------------------------------------------------------------ the end

    def close(self):
        """End every exchange and wake-up, tell their receivers, free everything.

        Whoever it belongs to does this; once that has ended, anybody.
        """
        if self.closed:
            return
        if self.used and (self.is_forked or not self.driver_ended):
            self.check_owner()
        self.closed = True
        cdef Connection connection
        cdef Receiver receiver
        stopped = []
        for connection in self.busy:
            receiver = connection.receiver
            stopped.append((receiver, connection.finish(CLOSED_CODE)))
        ended = [(<Connection>one).channel for one in self.channels]
        stopped += [(waiting, None) for waiting in self.backlog.taken()]
        while (receiver := self.queue.pop()) is not None:
            stopped.append((receiver, None))
        try:
            self.release()
        finally:
            for receiver, evidence in stopped:
                receiver._on_close(evidence)
            for channel in ended:
                tell_ended(channel)

    def release(self):
        """End the connections, and free the multi handle."""
        cdef Connection connection
        for connection in (*self.busy, *self.channels, *self.idle):
            connection.close(self.multi)
        self.busy.clear()
        self.channels.clear()
        self.idle.clear()
        curl.multi_cleanup(self.multi)
        self.multi = NULL
        self.close_sockets()

    cdef int fail_all(self, int code) except -1:
        """libcurl's multi handle refused to go on: end every exchange."""
        cdef Connection connection
        print(f"fastorder: libcurl stopped: {multi_error(code)}", file=sys.stderr)
        for connection in list(self.busy):
            if connection.receiver is not None:
                self.retire(connection, CLOSED_CODE)
        return 0

    cdef int close_sockets(self) except -1:
        while self.notes.closed_count:
            self.notes.closed_count -= 1
            c.close_socket(self.notes.closed[self.notes.closed_count])
        return 0

    # ------------------------------------------------------------ for subclasses

    cdef int drive(self) except -1:
        """Let libcurl do what it can do at once, and act on what comes of it."""
        raise NotImplementedError

    cdef int follow(self, Connection connection) except -1:
        """A connection is open: see to it that its socket is watched."""
        return 0

    cdef int await_room(self, Connection connection) except -1:
        """A request was not all taken; the rest waits for its connection."""
        if ends_ns(&connection.wire) < self.expiry_ns:
            self.expiry_ns = ends_ns(&connection.wire)
            self.rescheduled()
        return 0

    cdef int rescheduled(self) except -1:
        """Something may be due earlier than it was."""
        return 0


cdef int tell_ended(Channel channel) except -1:
    return channel.end("the client closed")


cdef Evidence unsent(object error):
    """Of a request that no connection could be loaded with."""
    return Evidence(
        curl_code=c.CURLE_FAILED_INIT, starts=0, http_status=0, curl_error=repr(error))


cdef str multi_error(int code):
    return (<bytes>curl.multi_strerror(code)).decode()
