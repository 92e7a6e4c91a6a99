"""The streams of a command: a line of complaint, and one that nobody reads any more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def complain(text: str) -> None:
    """A line for people, on the error stream; where there is none, nowhere."""
    with suppress(OSError):
        print(f"fastorder: {text}", file=sys.stderr, flush=True)


def stop_writing() -> None:
    """Nothing takes the output any more: the interpreter's last flush must not fail."""
    with suppress(OSError, ValueError):  # a stream of a test has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
