"""The table of requests in the shared file: made, counted, added to."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.budgets.claims import Claim

APPLICATION_ID = 0x464F4231  # "FOB1"
SCHEMA = """
CREATE TABLE request (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  is_history INTEGER NOT NULL,
  end_ns INTEGER NOT NULL
);
CREATE INDEX by_end ON request (end_ns);
CREATE TABLE closed (is_history INTEGER PRIMARY KEY, until_ns INTEGER NOT NULL);
CREATE TABLE machine (boot TEXT NOT NULL);
"""

FUTURE_NS = 4600 * 10**9
"""No row is that far ahead; one that is was written before the clock began anew."""


class Foreign(Exception):
    """It is a database of something else."""


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of a block, or nothing of it; no other process is in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def prepare(connection: sqlite3.Connection, boot: str) -> None:
    """Make the tables where they are missing; refuse what is not ours."""
    with transaction(connection):
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        if owner == APPLICATION_ID:
            return
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if owner or tables:
            raise Foreign("the database of another program")
        for statement in SCHEMA.strip().split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO machine VALUES (?)", (boot,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def count_of(connection: sqlite3.Connection, since_ns: int, is_history: bool) -> int:
    """How many have ended after this time, or have not; all, or those of history."""
    question = "SELECT count(*) FROM request WHERE end_ns > ? AND (is_history OR NOT ?)"
    row = connection.execute(question, (since_ns, is_history)).fetchone()
    return int(row[0])


def room_for(connection: sqlite3.Connection, claim: Claim) -> tuple[int, int]:
    """How many may be claimed; where it is none, when one may."""
    since_ns = claim.now_ns - claim.span_ns
    left = claim.most - count_of(connection, since_ns, False)
    room_ns = 0
    if left <= 0:
        room_ns = _end_of(connection, since_ns, -left, False) + claim.span_ns
    if claim.history_most:
        since_ns = claim.now_ns - claim.history_span_ns
        history = claim.history_most - count_of(connection, since_ns, True)
        if history <= 0:
            free_ns = _end_of(connection, since_ns, -history, True)
            room_ns = max(room_ns, free_ns + claim.history_span_ns)
        left = min(left, history)
    left = -(-left // claim.part)  # rounded up: the last one may be had
    return max(0, min(claim.want, left)), room_ns


def _end_of(
    connection: sqlite3.Connection, since_ns: int, nth: int, is_history: bool
) -> int:
    question = (
        "SELECT end_ns FROM request WHERE end_ns > ? AND (is_history OR NOT ?) "
        "ORDER BY end_ns LIMIT 1 OFFSET ?"
    )
    row = connection.execute(question, (since_ns, is_history, nth)).fetchone()
    return int(row[0]) if row else since_ns


def closures(connection: sqlite3.Connection, now_ns: int) -> tuple[int, int]:
    """Until when the gateway is to be left alone: by all, and by history."""
    rows = connection.execute(
        "SELECT is_history, until_ns FROM closed WHERE until_ns BETWEEN ? AND ?",
        (now_ns, now_ns + FUTURE_NS),
    )
    found = dict(rows.fetchall())
    return found.get(0, 0), found.get(1, 0)


def insert(connection: sqlite3.Connection, is_history: bool, ends_by_ns: int) -> int:
    """One more; its number."""
    cursor = connection.execute(
        "INSERT INTO request (is_history, end_ns) VALUES (?, ?)",
        (is_history, ends_by_ns),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid
