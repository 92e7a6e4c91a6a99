"""The options that many commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fastorder.cli.contract_names import symbol_from

if TYPE_CHECKING:
    from pathlib import Path

# typer reads these at run time, from CPython 3.10 on
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account", "-a", help="A number, a name, or a beginning of one.", metavar="A"
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", help="A profile of the settings file.", metavar="NAME"),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document instead of a table.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before it is sent.")
]
LiveOption = Annotated[
    bool,
    typer.Option(
        "--live", help="Allow an account whose name does not begin with PRAC."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the request, and send nothing.")
]
SymbolArgument = Annotated[
    str,
    typer.Argument(
        parser=symbol_from,
        help="Such as MNQ, MNQZ26, MNQ.Z26, or a contract id.",
        metavar="SYMBOL",
    ),
]
OrderArgument = Annotated[
    int,
    typer.Argument(help="The gateway's number of the order.", metavar="ORDER", min=1),
]
DeadlineOption = Annotated[
    float, typer.Option("--deadline", help="Seconds until it is given up.", min=0.1)
]
DaysOption = Annotated[
    float, typer.Option("--days", help="How far back.", min=0.001, max=3650)
]


def must_have_a_folder(option: str, path: Path | None) -> None:
    """Refuse a file that could not be made, before there is anything to write.

    Raises:
        typer.BadParameter: its folder is not there.
    """
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(
            f"{option} must lie in a folder that is there, was {path}"
        )
