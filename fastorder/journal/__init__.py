"""Intents and outcomes on disk: what was meant to be sent, and what became of it."""

from fastorder.journal.reader import read
from fastorder.journal.rows import Attempt, Entry, Intent, Note, Verdict
from fastorder.journal.store import Journal

__all__ = ["Attempt", "Entry", "Intent", "Journal", "Note", "Verdict", "read"]

for _public in (Attempt, Entry, Journal, Note, Verdict, read):  # Intent says so itself
    _public.__module__ = __name__  # where users import it from
