"""The commands that change or end what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder.cli import shapes
from fastorder.cli.asking import confirm
from fastorder.cli.connection import ordering
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
from fastorder.cli.rows import act_row

if TYPE_CHECKING:
    from fastorder import ActReport

Price = Annotated[
    Any, typer.Argument(parser=price_from, metavar="PRICE", help="Where it goes.")
]
Size = Annotated[
    int | None, typer.Option("--size", min=1, help="Contracts of the order.")
]
MaybeSymbol = Annotated[
    str | None, typer.Argument(help="One contract alone.", metavar="[SYMBOL]")
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
    words = ", ".join(f"{name} {value}" for name, value in changes.items())
    with ordering(account, profile, live, output) as trader:
        confirm(f"MODIFY order {order}: {words}", yes, output)
        return told(trader.modify(order, **changes), output)


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
        confirm(f"CANCEL order {order} on {trader.account.name}", yes, output)
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
        confirm(f"MOVE the stop of {symbol} to {price}", yes, output)
        return told(trader.move_stop(symbol, price, order_id=order), output)


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
        confirm(f"MOVE the target of {symbol} to {price}", yes, output)
        return told(trader.move_target(symbol, price, order_id=order), output)


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
        confirm(f"CANCEL ALL {_which(symbol)} on {trader.account.name}", yes, output)
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
        confirm(f"CLOSE {symbol} on {trader.account.name}", yes, output)
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
        confirm(f"FLATTEN {_which(symbol)} on {trader.account.name}", yes, output)
        return _proved(trader.flatten(symbol, deadline=deadline), output)


def _which(symbol: str | None) -> str:
    return "every contract" if symbol is None else symbol


def _proved(report: ActReport, output: Output) -> Exit:
    """Show what an act has done; whether it is proved is its code."""
    words = "verified" if report.verified else f"not verified: {report.why}"
    output.outcome(shapes.ACT, act_row(report), f"{report.act}: {words}")
    return Exit.OK if report.verified else Exit.UNKNOWN
