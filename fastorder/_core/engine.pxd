"""The multi handle: requests in, evidence out, and one queue of wake-ups."""

from libc.stdint cimport int64_t

from fastorder._core.backoff cimport RetryQueue
from fastorder._core.gate cimport Gate
from fastorder._core.libcurl cimport CURLM, socket_t
from fastorder._core.transfer cimport Evidence, Receiver, Route, Stamps, Transfer
from fastorder._core.waiter cimport WakeUps

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

cdef class Engine:
    cdef CURLM* multi           # owned; NULL once closed
    cdef Notes notes
    cdef Stamps stamps
    cdef set in_flight          # transfers that libcurl holds
    cdef object backlog         # requests that wait for a connection, oldest first
    cdef int most               # transfers that libcurl may hold
    cdef RetryQueue queue
    cdef int forks              # the process generation this engine belongs to
    cdef readonly bint closed

    cpdef int submit(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate=*,
        int64_t valid_until_ns=*) except -1
    cpdef int wake_at(self, int64_t due_ns, Receiver receiver) except -1
    cdef int check_owner(self) except -1
    cdef Transfer begin(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns)
    cdef int abandon(self, Transfer transfer, object error) except -1
    cdef int start(self) except -1
    cdef int drive(self) except -1
    cdef int hand_out(self) except -1
    cdef bint begun_again(self, Transfer transfer) noexcept
    cdef int queued(self) except -1
    cdef int note_writes(self) noexcept
    cdef int close_sockets(self) except -1
    cdef int deliver(self) except -1
    cdef int retire(self, Transfer transfer, int code) except -1
    cdef int run_due(self) except -1
    cdef int fail_all(self, int code) except -1

cdef class Watch:               # one socket on the event loop
    cdef socket_t fd
    cdef int wanted
    cdef bint reading
    cdef bint writing

cdef class LoopEngine(Engine):
    cdef object loop            # None until the first use
    cdef WakeUps wake_ups       # of that loop
    cdef dict watches           # fd -> Watch
    cdef object timer           # the one armed handle; None while there is none
    cdef int64_t timer_due_ns
    cdef public object idle_lost

    cdef int bind(self, object loop) except -1
    cdef int act(self, socket_t fd, int events) except -1
    cdef int serve(self, socket_t fd, int events) except -1
    cdef int settle(self) except -1
    cdef int apply_changes(self) except -1
    cdef int watch(self, socket_t fd, int what) except -1
    cdef int arm(self) except -1

cdef class PollEngine(Engine):
    cdef unsigned long owner    # thread id; 0 until the first use
    cdef int pause(self, int64_t longest_ns) except -1
