"""``fastorder simulate``: the gateway on loopback, to try everything without one."""

from __future__ import annotations

from typing import Annotated

import typer

from fastorder.cli.exits import Exit
from fastorder.cli.extras import must_be_installed


def needs_the_simulator() -> None:
    """Refuse what runs it, where it cannot run.

    Raises:
        typer.BadParameter: aiohttp is not here.
    """
    must_be_installed("the simulator needs", "simulator", "aiohttp")


def simulate(
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8700,
    seed: Annotated[int, typer.Option("--seed", help="Of prices and tokens.")] = 7,
    personality: Annotated[
        str, typer.Option("--personality", help="plain, racy, slow or odd.")
    ] = "plain",
) -> Exit:
    """Run a gateway on loopback: user trader1, API key 'key'; Ctrl-C ends it."""
    needs_the_simulator()
    from fastorder.simulator.__main__ import main
    from fastorder.simulator.personality import NAMED

    if personality not in NAMED:
        rule = f"--personality must be one of {', '.join(NAMED)}"
        raise typer.BadParameter(f"{rule}, was {personality!r}")
    given = ["--port", str(port), "--seed", str(seed), "--personality", personality]
    return Exit(main(given))
