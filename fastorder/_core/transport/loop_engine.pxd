"""An engine that an event loop drives."""

from libc.stdint cimport int64_t

from fastorder._core.transport.timerfd cimport Timer
from fastorder._core.transport.channel cimport Channel
from fastorder._core.transport.connection cimport Connection, Step
from fastorder._core.transport.engine cimport Engine
from fastorder._core.transport.libcurl cimport socket_t
from fastorder._core.transport.waiter cimport WakeUps

cdef class SocketWatch:               # one socket on the event loop
    cdef socket_t fd
    cdef Connection connection  # whose it is; None while libcurl opens one
    cdef int wanted             # by libcurl
    cdef bint reading
    cdef bint writing

cdef class LoopEngine(Engine):
    cdef object loop            # None until the first use
    cdef WakeUps wake_ups       # of that loop
    cdef dict watches           # fd -> SocketWatch
    cdef Timer timer            # rings when something is due first
    cdef public object idle_lost

    cdef int bind(self, object loop) except -1
    cdef int act(self, socket_t fd, int events) except -1
    cdef int settle(self) except -1
    cdef int apply_changes(self) except -1
    cdef int watch(self, socket_t fd, int what) except -1
    cdef SocketWatch new_watch(self, socket_t fd)
    cdef int watch_reading(self, SocketWatch watch) except -1
    cdef int watch_writing(self, SocketWatch watch, bint wanted) except -1
    cdef int press_on(self, SocketWatch watch, bint readable) except -1
    cdef int flush(self, SocketWatch watch, Channel channel) except -1
    cdef int serve(self, Connection connection, Step step) except -1
    cdef int finish(self, Connection connection, Step step) except -1
    cdef int serve_libcurl(self, SocketWatch watch, int events) except -1
    cdef int lose(self, Connection connection) except -1
