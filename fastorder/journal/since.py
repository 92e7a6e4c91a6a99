"""Reads what has come to a journal since it was read last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.near_names import with_near_names
from fastorder.errors import JournalUnavailable
from fastorder.journal import files
from fastorder.journal.lock import refuse_fork
from fastorder.journal.rows import COLUMNS, CRC, INTENT, NOTE, Entry, Row, entry, flaw

if TYPE_CHECKING:
    import os
    import sqlite3

SELECT_AFTER = f"SELECT {COLUMNS} FROM event WHERE id > ? ORDER BY id"  # noqa: S608
SELECT = f"SELECT {COLUMNS} FROM event WHERE id = ?"  # noqa: S608


class Position(NamedTuple):
    """Up to where a journal was read.

    Attributes:
        event: the number of the last event that was read; 0 before the first.
        crc: its checksum, by which another journal in the same place is known.
    """

    event: int = 0
    crc: int = 0


class Since(NamedTuple):
    """What has come to a journal.

    Attributes:
        entries: those with a new event, each with all of its events; oldest first.
        position: for the next ``read_since``.
        begins_anew: whether all was read, as it is not the journal of before.
    """

    entries: list[Entry]
    position: Position
    begins_anew: bool


@with_near_names
def read_since(
    path: str | os.PathLike[str], position: tuple[int, int] = (0, 0)
) -> Since:
    """The entries that have an event after a position, while another process writes.

    It costs what is new, not what is there: each event that is used is checked, but not
    the whole file; ``read`` does that. It changes nothing in the file.

    Args:
        position: of the last answer; without it, all that is there.

    Raises:
        JournalError: of the kind that says why it cannot be read.
    """
    name = files.real_path(path)
    if not files.exists(name):
        raise JournalUnavailable(name, "must exist", "is not there")
    refuse_fork(name)
    at = Position(*position)
    found: list[Since] = []

    def load(connection: sqlite3.Connection) -> None:
        found.append(_New(name, connection).since(at))

    files.verified(name, load, whole=not at.event)
    return found[0]


class _New:
    """The events of a journal after one of them."""

    def __init__(self, path: str, connection: sqlite3.Connection) -> None:
        self._path = path
        self._run = connection.execute
        self._rows: dict[int, Row] = {}

    def since(self, at: Position) -> Since:
        """Read them; from the beginning where it is another journal than before."""
        before = self._run(SELECT, (at.event,)).fetchone() if at.event else None
        goes_on = before is not None and before[CRC] == at.crc
        first = at if goes_on else Position()
        last = self._read(first)
        newest = {row[3]: row for row in self._rows.values() if row[2] != NOTE}
        entries = [entry(self._chain(row)) for row in newest.values()]
        return Since(entries, last, not goes_on)

    def _read(self, at: Position) -> Position:
        for row in self._run(SELECT_AFTER, (at.event,)):
            if row[0] != at.event + 1:
                raise files.damaged(self._path, f"event {at.event + 1} is missing")
            self._rows[row[0]] = self._sound(row)
            at = Position(row[0], row[CRC])
        return at

    def _chain(self, row: Row) -> list[Row]:
        """All events of a tag, up to its newest one."""
        rows = [row]
        while rows[0][1]:
            number = rows[0][1]
            before = self._rows.get(number)
            if before is None:
                before = self._run(SELECT, (number,)).fetchone()
                if before is None or number >= rows[0][0] or before[3] != row[3]:
                    what = f"event {rows[0][0]}: it does not follow the one before it"
                    raise files.damaged(self._path, what)
                self._sound(before)
            rows.insert(0, before)
        if rows[0][2] != INTENT:
            what = f"event {rows[0][0]}: its tag has no intent, or two"
            raise files.damaged(self._path, what)
        return rows

    def _sound(self, row: Row) -> Row:
        found = flaw(row)
        if found is not None:
            raise files.damaged(self._path, f"event {row[0]}: {found}")
        return row
