"""What ends a command, as words and an exit code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import typer

from fastorder.cli.exits import Ended, Exit, code_of
from fastorder.cli.interrupted import INTERRUPTED
from fastorder.cli.streams import complain, stop_writing
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Callable
PLAIN_ANSWER = "wrong version number"
"""Of OpenSSL, where what answers speaks plain HTTP."""

NO_TLS = (
    " (no TLS is spoken there; the simulator on this machine speaks http: its base_url "
    "begins with http://)"
)


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
        complain(f"{error}{NO_TLS if PLAIN_ANSWER in str(error) else ''}")
        return code_of(error)
    except (KeyboardInterrupt, typer.Abort):
        complain(INTERRUPTED)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        stop_writing()
        return Exit.FAILED
    except OSError as error:
        complain(str(error))
        stop_writing()
        return Exit.FAILED
    return Exit.OK if code is None else Exit(code)
