# cython: annotation_typing=False
"""Counts what leaves, in this process and in the file that it is shared through.

A request counts from before it leaves until its answer and a window's length more. So
whatever moment in between the gateway counts it at, no window of its own can hold more
than is let out here: docs/internals/budgets.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.budgets.closure import Closure
from fastorder.budgets.counts import counts_of
from fastorder.budgets.lanes import Lane
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS

if TYPE_CHECKING:
    from fastorder.budgets.leases import Leases
    from fastorder.budgets.limits import Budgets

MARGIN_NS = SECOND_NS // 4
"""By so much a window is longer here: clocks differ, and some tick coarsely."""

HISTORY = int(Lane.HISTORY)


class Meter:
    """How much room there is.

    Args:
        budgets: how many requests may leave.
        gateway: where they go to; all of a process that go there are counted together.
        longest_retry_after_s: for how long the gateway may ask to be left alone.
        leases: rows of the file that it is shared through; None where it is not.

    Attributes:
        most: up to how many requests one of a lane may be, by lane.
        span_ns, history_span_ns: how long a request counts after its end.
        closure: until when the gateway is to be left alone.
        held: what the request holds that was let out last: its row and its lane.
    """

    def __init__(
        self,
        budgets: Budgets,
        gateway: str,
        longest_retry_after_s: float,
        leases: Leases | None,
    ) -> None:
        self.budgets = budgets
        self.leases = leases
        self.most = budgets._most_by_lane
        self.span_ns = span_ns(budgets.seconds)
        self.history_span_ns = span_ns(budgets.history_seconds)
        self.closure = Closure(longest_retry_after_s)
        self.held = 0
        self._history_most = budgets.history_requests
        self._all, self._history = counts_of(gateway)

    # ------------------------------------------------------------ letting out

    def take(self, lane: int, now_ns: int, ahead: int) -> int:
        """Count a request that leaves; until when it may, or 0 where there is no room.

        Args:
            lane: its lane.
            now_ns: the monotonic clock.
            ahead: how many have to leave before it.
        """
        number, until_ns = 0, FOREVER_NS
        if not self._has_own_room(lane, now_ns, ahead):
            return 0
        if self.leases is not None:
            number = self._row(lane, now_ns)
            if not number:
                return 0
            until_ns = self.leases.until_ns
        self.held = number * 8 + lane
        self._all.begin()
        if lane == HISTORY:
            self._history.begin()
        return until_ns

    def _row(self, lane: int, now_ns: int) -> int:
        """A row of the shared file; 0 where there is none."""
        assert self.leases is not None
        number = self.leases.take(lane, now_ns)
        if self.hears(now_ns) and number and not self._has_own_room(lane, now_ns, 0):
            self.leases.take_back(number)
            return 0
        return number

    def hears(self, now_ns: int) -> bool:
        """Whether another process was told to leave the gateway alone."""
        leases = self.leases
        assert leases is not None
        if now_ns >= max(leases.closed_ns, leases.history_closed_ns):
            return False
        self.closure.heard(leases.closed_ns, leases.history_closed_ns)
        return True

    def has_room(self, lane: int, now_ns: int) -> bool:
        """Whether one of a lane may leave."""
        if not self._has_own_room(lane, now_ns, 0):
            return False
        return self.leases is None or self.leases.has(lane, now_ns)

    def _has_own_room(self, lane: int, now_ns: int, ahead: int) -> bool:
        """Whether this process alone leaves room, and the gateway takes requests."""
        if now_ns < self.closure.until_ns:
            return False
        used = self._all.used(now_ns - self.span_ns)
        if used + ahead >= self.most[lane]:
            return False
        if lane != HISTORY:
            return True
        if now_ns < self.closure.history_until_ns:
            return False
        used = self._history.used(now_ns - self.history_span_ns)
        return used + ahead < self._history_most

    # ------------------------------------------------------------ the end of one

    def end(self, held: int, end_ns: int) -> None:
        """By this time a request has come to the gateway, if it ever does."""
        self._all.end(end_ns)
        if held & 7 == HISTORY:
            self._history.end(end_ns)
        if self.leases is not None:
            self.leases.ended(held >> 3, end_ns)

    def take_back(self, held: int) -> None:
        """Nothing of a request has left, and nothing will."""
        self._all.take_back()
        if held & 7 == HISTORY:
            self._history.take_back()
        if self.leases is not None:
            self.leases.take_back(held >> 3)

    # ------------------------------------------------------------ what is known

    def used(self, now_ns: int, is_history: bool = False) -> int:
        """How many count, those of other processes too where they are known."""
        window, span = self._all, self.span_ns
        if is_history:
            window, span = self._history, self.history_span_ns
        own = window.used(now_ns - span)
        if self.leases is None:
            return own
        return max(own, self.leases.used(now_ns, is_history) or 0)

    def room_ns(self, lane: int, now_ns: int) -> int:
        """When there is room for one of a lane, as far as this process knows.

        FOREVER_NS where it depends on answers that have not come.
        """
        due_ns = max(now_ns, self.closure.until_ns)
        since_ns = now_ns - self.span_ns
        over = self._all.used(since_ns) - self.most[lane]
        if over >= 0:
            due_ns = max(due_ns, _later(self._all.end_of(over, since_ns), self.span_ns))
        if lane == HISTORY:
            due_ns = max(due_ns, self._history_room_ns(now_ns))
        return due_ns

    def _history_room_ns(self, now_ns: int) -> int:
        due_ns = self.closure.history_until_ns
        since_ns = now_ns - self.history_span_ns
        over = self._history.used(since_ns) - self._history_most
        if over < 0:
            return due_ns
        end_ns = self._history.end_of(over, since_ns)
        return max(due_ns, _later(end_ns, self.history_span_ns))


def span_ns(seconds: float) -> int:
    """How long a request counts after its end."""
    return int(seconds * SECOND_NS) + MARGIN_NS


def _later(end_ns: int, counts_ns: int) -> int:
    """When a request that ended then counts no more."""
    return FOREVER_NS if end_ns >= FOREVER_NS else end_ns + counts_ns
