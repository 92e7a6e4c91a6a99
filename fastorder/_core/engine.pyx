# cython: boundscheck=False, wraparound=False, cdivision=True
"""The multi handle, driven by an event loop or by the calling thread.

A request is started inside the call that submits it. libcurl's callbacks only leave
notes; they are acted upon once libcurl has returned, so libcurl is never called from
its own callback and no Python code runs inside it.
"""

import asyncio
import os
import sys
from collections import deque

from cpython.exc cimport PyErr_CheckSignals
from cpython.pythread cimport PyThread_get_thread_ident
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastorder._core cimport libcurl as c
from fastorder._core.backoff cimport NEVER, RetryQueue
from fastorder._core.clock cimport monotonic_ns as now_ns
from fastorder._core.gate cimport Gate
from fastorder._core.libcurl cimport CURL, CURLM, CurlMessage, curl, socket_t
from fastorder._core.transfer cimport FOREVER_NS, Evidence, Receiver, Route, Transfer
from fastorder._core.waiter cimport Waiter, WakeUps

from fastorder.errors import ExecutorClosed, ExecutorMisuse

cdef enum:
    CLOSED_CODE = -1            # evidence of an exchange that the close has ended
    TURNS = 4                   # turns libcurl gets at once, before the loop has one

cdef int64_t LONGEST_PAUSE_NS = 100_000_000     # a signal is seen at least this often

cdef object running_loop = asyncio._get_running_loop

cdef int forks = 0


def _forked():
    global forks
    forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def monotonic_ns():
    """The clock of every stamp in an Evidence, in nanoseconds."""
    return now_ns()


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


# ---------------------------------------------------------------- amber: engines


