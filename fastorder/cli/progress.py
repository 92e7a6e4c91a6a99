"""A progress bar for what takes long, on the error stream of a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastorder.cli.streams import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[float], None]]:
    """A bar that is there for as long as it takes; nothing where nobody sits.

    Args:
        what: what is under way.

    Yields:
        What takes the share that is done, from 0 to 1.
    """
    if not is_terminal(sys.stderr):
        yield lambda share: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(escape(what), total=1.0)
        yield lambda share: shown.update(task, completed=share)
