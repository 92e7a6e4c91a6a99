"""The request that an order would be, without sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import typer

from fastorder._core.codec.request import render_place
from fastorder.cli import shapes
from fastorder.cli.money import in_words
from fastorder.trader.called import named_as_called
from fastorder.trader.entry import Entry

if TYPE_CHECKING:
    from fastorder.enums import Side
    from fastorder.verbs.options import EntryOptions

TAG = "TAG"
"""Stands where the tag will: that one is drawn as the order leaves."""
NO_TRAIL = (
    "--dry-run cannot show an order with --trail: its price is made of the last price "
    "as it leaves"
)


def request_of(
    trader: Any, side: Side, symbol: str, quantity: int, order: dict[str, Any]
) -> dict[str, Any]:
    """What would be sent, and where to, and the order in words and money.

    A trailing order's price comes from the last price as it is then, so here it is
    refused.

    Raises:
        InvalidField, WrongFieldType, UnknownSymbol: the order cannot be sent.
        typer.BadParameter: it trails.
    """
    if order.get("trail_ticks") is not None:
        raise typer.BadParameter(NO_TRAIL)
    contract = trader.contract(symbol)
    listing = trader.executor._contracts.find(symbol)
    trader.executor._submitter.check_quantity(quantity)
    with named_as_called():
        entry = Entry(side, symbol, quantity, cast("EntryOptions", order))
        made = entry.order(trader.account.id, trader)
        body = render_place(
            made,
            listing.contract_id,
            order.get("custom_tag", TAG),
            listing.grid,
            listing.negative_prices,
        )
    return shapes.DRY_RUN.row(
        words=in_words(str(side), quantity, contract, trader.account.name, order),
        method="POST",
        url=f"{trader.executor.base_url}/api/Order/place",
        body=body.decode(),
    )