cdef class Engine:
    """What both engines share: transfers in flight, wake-ups, delivery, closing.
    """

    def __cinit__(self, *args, **kwargs):
        memset(&self.notes, 0, sizeof(Notes))
        self.notes.deadline_ns = NEVER
        self.stamps.count = 0
        self.forks = forks
        self.in_flight = set()
        self.queue = RetryQueue()
        self.backlog = deque()
        self.multi = curl.multi_init()
        if self.multi is NULL:
            raise MemoryError("libcurl made no multi handle")

    def __init__(self, *, int max_connections=64):
        self.most = max_connections
        curl.multi_setopt(self.multi, c.CURLMOPT_MAXCONNECTS, <long>max_connections)

    def __dealloc__(self):
        if self.multi is not NULL and self.forks == forks:
            curl.multi_cleanup(self.multi)
            while self.notes.closed_count:
                self.notes.closed_count -= 1
                c.close_socket(self.notes.closed[self.notes.closed_count])
        free(self.notes.changes)
        free(self.notes.closed)

    @property
    def used(self):
        """Whether the loop or the thread that it belongs to is known."""
        raise NotImplementedError

    def waiter(self):
        """What a task can wait for until a ticket has ended."""
        raise NotImplementedError

    @property
    def in_flight_count(self):
        """How many exchanges libcurl holds."""
        return len(self.in_flight)

    @property
    def waiting_count(self):
        """How many wake-ups are due later."""
        return self.queue.size

    cpdef int submit(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate=None,
        int64_t valid_until_ns=FOREVER_NS
    ) except -1:
        """Start an exchange; its evidence goes to ``receiver.receive``.

        On a warm connection the request is in the kernel when this returns. The
        receiver may hear of the end before that, where the end comes at once. Where
        every connection is taken it waits for one, first come, first served.
        """
        self.check_owner()
        if len(self.in_flight) >= self.most:
            self.backlog.append((route, body, token, receiver, gate, valid_until_ns))
            return 0
        cdef Transfer transfer = self.begin(
            route, body, token, receiver, gate, valid_until_ns)
        try:
            self.start()
        except Exception as error:
            self.abandon(transfer, error)
        return 0

    cdef int abandon(self, Transfer transfer, object error) except -1:
        """Take back a request that cannot be watched; it may have left already."""
        if transfer not in self.in_flight:
            raise error
        transfer.explain(repr(error))
        return self.retire(transfer, CLOSED_CODE)

    cdef Transfer begin(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns
    ):
        """Give a request to libcurl, which starts it when it is driven."""
        cdef Transfer transfer = route.take()
        transfer.prepare(body, token, receiver, &self.stamps, gate, valid_until_ns)
        if transfer.notes is not &self.notes:
            transfer.notes = &self.notes
            c.set_pointer(
                transfer.easy, c.CURLOPT_CLOSESOCKETFUNCTION, <void*>on_close_socket)
            c.set_pointer(transfer.easy, c.CURLOPT_CLOSESOCKETDATA, &self.notes)
        cdef int code = curl.multi_add_handle(self.multi, transfer.easy)
        if code != 0:
            transfer.close()
            raise RuntimeError(f"libcurl took no request: {multi_error(code)}")
        self.in_flight.add(transfer)
        return transfer

    def check(self):
        """Refuse a use from a wrong loop, thread or process, or after the close.

        Raises:
            ExecutorClosed, ExecutorMisuse.
        """
        self.check_owner()

    cpdef int wake_at(self, int64_t due_ns, Receiver receiver) except -1:
        """Call ``receiver.wake()`` once the monotonic clock has reached ``due_ns``."""
        self.check_owner()
        self.queue.push(due_ns, receiver)
        self.queued()
        return 0

    def close(self):
        """End every exchange and wake-up, tell their receivers, free everything."""
        if self.closed:
            return
        if self.used:
            self.check_owner()
        self.closed = True
        cdef Transfer transfer
        cdef Receiver receiver
        stopped = []
        for transfer in self.in_flight:
            curl.multi_remove_handle(self.multi, transfer.easy)
            receiver = transfer.receiver
            stopped.append((receiver, transfer.finish(CLOSED_CODE)))
            transfer.close()
        self.in_flight.clear()
        stopped += [(waiting[3], None) for waiting in self.backlog]
        self.backlog.clear()
        while (receiver := self.queue.pop()) is not None:
            stopped.append((receiver, None))
        self.release()
        for receiver, evidence in stopped:
            receiver.stop(evidence)

    def release(self):
        """Free the multi handle and close its sockets."""
        curl.multi_cleanup(self.multi)
        self.multi = NULL
        self.close_sockets()

    cdef int check_owner(self) except -1:
        if self.forks != forks:
            raise ExecutorMisuse(
                "an executor works in the process that made it, this is a fork of "
                "it: make a new executor in the child"
            )
        if self.closed:
            raise ExecutorClosed("the executor must be open, it is closed")
        return 0

    cdef int start(self) except -1:
        """Drive what was begun, and act on what comes of it."""
        raise NotImplementedError

    cdef int drive(self) except -1:
        """Let libcurl do what it can do at once."""
        raise NotImplementedError

    cdef int queued(self) except -1:
        return 0

    cdef int note_writes(self) noexcept:
        """Stamp the requests that libcurl has just handed to the kernel."""
        cdef int64_t now
        cdef int i
        if self.stamps.count:
            now = now_ns()
            for i in range(self.stamps.count):
                self.stamps.waiting[i][0] = now
            self.stamps.count = 0
        return 0

    cdef int close_sockets(self) except -1:
        while self.notes.closed_count:
            self.notes.closed_count -= 1
            c.close_socket(self.notes.closed[self.notes.closed_count])
        return 0

    cdef int deliver(self) except -1:
        """Hand out the evidence of what has ended; begin what waited for its place."""
        self.hand_out()
        while self.backlog and len(self.in_flight) < self.most and not self.closed:
            while self.backlog and len(self.in_flight) < self.most:
                route, body, token, receiver, gate, until_ns = self.backlog.popleft()
                try:
                    self.begin(route, body, token, receiver, gate, until_ns)
                except Exception as error:
                    receiver.fail(error)
            self.drive()
            self.hand_out()
        return 0

    cdef int hand_out(self) except -1:
        cdef int left = 1
        cdef CurlMessage* message
        cdef void* owner
        cdef Transfer transfer      # holds a reference while it leaves in_flight
        while left and self.multi is not NULL:
            message = curl.multi_info_read(self.multi, &left)
            if message is NULL:
                break
            if message.msg != c.CURLMSG_DONE:
                continue
            owner = NULL
            curl.easy_getinfo(message.easy, c.CURLINFO_PRIVATE, &owner)
            transfer = <Transfer>owner
            if not (transfer.wire.stale and self.begun_again(transfer)):
                self.retire(transfer, message.result.code)
        return 0

    cdef bint begun_again(self, Transfer transfer) noexcept:
        """Give libcurl a request once more that has not left; another connection."""
        transfer.wire.stale = False
        transfer.wire.error[0] = 0
        curl.multi_remove_handle(self.multi, transfer.easy)
        return curl.multi_add_handle(self.multi, transfer.easy) == 0

    cdef int retire(self, Transfer transfer, int code) except -1:
        cdef Receiver receiver = transfer.receiver
        curl.multi_remove_handle(self.multi, transfer.easy)
        self.in_flight.discard(transfer)
        cdef Evidence evidence = transfer.finish(code)
        transfer.route.give_back(transfer)
        try:
            receiver.receive(evidence)
        except BaseException as error:
            receiver.fail(error)
            if not isinstance(error, Exception):
                raise
        return 0

    cdef int run_due(self) except -1:
        cdef Receiver receiver = self.queue.pop_due(now_ns())
        while receiver is not None:
            try:
                receiver.wake()
            except BaseException as error:
                receiver.fail(error)
                if not isinstance(error, Exception):
                    raise
            receiver = self.queue.pop_due(now_ns())
        return 0

    cdef int fail_all(self, int code) except -1:
        """libcurl's multi handle refused to go on: end everything it holds."""
        cdef Transfer transfer
        print(f"fastorder: libcurl stopped: {multi_error(code)}", file=sys.stderr)
        for transfer in list(self.in_flight):
            self.retire(transfer, CLOSED_CODE)
        return 0


