"""One writer of a folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from fastorder.store.market.errors import FolderInUse

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 2**30
"""The byte that is locked on Windows; the process's number stays readable."""

PAUSE_S = 0.01


class Lock:
    """The right to write, held from here to ``release``.

    Args:
        path: of the file that is locked; it stays.
        what: has the right, for the error of another.
        wait_s: how long another may still have it.

    Raises:
        FolderInUse: another has it.
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, what: str, wait_s: float = 0.0) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        due = time.monotonic() + wait_s
        while not self._taken():
            if time.monotonic() >= due:
                owner = os.pread(self._file, 20, 0) if hasattr(os, "pread") else b""
                os.close(self._file)
                raise FolderInUse(
                    f"{path.parent} must have one {what} at a time, is in use by "
                    f"{_told(owner)}"
                )
            time.sleep(PAUSE_S)
        with suppress(OSError):  # a full disk is no matter: it is for a text alone
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())

    def _taken(self) -> bool:
        try:
            if sys.platform == "win32":
                os.lseek(self._file, FAR, os.SEEK_SET)
                msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Give it up."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()


def _told(owner: bytes) -> str:
    return f"process {int(owner)}" if owner.isdigit() else "another process"
