"""What waits for a consumer: the latest alone, or everything up to a bound; no I/O."""

from __future__ import annotations

from collections import deque
from typing import Any

from fastorder.errors import Lagged

NOTHING: Any = object()
"""In place of an item, where there is none."""


class Queue:
    """What waits for one consumer.

    Attributes:
        is_awaited: whether the consumer waits.
        wants_gaps: whether gaps come between the items, as ``Gap``.
    """

    wants_gaps = False

    def __init__(self) -> None:
        self.is_awaited = False
        self._wake: Any = None
        self._error: Exception | None = None
        self._has_ended = False

    def wake_with(self, wake: Any) -> None:
        """Call this, without arguments, for a consumer that waits."""
        self._wake = wake

    def fail(self, error: Exception) -> None:
        """Raise it in the consumer once; nothing comes after it."""
        self._error = error
        self.end()

    def end(self) -> None:
        """Nothing more will come; what waits is still handed over."""
        self._has_ended = True
        self._rouse()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._has_ended

    def take(self) -> Any:
        """The next item; NOTHING where none waits.

        Raises:
            Lagged: the consumer was too slow; it is told once.
            Exception: what ended it.
        """
        item = self._next()
        if item is NOTHING and self._error is not None:
            error, self._error = self._error, None
            raise error
        return item

    def put(self, item: Any) -> None:
        """An item has come."""
        raise NotImplementedError

    def _next(self) -> Any:
        raise NotImplementedError

    def _rouse(self) -> None:
        if self.is_awaited:
            self.is_awaited = False
            if self._wake is not None:
                self._wake()


class LatestQueue(Queue):
    """Keeps the latest item: a slow consumer gets the newest, never a backlog.

    Attributes:
        merged: how many items were replaced by newer ones before they were taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.merged = 0
        self._item: Any = NOTHING

    def put(self, item: Any) -> None:
        """Replace what waits."""
        if self._item is not NOTHING:
            self.merged += 1
        self._item = item
        if self.is_awaited:
            self._rouse()

    def _next(self) -> Any:
        item, self._item = self._item, NOTHING
        return item


class KeptQueue(Queue):
    """Keeps every item up to a bound; past it all of them go, and that is told.

    Args:
        most: how many may wait.
        wants_gaps: whether gaps come between the items, as ``Gap``.

    Attributes:
        lost: how many were dropped so far.
    """

    def __init__(self, most: int, *, wants_gaps: bool = False) -> None:
        super().__init__()
        self.wants_gaps = wants_gaps
        self.lost = 0
        self._most = most
        self._untold = 0
        self._items: deque[Any] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Any) -> None:
        """Put it behind the others."""
        items = self._items
        if len(items) >= self._most:
            self._untold += len(items)
            self.lost += len(items)
            items.clear()
        items.append(item)
        if self.is_awaited:
            self._rouse()

    def _next(self) -> Any:
        if self._untold:
            lost, self._untold = self._untold, 0
            raise Lagged(lost)
        try:
            return self._items.popleft()
        except IndexError:
            return NOTHING
