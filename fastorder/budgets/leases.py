# cython: annotation_typing=False
"""Rows of the shared file, claimed a few at a time, so that an order need not wait.

A row is a lease: a request may leave with it until the lease's end, and the engine asks
for that at the last moment. What was not used by then is given back.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from fastorder.budgets.claims import Claim, Unusable
from fastorder.budgets.lanes import LANES, Lane
from fastorder.budgets.window import Window
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder.budgets.limits import Budgets
    from fastorder.budgets.shared_file import SharedFile

LEASE_NS = 10 * SECOND_NS
"""How long a row may be used; longer than a request takes to get a connection."""

AT_ONCE = {
    Lane.LESSENING: 8,
    Lane.ACT_LOOKS: 2,
    Lane.LOOK_UPS: 2,
    Lane.MODIFIES: 4,
    Lane.PLACES: 8,
    Lane.READS: 4,
    Lane.HISTORY: 2,
}
"""How many rows are claimed in one go."""

PART = 4
"""No more than this part of what is left is claimed in one go: the next row may be what
another process flattens with."""

FEW = 4
"""With so few left for orders, more are claimed before the next order comes."""

FULL_NS = SECOND_NS // 20
"""So long the file is not asked again for what it had no room for."""

TROUBLE_NS = SECOND_NS
"""So long the file is not asked again after it could not be used."""

KEPT_PART = -1
"""The number of a request that leaves without a row, from the part that is kept."""

PLACES, READS, HISTORY = int(Lane.PLACES), int(Lane.READS), int(Lane.HISTORY)


class Leases:
    """The rows that this executor has to itself.

    Args:
        file: where they are claimed.
        budgets: how many there may be.
        longest_s: from when a request leaves to when it has ended, at the latest.

    Attributes:
        until_ns: how long the row that was taken last may be used.
        trouble: why the file cannot be used; None where it can.
        room_ns: when there is room for what was claimed last; 0 where there was.
        closed_ns, history_closed_ns: until when the gateway is to be left alone, as
            others have found.
        wants_more: orders have used up their rows nearly.
    """

    __slots__ = (
        "_budgets",
        "_emergency",
        "_file",
        "_full_ns",
        "_history_span_ns",
        "_longest_ns",
        "_most",
        "_next_ns",
        "_span_ns",
        "_stock",
        "closed_ns",
        "history_closed_ns",
        "room_ns",
        "trouble",
        "until_ns",
        "wants_more",
    )

    def __init__(
        self,
        file: SharedFile,
        budgets: Budgets,
        span_ns: int,
        history_span_ns: int,
        longest_s: float,
    ) -> None:
        self._file = file
        self._budgets = budgets
        self._most = budgets._most_by_lane
        self._span_ns = span_ns
        self._history_span_ns = history_span_ns
        self._longest_ns = int(longest_s * SECOND_NS)
        self._stock: tuple[deque[tuple[int, int]], ...] = tuple(deque() for _ in LANES)
        self._emergency = Window()
        self._full_ns = [0 for _ in LANES]
        self._next_ns = 0
        self.until_ns = 0
        self.trouble: str | None = None
        self.room_ns = 0
        self.closed_ns = 0
        self.history_closed_ns = 0
        self.wants_more = False

    # ------------------------------------------------------------ for a request

    def take(self, lane: int, now_ns: int) -> int:
        """A row for one request; 0 where there is none."""
        stock = self._stocked(lane, now_ns)
        if stock is None and self._may_leave_without(lane, now_ns):
            self._emergency.begin()
            self.until_ns = FOREVER_NS
            return KEPT_PART
        if stock is None:
            return 0
        number, self.until_ns = stock.popleft()
        self.wants_more = lane == PLACES and len(stock) < FEW
        return number

    def has(self, lane: int, now_ns: int) -> bool:
        """Whether there is one."""
        stock = self._stocked(lane, now_ns)
        return stock is not None or self._may_leave_without(lane, now_ns)

    def ended(self, number: int, end_ns: int) -> None:
        """A request has ended by this time."""
        if number == KEPT_PART:
            self._emergency.end(end_ns)
        else:
            self._file.note_end(number, end_ns)

    def take_back(self, number: int) -> None:
        """Nothing has left with a row."""
        if number == KEPT_PART:
            self._emergency.take_back()
        else:
            self._file.note_unused(number)

    def _stocked(self, lane: int, now_ns: int) -> deque[tuple[int, int]] | None:
        """A stock that a lane may use and that is not empty."""
        stock = self._in_stock(lane, now_ns)
        if stock is None and now_ns >= self._full_ns[lane]:
            self._claim(LANES[lane], now_ns)
            stock = self._in_stock(lane, now_ns)
        return stock

    def _in_stock(self, lane: int, now_ns: int) -> deque[tuple[int, int]] | None:
        """Its own, or that of a lane behind it: what is claimed for that is less."""
        last = HISTORY if lane == HISTORY else READS
        for each in range(lane, last + 1):
            stock = self._stock[each]
            while stock and stock[0][1] <= now_ns:
                self._file.note_unused(stock.popleft()[0])
            if stock:
                return stock
        return None

    def _may_leave_without(self, lane: int, now_ns: int) -> bool:
        """What lessens risk, and a look-up, leaves where the file cannot be used.

        As many as the part that is kept for them holds; nothing else does.
        """
        if self.trouble is None or lane > Lane.LOOK_UPS:
            return False
        used = self._emergency.used(now_ns - self._span_ns)
        return used < self._budgets._kept_count

    # ------------------------------------------------------------ with the file

    def _claim(self, lane: Lane, now_ns: int) -> None:
        """Ask the file for a few rows."""
        if self.trouble is not None and now_ns < self._next_ns:
            return
        is_history = lane is Lane.HISTORY
        until_ns = now_ns + LEASE_NS
        claim = Claim(
            now_ns,
            AT_ONCE[lane],
            self._most[lane],
            self._span_ns,
            self._budgets.history_requests if is_history else 0,
            self._history_span_ns,
            until_ns + self._longest_ns,
            PART,
        )
        try:
            claimed = self._file.claim(claim)
        except Unusable as error:
            self._is_unusable(error, now_ns)
            return
        if self.trouble is not None:
            log().warning("the file of shared budgets can be used again")
            self.trouble = None
        self._stock[lane].extend((number, until_ns) for number in claimed.numbers)
        self.room_ns = claimed.room_ns
        self.closed_ns = claimed.closed_ns
        self.history_closed_ns = claimed.history_closed_ns
        if not claimed.numbers:
            self._full_ns[lane] = now_ns + FULL_NS

    def _is_unusable(self, error: Unusable, now_ns: int) -> None:
        if self.trouble is None:
            log().error(
                "%s; until it can be used, only closes, cancels, stop moves and "
                "look-ups leave, up to what is kept for them",
                error,
            )
        self.trouble = str(error)
        self._next_ns = now_ns + TROUBLE_NS

    def tend(self, now_ns: int) -> int:
        """Give back what was not used in time, and see to a stock for orders.

        Returns:
            When it is to be looked at again; FOREVER_NS for never.
        """
        if self.wants_more:
            self.wants_more = False
            self._claim(Lane.PLACES, now_ns)
        for lane in LANES:
            self._in_stock(lane, now_ns)
        if self._file.has_news and self.trouble is None:
            self._write_news(now_ns)
        ends = [stock[0][1] for stock in self._stock if stock]
        return min(ends, default=FOREVER_NS)

    def _write_news(self, now_ns: int) -> None:
        ends_by_ns = now_ns + LEASE_NS + self._longest_ns
        spans = self._span_ns, 0, self._history_span_ns
        claim = Claim(now_ns, 0, self._budgets.requests, *spans, ends_by_ns)
        try:
            self._file.claim(claim)
        except Unusable as error:
            self._is_unusable(error, now_ns)

    def close_until(self, until_ns: int, is_history: bool) -> None:
        """Tell the others until when the gateway is to be left alone."""
        try:
            self._file.close_until(until_ns, is_history)
        except Unusable as error:
            log().warning("other processes do not hear of an HTTP 429: %s", error)

    def used(self, now_ns: int, is_history: bool) -> int | None:
        """How many requests of all processes count; None where it cannot be told."""
        span_ns = self._history_span_ns if is_history else self._span_ns
        try:
            return self._file.used(now_ns, span_ns, is_history)
        except Unusable:
            return None

    def close(self) -> None:
        """Give back what was not used, and let go of the file."""
        for stock in self._stock:
            for number, _ in stock:
                self._file.note_unused(number)
            stock.clear()
        self._file.close()


def leases_for(
    budgets: Budgets, gateway: str, span_ns: int, history_span_ns: int, longest_s: float
) -> Leases:
    """Those of an executor that shares its budgets.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    from fastorder.budgets.folder import path_for
    from fastorder.budgets.shared_file import SharedFile  # SQLite; most need none

    given = budgets.path
    path = path_for(gateway) if given is None else os.fsdecode(given)
    filled = budgets.requests - budgets._kept_count
    file = SharedFile(os.path.abspath(path), given is not None, filled)
    return Leases(file, budgets, span_ns, history_span_ns, longest_s)
