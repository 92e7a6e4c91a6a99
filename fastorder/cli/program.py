"""The program: its commands by name, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fastorder import __version__
from fastorder.cli import changing, doctor, keeping, login, placing, reading, simulating
from fastorder.cli.backtesting import backtest
from fastorder.cli.bars import bars
from fastorder.cli.benching import bench
from fastorder.cli.exits import Exit
from fastorder.cli.guard import guarded
from fastorder.cli.meant import Command, Group
from fastorder.cli.probing.command import practice_probe
from fastorder.cli.streams import complain, stop_writing
from fastorder.cli.ticks_recording import ticks_record
from fastorder.cli.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PANELS: dict[str, dict[str, Callable[..., object]]] = {
    "Look": {
        "accounts": reading.accounts,
        "contracts": reading.contracts,
        "contract": reading.contract,
        "orders": reading.orders,
        "positions": reading.positions,
        "trades": reading.trades,
        "pnl": reading.pnl,
        "bars": bars,
        "watch": watch,
    },
    "Study": {
        "backtest": backtest,
        "ticks record": ticks_record,
    },
    "Trade": {
        "buy": placing.buy,
        "sell": placing.sell,
        "modify": changing.modify,
        "cancel": changing.cancel,
        "cancel-all": changing.cancel_all,
        "move-stop": changing.move_stop,
        "move-target": changing.move_target,
        "close": changing.close,
        "flatten": changing.flatten,
    },
    "Be safe": {
        "journal": keeping.journal,
        "resolve": keeping.resolve,
        "kill": keeping.kill,
        "resume": keeping.resume,
        "risk": keeping.risk,
    },
    "Set up": {
        "login": login.login,
        "bench": bench,
        "doctor": doctor.doctor,
        "practice-probe": practice_probe,
        "simulate": simulating.simulate,
    },
}


GROUPS = {"ticks": "Ticks that are kept on this machine."}
"""Commands of two words, by the first of them."""


def make() -> typer.Typer:
    """All commands; an error shows a line and never local variables."""
    app = typer.Typer(
        name="fastorder",
        cls=Group,
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Trade futures on TopstepX. Exit codes: 0 accepted, 1 failed, 2 bad "
        "input, 3 rejected, 4 not sent, 5 unknown, 6 held back, 130 interrupted.",
    )
    app.callback()(_about)
    groups: dict[str, typer.Typer] = {}
    for panel, commands in PANELS.items():
        for name, command in commands.items():
            group, _, verb = name.rpartition(" ")
            if group and group not in groups:
                groups[group] = typer.Typer(
                    cls=Group, no_args_is_help=True, help=GROUPS[group]
                )
                app.add_typer(groups[group], name=group, rich_help_panel=panel)
            place = groups[group] if group else app
            make_one = place.command(verb, cls=Command, rich_help_panel=panel)
            make_one(guarded(command))
    return app


def _shows_version(wanted: bool) -> None:
    if wanted:
        print(f"fastorder {__version__}")
        raise typer.Exit


# the callback of the option: the one of the program is called for a command alone
VERSION = typer.Option(
    "--version", help="Show the version.", is_eager=True, callback=_shows_version
)


def _about(version: Annotated[bool, VERSION] = False) -> None:
    """What stands before the command."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code.

    Raises:
        KeyboardInterrupt: it came outside of a command, which tells of it itself.
    """
    try:
        make()(args=list(arguments), prog_name="fastorder")
    except SystemExit as end:
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            raise KeyboardInterrupt from None  # typer has made it a code, and no line
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:  # a help that cannot be written, say
        complain(str(error))
        stop_writing()
        return Exit.FAILED
    return Exit.OK
