"""The commands that read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fastorder._base.counted import counted
from fastorder.cli import shapes
from fastorder.cli.connection import looking, reading
from fastorder.cli.exits import Exit
from fastorder.cli.options import (
    AccountOption,
    DaysOption,
    JsonOption,
    ProfileOption,
    SymbolArgument,
    must_have_a_folder,
)
from fastorder.cli.output import Output
from fastorder.cli.rows import (
    account_row,
    bar_rows,
    contract_row,
    order_row,
    pnl_row,
    position_row,
    trade_row,
)
from fastorder.cli.today import ago, start_of_day

if TYPE_CHECKING:
    from fastorder.marketdata import Bars


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
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """Add up what this trading day has realised; it began at 17:00 in Chicago."""
    output = Output(json)
    since = start_of_day()
    with reading(account, profile) as trader:
        found = trader.trades(since)
        output.record(shapes.PNL, pnl_row(trader.account.id, since, found))


def bars(
    symbol: SymbolArgument,
    every: Annotated[str, typer.Argument(help="Such as 1m, 5m, 1h.", metavar="EVERY")],
    days: DaysOption = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Into this .parquet or .csv file.")
    ] = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> Exit | None:
    """Read a contract's bars, oldest first."""
    output = Output(json)
    if out is not None and out.suffix not in (".parquet", ".csv"):
        output.say(f"--out must end in .parquet or .csv, was {out}")
        return Exit.BAD_INPUT
    must_have_a_folder("--out", out)
    with looking(profile) as executor:
        executor.contract(symbol)
        found = executor.bars(symbol, every, days=days)
    if out is not None:
        _save(found, out)
        output.say(f"{counted(len(found), 'bar')} in {out}")
    else:
        output.rows(shapes.BARS, bar_rows(found))
    return None


def _save(bars: Bars, path: Path) -> None:
    """Bars as a file, whole or not at all."""
    import pyarrow  # an extra

    table = pyarrow.table(bars)
    beside = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet  # an extra

            parquet.write_table(table, beside)
        else:
            from pyarrow import csv  # an extra

            csv.write_csv(table, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
