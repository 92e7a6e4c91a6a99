"""What can be wrong with ticks, bars and timeframes."""

from __future__ import annotations

from fastorder.errors import FastOrderError

IN_USE = "a builder must be used by one thread at a time, another call is under way"


class BarError(FastOrderError, ValueError):
    """Ticks or bars break a rule; no bars were made of them."""


class BadTick(BarError):
    """A tick breaks a rule.

    Attributes:
        index: its place in the column, from 0.
    """

    def __init__(self, why: str, index: int = 0) -> None:
        super().__init__(why, index)
        self.why = why
        self.index = index

    def __str__(self) -> str:
        return f"{self.why} (tick {self.index})"


class UnsortedTicks(BadTick):
    """A tick is older than the one before it."""


class WrongColumn(FastOrderError, TypeError):
    """A column has the wrong type, length or shape."""


class UnknownTimeframe(BarError):
    """A timeframe cannot be read, or these bars cannot make it."""
