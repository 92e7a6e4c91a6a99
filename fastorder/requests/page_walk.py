"""Reads a list page by page, while its rows come and go: none lost, none twice.

Each page begins with a row that the page before has shown. Where it does not, rows have
gone from the list meanwhile and those behind them have moved up, so a page further to
the front is read. Rows are known by their ids, by which the list is sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.gateway.rows import rows_in

if TYPE_CHECKING:
    from fastorder.gateway.rows import Row, Rows

MOST_ROWS = 100
"""What the gateway puts on one page, however many are asked for."""

MOST_STANDSTILLS = 20
"""Pages in a row that may bring nothing new."""


class PageWalk:
    """Which page is asked for next.

    Args:
        size: rows on a page, 2 to 100: pages overlap by one.
        newest_first: whether the list is sorted from the largest id to the smallest.

    Attributes:
        size: rows on a page.
        offset: how many rows lie before the page that is asked for next.
        is_complete: whether all rows have been shown.
    """

    __slots__ = (
        "_last",
        "_seen",
        "_sign",
        "_standstills",
        "is_complete",
        "offset",
        "size",
    )

    def __init__(self, size: int = MOST_ROWS, *, newest_first: bool = False) -> None:
        self.size = size
        self._sign = -1 if newest_first else 1
        self._seen: set[int] = set()
        self._last: int | None = None  # the row up to which none is missing
        self._standstills = 0
        self.offset = 0
        self.is_complete = False

    def take(self, rows: Any, total: Any) -> Rows:
        """The rows of a page that were not shown before; moves on to the next page.

        Args:
            rows: as they were answered.
            total: how many rows the list has; None where the answer does not say.

        Raises:
            TypeError, ValueError: they are no rows, or cannot be read page by page.
        """
        rows = rows_in({"orders": rows}, "orders")
        if self._is_gap(rows):
            self._step_back()
            return []
        new: Rows = [row for row in rows if row["id"] not in self._seen]
        self._seen.update(row["id"] for row in new)
        self._last = self._furthest(rows)
        self.is_complete = self._is_end(rows, total)
        if not self.is_complete:
            self._step_on(rows, bool(new))
        return new

    def _is_gap(self, rows: Rows) -> bool:
        """Whether rows may lie between the last one that was shown and this page."""
        if self._last is None or not self.offset:
            return False
        return not rows or self._place(rows[0]) > self._last

    def _place(self, row: Row) -> int:
        """Where a row lies in the list's order: a later one has a larger number."""
        return self._sign * int(row["id"])

    def _furthest(self, rows: Rows) -> int | None:
        places = [self._place(row) for row in rows[-1:]]
        if self._last is not None:
            places.append(self._last)
        return max(places, default=None)

    def _is_end(self, rows: Rows, total: Any) -> bool:
        end = self.offset + len(rows)
        if type(total) is not int:
            return len(rows) < 2  # a shorter page than was asked for proves nothing
        if total and not end:
            raise ValueError(f"it counts {counted(total, 'order')} and lists none")
        return end >= total

    def _step_on(self, rows: Rows, brings_new: bool) -> None:
        places = [self._place(row) for row in rows]
        if sorted(set(places)) != places:
            raise ValueError("orders must be sorted by id, page by page, they are not")
        if len(rows) < 2:  # it does not reach the next one
            self._step_back()
            return
        self._stand_still(not brings_new)
        self.offset += len(rows) - 1

    def _step_back(self) -> None:
        self._stand_still(True)
        self.offset = max(self.offset - self.size, 0)

    def _stand_still(self, nothing_new: bool) -> None:
        self._standstills = self._standstills + 1 if nothing_new else 0
        if self._standstills > MOST_STANDSTILLS:
            raise ValueError("orders come and go faster than their pages are read")
