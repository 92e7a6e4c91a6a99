"""Trading days added up: money, numbers, and how far each fell from its highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastorder.store.merging import Row


class Sums:
    """One group of fills, in the order of time."""

    __slots__ = (
        "contracts",
        "drawdown",
        "fees",
        "fills",
        "gross",
        "high",
        "trades",
        "wins",
    )

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
    *,
    contract: bool,
    strategy: bool,
) -> list[Row]:
    """Rows in the order of ``Day``, by day, account, contract and strategy.

    Args:
        fills: account, day, contract, order, gross, fees, size; in the order of time.
        trips: account, day, contract, entry order, net.
        names: the strategy of an order.
        contract, strategy: whether each has rows of its own.
    """
    groups: dict[tuple[Any, ...], Sums] = {}

    def group(row: Row) -> Sums:
        key = (
            row[0],
            row[1],
            row[2] if contract else None,
            names.get((row[0], row[3])) if strategy else None,
        )
        found = groups.get(key)
        if found is None:
            found = groups[key] = Sums()
        return found

    for row in fills:
        group(row).add(row[4], row[5], row[6])
    for row in trips:
        sums = group(row)
        sums.trades += 1
        sums.wins += row[4] > 0
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
        for key, sums in sorted(groups.items(), key=lambda item: order_of(item[0]))
    ]


def order_of(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """By day, then account, then names; None before any of them."""
    account, day, contract, strategy = key
    return (day, account, contract or "", strategy or "")
