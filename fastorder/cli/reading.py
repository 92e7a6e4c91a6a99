"""The commands that read."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fastorder.cli import shapes
from fastorder.cli.connection import looking, reading
from fastorder.cli.options import (
    AccountOption,
    DaysOption,
    JsonOption,
    ProfileOption,
    SymbolArgument,
)
from fastorder.cli.output import Output
from fastorder.cli.rows import (
    account_row,
    contract_row,
    order_row,
    pnl_row,
    position_row,
    trade_row,
)
from fastorder.cli.today import ago, bounds_of, day_from


def accounts(profile: ProfileOption = None, json: JsonOption = False) -> None:
    """List the accounts of the login."""
    output = Output(json)
    with looking(profile) as executor:
        output.rows(shapes.ACCOUNTS, map(account_row, executor.accounts()))


def contracts(
    text: Annotated[str, typer.Argument(help="Part of a name.", metavar="[TEXT]")] = "",
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """List the contracts that trade now, or those that a text finds."""
    output = Output(json)
    with looking(profile) as executor:
        found = executor.contracts(text or None)
        output.rows(shapes.CONTRACTS, map(contract_row, found))


def contract(
    symbol: SymbolArgument, profile: ProfileOption = None, json: JsonOption = False
) -> None:
    """Show the contract that a symbol means."""
    output = Output(json)
    with looking(profile) as executor:
        output.record(shapes.CONTRACT_FOUND, contract_row(executor.contract(symbol)))


def orders(
    account: AccountOption = None,
    days: Annotated[
        float | None,
        typer.Option(
            "--days", help="All of so many days, ended ones too.", min=0.001, max=3650
        ),
    ] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """List the working orders, suspended legs too; with --days, all."""
    output = Output(json)
    with reading(account, profile) as trader:
        listed = trader.open_orders() if days is None else trader.orders(ago(days))
        output.rows(shapes.ORDERS, map(order_row, listed))


def positions(
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """List the open positions."""
    output = Output(json)
    with reading(account, profile) as trader:
        output.rows(shapes.POSITIONS, map(position_row, trader.positions()))


def trades(
    account: AccountOption = None,
    days: DaysOption = 1,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """List the fills."""
    output = Output(json)
    with reading(account, profile) as trader:
        output.rows(shapes.TRADES, map(trade_row, trader.trades(ago(days))))


def pnl(
    account: AccountOption = None,
    day: Annotated[
        Any,
        typer.Option(
            "--day",
            parser=day_from,
            help="Today, yesterday, or the date on which it ends.",
            metavar="DAY",
        ),
    ] = "today",
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """Add up what a trading day has realised, from 17:00 in Chicago to 17:00."""
    output = Output(json)
    with reading(account, profile) as trader:
        found = trader.trades(*bounds_of(day))
        output.record(shapes.PNL, pnl_row(trader.account.id, day, found))
