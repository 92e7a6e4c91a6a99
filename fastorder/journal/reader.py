"""Reads a journal that another process may be writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.errors import JournalUnavailable
from fastorder.journal import files
from fastorder.journal.index import Index, events
from fastorder.journal.lock import refuse_fork
from fastorder.journal.rows import NOTE, Entry, Row, entry

if TYPE_CHECKING:
    import os
    import sqlite3


def read(path: str | os.PathLike[str]) -> list[Entry]:
    """The entries of a journal, oldest first, while another process may write it.

    It changes nothing in the file.

    Raises:
        JournalError: of the kind that says why it cannot be read.
    """
    name = files.real_path(path)
    if not files.exists(name):
        raise JournalUnavailable(name, "must exist", "is not there")
    refuse_fork(name)
    rows: dict[str, list[Row]] = {}

    def load(connection: sqlite3.Connection) -> None:
        for row in events(name, connection, Index()):
            if row[2] != NOTE:
                rows.setdefault(row[3], []).append(row)

    files.verified(name, load)
    try:
        return [entry(events) for events in rows.values()]
    except (ValueError, TypeError) as error:
        raise files.damaged(name, str(error)) from error
