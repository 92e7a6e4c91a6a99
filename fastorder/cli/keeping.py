"""The commands about what is kept: the journal, the kill switch, the limits."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fastorder import journal as journals
from fastorder.cli import shapes
from fastorder.cli.connection import ordering, own_journal
from fastorder.cli.exits import Exit
from fastorder.cli.options import AccountOption, JsonOption, ProfileOption
from fastorder.cli.output import Output
from fastorder.cli.placing import told
from fastorder.cli.rows import entry_row
from fastorder.settings import load

if TYPE_CHECKING:
    from fastorder import RiskLimits

File = Annotated[
    Path | None,
    typer.Option("--file", help="Another journal than the command line's own."),
]
NO_FILE = (
    "kill_file must be set in the settings file: the file whose presence holds back "
    "every program that watches it"
)


def journal(
    file: File = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Orders alone whose end is not known.")
    ] = False,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """List the orders that a journal holds; a bot may be writing it."""
    path = file or own_journal(load(profile=profile))
    entries = journals.read(path) if file or path.exists() else []
    rows = [entry_row(each) for each in entries if not (open_only and each.resolved)]
    Output(json).rows(shapes.JOURNAL, rows)


def resolve(
    tag: Annotated[str, typer.Argument(help="Of the order.", metavar="TAG")],
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> Exit:
    """Look an order up again whose outcome is not known; it is never sent again."""
    output = Output(json)
    with ordering(account, profile, True, output) as trader:
        return told(trader.executor.resolve(tag), output)


def kill(
    reason: Annotated[str, typer.Option("--reason", help="Kept in the file.")] = "",
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """Hold back all new exposure, of every program that watches the kill file."""
    path = _kill_file(profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{reason or 'fastorder kill'}\n", encoding="utf-8")
    _show_switch(path, Output(json))


def resume(profile: ProfileOption = None, json: JsonOption = False) -> None:
    """Take the kill file away."""
    path = _kill_file(profile)
    path.unlink(missing_ok=True)
    _show_switch(path, Output(json))


def risk(
    account: AccountOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> None:
    """Show the limits of the settings and their state."""
    output = Output(json)
    with ordering(account, profile, True, output) as trader:
        found = trader.risk
        row = shapes.RISK.row(
            state="OFF" if found is None else str(found.state),
            reason="" if found is None else found.why or "",
            limits=[] if found is None else _limits_of(found.limits),
        )
    output.record(shapes.RISK, row)


def _limits_of(limits: RiskLimits) -> list[str]:
    """Each limit that is on, with its value."""
    values = {each.name: getattr(limits, each.name) for each in fields(limits)}
    return [f"{name} {value}" for name, value in values.items() if _is_on(value)]


def _is_on(value: object) -> bool:
    return value is not None and value is not False and value != ()


def _kill_file(profile: str | None) -> Path:
    """The file of the settings.

    Raises:
        typer.BadParameter: they name none.
    """
    found = load(profile=profile).options.get("kill_file")
    if found is None:
        raise typer.BadParameter(NO_FILE)
    return Path(found)


def _show_switch(path: Path, output: Output) -> None:
    row = shapes.SWITCH.row(file=str(path), held=path.exists())
    output.record(shapes.SWITCH, row)
