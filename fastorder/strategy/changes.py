"""The changes of one live order that are under way: each is told once.

What a change has come to is told by the order's row or by its answer, whichever comes
first. Rows come in the order in which the gateway made the changes, and may be from
before one whose answer is there already. Answers come in any order, and tell in the
order in which the changes were sent.
"""

from __future__ import annotations

Shown = tuple[int, float | None]
"""The size and the price of an order."""


class Change:
    """One change that was sent.

    Attributes:
        number: counts those of the order.
        size, price: what it asks for; None where it leaves it as it is.
        is_accepted: its answer says so.
        is_told: the strategy knows of it.
        is_shown: its row has come, or that of a later one.
    """

    __slots__ = ("is_accepted", "is_shown", "is_told", "number", "price", "size")

    def __init__(self, number: int, size: int | None, price: float | None) -> None:
        self.number = number
        self.size = size
        self.price = price
        self.is_accepted = self.is_told = self.is_shown = False

    def made_of(self, size: int, price: float | None) -> Shown:
        """What it makes of an order that is this."""
        return self.size or size, price if self.price is None else self.price


class Changes:
    """Those of one order.

    Args:
        size, price: what its rows have shown so far.
    """

    def __init__(self, size: int, price: float | None) -> None:
        self._shown: Shown | None = (size, price)
        self._under_way: list[Change] = []  # not told yet, or not shown
        self._count = 0
        self._newest = 0  # of those that were told

    def __len__(self) -> int:
        return len(self._under_way)

    def sent(self, size: int | None, price: float | None) -> Change:
        """One is sent."""
        self._count += 1
        change = Change(self._count, size, price)
        self._under_way.append(change)
        return change

    def accepted(self, change: Change) -> list[Change]:
        """Its answer came; those that are to be told now, in their order."""
        change.is_accepted = True
        return self._ready()

    def failed(self, change: Change) -> list[Change]:
        """It was refused, or nobody knows: none waits for it any more."""
        if change in self._under_way:
            self._under_way.remove(change)
        return self._ready()

    def _ready(self) -> list[Change]:
        """Those that were accepted, up to the first that waits for its answer."""
        found = []
        for change in self._under_way:
            if not change.is_told and not change.is_accepted:
                break
            if not change.is_told:
                change.is_told = True
                found.append(change)
        self._forget()
        return found

    def _forget(self) -> None:
        """Wait no more for what is told and shown, nor for what changes nothing."""
        rest, shown = self._under_way, self._shown
        rest = [each for each in rest if not (each.is_told and each.is_shown)]
        while shown and rest and rest[0].is_told and rest[0].made_of(*shown) == shown:
            del rest[0]
        self._under_way = rest

    def told(self, change: Change, size: int, price: float | None) -> Shown:
        """It is told; what the order is by it.

        Args:
            change: which.
            size, price: what was told last; a row may have shown a later change.
        """
        if change.number < self._newest:
            return size, price
        self._newest = change.number
        return change.made_of(size, price)

    def shown(self, size: int, price: float | None, *, is_news: bool) -> bool:
        """A row came; whether it is to be told.

        Args:
            size, price: what it shows.
            is_news: whether that is not what was told last.
        """
        row, before = (size, price), self._shown
        if row == before:
            return False  # a fill, or from before a change that its answer told
        self._shown = row
        change = self._shown_by(row, before)
        if change is None:
            return is_news
        for each in self._under_way:
            each.is_shown = each.is_shown or each.number <= change.number
        is_told = is_news and change.number >= self._newest  # else its answer tells
        if is_told:
            change.is_told, self._newest = True, change.number
        self._forget()
        return is_told

    def _shown_by(self, row: Shown, before: Shown | None) -> Change | None:
        """The first change that makes a row of the one before; or of any other."""
        waiting = [each for each in self._under_way if not each.is_shown]
        for was in (before or row, row):
            for change in waiting:
                if change.made_of(*was) == row:
                    return change
        return None

    def rows_were_lost(self) -> None:
        """After a gap no row is waited for, and the next one is what the order is."""
        self._shown = None
        self._under_way = [each for each in self._under_way if not each.is_told]
