# cython: annotation_typing=False
# the .pxd says what is typed; the rest has to reach the checks of rows.py
"""Writes events, one commit after the other, until one fails.

Only a failure of the write counts as one: an error of SQLite, or files that are not
there any more. Any other exception, of a signal's handler say, may come before the
commit or after it; what stands is then read back from the file.
"""

from __future__ import annotations

import sqlite3
from os import getpid
from typing import TYPE_CHECKING, NoReturn

from fastorder.errors import JournalFailed, JournalMisuse, UnknownTag
from fastorder.journal.files import SCHEMA_VERSION
from fastorder.journal.rows import (
    attempt_row,
    insertion,
    insertion_of_many,
    intent_row,
    note_row,
    outcome_row,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.journal.index import Index
    from fastorder.journal.presence import Presence
    from fastorder.journal.rows import Intent, Note, Row

COUNT = "SELECT ifnull(max(id), 0) FROM event"

MOST_PUT_OFF = 32
"""Outcomes that may wait for their commit, so that no intent waits for many."""


class Writer:
    """Writes events; the first write that fails is the last.

    One thread at a time: whoever holds it sees to that, and calls ``check_turn`` first.

    Args:
        path: the journal's.
        connection: to its file, each statement on its own.
        index: what stands in it; kept so here.
        flushes: whether an intent waits for the disk.
        presence: whether the files are still there.

    Attributes:
        run: executes a statement.
        index: what was written and what was put off.
        failure: the write that failed; None where all went well.
        closed: whether it is given up; whoever closes the connection says so.
        untidy: how many events were written since ``tidied``.
    """

    __slots__ = (
        "_connection",
        "_flushed",
        "_flushes",
        "_moving",
        "_new",
        "_newest",
        "_path",
        "_pid",
        "_presence",
        "_put_off",
        "_writing",
        "closed",
        "failure",
        "index",
        "run",
        "untidy",
    )

    def __init__(
        self,
        path: str,
        connection: sqlite3.Connection,
        index: Index,
        flushes: bool,
        presence: Presence,
    ) -> None:
        self._path = path
        self._pid = getpid()
        self._connection = connection
        self._flushes = flushes
        self._flushed = flushes
        self._presence = presence
        self._put_off: list[Row] = []  # in the index, not in the file yet
        self._writing = False  # a commit was begun, and its end is not known
        self._moving = False  # the same of the log's way into the file
        self._new: Row | None = None  # what it has beside what was put off
        self._newest: Intent | None = None
        self.run = connection.cursor().execute
        self.run(_synchronous(flushes))
        self.index = index
        self.failure: str | None = None
        self.closed = False
        self.untidy = 0

    def intent(self, intent: Intent) -> None:
        """Commit an intent, after all that was put off."""
        row = intent_row(self.index.count + 1, intent)
        self._newest = intent
        self._write(row, self._flushes)

    def holds(self, intent: Intent) -> bool:
        """Whether this very intent is the newest, and stands in the file."""
        return self._newest is intent and intent.tag in self.index.last

    def attempt(self, tag: str, number: int, at_s: float) -> None:
        """Commit that the n-th send is about to leave."""
        previous = self._previous(tag)
        row = attempt_row(self.index.count + 1, previous, tag, number, at_s)
        self._write(row, False)

    def outcome(
        self,
        tag: str,
        outcome: str,
        order_id: int | None,
        proof: str,
        at_s: float,
        later: bool,
    ) -> None:
        """Commit what became of an intent, or put it off until the next commit."""
        event, previous = self.index.count + 1, self._previous(tag)
        row = outcome_row(event, previous, tag, outcome, order_id, proof, at_s)
        if not later:
            self._write(row, False)
            return
        self._put_off.append(row)
        self.index.add(row)
        if len(self._put_off) >= MOST_PUT_OFF:
            self.commit()

    def note(self, note: Note) -> None:
        """Commit a note."""
        before = self.index.notes.get(note.subject)
        previous = 0 if before is None else before[0]
        self._write(note_row(self.index.count + 1, previous, note), self._flushes)

    def commit(self) -> bool:
        """Commit what was put off; whether there was something."""
        if not self._put_off:
            return False
        self._write(None, False)
        return True

    def finish(self) -> None:
        """Commit what is left; nothing follows."""
        self.check_turn()
        if not self.commit():
            self._look_at_the_log()
            self._look_at_the_files()

    def tidied(self) -> None:
        """Empty the log, and write once: the first write of a new log is flushed."""
        self._look_at_the_log()
        self._look_at_the_files()
        self._moving = True
        try:
            empty_log(self.run)
        except sqlite3.Error as error:
            self._halt(error)
        self._look_at_the_files()
        self.untidy = 0

    def put_off(self, event: int) -> Row | None:
        """An event that was put off; None for any other."""
        return next((row for row in self._put_off if row[0] == event), None)

    # ------------------------------------------------------------ may it be used

    def check_usable(self) -> None:
        """Refuse what was closed, and a fork: SQLite's locks did not come along.

        Raises:
            JournalMisuse: it is one of the two.
        """
        if getpid() != self._pid:
            raise JournalMisuse(
                self._path,
                f"must be used in process {self._pid}",
                f"this is its fork {getpid()}",
            )
        self._check_open()

    def check(self) -> None:
        """Refuse a write that cannot be.

        Raises:
            JournalFailed: one has failed; with the first failure.
            JournalMisuse: see ``check_usable``.
        """
        self.check_usable()
        if self.failure is not None:
            self._raise_failed(None)

    def check_turn(self) -> None:
        """The same once it is this thread's turn: another may have closed it meanwhile.

        What a write that was broken off has left behind is found out here.
        """
        self._check_open()
        if self._writing and self.failure is None:
            self._find_out()

    def _check_open(self) -> None:
        if self.closed:
            raise JournalMisuse(self._path, "must be open", "was closed")

    def _previous(self, tag: str) -> int:
        previous = self.index.last.get(tag)
        if previous is None:
            raise UnknownTag(f"tag {tag!r} must have an intent in {self._path}")
        return previous

    # ------------------------------------------------------------ the commit

    def _write(self, row: Row | None, flush: bool) -> None:
        """Commit what was put off and what is new: all of it, or nothing."""
        if self.failure is not None:  # while this thread waited for its turn
            self._raise_failed(None)
        self._look_at_the_log()
        try:
            if flush is not self._flushed:
                self.run(_synchronous(flush))
                self._flushed = flush
            self._new = row
            self._writing = True
            self._commit(row)
        except sqlite3.Error as error:
            self._writing = False
            self._halt(error)
        self._note_commit()
        self._look_at_the_files()

    def _commit(self, new: Row | None) -> None:
        """One statement for all rows: it is a transaction of its own.

        Where it fails, none is left open. One that was begun and not ended would keep
        the file locked for as long as the process lives, as nobody closes it.
        """
        rows = self._put_off if new is None else [*self._put_off, new]
        if len(rows) == 1:
            self.run(*insertion(rows[0]))
        elif len(rows) == 2:
            self.run(*insertion(rows[0], rows[1]))
        else:
            self.run(*insertion_of_many(rows))

    def _note_commit(self) -> None:
        """It stands in the file; to note that twice is the same as once."""
        if self._new is not None:
            self.index.add(self._new)
            self.untidy += 1
        self.untidy += len(self._put_off)
        self._put_off.clear()
        self._writing = False

    def _find_out(self) -> None:
        """A commit was broken off: the file says whether it stands, all of it or none.

        Raises:
            JournalFailed: it cannot be asked.
        """
        last = self._new or self._put_off[-1]
        try:
            (stands,) = self.run(COUNT).fetchone()
        except sqlite3.Error as error:
            self._halt(error)
        if stands >= last[0]:
            self._note_commit()
        self._writing = False

    def _look_at_the_log(self) -> None:
        """Before the commit, which would hide that the log was cut short."""
        if not self._moving and not self._presence.is_uncut():
            self._halt(self._presence.failure())

    def _look_at_the_files(self) -> None:
        """After the commit, so that nothing leaves whose intent lies in no file."""
        presence = self._presence
        if not (presence.is_moved() if self._moving else presence.is_whole()):
            self._halt(presence.failure())
        self._moving = False

    def _halt(self, error: Exception) -> NoReturn:
        """No more writes: after a failed flush nobody knows what is on the disk."""
        self.failure = f"{type(error).__name__}: {error}"
        abandon(self._connection)  # closing it would write, and flush once more
        self._raise_failed(error)

    def _raise_failed(self, cause: BaseException | None) -> NoReturn:
        found = f"the first failure was {self.failure}"
        raise JournalFailed(self._path, "must take every write", found) from cause


def empty_log(run: Callable[[str], sqlite3.Cursor]) -> None:
    """Move the log into the file, and write once, as the first write is flushed."""
    run("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    run(f"PRAGMA user_version = {SCHEMA_VERSION}")


def abandon(connection: sqlite3.Connection) -> None:
    """Keep a connection from ever being closed; its files go with the process."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _synchronous(flush: bool) -> str:
    return f"PRAGMA synchronous = {'FULL' if flush else 'NORMAL'}"
