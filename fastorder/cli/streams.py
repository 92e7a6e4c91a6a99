"""The streams of a command: a line of complaint, and one that nobody reads any more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def complain(text: str) -> None:
    """A line for people, on the error stream; where there is none, nowhere."""
    with suppress(OSError):
        print(f"fastorder: {text}", file=sys.stderr, flush=True)


def have_outputs() -> None:
    """An output that was closed at the start, as of a service, is written to nobody."""
    sys.stdout = sys.stdout or _to_nobody()
    sys.stderr = sys.stderr or _to_nobody()


def _to_nobody() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def stop_writing() -> None:
    """Nothing takes the output any more: the interpreter's last flush must not fail."""
    with suppress(OSError, ValueError):  # a stream of a test has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sits at a stream; one that was closed at the start is None."""
    return stream is not None and stream.isatty()
