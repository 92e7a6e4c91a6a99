"""The changes of one live order that are under way: each is told once.

What a change has come to is told by the order's row or by its answer, whichever comes
first. Rows come in the order in which the gateway made the changes. Answers come in
any, and tell in the order in which the changes were sent.
"""

from __future__ import annotations


class Change:
    """One change that was sent.

    Attributes:
        number: counts those of the order.
        size, price: what it asks for; None where it leaves it as it is.
        is_accepted: its answer says so.
    """

    __slots__ = ("is_accepted", "number", "price", "size")

    def __init__(self, number: int, size: int | None, price: float | None) -> None:
        self.number = number
        self.size = size
        self.price = price
        self.is_accepted = False

    def gives(self, size: int, price: float | None) -> bool:
        """Whether a row with these may be its own."""
        return self.size in (None, size) and self.price in (None, price)


class Changes:
    """Those of one order."""

    def __init__(self) -> None:
        self._untold: list[Change] = []
        self._unshown: list[Change] = []
        self._count = 0
        self._newest = 0  # of those that were told

    def sent(self, size: int | None, price: float | None) -> Change:
        """One is sent."""
        self._count += 1
        change = Change(self._count, size, price)
        self._untold.append(change)
        self._unshown.append(change)
        return change

    def accepted(self, change: Change) -> list[Change]:
        """Its answer came; those that are to be told now, in their order."""
        change.is_accepted = True
        return self._ready()

    def failed(self, change: Change) -> list[Change]:
        """It was refused, or nobody knows: none waits for it any more."""
        for waiting in (self._untold, self._unshown):
            if change in waiting:
                waiting.remove(change)
        return self._ready()

    def _ready(self) -> list[Change]:
        found = []
        while self._untold and self._untold[0].is_accepted:
            found.append(self._untold.pop(0))
        return found

    def told(
        self, change: Change, size: int, price: float | None
    ) -> tuple[int, float | None]:
        """It is told; what the order is by it.

        Args:
            change: which.
            size, price: what was told last; a row may have shown a later change.
        """
        if change.number < self._newest:
            return size, price
        self._newest = change.number
        return change.size or size, price if change.price is None else change.price

    def shown(self, size: int, price: float | None, *, is_news: bool) -> bool:
        """A row came; whether it is to be told.

        Args:
            size, price: what it shows.
            is_news: whether that is not what was told last.
        """
        own = [each for each in self._unshown if each.gives(size, price)]
        if not own:
            return is_news
        untold = [each for each in own if is_news and each in self._untold]
        change = (untold or own)[0]
        del self._unshown[: self._unshown.index(change) + 1]
        if not is_news or change.number < self._newest:
            return False  # its answer tells it, or a later one has
        if change in self._untold:
            self._untold.remove(change)
        self.told(change, size, price)
        return True
