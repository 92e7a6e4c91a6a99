# cython: annotation_typing=False
"""Fills matched first in, first out: what each entry and its exits have made.

It is compiled: a day may have 100,000 fills.
"""

from __future__ import annotations

from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastorder.store.merging import Row


class Lot:
    """What is left of a fill."""

    def __init__(
        self, order_id: int, at_ns: int, side: int, size: int, price: int, cost: int
    ) -> None:
        self.order_id = order_id
        self.at_ns = at_ns
        self.side = side
        self.size = size
        self.price = price
        self.cost = cost

    def share(self, size: int) -> int:
        """The cost of some of its contracts; the last ones take what is left."""
        cost = self.cost * size // self.size
        self.cost -= cost
        self.size -= size
        return cost


class Trip:
    """One entry order and one exit order, as far as they were matched."""

    def __init__(self, book: Book, lot: Lot, exit_: Lot, day: int) -> None:
        self.account_id = book.account_id
        self.contract_id = book.contract_id
        self.entry_order = lot.order_id
        self.exit_order = exit_.order_id
        self.side = lot.side
        self.entry_ns = lot.at_ns
        self.position = book.position
        self.size = self.entry_sum = self.exit_sum = self.cost = 0
        self.add(lot, exit_, 0, 0, day)

    def add(self, lot: Lot, exit_: Lot, size: int, cost: int, day: int) -> None:
        """Match more of it."""
        self.size += size
        self.entry_sum += lot.price * size
        self.exit_sum += exit_.price * size
        self.cost += cost
        self.exit_ns = exit_.at_ns
        self.trading_day = day


class Book:
    """The open lots of one account in one contract.

    Args:
        since_ns: fills count from here on.
        held: contracts that were held before the record began, with their sign; what
            they were bought at is not known, so their exits make no round trip.
    """

    def __init__(
        self, account_id: int, contract_id: str, since_ns: int, held: int
    ) -> None:
        self.since_ns = since_ns
        self.account_id = account_id
        self.contract_id = contract_id
        self.lots: deque[Lot] = deque()
        self.trips: list[Trip] = []
        self.position = 0
        self._pairs: dict[tuple[int, int], Trip] = {}
        if held:
            side, size = (0, held) if held > 0 else (1, -held)
            self.lots.append(Lot(0, 0, side, size, 0, 0))

    def fill(self, given: Lot, day: int) -> None:
        """Close what it closes, the oldest first; what is left of it opens."""
        lots = self.lots
        while given.size and lots:
            first = lots[0]
            if first.side == given.side:
                break
            self._match(first, given, day)
            if not first.size:
                lots.popleft()
        if given.size:
            if not lots:
                self.position += 1
                self._pairs.clear()
            lots.append(given)

    def _match(self, lot: Lot, given: Lot, day: int) -> None:
        size = lot.size if lot.size < given.size else given.size
        cost = lot.share(size) + given.share(size)
        if not lot.order_id:
            return
        pair = (lot.order_id, given.order_id)
        trip = self._pairs.get(pair)
        if trip is None:
            trip = self._pairs[pair] = Trip(self, lot, given, day)
            self.trips.append(trip)
        trip.add(lot, given, size, cost, day)


def matched(
    fills: Iterable[Row], held: Mapping[tuple[int, str], tuple[int, int]]
) -> list[Trip]:
    """The round trips of fills, in the order of their exits.

    Args:
        fills: account, contract, time, order, side, size, price, cost, day; in the
            order of time, without voided ones. The cost is fees with commissions.
        held: by account and contract: from when fills count, and what was held then.
    """
    books: dict[tuple[int, str], Book] = {}
    for fill in fills:
        where = (fill[0], fill[1])
        book = books.get(where)
        if book is None:
            book = books[where] = Book(fill[0], fill[1], *held.get(where, (0, 0)))
        if fill[2] >= book.since_ns:
            lot = Lot(fill[3], fill[2], fill[4], fill[5], fill[6], fill[7])
            book.fill(lot, fill[8])
    trips = [trip for book in books.values() for trip in book.trips]
    trips.sort(key=attrgetter("exit_ns", "exit_order", "entry_order"))
    return trips


def gross_of(trip: Trip, tick: tuple[int, int] | None) -> int | None:
    """Millionths of a dollar before fees; None where the contract is not known.

    Args:
        tick: the size in billionths and the value in millionths of a tick.
    """
    if tick is None or not tick[0]:
        return None
    moved = trip.exit_sum - trip.entry_sum
    worth = (moved if trip.side == 0 else -moved) * tick[1]
    whole, rest = divmod(worth, tick[0])
    return whole + (2 * rest >= tick[0])
