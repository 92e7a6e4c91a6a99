"""The SQLite file through which processes count their requests together.

Each request has a row with the time by which it has ended, at the latest. The row is
there before the request may leave, so a process that is killed leaves none out, and its
rows run out by themselves. Times are those of the monotonic clock, which all processes
of a machine share, so nobody's setting of the clock moves them.

Nothing here opens the file with ``open``: closing it would free SQLite's own locks on
it in the whole process (sqlite.org/howtocorrupt.html, 2.2).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3

from fastorder.budgets.claims import Claim, Claimed, Unusable
from fastorder.budgets.table import (
    FUTURE_NS,
    Foreign,
    closures,
    count_of,
    insert,
    prepare,
    room_for,
    transaction,
)
from fastorder.errors import ConfigurationError
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log

LOCK_WAIT_S = 0.05
"""So long one waits for another process's commit; the event loop waits along."""

KEPT_NS = 610 * SECOND_NS
"""How long a row is kept: longer than any window."""

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class SharedFile:
    """One process's way to the file.

    Args:
        path: where it is.
        is_given: whether somebody named it, so that what is there may not be ours.
        filled: how many requests a file counts from the start that replaces another.

    Raises:
        ConfigurationError: it cannot be made, or is the file of something else.
    """

    def __init__(self, path: str, is_given: bool, filled: int) -> None:
        self.path = path
        self._filled = filled
        self._changes: list[tuple[int, int]] = []  # end_ns, number
        self._unused: list[tuple[int]] = []
        self._file = (0, 0)
        self._boot = boot_id()
        self._connection: sqlite3.Connection | None = None
        self._begin(is_given)

    def _begin(self, is_given: bool) -> None:
        try:
            self._open()
        except Foreign as error:
            raise ConfigurationError(
                f"path must be a file of budgets or none, {self.path!r} is {error}"
            ) from None
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return  # another process is slow; each claim tries again
            raise ConfigurationError(
                f"path must be a file that can be used, {self.path!r} cannot: {error}"
            ) from None
        except sqlite3.DatabaseError as error:
            if is_given:
                raise ConfigurationError(
                    f"path must be a file of budgets or none, was {self.path!r}: "
                    f"{error}; move it away if it was one"
                ) from None
            self._replace(error)

    # ------------------------------------------------------------ asking

    def note_end(self, number: int, end_ns: int) -> None:
        """A request has ended; written down with the next claim."""
        self._changes.append((end_ns, number))

    def note_unused(self, number: int) -> None:
        """No request has left for a row."""
        self._unused.append((number,))

    @property
    def has_news(self) -> bool:
        """Whether something is to be written down."""
        return bool(self._changes or self._unused)

    def claim(self, claim: Claim) -> Claimed:
        """Write down what has ended, and claim rows as far as there is room.

        Raises:
            Unusable: it cannot be told how many others there are.
        """
        try:
            return self._claim(claim)
        except sqlite3.OperationalError as error:
            self._forget_connection()
            raise Unusable(f"{self.path}: {error}") from None
        except (sqlite3.DatabaseError, Foreign) as error:
            self._set_right(error, claim)
            raise Unusable(f"{self.path} was damaged: {error}") from None

    def _claim(self, claim: Claim) -> Claimed:
        self._check_file(claim)
        connection = self._connection
        assert connection is not None
        with transaction(connection):
            self._check_clock(connection, claim)
            self._write_news(connection)
            connection.execute(
                "DELETE FROM request WHERE end_ns <= ?", (claim.now_ns - KEPT_NS,)
            )
            closed = closures(connection, claim.now_ns)
            count, room_ns = room_for(connection, claim)
            is_history = bool(claim.history_most)
            numbers = [
                insert(connection, is_history, claim.ends_by_ns) for _ in range(count)
            ]
        self._changes.clear()
        self._unused.clear()
        return Claimed(numbers, room_ns, *closed)

    def close_until(self, until_ns: int, is_history: bool) -> None:
        """Tell the others until when the gateway is to be left alone.

        Raises:
            Unusable: they cannot be told.
        """
        if self._connection is None:
            return
        try:
            with transaction(self._connection):
                self._connection.execute(
                    "INSERT INTO closed VALUES (?, ?) ON CONFLICT DO UPDATE "
                    "SET until_ns = max(until_ns, excluded.until_ns)",
                    (is_history, until_ns),
                )
        except sqlite3.Error as error:
            raise Unusable(f"{self.path}: {error}") from None

    def used(self, now_ns: int, span_ns: int, is_history: bool) -> int:
        """How many requests count in a time.

        Raises:
            Unusable: that cannot be told.
        """
        if self._connection is None:
            raise Unusable(f"{self.path} cannot be used")
        try:
            return count_of(self._connection, now_ns - span_ns, is_history)
        except sqlite3.Error as error:
            raise Unusable(f"{self.path}: {error}") from None

    def close(self) -> None:
        """Write down what is left to say, and let go of the file."""
        if self._connection is None:
            return
        with contextlib.suppress(sqlite3.Error), transaction(self._connection):
            self._write_news(self._connection)
        self._forget_connection()

    def _write_news(self, connection: sqlite3.Connection) -> None:
        if self._changes:
            change = "UPDATE request SET end_ns = ? WHERE number = ?"
            connection.executemany(change, self._changes)
        if self._unused:
            connection.executemany("DELETE FROM request WHERE number = ?", self._unused)

    # ------------------------------------------------------------ the file itself

    def _open(self) -> None:
        connection = sqlite3.connect(
            self.path,
            timeout=LOCK_WAIT_S,
            isolation_level=None,
            check_same_thread=False,  # the executor sees to who uses it
        )
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = OFF")  # it need not outlive a cut
            prepare(connection, self._boot)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._file = _identity(self.path)

    def _check_file(self, claim: Claim) -> None:
        """See that the file of this name is the one that is open."""
        if self._connection is not None and _identity(self.path) == self._file:
            return
        was_there = self._file != (0, 0)
        is_there = _identity(self.path) != (0, 0)
        self._forget_connection()
        self._open()
        if was_there and not is_there:  # taken away: what others did stood in it
            self._fill(claim)

    def _check_clock(self, connection: sqlite3.Connection, claim: Claim) -> None:
        """After a restart of the machine, what counted then counts from now on."""
        (boot,) = connection.execute("SELECT boot FROM machine").fetchone()
        (latest_ns,) = connection.execute("SELECT max(end_ns) FROM request").fetchone()
        latest_ns = latest_ns or 0
        if boot == self._boot and latest_ns <= claim.now_ns + FUTURE_NS:
            return
        spans_ns = max(claim.span_ns, claim.history_span_ns)
        connection.execute(
            "DELETE FROM request WHERE end_ns <= ?", (latest_ns - spans_ns,)
        )
        connection.execute("UPDATE request SET end_ns = ?", (claim.now_ns,))
        connection.execute("DELETE FROM closed")
        connection.execute("UPDATE machine SET boot = ?", (self._boot,))

    def _set_right(self, error: Exception, claim: Claim) -> None:
        """Put a damaged file aside; the one in its place begins nearly full.

        Where another process has done so already, its file is taken.
        """
        is_mine = _identity(self.path) == self._file
        self._forget_connection()
        try:
            if is_mine:
                self._replace(error)
                self._fill(claim)
            else:
                self._open()
        except (OSError, sqlite3.Error, Foreign) as failure:
            log().error("%s cannot be replaced: %s", self.path, failure)

    def _replace(self, error: Exception) -> None:
        aside = f"{self.path}.damaged"
        for ending in ("", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(self.path + ending, aside + ending)
        log().error(
            "the file of shared budgets was damaged, and is %s now: %s", aside, error
        )
        self._open()

    def _fill(self, claim: Claim) -> None:
        """Count as many as others may have sent of what is not urgent.

        What is kept for closes and cancels stays free: they leave all the same.
        """
        assert self._connection is not None
        with transaction(self._connection):
            for _ in range(self._filled):
                insert(self._connection, False, claim.ends_by_ns)

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identity(path: str) -> tuple[int, int]:
    """Which file has this name; zeros where none has."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def boot_id() -> str:
    """What names this run of the machine, where its system says so."""
    try:
        with open(BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
