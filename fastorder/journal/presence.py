# cython: annotation_typing=False
"""Whether the files of an open journal are still those that were opened.

A file that is removed, renamed or replaced while it is open takes every write, and
keeps none for the next start. SQLite does not notice it; so it is asked here, after
each commit.
"""

from __future__ import annotations

import os

from fastorder.errors import JournalUnavailable
from fastorder.journal.lock import leave_mark


class SameFile:
    """One file, by its place and its identity.

    Raises:
        JournalUnavailable: it is not there.
    """

    __slots__ = ("_device", "_number", "_path", "name")

    def __init__(self, path: str) -> None:
        try:
            found = os.lstat(path)
        except OSError as error:
            raise JournalUnavailable(path, "must be there", str(error)) from None
        self.name = path
        self._path = os.fsencode(path)
        self._device = found.st_dev
        self._number = found.st_ino

    def is_there(self) -> bool:
        """Whether its path still names it."""
        same: bool = fastorder_is_same_file(  # type: ignore[name-defined]  # noqa: F821
            self._path, self._device, self._number
        )
        return same


class Presence:
    """The files of a journal: its newest events lie in the log, the others in itself.

    Args:
        path: the journal's; it is open and was written to, so that both are there.

    Raises:
        JournalUnavailable: one is not.
    """

    __slots__ = ("_file", "_journal", "_log")

    def __init__(self, path: str) -> None:
        self._journal = path
        self._file = SameFile(path)
        self._log = SameFile(f"{path}-wal")

    def is_whole(self) -> bool:
        """Whether both are still there."""
        return self._log.is_there() and self._file.is_there()

    def failure(self) -> OSError:
        """What is missing; the next start is warned by the lock file, if it can be."""
        leave_mark(self._journal)
        missing = self._log if self._file.is_there() else self._file
        return FileNotFoundError(
            f"{missing.name} was removed, renamed or replaced while it was open"
        )
