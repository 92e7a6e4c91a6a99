# cython: boundscheck=False, wraparound=False, cdivision=True
"""An engine that an event loop drives: asyncio's selector loop, or uvloop."""

from libc.stdint cimport int64_t
from libc.stdlib cimport realloc

from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.timerfd cimport timer_for
from fastorder._core.transport.timer_heap cimport NEVER
from fastorder._core.transport.clock cimport monotonic_ns as now_ns
from fastorder._core.transport.addresses cimport has_room
from fastorder._core.transport.channel cimport Channel
from fastorder._core.transport.connection cimport (
    GOES_ON, LEFT, ROOM, Connection, Step, is_quiet, pull, resume)
from fastorder._core.transport.engine cimport Change, Engine, Notes
from fastorder._core.transport.libcurl cimport CURL, CURLM, curl, socket_t
from fastorder._core.transport.waiter cimport WakeUps

from fastorder.errors import ExecutorMisuse

cdef enum:
    TURNS = 4                   # turns libcurl gets at once, before the loop has one

cdef object running_loop = None     # asyncio's; it is loaded with the first engine

# ---------------------------------------------------------------- red: callbacks


cdef int on_socket(
    CURL* easy, socket_t fd, int what, void* data, void* socket_data
) noexcept nogil:
    cdef Notes* notes = <Notes*>data
    cdef int i
    cdef Change* grown
    for i in range(notes.change_count):
        if notes.changes[i].fd == fd:
            notes.changes[i].what = what
            return 0
    if notes.change_count == notes.change_room:
        grown = <Change*>realloc(
            notes.changes, (2 * notes.change_room + 8) * sizeof(Change))
        if grown is NULL:
            notes.no_memory = True
            return -1
        notes.changes = grown
        notes.change_room = 2 * notes.change_room + 8
    notes.changes[notes.change_count] = c_change(fd, what)
    notes.change_count += 1
    return 0


cdef inline Change c_change(socket_t fd, int what) noexcept nogil:
    cdef Change change
    change.fd = fd
    change.what = what
    return change


cdef int on_timer(CURLM* multi, long timeout_ms, void* data) noexcept nogil:
    cdef Notes* notes = <Notes*>data
    if timeout_ms < 0:
        notes.deadline_ns = NEVER
    elif timeout_ms == 0:
        notes.deadline_ns = 0
    else:
        notes.deadline_ns = now_ns() + <int64_t>timeout_ms * 1_000_000
    return 0


# ---------------------------------------------------------------- amber: the engine


cdef class SocketWatch:
    pass


