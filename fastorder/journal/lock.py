"""One writer for each journal: a lock that ends with its process.

The lock lies on a file beside the journal, which stays. A lock of POSIX belongs to the
process, and its end of any kind frees it; but closing the file a second time in the
same process would free it too. So what is held is noted here and asked first.

The file also says whether there was a journal beside it. Where that is gone, the next
start is told so instead of beginning with an empty one.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import suppress

from fastorder.errors import JournalLocked, JournalMisuse, JournalUnavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 2**30  # the byte that is locked on Windows; the process's number stays readable

MARK = b"\nhas a journal\n"
"""Behind the number of the process, once a journal lies beside the file."""

_held: dict[tuple[int, int], int] = {}
"""What is locked, by the identity of the lock file, and the process that did it."""

_turn = threading.RLock()
"""The collector may run anywhere, and close a journal that was forgotten."""


def _renew() -> None:
    global _turn
    _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


class Lock:
    """The right to write a journal, held from here to ``release``.

    Attributes:
        had_journal: whether a journal lay beside it at some time.

    Raises:
        JournalLocked: another process or journal has it.
        JournalMisuse: this process is a fork of the one that has it.
        JournalUnavailable: the lock file cannot be opened.
    """

    __slots__ = ("_file", "_identity", "had_journal")

    def __init__(self, path: str) -> None:
        if is_held_here(path):
            gc.collect()  # perhaps by a journal that nobody can reach any more
        with _turn:
            refuse_fork(path)
            self._identity = _identity_of(path)
            if self._identity in _held:
                raise _locked(
                    path, "by another trader, executor or Journal of this process"
                )
            self._file = _locked_file(path)
            found = os.fstat(self._file)
            self._identity = (found.st_dev, found.st_ino)
            _held[self._identity] = os.getpid()
            self.had_journal = _is_marked(self._file)
            _sign(self._file, self.had_journal)

    def mark(self) -> None:
        """Note that a journal lies beside it from now on."""
        if not self.had_journal:
            self.had_journal = True
            _sign(self._file, True)

    def release(self) -> None:
        """Give it up."""
        with _turn:
            if _held.pop(self._identity, None) is not None:
                os.close(self._file)


def lock_path(path: str) -> str:
    """The lock file of a journal."""
    return f"{path}-lock"


def is_held_here(path: str) -> bool:
    """Whether this process writes the journal."""
    return _identity_of(path) in _held


def refuse_fork(path: str) -> None:
    """Raise JournalMisuse where the journal was open when this process was forked.

    SQLite's notes of its locks came along with the fork, the locks did not.
    """
    owner = _held.get(_identity_of(path))
    if owner is not None and owner != os.getpid():
        raise JournalMisuse(
            path,
            "must be opened in a process of its own (spawn, not fork)",
            f"this one was forked from process {owner} while it was open there",
        )


def _identity_of(path: str) -> tuple[int, int]:
    try:
        found = os.stat(lock_path(path))
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino


def _locked(path: str, owner: str) -> JournalLocked:
    return JournalLocked(
        path,
        "must have one writer",
        f"is in use {owner}: close the trader or executor that has it there, or give "
        "this one a file of its own (journal=...)",
    )


def _locked_file(path: str) -> int:
    file = _opened(path)
    try:
        _take(file)
    except OSError:
        owner = _owner(file)
        os.close(file)
        raise _locked(path, owner) from None
    return file


def _opened(path: str) -> int:
    name = lock_path(path)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        file = os.open(name, flags, 0o600)
    except OSError as error:
        raise JournalUnavailable(
            path, "must have a lock file beside it", str(error)
        ) from None
    with suppress(OSError):  # it holds no more than the number of a process
        os.chmod(name, 0o600)
    return file


def _take(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sign(file: int, had_journal: bool) -> None:
    """Note who has it, for the other one's error text; a full disk is no matter."""
    try:
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, str(os.getpid()).encode() + (MARK if had_journal else b""))
    except OSError:
        pass


def _content(file: int) -> bytes:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        return os.read(file, 64)
    except OSError:
        return b""


def _owner(file: int) -> str:
    number = _content(file).split(b"\n")[0]
    return f"by process {int(number)}" if number.isdigit() else "by another process"


def _is_marked(file: int) -> bool:
    return MARK in _content(file)


def leave_mark(path: str) -> None:
    """A journal was removed while it was open: say so to the next start, if possible.

    Where its lock file is gone as well, another one is left in its place.
    """
    try:
        file = os.open(lock_path(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return  # it is there, marked already or somebody else's; or there is no folder
    try:
        os.write(file, MARK)
    finally:
        os.close(file)
