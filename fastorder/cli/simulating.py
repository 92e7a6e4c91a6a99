"""``fastorder simulate``: the gateway on loopback, to try everything without one."""

from __future__ import annotations

from typing import Annotated

import typer

from fastorder.cli.exits import Exit

NOT_INSTALLED = "the simulator needs aiohttp: pip install 'fastorder[simulator]'"


def simulate(
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8700,
    seed: Annotated[int, typer.Option("--seed", help="Of prices and tokens.")] = 7,
) -> Exit:
    """Run a gateway on loopback: user trader1, API key 'key'; Ctrl-C ends it."""
    try:
        from fastorder.simulator.__main__ import main
    except ModuleNotFoundError as missing:
        if missing.name != "aiohttp":
            raise
        raise typer.BadParameter(NOT_INSTALLED) from None
    return Exit(main(["--port", str(port), "--seed", str(seed)]))
