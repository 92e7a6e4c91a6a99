"""Asks before something is sent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from fastorder.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from fastorder.cli.output import Output


def confirm(what: str, is_sure: bool, output: Output) -> None:
    """Go on once it is agreed to.

    Raises:
        Ended: it is not, or nobody can be asked.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        output.say(f"{what}\nnothing was sent: nobody can be asked here; --yes goes on")
        raise Ended(Exit.BAD_INPUT)
    if not typer.confirm(f"{what}\nSend it?", err=True):
        output.say("nothing was sent")
        raise Ended(Exit.NOT_SENT)
