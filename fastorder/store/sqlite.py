"""A store in a file of SQLite."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.errors import StoreForeign, StoreTooNew, StoreUnavailable
from fastorder.runtime.log import log
from fastorder.store.ddl import statements
from fastorder.store.engine import Engine
from fastorder.store.migrations import STEPS
from fastorder.store.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    from fastorder.store.address import Address
    from fastorder.store.merging import Row
    from fastorder.store.schema import Table

    Made = TypeVar("Made")

APPLICATION_ID = 0x464F5331  # "FOS1"
BUSY_S = 30.0
"""How long a write waits for that of another process."""


class SqliteEngine(Engine):
    """The connection that writes; other processes may write too, one at a time.

    Raises:
        StoreError: the file cannot be used; it is left as it was.
    """

    row_errors = (
        sqlite3.DataError,
        sqlite3.IntegrityError,
        sqlite3.InterfaceError,
        OverflowError,
        UnicodeError,
    )

    def __init__(self, address: Address) -> None:
        self._address = address
        self._path = address.path
        self._connection: sqlite3.Connection | None = None
        prepare(address)
        self.connect()

    def connect(self) -> None:
        """Connect; see ``Engine``."""
        self.close()
        connection = _opened(self._path, "rw")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 16777216")
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        self._run = connection.cursor().execute

    def begin(self) -> None:
        """Take the right to write; see ``Engine``."""
        if self._connection is None:
            raise sqlite3.OperationalError("it is not connected")
        self._run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Write what came; see ``Engine``."""
        self._run("COMMIT")

    def undo(self) -> None:
        """Write none of it; see ``Engine``."""
        if self._connection is not None and self._connection.in_transaction:
            self._connection.rollback()

    def insert(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Insert what is new; see ``Engine``."""
        statement, run = _insertion(table), self._run
        return [row for row in rows if run(statement, row).rowcount == 0]

    def standing(self, table: Table, row: Row) -> Row:
        """What stands there; see ``Engine``."""
        keys = row[: len(table.keys)]
        found: Row = self._run(_selection(table), keys).fetchone()
        return found

    def replace(self, table: Table, row: Row, old: Row) -> None:
        """Put one in its place; see ``Engine``."""
        width = len(table.keys)
        self._run(_update(table), (*row[width:], *row[:width]))

    def close(self) -> None:
        """Give up the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def read(
    address: Address,
    sql: str,
    values: Sequence[Any],
    into: Callable[[Iterable[Row]], Made],
) -> Made:
    """What is made of a query's rows, by a connection of its own that cannot write.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    try:
        with closing(_opened(address.path, "ro")) as connection:
            return into(connection.execute(sql, values))
    except sqlite3.Error as error:
        raise StoreUnavailable(address.shown, "must be readable", str(error)) from None


def read_each(
    address: Address,
    columns: str,
    source: str,
    values: Sequence[Any],
    take: Callable[..., None],
) -> None:
    """Call with the columns of each row of a query, as a function of its SQL.

    A cursor takes SQLite's mutex twice for each value of a row, a function takes none:
    it costs half.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    try:
        with closing(_opened(address.path, "ro")) as connection:
            connection.create_function("take", -1, take)
            connection.execute(f"SELECT count(take({columns})) {source}", values)
    except sqlite3.Error as error:
        raise StoreUnavailable(address.shown, "must be readable", str(error)) from None


def check(address: Address) -> int:
    """The version of its schema; 0 for a file with nothing in it.

    Raises:
        StoreError: it is not a store, or of a later version. It is left as it was.
    """
    shown = address.shown
    if not os.path.isfile(address.path):
        is_there = os.path.lexists(address.path)
        found = "is a folder, or no plain file" if is_there else "is not there"
        raise StoreUnavailable(shown, "must be a file", found)
    try:
        with closing(_opened(address.path, "ro")) as connection:
            owner, version, tables = (
                connection.execute(sql).fetchone()[0]
                for sql in (
                    "PRAGMA application_id",
                    "PRAGMA user_version",
                    "SELECT count(*) FROM sqlite_master",
                )
            )
    except sqlite3.DatabaseError as error:
        kind = StoreForeign if "not a database" in str(error) else StoreUnavailable
        raise kind(shown, "must be a store", str(error)) from None
    if owner == 0 and version == 0 and tables == 0:
        return 0
    if owner != APPLICATION_ID:
        raise StoreForeign(
            shown,
            f"must be a store of fastorder (application_id {APPLICATION_ID:#x})",
            f"had the application_id {owner:#x} and {counted(tables, 'table')}",
        )
    if version > VERSION:
        raise StoreTooNew(
            shown,
            f"must have the schema {VERSION} or an older one",
            f"had {version}: a later fastorder has made it",
        )
    return int(version)


def prepare(address: Address) -> None:
    """Make the file where there is none, and bring an older schema up to this one.

    Raises:
        StoreError: it cannot be; the file is left as it was.
    """
    path = address.path
    try:
        if not os.path.isdir(os.path.dirname(path)):
            raise OSError(f"there is no folder {os.path.dirname(path)}")
        if not os.path.lexists(path):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        if not os.access(path, os.W_OK) or not os.access(
            os.path.dirname(path), os.W_OK
        ):
            raise OSError("it is read-only")
        version = check(address)
        if version < VERSION:
            _bring_up(path, version)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(
            address.shown, "must be a file that can be written", str(error)
        ) from None


def _bring_up(path: str, version: int) -> None:
    """Take the steps from a version to this one, as one; a copy is made before."""
    with closing(_opened(path, "rw")) as connection:
        if version:
            _copy(connection, f"{path}-schema{version}")
        connection.execute("BEGIN EXCLUSIVE")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found == version:  # another process may have been faster
            for statement in _steps(version):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    if version:
        said = "the store %s has the schema %d now; as it was, it stands in %s"
        log().warning(said, path, VERSION, f"{path}-schema{version}")


def _steps(version: int) -> list[str]:
    if version == 0:
        return statements("sqlite")
    return [
        statement
        for step in range(version, VERSION)
        for statement in STEPS[step]["sqlite"]
    ]


def _copy(connection: sqlite3.Connection, name: str) -> None:
    """A whole copy beside the file; one of an earlier try is made anew."""
    draft = f"{name}-new"
    for each in (draft,):
        if os.path.lexists(each):
            os.unlink(each)
    connection.execute("VACUUM INTO ?", (draft,))
    os.chmod(draft, 0o600)
    os.replace(draft, name)


def _opened(path: str, mode: str) -> sqlite3.Connection:
    if mode == "ro" and _is_still(path):
        mode = "ro&immutable=1"
    return sqlite3.connect(
        f"{Path(path).as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _is_still(path: str) -> bool:
    """Whether nobody writes it and we cannot: then SQLite needs no files beside it."""
    return not os.access(os.path.dirname(path), os.W_OK) and not os.path.exists(
        f"{path}-wal"
    )


@lru_cache(maxsize=64)
def _insertion(table: Table) -> str:
    marks = ", ".join("?" * len(table.names))
    columns = ", ".join(table.names)
    return (
        f"INSERT INTO {table.name} ({columns}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(table.keys)}) DO NOTHING"
    )


@lru_cache(maxsize=64)
def _selection(table: Table) -> str:
    columns = ", ".join(table.names)
    return f"SELECT {columns} FROM {table.name} WHERE {_where(table)}"  # noqa: S608


@lru_cache(maxsize=64)
def _update(table: Table) -> str:
    rest = table.names[len(table.keys) :]
    values = ", ".join(f"{name} = ?" for name in rest)
    return f"UPDATE {table.name} SET {values} WHERE {_where(table)}"  # noqa: S608


def _where(table: Table) -> str:
    return " AND ".join(f"{name} = ?" for name in table.keys)
