"""What both databases do alike: rows that are new go in, the others are merged.

Every write takes the right to write to the whole database first, so writes of several
programs come one after the other, and what one reads it may rely on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from fastorder.store.merging import merged
from fastorder.store.schema import BY_NAME
from fastorder.store.sightings import Sight, discrepancy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastorder.store.merging import Contradiction, Row
    from fastorder.store.schema import Table


class Engine(ABC):
    """One connection that writes.

    Attributes:
        row_errors: what is raised for a row that the database cannot hold.
    """

    row_errors: tuple[type[Exception], ...]

    @abstractmethod
    def connect(self) -> None:
        """Connect, after a failure say; what was connected before is given up."""

    @abstractmethod
    def begin(self) -> None:
        """Take the right to write; what follows is written whole or not at all."""

    @abstractmethod
    def commit(self) -> None:
        """Write what came since ``begin``."""

    @abstractmethod
    def undo(self) -> None:
        """Write none of it, however far it came."""

    @abstractmethod
    def insert(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Insert the rows that are new; give back the others."""

    @abstractmethod
    def standing(self, table: Table, row: Row) -> Row:
        """The row that stands there under the same key."""

    @abstractmethod
    def replace(self, table: Table, row: Row, old: Row) -> None:
        """Put a row into the place of the one with its key."""

    @abstractmethod
    def close(self) -> None:
        """Give up the connection."""

    def write(self, sights: Iterable[Sight]) -> int:
        """Write all of them, or raise and write none; how many contradict."""
        try:
            self.begin()
            against = self._put(sights)
            self._put(against)
            self.commit()
        except BaseException:
            self.undo()
            raise
        return len(against)

    def _put(self, sights: Iterable[Sight]) -> list[Sight]:
        """Write rows; what contradicts comes back as rows of discrepancies."""
        against: list[Sight] = []
        for name, rows in grouped(sights).items():
            table = BY_NAME[name]
            first, again = told_once(table, rows)
            for row in (*self.insert(table, first), *again):
                old = self.standing(table, row)
                new, why = merged(table, old, row)
                if new != old:
                    self.replace(table, new, old)
                if why:
                    against.append(as_discrepancy(table, row, why))
        return against


def grouped(sights: Iterable[Sight]) -> dict[str, list[Row]]:
    """The rows by their tables."""
    found: dict[str, list[Row]] = {}
    for name, row in sights:
        found.setdefault(name, []).append(row)
    return found


def told_once(table: Table, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """The first row of each key, and all that follow; keys stand first in a row."""
    if len(rows) == 1:
        return rows, []
    width = len(table.keys)
    first: dict[Row, Row] = {}
    again = []
    for row in rows:
        kept = first.setdefault(row[:width], row)
        if kept is not row:
            again.append(row)
    return list(first.values()), again


def as_discrepancy(table: Table, row: Row, why: list[Contradiction]) -> Sight:
    """A contradiction as a row."""
    keys = table.keys
    account = row[table.at("account_id")] if "account_id" in keys else 0
    item = " ".join(
        str(value)
        for name, value in zip(keys, row, strict=False)
        if name != "account_id"
    )
    seen = row[table.at("seen_ns")] if "seen_ns" in table.names else 0
    ours = {name: a for name, a, _ in why}
    theirs: dict[str, Any] = {name: b for name, _, b in why}
    return discrepancy(table.name, account, item, ours, theirs, seen)
