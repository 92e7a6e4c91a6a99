"""What can be wrong with market data that is kept, and with files that are imported."""

from __future__ import annotations

from fastorder.errors import FastOrderError


class MarketDataError(FastOrderError, ValueError):
    """Market data breaks a rule; nothing was kept of what was given."""


class TornFile(MarketDataError):
    """A file is not whole, or is not of the kind that its place says."""


class FolderInUse(MarketDataError):
    """Another recorder, or another write, has the folder."""


class ImportRefused(MarketDataError):
    """A file cannot be read as what it is said to be.

    Attributes:
        path: of the file.
        row: of the file's data, from 0; None where it is of the whole file.
    """

    def __init__(self, path: str, why: str, row: int | None = None) -> None:
        super().__init__(path, why, row)
        self.path = path
        self.why = why
        self.row = row

    def __str__(self) -> str:
        at = "" if self.row is None else f" (row {self.row})"
        return f"{self.path}: {self.why}{at}"
