# cython: cdivision=True
"""A timer for an event loop: the loop's own, or a file descriptor (timerfd).

While a loop of asyncio has a timer, each of its turns works out how long it may sleep
and looks whether the timer is due. An order takes one turn, and its timer is seconds
away. A timer that the loop watches as it watches a socket costs a turn nothing.
"""

from cpython.exc cimport PyErr_SetFromErrno
from libc.stdint cimport int64_t

from fastorder._core.transport.timer_heap cimport NEVER
from fastorder._core.transport.clock cimport monotonic_ns

cdef extern from "timerfd.h":
    int timer_open "fastorder_timer_open"()
    int timer_set "fastorder_timer_set"(int fd, int64_t due_ns)
    int timer_stop "fastorder_timer_stop"(int fd)
    void timer_close "fastorder_timer_close"(int fd)


cdef Timer timer_for(object loop, object call):
    """The one that costs the loop least, of those that can be had."""
    try:
        return TimerFd(loop, call)
    except OSError:
        return LoopTimer(loop, call)


cdef class Timer:
    """Has a loop call once the monotonic clock has reached a time.

    What is called says ``fired`` first. A loop that is closed calls no more.

    Attributes:
        due_ns: the time that it is set to.
    """

    def __init__(self, loop not None, call):
        self.loop = loop
        self.due_ns = NEVER

    cpdef int set(self, int64_t due_ns) except -1:
        """Call at that time, and not at the one set before."""
        raise NotImplementedError

    cpdef int fired(self) except -1:
        """Its call has come: it is not set any more."""
        self.due_ns = NEVER
        return 0

    cpdef int end(self) except -1:
        """Call no more."""
        raise NotImplementedError


cdef class LoopTimer(Timer):
    """A timer of the loop's own."""

    def __init__(self, loop, call):
        super().__init__(loop, call)
        self.call = call

    cpdef int set(self, int64_t due_ns) except -1:
        self.end()
        cdef int64_t delay_ns = max(due_ns - monotonic_ns(), 0)
        self.handle = self.loop.call_later(delay_ns / 1e9, self.call)
        self.due_ns = due_ns
        return 0

    cpdef int end(self) except -1:
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None
        self.due_ns = NEVER
        return 0


cdef class TimerFd(Timer):
    """A timer that is a file descriptor (Linux, timerfd_create(2)).

    Raises:
        OSError: the system has none, or the process may open or watch no more.
    """

    def __cinit__(self, loop, call):
        self.fd = timer_open()
        if self.fd < 0:
            PyErr_SetFromErrno(OSError)

    def __init__(self, loop, call):
        super().__init__(loop, call)
        try:
            loop.add_reader(self.fd, call)
        except BaseException:           # a signal's handler may raise within it
            loop.remove_reader(self.fd)     # its number is used again
            raise

    def __dealloc__(self):
        if self.fd >= 0:
            timer_close(self.fd)

    cpdef int set(self, int64_t due_ns) except -1:
        if timer_set(self.fd, due_ns) < 0:
            PyErr_SetFromErrno(OSError)
        self.due_ns = due_ns
        return 0

    cpdef int fired(self) except -1:
        if timer_stop(self.fd) < 0:
            PyErr_SetFromErrno(OSError)
        return Timer.fired(self)

    cpdef int end(self) except -1:
        if self.fd < 0:
            return 0
        if not self.loop.is_closed():
            self.loop.remove_reader(self.fd)
        timer_close(self.fd)
        self.fd = -1
        self.due_ns = NEVER
        return 0
