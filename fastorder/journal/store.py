# cython: annotation_typing=False
"""Journal: opened, written to, queried, closed.

It is compiled: no handler of a signal runs within its methods but where they run the
interpreter themselves, so a lock that was taken is given back.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import warnings
from typing import TYPE_CHECKING
from weakref import WeakSet

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import (
    ConfigurationError,
    JournalConflict,
    JournalUnavailable,
    was,
)
from fastorder.journal import files
from fastorder.journal.index import Index, events
from fastorder.journal.lock import Lock
from fastorder.journal.presence import Presence
from fastorder.journal.rows import (
    COLUMNS,
    UNKNOWN,
    Entry,
    Intent,
    Note,
    Row,
    entry,
    flaw,
    note_from,
)
from fastorder.journal.writer import Writer, abandon, empty_log

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

SELECT = f"SELECT {COLUMNS} FROM event WHERE id = ?"  # noqa: S608
SELECT_TOLD = (
    "SELECT tag FROM event WHERE kind = 'outcome'"
    " AND outcome = ? AND at_s >= ? AND instr(proof, ?) IS NOT 1"
    " GROUP BY tag ORDER BY MIN(id)"
)
SELECT_SINCE = "SELECT tag FROM event WHERE kind = 'intent' AND at_s >= ? ORDER BY id"

TIDY_AFTER = 100
"""Events after which ``tidy`` has something to do."""

TIDY_AT_LAST = 2_000
"""Events after which ``resolve`` does it, where nobody has called ``tidy``."""

LOG_KEPT = 16 * 2**20
"""Bytes of an emptied log that are kept for the events to come."""

_open: WeakSet[Journal] = WeakSet()


@class_with_near_names
class Journal:
    """What was meant to be sent and what became of it, in one SQLite file.

    ``intent``, ``attempt`` and ``resolve`` commit before they return. What
    ``resolve_later`` notes is committed with the next of these, or by ``commit``,
    ``tidy`` or ``close``; until then only this object shows it.

    Any thread may use it. It has one writer: a second one, in this process or another,
    is refused. A write that fails halts the journal: each later write raises
    JournalFailed with the first failure, until the file is opened again.

    Args:
        path: the file; it is made if it does not exist, with the mode 0600.
        durability: "process" keeps what was committed when the process dies; "power"
            keeps each intent when the machine dies too, for one flush of the disk.

    Raises:
        JournalError: the file cannot be used; its kind says why.
    """

    __slots__ = (
        "__weakref__",
        "_connection",
        "_index",
        "_lock",
        "_pid",
        "_turn",
        "_writer",
        "durability",
        "path",
    )

    def __init__(
        self, path: str | os.PathLike[str], durability: str = "process"
    ) -> None:
        is_text = isinstance(durability, str)
        if not is_text or durability not in ("process", "power"):
            raise ConfigurationError(
                f"durability must be 'process' or 'power', {was(durability)}"
            )
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()
        self._turn = threading.RLock()
        self._index = Index()
        self.durability = durability
        self.path = files.real_path(path)
        present = files.exists(self.path)
        self._lock = Lock(self.path)
        try:
            connection = self._opened(present)
            self._lock.mark()
            self._writer = Writer(
                self.path,
                connection,
                self._index,
                durability == "power",
                Presence(self.path),
            )
        except BaseException:
            self._lock.release()
            raise
        self._connection = connection
        _open.add(self)

    def _opened(self, present: bool) -> sqlite3.Connection:
        if not present and not files.exists(self.path):
            if self._lock.had_journal:
                files.refuse_lost(self.path)
            files.make(self.path)
        files.verified(self.path, self._load)
        files.secure(self.path)
        try:
            connection = files.connect(self.path, "rw")
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise JournalUnavailable(
                self.path, "must be writable", str(error)
            ) from error
        return connection

    def _load(self, connection: sqlite3.Connection) -> None:
        for _ in events(self.path, connection, self._index):
            pass

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self.durability == "power" and sys.platform == "darwin":
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute("PRAGMA journal_mode = WAL")  # a backup may be in another
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}")
        connection.execute("PRAGMA trusted_schema = OFF")
        empty_log(connection.execute)

    def __repr__(self) -> str:
        state = "closed" if self.closed else "halted" if self.failure else "open"
        return f"<Journal {self.path!r} {self.durability} {state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is None or self._pid != os.getpid():
            return
        warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2)
        self.close()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._connection is None

    @property
    def failure(self) -> str | None:
        """The write that failed and halted it; None where all went well."""
        return self._writer.failure

    def intent(self, intent: Intent) -> None:
        """Commit an intent; once this returns, its order may be sent.

        Raises:
            JournalConflict: its tag or its key is in the journal already.
            JournalFailed: the write failed, now or earlier. Send nothing.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            known = self._index.known(intent)
            if known is not None:
                raise self._conflict(_shown(intent), self._entry(known))
            self._writer.intent(intent)

    def _holds(self, intent: Intent) -> bool:
        """Whether this very intent is the newest that was committed.

        Asked after ``intent`` was broken off, by the handler of a signal say.
        """
        with self._turn:
            self._writer.check_turn()
            return self._writer.holds(intent)

    @property
    def _log_bytes(self) -> int:
        """How long its log is; it cannot be emptied while somebody reads the file."""
        try:
            return os.stat(f"{self.path}-wal").st_size
        except OSError:
            return 0

    def attempt(self, tag: str, number: int, at_s: float) -> None:
        """Note that the n-th send is about to leave; never waits for the disk.

        Raises:
            UnknownTag: there is no such intent.
            JournalFailed: the write failed, now or earlier. Send nothing.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            self._writer.attempt(tag, number, at_s)

    def resolve(
        self, tag: str, outcome: str, order_id: int | None, proof: str, at_s: float
    ) -> None:
        """Note what became of an intent; never waits for the disk by rule.

        UNKNOWN is noted too, and leaves the intent unresolved. A later outcome counts
        more than an earlier one.

        Args:
            tag: of the intent.
            outcome: ACCEPTED, REJECTED, NOT_SENT, NOT_PLACED or UNKNOWN.
            order_id: the gateway's, where there is one.
            proof: why this is known, readable by a person.
            at_s: when, in seconds since the epoch.

        Raises:
            UnknownTag: there is no such intent.
            JournalConflict: UNKNOWN for an intent that is resolved.
            JournalFailed: the write failed, now or earlier.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            if outcome == UNKNOWN:
                self._refuse_forgetting(tag)
            self._writer.outcome(tag, outcome, order_id, proof, at_s, later=False)
            self._tidy_at_last()

    def resolve_later(
        self, tag: str, outcome: str, order_id: int | None, proof: str, at_s: float
    ) -> None:
        """Note the same, and leave the commit to the next intent.

        If the process is killed before that, the intent is unresolved, and its outcome
        is found out once more. So nothing may follow from an outcome that could not
        follow from the intent alone.

        Args, Raises: see ``resolve``.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            if outcome == UNKNOWN:
                self._refuse_forgetting(tag)
            self._writer.outcome(tag, outcome, order_id, proof, at_s, later=True)

    def note(self, note: Note) -> None:
        """Write down what holds of a subject from now on; it outlives the process.

        Raises:
            JournalFailed: the write failed, now or earlier.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            self._writer.note(note)
            self._tidy_at_last()

    def notes(self) -> dict[str, Note]:
        """The newest note of each subject."""
        self._writer.check_usable()
        with self._turn:
            self._writer.check_turn()
            rows = self._index.notes
            return {subject: note_from(row) for subject, row in rows.items()}

    def commit(self) -> bool:
        """Commit what ``resolve_later`` has noted; never waits for the disk by rule.

        Returns:
            Whether there was something to do.

        Raises:
            JournalFailed: the write failed, now or earlier.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            something = self._writer.commit()
            self._tidy_at_last()
            return something

    def tidy(self) -> bool:
        """Move the newest events from the log into the file, where there are many.

        It waits for the disk: call it while no order is on its way.

        Returns:
            Whether there was something to do.

        Raises:
            JournalFailed: the write failed, now or earlier.
        """
        self._writer.check()
        with self._turn:
            self._writer.check_turn()
            self._writer.commit()
            if self._writer.untidy < TIDY_AFTER:
                return False
            self._writer.tidied()
            return True

    def by_tag(self, tag: str) -> Entry | None:
        """All that is known of a tag; None where it has no intent here."""
        self._writer.check_usable()
        with self._turn:
            self._writer.check_turn()
            return self._entry(tag) if tag in self._index.last else None

    def by_key(self, account_id: int, key: str) -> Entry | None:
        """All that is known of an account's idempotency key; None where it is new."""
        self._writer.check_usable()
        with self._turn:
            self._writer.check_turn()
            tag = self._index.keys.get((account_id, key))
            return None if tag is None else self._entry(tag)

    def unresolved(self) -> list[Entry]:
        """The intents whose end is not known, oldest first."""
        self._writer.check_usable()
        with self._turn:
            self._writer.check_turn()
            return [self._entry(tag) for tag in self._index.unresolved]

    def since(self, at_s: float) -> list[Entry]:
        """The intents that were made at a time or later, oldest first."""
        return self._selected(SELECT_SINCE, at_s)

    def _told_since(
        self, outcome: str, at_s: float, *, unless_proof: str | None = None
    ) -> list[Entry]:
        """The intents that had this outcome at a time or later, and still have it.

        What ``resolve_later`` has noted counts once it is committed.

        Args:
            unless_proof: leave out those whose proof begins so.
        """
        entries = self._selected(SELECT_TOLD, outcome, at_s, unless_proof)
        return [known for known in entries if known.outcome == outcome]

    def _selected(self, select: str, *values: str | float | None) -> list[Entry]:
        self._writer.check_usable()
        with self._turn:
            self._writer.check_turn()
            try:
                tags = self._writer.run(select, values).fetchall()
            except sqlite3.Error as error:
                raise files.damaged(self.path, str(error)) from error
            return [self._entry(tag) for (tag,) in tags]

    def close(self) -> None:
        """Commit what is left and close the file. Idempotent.

        Raises:
            JournalFailed: that commit failed; the file is given up all the same.
        """
        if self._pid != os.getpid():
            self._give_up()
            return
        with self._turn:
            connection = self._connection
            if connection is None:
                return
            _open.discard(self)
            try:
                if self.failure is None:
                    self._writer.finish()
            finally:
                self._give_up()
                if self.failure is None:
                    connection.close()
                self._lock.release()

    def _give_up(self) -> None:
        self._connection = None
        self._writer.closed = True

    def _tidy_at_last(self) -> None:
        if self._writer.untidy >= TIDY_AT_LAST:
            self.tidy()

    def _refuse_forgetting(self, tag: str) -> None:
        """What was found out once is not unknown any more."""
        if tag in self._index.last and tag not in self._index.unresolved:
            raise self._conflict(f"UNKNOWN for {tag!r}", self._entry(tag))

    def _conflict(self, asked: str, known: Entry | None) -> JournalConflict:
        there = "nothing" if known is None else _shown(known.intent, known.outcome)
        expected = "must hold each tag and each key of an account once"
        return JournalConflict(self.path, expected, f"was given {asked}; has {there}")

    def _entry(self, tag: str) -> Entry:
        rows: list[Row] = []
        event = self._index.last[tag]
        while event:
            try:
                row = self._writer.put_off(event)
                row = row or self._writer.run(SELECT, (event,)).fetchone()
            except sqlite3.Error as error:
                raise files.damaged(self.path, str(error)) from error
            found = f"event {event} is missing" if row is None else flaw(row)
            if found is not None:
                raise files.damaged(self.path, found)
            rows.insert(0, row)
            event = row[1]
        return entry(rows)


def _shown(intent: Intent, outcome: str | None = None) -> str:
    text = (
        f"tag {intent.tag!r}, key {intent.key!r}, account {intent.account_id}, "
        f"body {intent.body.decode('utf-8', 'backslashreplace')}"
    )
    return text if outcome is None else f"{text}, {outcome}"


def _leave_to_the_parent() -> None:
    for journal in list(_open):
        if journal._connection is not None:
            abandon(journal._connection)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
