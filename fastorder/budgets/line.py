# cython: annotation_typing=False
"""Requests that wait for room: a queue for each lane, the first lane first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.budgets.lanes import LANES, Lane

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Send
    from fastorder._core.transport.evidence import Receiver


class Waiting(NamedTuple):
    """A request that waits.

    Attributes:
        receiver: whose it is.
        command: what it sends.
        since_ns: since when it waits.
    """

    receiver: Receiver
    command: Send
    since_ns: int


class Line:
    """Who waits, in the order of the lanes, and of their coming within each.

    Attributes:
        size: how many there are.
    """

    __slots__ = ("_queues", "size")

    def __init__(self) -> None:
        self._queues: tuple[deque[Waiting], ...] = tuple(deque() for _ in LANES)
        self.size = 0

    def put(self, lane: int, waiting: Waiting) -> None:
        """One more, behind the others of its lane."""
        self._queues[lane].append(waiting)
        self.size += 1

    def put_back(self, lane: int, waiting: Waiting) -> None:
        """One that could not leave after all, before the others of its lane."""
        self._queues[lane].appendleft(waiting)
        self.size += 1

    def up_to(self, lane: int) -> int:
        """How many wait in this lane and in those before it."""
        if not self.size:
            return 0
        return sum(map(len, self._queues[: lane + 1]))

    def count(self, lane: int) -> int:
        """How many wait in this lane."""
        return len(self._queues[lane])

    def first(self) -> tuple[Lane, Waiting] | None:
        """Whose turn it is."""
        for lane, queue in zip(LANES, self._queues, strict=True):
            if queue:
                return lane, queue[0]
        return None

    def peek(self, lane: int) -> Waiting:
        """The first of a lane."""
        return self._queues[lane][0]

    def pop(self, lane: int) -> Waiting:
        """Take out the first of a lane."""
        self.size -= 1
        return self._queues[lane].popleft()

    def oldest(self) -> list[tuple[Lane, Waiting]]:
        """The first of each lane that has one."""
        pairs = zip(LANES, self._queues, strict=True)
        return [(lane, queue[0]) for lane, queue in pairs if queue]

    def holds(self, receiver: Any) -> bool:
        """Whether a request of this receiver waits."""
        return self.of(receiver) is not None

    def of(self, receiver: Any) -> Waiting | None:
        """The request of this receiver; None where none waits."""
        if not self.size:
            return None
        for queue in self._queues:
            for waiting in queue:
                if waiting.receiver is receiver:
                    return waiting
        return None

    def remove(self, receiver: Any) -> bool:
        """Take out the request of a receiver; False where none waits."""
        if not self.size:
            return False
        for queue in self._queues:
            for index, waiting in enumerate(queue):
                if waiting.receiver is receiver:
                    del queue[index]
                    self.size -= 1
                    return True
        return False

    def clear(self) -> None:
        """Nobody waits any more."""
        for queue in self._queues:
            queue.clear()
        self.size = 0
