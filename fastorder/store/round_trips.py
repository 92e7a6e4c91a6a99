"""Fills matched first in, first out: what each entry and its exits have made."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastorder.store.merging import Row

FillRow = tuple[int, str, int, int, int, int, int, int, int, int]
"""Account, contract, time, trade, order, side, size, price, cost, trading day.

The cost is fees and commission in millionths; rows come in the order of account,
contract, time and trade, without voided ones.
"""


class Lot:
    """What is left of a fill that opened."""

    __slots__ = ("at_ns", "cost", "order_id", "price", "side", "size")

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

    __slots__ = (
        "account_id",
        "contract_id",
        "cost",
        "entry_ns",
        "entry_order",
        "entry_sum",
        "exit_ns",
        "exit_order",
        "exit_sum",
        "position",
        "side",
        "size",
        "trading_day",
    )

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
        held: contracts that were held before the record began, with their sign; what
            they were bought at is not known, so their exits make no round trip.
    """

    def __init__(self, account_id: int, contract_id: str, held: int) -> None:
        self.account_id = account_id
        self.contract_id = contract_id
        self.lots: deque[Lot] = deque()
        self.trips: list[Trip] = []
        self.position = 0
        self._pairs: dict[tuple[int, int], Trip] = {}
        if held:
            side, size = (0, held) if held > 0 else (1, -held)
            self.lots.append(Lot(0, 0, side, size, 0, 0))

    def fill(self, fill: Row) -> None:
        """Close what it closes, the oldest first; what is left of it opens."""
        _, _, at_ns, _, order_id, side, size, price, cost, day = fill
        given = Lot(order_id, at_ns, side, size, price, cost)
        lots = self.lots
        while given.size and lots and lots[0].side != side:
            self._match(lots[0], given, day)
            if not lots[0].size:
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
    """The round trips of fills, by account and contract, in the order of their exits.

    Args:
        fills: rows as of ``FillRow``.
        held: by account and contract: from when fills count, and what was held then.
    """
    books: list[Book] = []
    where: tuple[Any, Any] = (None, None)
    since = 0
    for fill in fills:
        if fill[0] != where[0] or fill[1] != where[1]:
            where = (fill[0], fill[1])
            since, amount = held.get(where, (0, 0))
            book = Book(fill[0], fill[1], amount)
            books.append(book)
        if fill[2] >= since:
            book.fill(fill)
    trips = [trip for book in books for trip in book.trips]
    trips.sort(key=lambda trip: (trip.exit_ns, trip.exit_order, trip.entry_order))
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
