"""The base of every protocol: events in, commands out.

A protocol does no I/O, so that it can be run on any engine, and in tests on none.
"""

from types import GenericAlias

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.transport.evidence cimport FOREVER_NS, Evidence

from fastorder._base.counted import counted


@cython.freelist(8)
@cython.no_gc       # bytes, and a member of an enum
cdef class Send:
    """Send this body to this endpoint; ``on_evidence`` follows.

    Attributes:
        endpoint, body: the request.
        gated: it may leave only while the executor's gate is open.
        valid_until_ns: no byte of it leaves after this, on the monotonic clock.
    """

    def __init__(
        self, endpoint, bytes body not None, bint gated=False,
        int64_t valid_until_ns=FOREVER_NS
    ):
        self.endpoint = endpoint
        self.body = body
        self.gated = gated
        self.valid_until_ns = valid_until_ns

    def __repr__(self):
        return f"Send({self.endpoint}, {counted(len(self.body), 'byte')})"


cpdef Send gated_send(object endpoint, bytes body, int64_t valid_until_ns):
    """A Send that may leave only through the gate, and until this time."""
    cdef Send send = Send.__new__(Send)
    send.endpoint = endpoint
    send.body = body
    send.gated = True
    send.valid_until_ns = valid_until_ns
    return send


cdef class Pause:
    """Do nothing until the monotonic clock shows this time; ``on_time`` follows."""

    def __init__(self, int64_t due_ns):
        self.due_ns = due_ns

    def __repr__(self):
        return f"Pause({self.due_ns})"


@cython.freelist(8)
cdef class Finish:
    """The protocol has ended with this value."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Finish({self.value!r})"

    @classmethod
    def __class_getitem__(cls, item):
        return GenericAlias(cls, item)


cdef class Tell:
    """Whoever waits gets this value; the protocol goes on with another command."""

    def __init__(self, value, then):
        self.value = value
        self.then = then

    def __repr__(self):
        return f"Tell({self.value!r}, {self.then!r})"

    @classmethod
    def __class_getitem__(cls, item):
        return GenericAlias(cls, item)


cdef class Halt:
    """No new exposure may leave from now on; the protocol goes on."""

    def __init__(self, str reason, then):
        self.reason = reason
        self.then = then

    def __repr__(self):
        return f"Halt({self.reason!r}, {self.then!r})"

    @classmethod
    def __class_getitem__(cls, item):
        return GenericAlias(cls, item)


Command = Send | Pause | Finish | Tell | Halt
"""Any of them. A protocol that has nothing to ask for gives None."""


cdef class RequestProtocol:
    """One request's way to its end; a subclass decides.

    A subclass has a ``state`` too: a member of an enum whose value is for people.

    Attributes:
        another_token: of an answer with HTTP 401, whether a newer token than the
            request's is there or on its way; set before ``on_evidence``.
    """

    cpdef object start(self):
        """The first command."""
        raise NotImplementedError

    cpdef object on_evidence(self, Evidence evidence):
        """An exchange has ended; the next command."""
        raise NotImplementedError

    cpdef object on_time(self):
        """A pause is over; the next command."""
        raise NotImplementedError

    cpdef object on_failure(self, str why):
        """The client itself has failed; None where nothing more can be done."""
        return None

    cpdef object on_new_token(self):
        """There is another token; None where that changes nothing."""
        return None

    cpdef object on_broken_off(self, str why):
        """What was to leave never reached the engine; the next command, or None.

        Whoever called has got an exception: no send may follow.
        """
        return self.on_failure(why)

    def after_hold(self, Send command):
        """A request that waited for a login may leave; what is asked for by now."""
        return command

    cpdef object on_stop(self, Evidence evidence):
        """The executor closes; a Finish. None stands for no exchange under way."""
        raise NotImplementedError
