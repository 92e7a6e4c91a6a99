# cython: annotation_typing=False
"""Fills matched first in, first out: what each entry and its exits have made.

It is compiled: a day may have 100,000 fills.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastorder.store.merging import Row


CLOSED = 1024
"""So many lots are taken out of a book at once."""


class Lot:
    """A fill: what it was, and what is left of it to be matched.

    All of it is whole numbers: ``price`` in billionths, ``cost`` (fees with
    commissions) and ``gross`` in millionths of a dollar. ``place`` says which book.
    """

    place: int
    at_ns: int
    order_id: int
    side: int
    size: int
    price: int
    cost: int
    gross: int
    trading_day: int
    left: int
    unpaid: int

    def share(self, size: int) -> int:
        """The cost of some of its contracts; the last ones take what is left."""
        cost = self.unpaid
        if size != self.left:
            whole = self.unpaid
            cost = whole * size // self.left
        self.unpaid -= cost
        self.left -= size
        return cost


def product(price: int, size: int) -> int:
    """What so many cost: any number, and in 64 bits where they hold it."""
    if -(2**46) < price < 2**46 and size < 2**16:
        return price * size
    wide = price
    return wide * size


def lot_of(row: Row, place: int) -> Lot:
    """A fill as it was read; see ``Fills.take``."""
    lot = Lot.__new__(Lot)
    lot.place = place
    lot.at_ns = row[2]
    lot.order_id = row[3]
    lot.side = row[4]
    lot.size = lot.left = row[5]
    lot.price = row[6]
    lot.cost = lot.unpaid = row[7]
    lot.trading_day = row[8]
    lot.gross = row[9]
    return lot


class Trip:
    """One entry order and one exit order, as far as they were matched."""

    account_id: int
    contract_id: str
    entry_order: int
    exit_order: int
    side: int
    size: int
    entry_sum: int
    exit_sum: int
    cost: int
    entry_ns: int
    exit_ns: int
    position: int
    trading_day: int

    def add(self, lot: Lot, exit_: Lot, size: int) -> None:
        """Match more of it."""
        self.size += size
        self.entry_sum += product(lot.price, size)
        self.exit_sum += product(exit_.price, size)
        self.cost += lot.share(size)
        self.cost += exit_.share(size)
        self.exit_ns = exit_.at_ns
        self.trading_day = exit_.trading_day


def trip_of(book: Book, lot: Lot, exit_: Lot) -> Trip:
    """A round trip of which nothing is matched yet."""
    trip = Trip.__new__(Trip)
    trip.account_id = book.account_id
    trip.contract_id = book.contract_id
    trip.entry_order = lot.order_id
    trip.exit_order = exit_.order_id
    trip.side = lot.side
    trip.entry_ns = lot.at_ns
    trip.position = book.position
    trip.size = trip.entry_sum = trip.exit_sum = trip.cost = 0
    return trip


class Book:
    """The open lots of one account in one contract.

    Args:
        since_ns: fills count from here on.
        held: contracts that were held before the record began, with their sign; what
            they were bought at is not known, so their exits make no round trip.

    Attributes:
        lots: the open ones, the oldest first.
        first: how many at their begin are closed already.
    """

    def __init__(
        self, account_id: int, contract_id: str, since_ns: int, held: int
    ) -> None:
        self.since_ns = since_ns
        self.account_id = account_id
        self.contract_id = contract_id
        self.lots: list[Lot] = []
        self.first = 0
        self.trips: list[Trip] = []
        self.position = 0
        self._pairs: dict[tuple[int, int], Trip] = {}
        if held:
            side, size = (0, held) if held > 0 else (1, -held)
            self.lots.append(lot_of((0, "", 0, 0, side, size, 0, 0, 0, 0), 0))

    def fill(self, given: Lot) -> None:
        """Close what it closes, the oldest first; what is left of it opens."""
        lots = self.lots
        while given.left and self.first < len(lots):
            oldest = lots[self.first]
            if oldest.side == given.side:
                break
            self._match(oldest, given)
            self.first += not oldest.left
        if self.first and (self.first == len(lots) or self.first >= CLOSED):
            del lots[: self.first]
            self.first = 0
        if given.left:
            if not lots:
                self.position += 1
                self._pairs.clear()
            lots.append(given)

    def _match(self, lot: Lot, given: Lot) -> None:
        size = lot.left if lot.left < given.left else given.left
        if not lot.order_id:
            lot.share(size)
            given.share(size)
            return
        pair = (lot.order_id, given.order_id)
        trip = self._pairs.get(pair)
        if trip is None:
            trip = self._pairs[pair] = trip_of(self, lot, given)
            self.trips.append(trip)
        trip.add(lot, given, size)


class Fills:
    """Fills that count, in the order of time, and the books that they are of.

    Args:
        held: by account and contract: from when fills count, and what was held then.

    Attributes:
        lots: one for each fill.
        books: where ``place`` of a lot leads.
    """

    def __init__(self, held: Mapping[tuple[int, str], tuple[int, int]]) -> None:
        self._held = held
        self.books: list[Book] = []
        self.lots: list[Lot] = []
        self._places: dict[tuple[int, str], int] = {}
        self._account = self._contract = None
        self._place = self._last_ns = 0
        self._is_in_order = True

    def take(self, *row: Any) -> None:
        """Take one as it is read.

        Args:
            row: account, contract, time, order, side, size, price, cost, day, gross;
                in the order of their keys, without voided ones.
        """
        if row[1] != self._contract or row[0] != self._account:
            self._account, self._contract = row[0], row[1]
            self._place = self._place_of(row[0], row[1])
        lot = lot_of(row, self._place)
        if lot.at_ns < self._last_ns:
            self._is_in_order = False
        self._last_ns = lot.at_ns
        self.lots.append(lot)

    def in_order(self) -> Fills:
        """Itself, once all are taken.

        A trade's number grows with its time, and so rows come nearly in order.
        """
        if not self._is_in_order:
            self.lots.sort(key=attrgetter("at_ns"))
        return self

    def _place_of(self, account: int, contract: str) -> int:
        where = (account, contract)
        if where not in self._places:
            self._places[where] = len(self.books)
            held = self._held.get(where, (0, 0))
            self.books.append(Book(account, contract, *held))
        return self._places[where]

    def matched(self) -> list[Trip]:
        """The round trips, book by book; once, as it uses the lots up."""
        for lot in self.lots:
            book = self.books[lot.place]
            if lot.at_ns >= book.since_ns:
                book.fill(lot)
        return [trip for book in self.books for trip in book.trips]


def by_exit(trips: list[Trip]) -> list[Trip]:
    """In the order of their exits."""
    return sorted(trips, key=attrgetter("exit_ns", "exit_order", "entry_order"))


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
