"""Connections that are opened, used and kept; requests in, evidence out; wake-ups."""

from libc.stdint cimport int64_t

from fastorder._core.transport.backlog cimport Backlog
from fastorder._core.transport.channel cimport ChannelKeeper
from fastorder._core.transport.timer_heap cimport TimerHeap
from fastorder._core.transport.connection cimport Connection, Step
from fastorder._core.transport.gate cimport Gate
from fastorder._core.transport.libcurl cimport CURLM, socket_t
from fastorder._core.transport.request_head cimport Origin, Route
from fastorder._core.transport.evidence cimport Evidence, Receiver

cdef struct Change:             # what libcurl wants to hear about a socket
    socket_t fd
    int what

cdef struct Notes:              # left by libcurl's callbacks, read once it has returned
    Change* changes             # owned; NULL until the first
    int change_count
    int change_room
    socket_t* closed            # owned; sockets that libcurl is done with
    int closed_count
    int closed_room
    int64_t deadline_ns         # when libcurl wants to be called again
    bint no_memory

cpdef int64_t monotonic_ns() noexcept

cdef class Engine(ChannelKeeper):
    cdef CURLM* multi           # owned; NULL once closed
    cdef Notes notes
    cdef set busy               # connections that carry an exchange
    cdef set channels           # connections that have become WebSockets
    cdef list idle              # open connections that carry none, last used last
    cdef int opening            # connections that libcurl opens
    cdef Backlog backlog        # requests that wait for a connection
    cdef bint beginning         # some of them are being begun
    cdef int most               # exchanges at a time
    cdef TimerHeap queue
    cdef int64_t expiry_ns      # no exchange's time is over before this
    cdef int forks              # the process generation this engine belongs to
    cdef readonly bint closed
    cdef public object on_failure   # called with an error that ended an exchange

    cpdef int submit(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate=*,
        int64_t valid_until_ns=*) except -1
    cpdef object waiter(self)
    cpdef int wake_at(self, int64_t due_ns, Receiver receiver) except -1
    cdef bint is_deaf(self) noexcept
    cdef int leave_to_parent(self) except -1
    cpdef object check(self)
    cdef int check_owner(self) except -1
    cpdef bint carries(self, Receiver receiver)
    cdef int start(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns) except -1
    cdef Connection connection_to(self, Origin origin, int64_t now)
    cdef Connection new_connection(self, Origin origin)
    cdef int set_off(self, Connection connection) except -1
    cdef int send(self, Connection connection) except -1
    cdef int take_back(self, Connection connection, Step step) except -1
    cdef int not_opened(self, Connection connection, int code) except -1
    cdef int move(self, Connection connection) except -1
    cdef int go_on(self, Connection connection, Step step) except -1
    cdef int retire(self, Connection connection, int code) except -1
    cdef int switch(self, Connection connection) except -1
    cdef int serve_channel(self, Connection connection) except -1
    cdef int tell(self, Receiver receiver, Evidence evidence) except -1
    cdef int drop(self, Connection connection) except -1
    cdef int hand_out(self) except -1
    cdef int abandon(self, Connection connection, object error) except -1
    cdef int note(self, object error) except -1
    cdef int begin_waiting(self) except -1
    cdef int64_t next_due_ns(self) noexcept
    cdef int run_due(self) except -1
    cdef int expire(self) except -1
    cdef int time_out(self, Connection connection) except -1
    cdef int fail_all(self, int code) except -1
    cdef int close_sockets(self) except -1
    cdef int drive(self) except -1
    cdef int follow(self, Connection connection) except -1
    cdef int await_room(self, Connection connection) except -1
    cdef int rescheduled(self) except -1
