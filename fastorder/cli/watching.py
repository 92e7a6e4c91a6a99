"""The command ``watch``."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

import fastorder
from fastorder.cli.connection import account_from, own_journal
from fastorder.cli.extras import must_be_installed
from fastorder.cli.options import AccountOption, ProfileOption
from fastorder.cli.streams import is_terminal
from fastorder.cli.watch_feed import EVERY_S
from fastorder.settings import load

NO_TERMINAL = (
    "watch needs a terminal for its input and its output, here is none; use fastorder "
    "positions, orders and trades, each with --json for a program"
)


def watch(
    account: AccountOption = None,
    every: Annotated[
        float, typer.Option("--every", min=1, max=60, help="Seconds between two looks.")
    ] = EVERY_S,
    polling: Annotated[
        bool, typer.Option("--polling", help="Read, though it could be heard.")
    ] = False,
    profile: ProfileOption = None,
) -> None:
    """Show an account on a live screen; keys flatten, cancel all, kill."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise typer.BadParameter(NO_TERMINAL)
    must_be_installed("the screen needs", "cli", "textual")
    from fastorder.cli.watch_screen import Watch

    async def run() -> None:
        found = load(account=account_from(account), profile=profile)
        trader = fastorder.Trader._of_settings(
            found, {}, journal=own_journal(found), realtime=False if polling else None
        )
        async with trader:
            await Watch(trader, every).run_async()

    asyncio.run(run())
