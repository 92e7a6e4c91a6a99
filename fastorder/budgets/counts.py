"""What this process has sent to each gateway, whichever executor sent it."""

from __future__ import annotations

from typing import NamedTuple

from fastorder.budgets.window import Window


class Counts(NamedTuple):
    """The requests to one gateway.

    Attributes:
        all: of every kind.
        history: those of history, once more.
    """

    all: Window
    history: Window


_counts: dict[str, Counts] = {}


def counts_of(gateway: str) -> Counts:
    """Those to one gateway, from the start of the process.

    They outlive an executor: the next one does not begin with an empty window. Which
    user a request was of does not matter, as nobody knows by what the gateway counts.
    """
    return _counts.setdefault(gateway, Counts(Window(), Window()))