cdef class LoopEngine(Engine):
    """An engine on the running event loop of asyncio or uvloop.

    It may be made anywhere; the first use binds it to the loop that runs then.
    A socket stays registered with the loop until it is closed, so a request on a warm
    connection makes no system call beyond its own.

    Attributes:
        idle_lost: called when the other side ends an idle connection, or None.
    """

    def __init__(self, *, int max_connections=64):
        global running_loop
        if running_loop is None:
            from asyncio import _get_running_loop as running_loop
        super().__init__(max_connections=max_connections)
        self.watches = {}
        curl.multi_setopt(self.multi, c.CURLMOPT_SOCKETFUNCTION, <void*>on_socket)
        curl.multi_setopt(self.multi, c.CURLMOPT_SOCKETDATA, <void*>&self.notes)
        curl.multi_setopt(self.multi, c.CURLMOPT_TIMERFUNCTION, <void*>on_timer)
        curl.multi_setopt(self.multi, c.CURLMOPT_TIMERDATA, <void*>&self.notes)

    def release(self):
        if self.timer is not None:
            self.timer.end()
        for fd in list(self.watches):
            self.forget(fd)
        Engine.release(self)
        self.notes.change_count = 0

    cdef int check_owner(self) except -1:
        Engine.check_owner(self)
        loop = running_loop()
        if loop is self.loop and loop is not None:
            return 0
        if loop is None:
            raise ExecutorMisuse(
                "an executor must be used inside a running event loop, there is "
                "none: use fastorder.blocking.OrderExecutor in code without one"
            )
        if self.loop is not None:
            raise ExecutorMisuse(
                "an executor belongs to the event loop and thread that used it "
                "first, this is another one: make one executor for each loop"
            )
        return self.bind(loop)

    @property
    def used(self):
        """Whether a loop is bound to it."""
        return self.loop is not None

    @property
    def driver_ended(self):
        """Whether its loop is closed."""
        return self.loop is not None and self.loop.is_closed()

    cpdef object waiter(self):
        """What a task of the engine's loop can wait for."""
        self.check_owner()
        return self.wake_ups.waiter()

    cdef int bind(self, object loop) except -1:
        import asyncio
        proactor = getattr(asyncio, "ProactorEventLoop", None)
        if proactor is not None and isinstance(loop, proactor):
            raise ExecutorMisuse(
                "the event loop must be able to watch sockets, the proactor loop "
                "is not: use asyncio.SelectorEventLoop"
            )
        self.timer = timer_for(loop, self.on_time)
        self.wake_ups = WakeUps(loop)
        self.loop = loop                # last: what was raised above left it unbound
        return 0

    # ------------------------------------------------------------ opening

    cdef int drive(self) except -1:
        cdef int _turn
        for _turn in range(TURNS):
            self.act(c.BAD_SOCKET, 0)
            if self.notes.deadline_ns and self.notes.deadline_ns > now_ns():
                break
        return self.settle()

    cdef int act(self, socket_t fd, int events) except -1:
        cdef int running = 0
        if fd == c.BAD_SOCKET:
            self.notes.deadline_ns = NEVER
        cdef int code = curl.multi_socket_action(self.multi, fd, events, &running)
        if code != 0:
            self.fail_all(code)
        return 0

    cdef int settle(self) except -1:
        """Act on what libcurl left: sockets, connections, the next deadline."""
        try:
            self.apply_changes()
            self.hand_out()
        finally:
            self.begin_waiting()
            if not self.closed:
                self.rescheduled()
        return 0

    cdef int apply_changes(self) except -1:
        cdef int i
        for i in range(self.notes.change_count):
            self.watch(self.notes.changes[i].fd, self.notes.changes[i].what)
        self.notes.change_count = 0
        self.close_sockets()
        if self.notes.no_memory:
            raise MemoryError("no memory to watch a socket")
        return 0

    cdef int watch(self, socket_t fd, int what) except -1:
        """Watch a socket for libcurl."""
        if fd == c.BAD_SOCKET:
            return 0                    # it was closed meanwhile
        cdef SocketWatch watch = self.watches.get(fd)
        if watch is None:
            if what == c.CURL_POLL_REMOVE:
                return 0
            watch = self.new_watch(fd)
        if watch.connection is not None:
            return 0                    # libcurl is done with it
        watch.wanted = 0 if what == c.CURL_POLL_REMOVE else what
        if watch.wanted & c.CURL_POLL_IN:
            self.watch_reading(watch)
        return self.watch_writing(watch, (watch.wanted & c.CURL_POLL_OUT) != 0)

    cdef SocketWatch new_watch(self, socket_t fd):
        cdef SocketWatch watch = SocketWatch()
        watch.fd = fd
        self.watches[fd] = watch
        return watch

    cdef int watch_reading(self, SocketWatch watch) except -1:
        if not watch.reading:
            watch.reading = True        # first: it is forgotten with the socket
            self.loop.add_reader(watch.fd, self.on_readable, watch)
        return 0

    cdef int watch_writing(self, SocketWatch watch, bint wanted) except -1:
        if wanted and not watch.writing:
            watch.writing = True        # first, as above
            self.loop.add_writer(watch.fd, self.on_writable, watch)
        elif watch.writing and not wanted:
            self.loop.remove_writer(watch.fd)
            watch.writing = False
        return 0

    def forget(self, fd):
        """Take a socket off the loop, before it is closed."""
        cdef SocketWatch watch = self.watches.pop(fd, None)
        if watch is None or self.loop.is_closed():
            return
        watch.connection = None
        if watch.reading:
            self.loop.remove_reader(fd)
        if watch.writing:
            self.loop.remove_writer(fd)

    # ------------------------------------------------------------ open connections

    cdef int follow(self, Connection connection) except -1:
        cdef SocketWatch watch = self.watches.get(connection.wire.fd)
        if watch is None:
            watch = self.new_watch(connection.wire.fd)
        watch.connection = connection
        self.watch_writing(watch, False)
        return self.watch_reading(watch)

    cdef int close_sockets(self) except -1:
        """Take them off the loop first, and out of the notes: numbers are used again.
        """
        cdef int i, n
        for i in range(self.notes.closed_count):
            self.forget(self.notes.closed[i])
            for n in range(self.notes.change_count):
                if self.notes.changes[n].fd == self.notes.closed[i]:
                    self.notes.changes[n].fd = c.BAD_SOCKET
        return Engine.close_sockets(self)

    cdef int await_room(self, Connection connection) except -1:
        Engine.await_room(self, connection)
        return self.watch_writing(
            self.watches[connection.wire.fd], connection.wire.wants == ROOM)

    def on_readable(self, SocketWatch watch):
        """A socket has bytes, or its other side has ended it."""
        if self.is_deaf():
            return
        cdef Connection connection = watch.connection
        if connection is None:
            self.serve_libcurl(watch, c.CURL_CSELECT_IN)
        elif connection.channel is not None:
            if not (<Channel>connection.channel).behind:    # its turn is to come
                self.serve_channel(connection)
        elif connection.receiver is None:
            if not is_quiet(&connection.wire):
                self.lose(connection)
        elif connection.wire.out_sent < connection.wire.out_size:
            self.press_on(watch, True)
        else:
            self.serve(connection, pull(&connection.wire))

    def on_writable(self, SocketWatch watch):
        """A socket takes bytes again."""
        if self.is_deaf():
            return
        cdef Connection connection = watch.connection
        if connection is None:
            self.serve_libcurl(watch, c.CURL_CSELECT_OUT)
            return
        self.press_on(watch, False)

    cdef int press_on(self, SocketWatch watch, bint readable) except -1:
        """Go on with a request that was not all taken."""
        cdef Connection connection = watch.connection
        cdef Step step
        if connection.channel is not None:
            return self.flush(watch, connection.channel)
        if connection.receiver is None:
            return self.watch_writing(watch, False)
        step = resume(&connection.wire, readable)
        if step == GOES_ON:
            return self.await_room(connection)
        self.watch_writing(watch, False)
        return 0 if step == LEFT else self.serve(connection, step)

    cdef int flush(self, SocketWatch watch, Channel channel) except -1:
        """Go on with what a WebSocket has to say."""
        channel.flush()
        if not channel.ended and not channel.pending():
            self.watch_writing(watch, False)
        return 0

    cdef int await_room_of(self, Channel channel) except -1:
        cdef SocketWatch watch = self.watches.get(channel.connection.wire.fd)
        if watch is None:
            return 0
        return self.watch_writing(watch, has_room(watch.fd) == 0)

    cdef int serve_channel(self, Connection connection) except -1:
        """Read a WebSocket; the loop has a turn between much that has come."""
        self.wake_ups.hold()
        try:
            Engine.serve_channel(self, connection)
        finally:
            self.wake_ups.let_go()
        if connection in self.channels and (<Channel>connection.channel).behind:
            self.loop.call_soon(self.read_on, connection)
        return 0

    def read_on(self, Connection connection):
        """Go on reading a WebSocket, where it is still there."""
        if not self.is_deaf() and connection in self.channels:
            self.serve_channel(connection)

    cdef int serve(self, Connection connection, Step step) except -1:
        """Act on a step of an exchange; whoever got an answer is woken at once."""
        if step == GOES_ON:
            return 0
        self.wake_ups.hold()
        try:
            self.finish(connection, step)
        finally:
            self.wake_ups.let_go()
        return 0

    cdef int finish(self, Connection connection, Step step) except -1:
        try:
            self.go_on(connection, step)
        finally:
            self.begin_waiting()
        return 0

    cdef int serve_libcurl(self, SocketWatch watch, int events) except -1:
        """Let libcurl go on with a connection that it opens."""
        if self.watches.get(watch.fd) is not watch:
            return 0                    # its socket is closed, the number is another's
        if not watch.wanted:
            self.loop.remove_reader(watch.fd)
            watch.reading = False
            return 0
        self.wake_ups.hold()
        try:
            self.act(watch.fd, events)
            self.settle()
        finally:
            self.wake_ups.let_go()
        return 0

    cdef int lose(self, Connection connection) except -1:
        """The other side has ended an idle connection."""
        if connection in self.idle:
            self.idle.remove(connection)
            self.drop(connection)
        if self.idle_lost is not None:
            self.idle_lost()
        return 0

    # ------------------------------------------------------------ time

    cdef int rescheduled(self) except -1:
        """Keep the timer set to when something is due first."""
        cdef int64_t due_ns = self.next_due_ns()
        if due_ns < self.timer.due_ns:
            self.timer.set(due_ns)
        return 0

    def on_time(self):
        """The timer rings."""
        if self.is_deaf():
            return
        self.timer.fired()
        self.wake_ups.hold()
        try:
            if self.notes.deadline_ns <= now_ns():
                self.act(c.BAD_SOCKET, 0)
                self.settle()
            if not self.closed:
                self.run_due()
                self.begin_waiting()
        finally:
            if not self.closed:
                self.rescheduled()
            self.wake_ups.let_go()
