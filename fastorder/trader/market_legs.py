"""Legs of an order without a price: distances that are none, by the last price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.far import check_near_ticks
from fastorder.trader.entry import LEG_TICKS

if TYPE_CHECKING:
    from decimal import Decimal


def check_legs(trader: Any, symbol: str, *distances: int | None) -> None:
    """Refuse a leg's distance that is far from the last price, or is that price.

    Where no price is known, or the contract is not loaded, none is refused: 29,400
    ticks of MNQ are 7,350 points, and may be meant.

    Args:
        trader: who hears prices.
        symbol: of the contract.
        distances: of the stop loss and the take profit, in ticks.

    Raises:
        InvalidField: one is no distance that is meant.
    """
    listing = trader._listing(symbol)
    last = None if listing is None else last_known(trader, listing.contract_id)
    if last is None or listing.grid is None:
        return
    for field, distance in zip(LEG_TICKS, distances, strict=True):
        if type(distance) is int:
            check_near_ticks(field, distance, "the last price", last, listing.grid)


def last_known(trader: Any, contract_id: str) -> Decimal | None:
    """The last price that was heard, by quotes or by the limits; None for none."""
    feed = None if trader.realtime is None else trader.market.feed(contract_id)
    quote = None if feed is None else feed.quote  # None before the first one
    quoted: Decimal | None = None if quote is None else quote.last_price
    if quoted is not None or trader.executor.risk is None:
        return quoted
    price: Decimal
    price, at_ns = trader.executor.risk._losses.price_of(contract_id)
    return price if at_ns else None
