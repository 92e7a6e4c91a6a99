"""Which events belong together, by tag and by key, in memory.

The table has no index of its own, so that a commit writes one page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.journal.files import damaged
from fastorder.journal.rows import (
    COLUMNS,
    FINAL,
    INTENT,
    NOTE,
    OUTCOME,
    Intent,
    Row,
    flaw,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

SELECT_ALL = f"SELECT {COLUMNS} FROM event ORDER BY id"  # noqa: S608


class Index:
    """The last event of each tag, the tag of each key, and what is unresolved.

    Notes lie apart: their subjects are no tags.
    """

    __slots__ = ("count", "keys", "last", "notes", "unresolved")

    def __init__(self) -> None:
        self.count = 0
        self.last: dict[str, int] = {}
        self.keys: dict[tuple[int, str], str] = {}
        self.notes: dict[str, Row] = {}  # the newest of each subject
        self.unresolved: dict[str, None] = {}  # oldest first

    def known(self, intent: Intent) -> str | None:
        """The tag of an intent with the same tag or key; None where there is none."""
        if intent.tag in self.last:
            return intent.tag
        if intent.key is None:
            return None
        return self.keys.get((intent.account_id, intent.key))

    def add(self, row: Row) -> None:
        """Take note of an event that stands in the journal."""
        event, kind, tag = row[0], row[2], row[3]
        self.count = event
        if kind == NOTE:
            self.notes[tag] = row
            return
        self.last[tag] = event
        if kind == INTENT:
            self.unresolved[tag] = None
            if row[5] is not None:
                self.keys[row[6], row[5]] = tag
        elif kind == OUTCOME and row[12] in FINAL:
            self.unresolved.pop(tag, None)


def events(path: str, connection: sqlite3.Connection, index: Index) -> Iterator[Row]:
    """Every event of a journal, in order, once it is in the index.

    Raises:
        JournalDamaged: one is missing, or not as it was written.
    """
    for row in connection.execute(SELECT_ALL):
        number = index.count + 1
        if row[0] != number:
            raise damaged(path, f"event {number} is missing")
        found = flaw(row) or _misfit(row, index)
        if found is not None:
            raise damaged(path, f"event {number}: {found}")
        index.add(row)
        yield row


def _misfit(row: Row, index: Index) -> str | None:
    if row[2] == NOTE:
        before = index.notes.get(row[3])
        fits = row[1] == (0 if before is None else before[0])
        return None if fits else "it does not follow the note before it"
    if row[1] != index.last.get(row[3], 0):
        return "it does not follow the one before it"
    if (row[2] == INTENT) != (row[1] == 0):
        return "its tag has no intent, or two"
    if row[2] == INTENT and (row[6], row[5]) in index.keys:
        return "its key has two intents"
    return None
