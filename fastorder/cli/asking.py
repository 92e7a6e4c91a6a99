"""Asks before something is sent, and for what was not given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

from fastorder.cli.exits import Ended, Exit
from fastorder.cli.streams import complain, is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.cli.output import Output

Answer = TypeVar("Answer")


def confirm(what: str, is_sure: bool, output: Output) -> None:
    """Go on once it is agreed to; who is sure is told what it is that goes on.

    Raises:
        Ended: it is not, or nobody can be asked.
    """
    if is_sure:
        output.say(what)
        return
    if not is_terminal(sys.stdin):
        output.say(f"{what}\nnothing was sent: nobody can be asked here; --yes goes on")
        raise Ended(Exit.BAD_INPUT)
    ask = f"{what}\nSend it?"
    if not answered(lambda: typer.confirm(ask, err=True), "y or --yes goes on"):
        output.say("nothing was sent")
        raise Ended(Exit.NOT_SENT)


def asked_for(name: str, instead: str, *, is_secret: bool = False) -> str:
    """A value that somebody types.

    Args:
        name: of it.
        instead: how else it can be given.
        is_secret: it is not shown while it is typed.

    Raises:
        Ended: there is nobody to type it, or who there is has not.
    """
    if sys.stdin is None:
        return _not_given(instead)

    is_hidden = is_secret and is_terminal(sys.stdin)  # a pipe shows nothing

    def ask() -> str:
        text: str = typer.prompt(name, hide_input=is_hidden, err=True)
        return text

    return answered(ask, instead)


def answered(ask: Callable[[], Answer], instead: str) -> Answer:
    """What is answered.

    Args:
        ask: a prompt.
        instead: how else the answer can be given.

    Raises:
        Ended: the input has ended, or Ctrl-C ended it; nothing was sent before.
    """
    try:
        return ask()
    except typer.Abort as abort:
        has_ended = isinstance(abort.__context__, EOFError)
    if has_ended:
        return _not_given(instead)
    print(file=sys.stderr)  # below the question
    complain("interrupted: nothing was sent")
    raise Ended(Exit.INTERRUPTED)


def _not_given(instead: str) -> NoReturn:
    print(file=sys.stderr)  # below the question
    complain(f"nothing was sent: the input ended without an answer; {instead}")
    raise Ended(Exit.BAD_INPUT)
