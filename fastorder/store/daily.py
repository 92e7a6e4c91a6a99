# cython: annotation_typing=False
"""Trading days added up: money, numbers, and how far each fell from its highest.

It is compiled: a day may have 100,000 fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastorder.store.merging import Row


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
    fills: Sequence[Row],
    trips: Sequence[Row],
    names: Mapping[tuple[int, int], str],
    contract: bool,
    strategy: bool,
) -> list[Row]:
    """Rows in the order of ``Day``, by day, account, contract and strategy.

    Args:
        fills: account, contract, time, order, side, size, price, fees, day, gross; in
            the order of time.
        trips: account, day, contract, entry order, net.
        names: the strategy of an order.
        contract, strategy: whether each has rows of its own.
    """
    groups: dict[tuple[Any, ...], Sums] = {}
    for row in fills:
        key = (
            row[0],
            row[8],
            row[1] if contract else None,
            names.get((row[0], row[3])) if strategy else None,
        )
        sums = groups.get(key)
        if sums is None:
            sums = groups[key] = Sums()
        sums.add(row[9], row[7], row[5])
    for account, day, contract_id, order_id, net in trips:
        key = (
            account,
            day,
            contract_id if contract else None,
            names.get((account, order_id)) if strategy else None,
        )
        sums = groups.get(key)
        if sums is None:  # its entry is of another strategy than its exit
            sums = groups[key] = Sums()
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
