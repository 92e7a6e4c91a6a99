# cython: annotation_typing=False
"""Whether the files of an open journal are still those that were opened, and whole.

A file that is removed, renamed or replaced while it is open takes every write, and
keeps none for the next start. A log that is cut short gets a hole with the next write,
and is no log any more; a journal that somebody else writes to is none. SQLite notices
none of it; so it is asked here, at each commit.
"""

from __future__ import annotations

import os

from fastorder.errors import JournalUnavailable
from fastorder.journal.lock import leave_mark

GONE, AS_LEFT, CHANGED, CUT = range(4)


class OpenFile:
    """One file: its place, its identity, how long it was left and when.

    Raises:
        JournalUnavailable: it is not there.
    """

    __slots__ = ("_left", "_path", "name")

    def __init__(self, path: str) -> None:
        try:
            found = os.lstat(path)
        except OSError as error:
            raise JournalUnavailable(path, "must be there", str(error)) from None
        self.name = path
        self._path = os.fsencode(path)
        self._left.device = found.st_dev  # type: ignore[attr-defined]
        self._left.number = found.st_ino  # type: ignore[attr-defined]
        self._left.size = found.st_size  # type: ignore[attr-defined]
        self._left.changed_ns = found.st_mtime_ns  # type: ignore[attr-defined]

    def look(self) -> int:
        """GONE, AS_LEFT at the last look, CHANGED since, or CUT short since."""
        found: int = looked(self, self._path)  # type: ignore[name-defined]  # noqa: F821
        return found


class Presence:
    """The files of a journal: its newest events lie in the log, the others in itself.

    Args:
        path: the journal's; it is open and was written to, so that both are there.

    Raises:
        JournalUnavailable: one is not.
    """

    __slots__ = ("_file", "_journal", "_log", "_what")

    def __init__(self, path: str) -> None:
        self._journal = path
        self._what = ""
        self._file = OpenFile(path)
        self._log = OpenFile(f"{path}-wal")

    def is_uncut(self) -> bool:
        """Whether the log is as long as it was left; to be asked before a write.

        After it, a hole stands where events were, and the length is right again.
        """
        if self._log.look() != CUT:
            return True
        self._what = f"{self._log.name} was cut short while it was open"
        return False

    def is_whole(self) -> bool:
        """Whether both are still there after a write; only the log has changed by it.

        The log may be shorter too, where it was begun anew.
        """
        if self._log.look() == GONE:
            return False
        if self._file.look() == AS_LEFT:
            return True
        self._what = (
            f"{self._file.name} was written to or cut short while it was open, by "
            "another program"
        )
        return False

    def is_moved(self) -> bool:
        """Whether both are still there after the log was moved into the file."""
        return self._log.look() != GONE and self._file.look() != GONE

    def failure(self) -> OSError:
        """What is wrong; the next start is warned by the lock file, if it can be."""
        leave_mark(self._journal)
        for file in (self._file, self._log):
            if file.look() == GONE:
                return FileNotFoundError(
                    f"{file.name} was removed, renamed or replaced while it was open"
                )
        return OSError(self._what)
