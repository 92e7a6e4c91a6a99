"""What can be wrong with what an exchange is given."""

from __future__ import annotations


class MatchingError(ValueError):
    """An argument, or the moment of a call, breaks a rule; nothing has happened."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)


class BadDatum(MatchingError):
    """A tick, a quote or a bar breaks a rule; those before it have been fed.

    Attributes:
        index: its place in the columns, from 0.
    """

    def __init__(self, why: str, index: int = 0) -> None:
        super().__init__(why, index)
        self.why = why
        self.index = index

    def __str__(self) -> str:
        return f"{self.why} (row {self.index})"


class UnsortedData(BadDatum):
    """A datum is older than what the exchange has seen."""


class OffGrid(BadDatum):
    """A price lies between two ticks."""


class BadSnapshot(MatchingError):
    """Bytes are no snapshot of an exchange that was made like this one."""


class Overflow(ArithmeticError):
    """Money or a position has left its range; the exchange takes nothing any more."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
