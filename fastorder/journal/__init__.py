"""Intents and outcomes on disk: what was meant to be sent, and what became of it."""

from fastorder.journal.reader import read
from fastorder.journal.rows import Attempt, Entry, Intent, Note, Verdict
from fastorder.journal.since import Position, Since, read_since
from fastorder.journal.store import Journal

__all__ = [
    "Attempt",
    "Entry",
    "Intent",
    "Journal",
    "Note",
    "Position",
    "Since",
    "Verdict",
    "read",
    "read_since",
]

for _public in (  # Intent says so itself
    Attempt,
    Entry,
    Journal,
    Note,
    Position,
    Since,
    Verdict,
    read,
    read_since,
):
    _public.__module__ = __name__  # where users import it from