cdef str multi_error(int code):
    return (<bytes>curl.multi_strerror(code)).decode()


cdef class Watch:
    pass


cdef class LoopEngine(Engine):
    """An engine on the running event loop of asyncio or uvloop.

    It may be made anywhere; the first use binds it to the loop that runs then.
    A socket stays registered with the loop until libcurl is done with it, so a
    request on a warm connection makes no system call beyond its own.

    Attributes:
        idle_lost: called when the other side ends an idle connection, or None.
    """

    def __init__(self, *, int max_connections=64):
        super().__init__(max_connections=max_connections)
        self.watches = {}
        curl.multi_setopt(self.multi, c.CURLMOPT_SOCKETFUNCTION, <void*>on_socket)
        curl.multi_setopt(self.multi, c.CURLMOPT_SOCKETDATA, <void*>&self.notes)
        curl.multi_setopt(self.multi, c.CURLMOPT_TIMERFUNCTION, <void*>on_timer)
        curl.multi_setopt(self.multi, c.CURLMOPT_TIMERDATA, <void*>&self.notes)

    def release(self):
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
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

    def waiter(self):
        """What a task of the engine's loop can wait for."""
        self.check_owner()
        return Waiter(self.wake_ups)

    cdef int bind(self, object loop) except -1:
        proactor = getattr(asyncio, "ProactorEventLoop", None)
        if proactor is not None and isinstance(loop, proactor):
            raise ExecutorMisuse(
                "the event loop must be able to watch sockets, the proactor loop "
                "is not: use asyncio.SelectorEventLoop"
            )
        self.loop = loop
        self.wake_ups = WakeUps(loop)
        return 0

    cdef int start(self) except -1:
        """Drive the request at once; the timer that libcurl asked for is not needed."""
        self.drive()
        return self.settle()

    cdef int drive(self) except -1:
        cdef int _turn
        for _turn in range(TURNS):
            self.act(c.BAD_SOCKET, 0)
            if self.notes.deadline_ns and self.notes.deadline_ns > now_ns():
                break
        return self.apply_changes()

    cdef int queued(self) except -1:
        return self.arm()

    cdef int act(self, socket_t fd, int events) except -1:
        cdef int running = 0
        if fd == c.BAD_SOCKET:
            self.notes.deadline_ns = NEVER
        cdef int code = curl.multi_socket_action(self.multi, fd, events, &running)
        self.note_writes()
        if code != 0:
            self.fail_all(code)
        return 0

    cdef int settle(self) except -1:
        """Act on what libcurl left: sockets, ended exchanges, the next deadline."""
        try:
            self.apply_changes()
            self.deliver()
        finally:
            if not self.closed:
                self.arm()
        return 0

    cdef int apply_changes(self) except -1:
        cdef int i
        for i in range(self.notes.change_count):
            self.watch(self.notes.changes[i].fd, self.notes.changes[i].what)
        self.notes.change_count = 0
        if self.notes.closed_count:
            for i in range(self.notes.closed_count):
                self.forget(self.notes.closed[i])
            self.close_sockets()
        if self.notes.no_memory:
            raise MemoryError("no memory to watch a socket")
        return 0

    cdef int watch(self, socket_t fd, int what) except -1:
        cdef Watch watch = self.watches.get(fd)
        if watch is None:
            if what == c.CURL_POLL_REMOVE:
                return 0
            watch = Watch()
            watch.fd = fd
            self.watches[fd] = watch
        watch.wanted = 0 if what == c.CURL_POLL_REMOVE else what
        if watch.wanted & c.CURL_POLL_IN and not watch.reading:
            self.loop.add_reader(fd, self.on_readable, watch)
            watch.reading = True
        if watch.wanted & c.CURL_POLL_OUT:
            if not watch.writing:
                self.loop.add_writer(fd, self.on_writable, watch)
                watch.writing = True
        elif watch.writing:
            self.loop.remove_writer(fd)
            watch.writing = False
        return 0

    def forget(self, fd):
        """Take a socket off the loop, before it is closed."""
        cdef Watch watch = self.watches.pop(fd, None)
        if watch is None or self.loop.is_closed():
            return
        if watch.reading:
            self.loop.remove_reader(fd)
        if watch.writing:
            self.loop.remove_writer(fd)

    def on_readable(self, Watch watch):
        """A socket has bytes, or its other side has ended it."""
        if self.closed:
            return
        if watch.wanted & c.CURL_POLL_IN:
            self.serve(watch.fd, c.CURL_CSELECT_IN)
            return
        self.loop.remove_reader(watch.fd)
        watch.reading = False
        if not watch.wanted and self.idle_lost is not None:
            self.idle_lost()

    def on_writable(self, Watch watch):
        """A socket takes bytes again."""
        if not self.closed:
            self.serve(watch.fd, c.CURL_CSELECT_OUT)

    cdef int serve(self, socket_t fd, int events) except -1:
        """Let libcurl serve a socket; whoever got an answer by it is woken at once."""
        self.wake_ups.hold()
        try:
            self.act(fd, events)
            self.settle()
        finally:
            self.wake_ups.let_go()
        return 0

    cdef int arm(self) except -1:
        """Keep one timer on the loop, due when libcurl or a wake-up is due first."""
        cdef int64_t due = self.queue.next_due_ns()
        if self.notes.deadline_ns < due:
            due = self.notes.deadline_ns
        if due == NEVER or (self.timer is not None and self.timer_due_ns <= due):
            return 0
        if self.timer is not None:
            self.timer.cancel()
        cdef int64_t delay = due - now_ns()
        if delay < 0:
            delay = 0
        self.timer = self.loop.call_later(delay / 1e9, self.on_time)
        self.timer_due_ns = due
        return 0

    def on_time(self):
        """The armed timer has come."""
        self.timer = None
        if self.closed:
            return
        self.wake_ups.hold()
        try:
            if self.notes.deadline_ns <= now_ns():
                self.act(c.BAD_SOCKET, 0)
                self.apply_changes()
                self.deliver()
            if not self.closed:
                self.run_due()
        finally:
            if not self.closed:
                self.arm()
            self.wake_ups.let_go()


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

    def waiter(self):
        """Refused: nothing on a loop would ever end the wait."""
        raise ExecutorMisuse(
            "a ticket of a blocking executor must not be awaited: use resolve(tag)")

    cdef int start(self) except -1:
        self.drive()
        return self.deliver()

    cdef int drive(self) except -1:
        cdef int running = 0
        cdef int code = curl.multi_perform(self.multi, &running)
        self.note_writes()
        self.close_sockets()
        if code != 0:
            self.fail_all(code)
        return 0

    def turn(self, int64_t longest_ns):
        """Wait for the next event, at most so long; then act on it.

        The GIL is released during the wait. A signal ends it.
        """
        self.check_owner()
        self.pause(longest_ns)
        if not self.closed:  # a signal's handler may close it
            self.start()
        if not self.closed:
            self.run_due()

    cdef int pause(self, int64_t longest_ns) except -1:
        cdef int64_t pause_ns = min(longest_ns, LONGEST_PAUSE_NS)
        cdef int64_t due = self.queue.next_due_ns()
        if due != NEVER:
            pause_ns = min(pause_ns, due - now_ns())
        cdef int pause_ms = <int>((pause_ns + 999_999) // 1_000_000)
        if pause_ms > 0:
            with nogil:
                curl.multi_poll(self.multi, NULL, 0, pause_ms, NULL)
        PyErr_CheckSignals()
        return 0
