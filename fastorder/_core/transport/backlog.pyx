"""Requests that wait for a connection, the most urgent first.

Where every connection is taken, a cancel or a close does not wait behind look-ups: what
takes risk away leaves first, and what has to be known for that; then the other changes,
then what only asks. Within each it is first come, first served: of two modifies of an
order the later has the last word.
"""

from collections import deque

from fastorder._core.transport.evidence cimport Receiver
from fastorder._core.transport.request_head cimport Route


cdef class Backlog:
    """Three queues."""

    def __init__(self):
        self.lessening = deque()
        self.changes = deque()
        self.reads = deque()

    cdef int push(self, Route route, Receiver receiver, tuple request) except -1:
        """Put a request in, with whoever hears of it."""
        queue = self.changes if route.once else self.reads
        if route.lessens:
            queue = self.lessening
        queue.append((receiver, request))
        self.size += 1
        return 0

    cdef tuple pop(self):
        """Take the most urgent one out; there has to be one."""
        queue = self.lessening or self.changes or self.reads
        _receiver, request = queue.popleft()
        self.size -= 1
        return request

    cdef list taken(self):
        """Take all out; gives whoever would have heard of them."""
        waiting = [*self.lessening, *self.changes, *self.reads]
        self.lessening.clear()
        self.changes.clear()
        self.reads.clear()
        self.size = 0
        return [receiver for receiver, _request in waiting]

    cdef bint holds(self, Receiver receiver) except -1:
        """Whether a request of this receiver waits."""
        for queue in (self.lessening, self.changes, self.reads):
            for waiting, _request in queue:
                if waiting is receiver:
                    return True
        return False
