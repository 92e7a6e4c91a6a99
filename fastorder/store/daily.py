# cython: annotation_typing=False
"""Trading days added up: money, numbers, and how far each fell from its highest.

It is compiled: a day may have 100,000 fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.store.round_trips import gross_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastorder.store.merging import Row
    from fastorder.store.round_trips import Fills, Trip

    Key = tuple[int, int, str | None, str | None]
    """Of a group: account, day, contract and strategy."""


class Wide:
    """A sum of numbers of 64 bits, as units of 2**32 and a rest: no day is too large.

    Attributes:
        high, low: the units, and the rest; that is within a unit once it is settled.
    """

    def __init__(self) -> None:
        self.high = self.low = 0

    def add(self, number: int) -> None:
        """Another number."""
        self.high += number >> 32
        self.low += number & 0xFFFFFFFF

    def take(self, number: int) -> None:
        """One less."""
        self.high -= number >> 32
        self.low -= number & 0xFFFFFFFF

    def settle(self) -> None:
        """Have the rest within a unit; nothing where it is below 0."""
        self.high += self.low >> 32
        self.low &= 0xFFFFFFFF
        if self.high < 0:
            self.high = self.low = 0

    def rise(self, other: Wide) -> None:
        """As much as the other, where that is more; both are settled."""
        if other.high > self.high or (other.high == self.high and other.low > self.low):
            self.high, self.low = other.high, other.low

    def value(self) -> int:
        """The sum."""
        high, low = self.high, self.low
        return (high << 32) + low


class Sums:
    """One group of fills, in the order of time.

    Attributes:
        below: how far it is below its highest now.
        drawdown: how far it was below it at most.
    """

    def __init__(self) -> None:
        self.gross, self.fees = Wide(), Wide()
        self.below, self.drawdown = Wide(), Wide()
        self.fills = self.contracts = self.trades = self.wins = 0

    def add(self, gross: int, fees: int, size: int) -> None:
        """Another fill."""
        self.gross.add(gross)
        self.fees.add(fees)
        self.fills += 1
        self.contracts += size
        below = self.below
        below.add(fees)
        below.take(gross)
        below.settle()
        self.drawdown.rise(below)

    def row(self) -> Row:
        """It as the end of a row of ``Day``."""
        gross, fees = self.gross.value(), self.fees.value()
        return (
            gross,
            fees,
            gross - fees,
            self.fills,
            self.contracts,
            self.trades,
            self.wins,
            self.drawdown.value(),
        )


def days(
    fills: Fills,
    trips: Sequence[Trip],
    names: Mapping[tuple[int, int], str],
    ticks: Mapping[str, tuple[int, int]],
    contract: bool,
    strategy: bool,
) -> list[Row]:
    """Rows in the order of ``Day``, by day, account, contract and strategy.

    Args:
        trips: the round trips that end in these days.
        names: the strategy of an order.
        ticks: the size and the value of a contract's tick; see ``gross_of``.
        contract, strategy: whether each has rows of its own.
    """
    groups: dict[Key, Sums] = {}
    _add_fills(groups, fills, names if strategy else None, contract)
    _add_trips(groups, trips, ticks, names if strategy else None, contract)
    return [(*key, *sums.row()) for key, sums in sorted(groups.items(), key=order_of)]


def _add_fills(
    groups: dict[Key, Sums],
    fills: Fills,
    names: Mapping[tuple[int, int], str] | None,
    contract: bool,
) -> None:
    name = last = None
    place = day = -1
    sums = Sums()
    for lot in fills.lots:
        if names is not None:
            name = names.get((fills.books[lot.place].account_id, lot.order_id))
        if lot.place != place or lot.trading_day != day or name != last:
            place, day, last = lot.place, lot.trading_day, name
            book = fills.books[place]
            sums = _group(
                groups, book.account_id, day, book.contract_id, name, contract
            )
        sums.add(lot.gross, lot.cost, lot.size)


def _add_trips(
    groups: dict[Key, Sums],
    trips: Sequence[Trip],
    ticks: Mapping[str, tuple[int, int]],
    names: Mapping[tuple[int, int], str] | None,
    contract: bool,
) -> None:
    name = last = account = contract_id = None
    day = -1
    sums = Sums()
    for trip in trips:
        if names is not None:
            name = names.get((trip.account_id, trip.entry_order))
        if (
            trip.trading_day != day
            or trip.contract_id is not contract_id
            or trip.account_id is not account
            or name != last
        ):
            day, last = trip.trading_day, name
            account, contract_id = trip.account_id, trip.contract_id
            tick = ticks.get(contract_id)
            # a new one: its entry is of another strategy than its exit
            sums = _group(groups, account, day, contract_id, name, contract)
        sums.trades += 1
        sums.wins += (gross_of(trip, tick) or 0) > trip.cost


def _group(
    groups: dict[Key, Sums],
    account: int,
    day: int,
    contract_id: str,
    name: str | None,
    contract: bool,
) -> Sums:
    key = (account, day, contract_id if contract else None, name)
    return groups.get(key) or groups.setdefault(key, Sums())


def order_of(group: tuple[Any, Any]) -> tuple[Any, ...]:
    """By day, then account, then names; None before any of them."""
    account, day, contract, strategy = group[0]
    return (day, account, contract or "", strategy or "")
