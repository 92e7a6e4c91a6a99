# cython: annotation_typing=False
"""Trading days added up: money, numbers, and how far each fell from its highest.

It is compiled: a day may have 100,000 fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastorder.store.merging import Row
    from fastorder.store.round_trips import Fills


class Sums:
    """One group of fills, in the order of time."""

    def __init__(self) -> None:
        self.gross = self.fees = self.fills = self.contracts = 0
        self.high = self.drawdown = self.trades = self.wins = 0

    def add(self, gross: int, fees: int, size: int) -> None:
        """Another fill."""
        self.gross += gross
        self.fees += fees
        self.fills += 1
        self.contracts += size
        net = self.gross - self.fees
        if net > self.high:
            self.high = net
        elif self.high - net > self.drawdown:
            self.drawdown = self.high - net


def days(
    fills: Fills,
    trips: Sequence[Row],
    names: Mapping[tuple[int, int], str],
    contract: bool,
    strategy: bool,
) -> list[Row]:
    """Rows in the order of ``Day``, by day, account, contract and strategy.

    Args:
        trips: account, day, contract, entry order, net.
        names: the strategy of an order.
        contract, strategy: whether each has rows of its own.
    """
    groups: dict[tuple[Any, ...], Sums] = {}
    name = last = None
    place = day = -1
    sums = Sums()
    for lot in fills.lots:
        if strategy:
            name = names.get((fills.books[lot.place].account_id, lot.order_id))
        if lot.place != place or lot.trading_day != day or name != last:
            place, day, last = lot.place, lot.trading_day, name
            book = fills.books[place]
            key = (book.account_id, day, book.contract_id if contract else None, name)
            sums = groups.get(key) or groups.setdefault(key, Sums())
        sums.add(lot.gross, lot.cost, lot.size)
    for account, day, contract_id, order_id, net in trips:
        key = (
            account,
            day,
            contract_id if contract else None,
            names.get((account, order_id)) if strategy else None,
        )
        # a new one: its entry is of another strategy than its exit
        sums = groups.get(key) or groups.setdefault(key, Sums())
        sums.trades += 1
        sums.wins += net > 0
    return [
        (
            *key,
            sums.gross,
            sums.fees,
            sums.gross - sums.fees,
            sums.fills,
            sums.contracts,
            sums.trades,
            sums.wins,
            sums.drawdown,
        )
        for key, sums in sorted(groups.items(), key=order_of)
    ]


def order_of(group: tuple[Any, Any]) -> tuple[Any, ...]:
    """By day, then account, then names; None before any of them."""
    account, day, contract, strategy = group[0]
    return (day, account, contract or "", strategy or "")
