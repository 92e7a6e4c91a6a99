"""What ends a command, as words and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, Any

import typer

from fastorder.cli.exits import Ended, Exit, code_of
from fastorder.cli.interrupted import INTERRUPTED
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose errors are told in a line; never with local variables."""

    @functools.wraps(command)
    def run(*given: Any, **named: Any) -> None:
        raise typer.Exit(int(ended(lambda: command(*given, **named))))

    return run


def ended(act: Callable[[], Any]) -> Exit:
    """Do it; how it has ended."""
    try:
        code = act()
    except Ended as end:
        return end.code
    except FastOrderError as error:
        complain(str(error))
        return code_of(error)
    except (KeyboardInterrupt, typer.Abort):
        complain(INTERRUPTED)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        stop_writing()
        return Exit.FAILED
    except OSError as error:
        complain(str(error))
        return Exit.FAILED
    return Exit.OK if code is None else Exit(code)


def complain(text: str) -> None:
    """A line for people, on the error stream."""
    print(f"fastorder: {text}", file=sys.stderr)


def stop_writing() -> None:
    """Whoever read the output has gone: the interpreter's last flush must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
