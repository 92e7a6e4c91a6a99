"""The commands that place an order: buy and sell."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder.cli import shapes
from fastorder.cli.asking import confirm
from fastorder.cli.brackets import bracket_from
from fastorder.cli.connection import PRACTICE, ordering, reading
from fastorder.cli.dry_run import request_of
from fastorder.cli.exits import OF_OUTCOME, Exit
from fastorder.cli.money import in_words
from fastorder.cli.options import (
    AccountOption,
    DryRunOption,
    JsonOption,
    LiveOption,
    ProfileOption,
    SymbolArgument,
    YesOption,
)
from fastorder.cli.output import Output
from fastorder.cli.rows import outcome_row
from fastorder.enums import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastorder import OrderResult
    from fastorder.cli.comparing import Change


MOST_DIGITS = 20
"""Before or behind the point: no price has more."""


def price_from(text: str) -> Decimal:
    """A price with all the digits that were typed."""
    try:
        price = Decimal(text.replace("_", ""))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or abs(price.adjusted()) > MOST_DIGITS:
        raise typer.BadParameter(f"a price must be a number, was {text!r}")
    return price


def join_from(text: str) -> str:
    """A side of the book."""
    if text.lower() not in ("bid", "ask"):
        raise typer.BadParameter(f"must be bid or ask, was {text!r}")
    return text.lower()


Quantity = Annotated[int, typer.Argument(help="Contracts.", metavar="QUANTITY", min=1)]
Limit = Annotated[
    Decimal | None,
    typer.Option(
        "--limit", parser=price_from, metavar="PRICE", help="At it or better."
    ),
]
Stop = Annotated[
    Decimal | None,
    typer.Option("--stop", parser=price_from, metavar="PRICE", help="Once it trades."),
]
Trail = Annotated[
    int | None,
    typer.Option("--trail", min=1, help="A stop that trails by so many ticks."),
]
Join = Annotated[
    str | None,
    typer.Option(
        "--join", parser=join_from, metavar="bid|ask", help="At the best bid or ask."
    ),
]
Bracket = Annotated[
    str | None,
    typer.Option(
        "--bracket", metavar="STOP:TARGET", help="Legs, in ticks from the fill."
    ),
]
Tag = Annotated[str | None, typer.Option("--tag", help="The order's own, used once.")]


def buy(
    symbol: SymbolArgument,
    quantity: Quantity,
    limit: Limit = None,
    stop: Stop = None,
    trail: Trail = None,
    join: Join = None,
    bracket: Bracket = None,
    tag: Tag = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> Exit:
    """Buy at the market, or as the prices say."""
    order = _entry_from(limit, stop, trail, join, bracket, tag)
    return _place(
        Side.BUY, symbol, quantity, order, account, profile, yes, live, dry_run, json
    )


def sell(
    symbol: SymbolArgument,
    quantity: Quantity,
    limit: Limit = None,
    stop: Stop = None,
    trail: Trail = None,
    join: Join = None,
    bracket: Bracket = None,
    tag: Tag = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> Exit:
    """Sell at the market, or as the prices say."""
    order = _entry_from(limit, stop, trail, join, bracket, tag)
    return _place(
        Side.SELL, symbol, quantity, order, account, profile, yes, live, dry_run, json
    )


def _entry_from(
    limit: Decimal | None,
    stop: Decimal | None,
    trail: int | None,
    join: str | None,
    bracket: str | None,
    tag: str | None,
) -> dict[str, Any]:
    """What of an order was typed, as a trader's ``buy`` takes it."""
    loss, profit = bracket_from(bracket)
    given = {
        "limit": limit,
        "stop": stop,
        "trail_ticks": trail,
        "join": join,
        "stop_loss_ticks": loss,
        "take_profit_ticks": profit,
        "custom_tag": tag,
    }
    return {name: value for name, value in given.items() if value is not None}


def _place(
    side: Side,
    symbol: str,
    quantity: int,
    order: dict[str, Any],
    account: str | None,
    profile: str | None,
    is_sure: bool,
    is_live: bool,
    is_dry: bool,
    as_json: bool,
) -> Exit:
    """Say it in words and money, ask, send it, tell what became of it."""
    output = Output(as_json)
    if is_dry:
        with reading(account, profile) as trader:
            request = request_of(trader, side, symbol, quantity, order)
            is_allowed = is_live or trader.account.name.startswith(PRACTICE)
        output.record(shapes.DRY_RUN, request)
        if not is_allowed:
            output.say("without --dry-run it needs --live: it is no practice account")
        return Exit.OK
    with ordering(account, profile, is_live, output) as trader:
        contract = trader.contract(symbol)
        words = in_words(str(side), quantity, contract, trader.account.name, order)
        confirm(words, is_sure, output)
        verb = trader.buy if side is Side.BUY else trader.sell
        placed = verb(symbol, quantity, **order)
    return told(placed.result, output)


def told(
    result: OrderResult, output: Output, changes: Sequence[Change] | None = None
) -> Exit:
    """Show what became of a request; its code.

    Args:
        changes: what was asked for, of an order that was there.
    """
    words = f"{result.action} {result.outcome}: order {result.order_id or 'none'}"
    row = outcome_row(result, changes)
    output.outcome(shapes.OUTCOME, row, f"{words}, tag {result.tag}")
    return OF_OUTCOME[result.outcome]
