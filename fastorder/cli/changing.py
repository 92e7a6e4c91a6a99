"""The commands that change or end what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder.cli import shapes
from fastorder.cli.asking import confirm
from fastorder.cli.comparing import compared, compared_leg, held_in_words, of_number
from fastorder.cli.connection import ordering
from fastorder.cli.contract_names import short, symbol_from
from fastorder.cli.exits import Exit
from fastorder.cli.options import (
    AccountOption,
    DeadlineOption,
    JsonOption,
    LiveOption,
    OrderArgument,
    ProfileOption,
    SymbolArgument,
    YesOption,
)
from fastorder.cli.output import Output
from fastorder.cli.placing import Limit, Stop, price_from, told
from fastorder.cli.rows import act_row, has_done

if TYPE_CHECKING:
    from fastorder import ActReport
    from fastorder.cli.comparing import Compared

Price = Annotated[
    Any, typer.Argument(parser=price_from, metavar="PRICE", help="Where it goes.")
]
Size = Annotated[
    int | None, typer.Option("--size", min=1, help="Contracts of the order.")
]
MaybeSymbol = Annotated[
    str | None,
    typer.Argument(parser=symbol_from, help="One contract alone.", metavar="[SYMBOL]"),
]
Leg = Annotated[
    int | None, typer.Option("--order", help="Which, where several legs are live.")
]


def modify(
    order: OrderArgument,
    size: Size = None,
    limit: Limit = None,
    stop: Stop = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Change a working order; what is not given stays."""
    given = {"quantity": size, "limit": limit, "stop": stop}
    changes = {name: value for name, value in given.items() if value is not None}
    output = Output(json)
    if not changes:
        output.say("what is to change must be given: --size, --limit or --stop")
        return Exit.BAD_INPUT
    with ordering(account, profile, live, output) as trader:
        change = compared(trader, order, changes)
        confirm(f"MODIFY {change.words}, on {trader.account.name}", yes, output)
        return told(trader.modify(order, **changes), output, change.changes)


def cancel(
    order: OrderArgument,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Cancel a working order."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        which = f"order {order}" if yes else of_number(trader, order)
        confirm(f"CANCEL {which}, on {trader.account.name}", yes, output)
        return told(trader.cancel(order), output)


def move_stop(
    symbol: SymbolArgument,
    price: Price,
    order: Leg = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Move the live stop leg of a bracket."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        change = compared_leg(trader, "stop", symbol, price, order)
        confirm(_move_in_words("stop", symbol, change, trader), yes, output)
        result = trader.move_stop(symbol, price, order_id=order)
        return told(result, output, change.changes)


def move_target(
    symbol: SymbolArgument,
    price: Price,
    order: Leg = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Move the live target leg of a bracket."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        change = compared_leg(trader, "target", symbol, price, order)
        confirm(_move_in_words("target", symbol, change, trader), yes, output)
        result = trader.move_target(symbol, price, order_id=order)
        return told(result, output, change.changes)


def cancel_all(
    symbol: MaybeSymbol = None,
    deadline: DeadlineOption = 10,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Cancel every working order, suspended legs too."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        confirm(_act_in_words("CANCEL ALL", symbol, trader, yes), yes, output)
        return _proved(trader.cancel_all(symbol, deadline=deadline), output)


def close(
    symbol: SymbolArgument,
    deadline: DeadlineOption = 10,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Close a position with its legs."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        confirm(_act_in_words("CLOSE", symbol, trader, yes), yes, output)
        return _proved(trader.close(symbol, deadline=deadline), output)


def flatten(
    symbol: MaybeSymbol = None,
    deadline: DeadlineOption = 10,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    live: LiveOption = False,
    json: JsonOption = False,
) -> Exit:
    """Leave neither order nor position."""
    output = Output(json)
    with ordering(account, profile, live, output) as trader:
        confirm(_act_in_words("FLATTEN", symbol, trader, yes), yes, output)
        return _proved(trader.flatten(symbol, deadline=deadline), output)


def _move_in_words(what: str, symbol: str, change: Compared, trader: Any) -> str:
    """The move of a leg, with its price before and after."""
    leg = f"the {what} of {short(symbol)}"
    return f"MOVE {leg}, {change.words}, on {trader.account.name}"


def _act_in_words(act: str, symbol: str | None, trader: Any, is_sure: bool) -> str:
    """What an act would end; who is sure does not wait for a look at it."""
    which = "every contract" if symbol is None else short(symbol)
    held = "" if is_sure else f": {held_in_words(trader, symbol)}"
    return f"{act} {which} on {trader.account.name}{held}"


def _proved(report: ActReport, output: Output) -> Exit:
    """Show what an act has done; whether it is proved is its code."""
    words = "verified" if report.verified else f"not verified: {report.why}"
    output.outcome(shapes.ACT, act_row(report), f"{report.act}: {words}")
    if report.verified and not has_done(report):
        output.say(f"{report.act}: nothing was open, nothing had to be done")
    return Exit.OK if report.verified else Exit.UNKNOWN
