"""Lots: contracts weighed, ten micros as one, over the whole account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.contracts.products import CODES
from fastorder.risk.venue_rules import MICRO_PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastorder.strategy.run_port import RunPort


def weight_of(symbol: str) -> int:
    """Tenths of a lot that a contract counts; one that is not known is a whole lot."""
    code = CODES.get(symbol, symbol)
    return 1 if code in MICRO_PRODUCTS.value else 10


def tenths_of(
    run: RunPort, weights: Mapping[str, int], symbol: str, side: int, size: int
) -> int:
    """The most that could be held if a further order filled, in tenths of a lot."""
    total = 0
    for name, weight in weights.items():
        buys = sells = 0
        for desk in run.desks:
            for order in desk.alive.values():
                if order.symbol != name or order.role != "entry":
                    continue
                if order.side > 0:
                    buys += order.size - order.filled
                else:
                    sells += order.size - order.filled
        if name == symbol:
            buys += size if side > 0 else 0
            sells += size if side < 0 else 0
        held = run.net(name)
        total += weight * max(abs(held + buys), abs(held - sells), abs(held))
    return total
