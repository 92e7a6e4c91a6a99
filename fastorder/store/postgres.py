"""A store in PostgreSQL, in a schema of its own."""

from __future__ import annotations

from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from fastorder.errors import (
    ConfigurationError,
    StoreForeign,
    StoreTooNew,
    StoreUnavailable,
)
from fastorder.runtime.log import log
from fastorder.store.ddl import partition_statement, statements
from fastorder.store.engine import Engine
from fastorder.store.migrations import STEPS
from fastorder.store.postgres_copy import copied
from fastorder.store.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType
    from typing import TypeVar

    from fastorder.store.address import Address
    from fastorder.store.merging import Row
    from fastorder.store.schema import Table

    Made = TypeVar("Made")

SCHEMA = "fastorder"
TURN = 0x464F5331
"""The advisory lock that a write takes: one write at a time, of whatever program."""

BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({TURN})"
"""One message; what follows sees all that was committed before the lock was had."""

CONNECT_S = 5
WAIT_MS = 30_000
READ_ONLY = "-c default_transaction_read_only=on"
BY_KEY = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off "
    "-c plan_cache_mode=force_generic_plan"
)
"""A writer looks up single rows: a plan that reads whole tables grows with them. A plan
that is made for the values at hand does, where there are many of them.
"""

FEW = 2
"""Rows that go one by one; more of them go as arrays, which cost more to make."""

ARRAYS = {"int": "bigint[]", "text": "text[]"}


def driver() -> ModuleType:
    """The package psycopg.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise ConfigurationError(
            "a store in PostgreSQL needs the package psycopg: "
            f"pip install 'fastorder[postgres]' ({error})"
        ) from None
    return psycopg


class PostgresEngine(Engine):
    """The connection that writes; other machines may write too, one at a time.

    Raises:
        StoreError: it cannot be used; nothing in it was changed.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: Any = None
        self._months: set[tuple[str, int]] = set()
        errors = driver().errors
        self.row_errors = (
            errors.DataError,
            errors.NotNullViolation,
            OverflowError,
            UnicodeError,
        )
        prepare(address)
        self.connect()

    def connect(self) -> None:
        """Connect; see ``Engine``."""
        self.close()
        self._connection = connected(self._address, BY_KEY)
        self._run = self._connection.cursor(binary=True).execute
        of_one = self._connection.cursor(binary=True)
        numbers = driver().types.numeric.Int8BinaryDumper
        of_one.adapters.register_dumper(int, numbers)  # one type, and so one plan
        self._run_one = of_one.execute
        self._say = self._connection.cursor().execute
        self._months.clear()

    def begin(self) -> None:
        """Take the right to write; see ``Engine``."""
        if self._connection is None:
            raise driver().OperationalError("it is not connected")
        self._say(BEGIN)

    def commit(self) -> None:
        """Write what came; see ``Engine``."""
        self._say("COMMIT")

    def undo(self) -> None:
        """Write none of it; where even that fails the connection is gone."""
        self._months.clear()  # a partition may have been undone too
        if self._connection is None:
            return
        try:
            self._connection.rollback()
        except driver().Error:
            self.close()

    def insert(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """Insert what is new; see ``Engine``."""
        if table.monthly:
            self._need_months(table, rows)
        made = self._inserted(table, rows)
        if len(made) == len(rows):
            return []
        width = len(table.keys)
        new = set(made)
        return [row for row in rows if row[:width] not in new]

    def _inserted(self, table: Table, rows: Sequence[Row]) -> list[Row]:
        """The keys of those that were new."""
        if len(rows) <= FEW:
            statement, run = _insertion_of_one(table), self._run_one
            found = (run(statement, row, prepare=True).fetchone() for row in rows)
            return [keys for keys in found if keys is not None]
        columns = [list(column) for column in zip(*rows, strict=True)]
        made: list[Row] = self._run(_insertion(table), columns, prepare=True).fetchall()
        return made

    def _need_months(self, table: Table, rows: Sequence[Row]) -> None:
        at = table.at("month")
        wanted = {(table.name, row[at]) for row in rows}
        for name, month in sorted(wanted - self._months):
            self._run(partition_statement(name, month))
        self._months |= wanted

    def standing(self, table: Table, row: Row) -> Row:
        """What stands there; see ``Engine``."""
        keys = row[: len(table.keys)]
        found: Row = self._run_one(_selection(table), keys, prepare=True).fetchone()
        return found

    def replace(self, table: Table, row: Row, old: Row) -> None:
        """Put one in its place; see ``Engine``."""
        if table.monthly:
            self._need_months(table, [row])
        width = len(table.keys)
        self._run_one(_update(table), (*row[width:], *row[:width]), prepare=True)

    def close(self) -> None:
        """Give up the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class PostgresReader:
    """A connection that reads, for one thread at a time; it comes back by itself."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: Any = None
        self._turn = RLock()

    def read(
        self, sql: str, values: Sequence[Any], into: Callable[[Iterable[Row]], Made]
    ) -> Made:
        """What is made of a query's rows; marks are question marks.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        sql = sql.replace("?", "%s")
        with self._turn:
            for is_last in (False, True):
                try:
                    return into(self._rows(sql, values))
                except driver().OperationalError as error:
                    self.close()  # it may have ended while nobody asked
                    if is_last:
                        raise _unavailable(self._address, error) from None
                except driver().Error as error:
                    self.close()
                    raise _unavailable(self._address, error) from None
        raise AssertionError("the second try returns or raises")

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Row]:
        if self._connection is None:
            self._connection = connected(self._address, READ_ONLY)
        cursor = self._connection.cursor(binary=True)
        rows: list[Row] = cursor.execute(sql, values).fetchall()
        return rows

    def close(self) -> None:
        """Give up the connection."""
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()


def connected(address: Address, more: str = "") -> Any:
    """A connection whose tables are those of the store, with more settings."""
    options = f"-c search_path={SCHEMA} -c statement_timeout={WAIT_MS} {more}"
    connection = driver().connect(
        address.dsn(),
        autocommit=True,
        connect_timeout=CONNECT_S,
        application_name="fastorder",
        options=options,
        client_encoding="UTF8",
    )
    connection.prepare_threshold = 2
    return connection


def check(address: Address) -> int:
    """The version of its schema; 0 where there is none yet.

    Raises:
        StoreError: it cannot be reached, is not a store, or is of a later version.
    """
    try:
        with connected(address) as connection:
            return _version(address, connection)
    except driver().Error as error:
        raise _unavailable(address, error) from None


def prepare(address: Address) -> None:
    """Make the tables where there are none, and bring an older schema up to this one.

    Before that it is copied, in the same transaction: see ``postgres_copy``.

    Raises:
        StoreError: it cannot be; nothing was changed.
    """
    try:
        with connected(address) as connection, connection.transaction():
            run = connection.execute
            run(f"SELECT pg_advisory_xact_lock({TURN})")
            version = _version(address, connection)
            if version == VERSION:
                return
            run("SET LOCAL statement_timeout = 0")  # a long record takes its time
            copy = copied(run, SCHEMA, version) if version else ""
            run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for statement in _steps(version):
                run(statement)
            run("DELETE FROM store_info")
            run("INSERT INTO store_info VALUES (%s, %s)", ("fastorder", VERSION))
    except driver().Error as error:
        raise _unavailable(address, error) from None
    if copy:
        said = (
            "the store %s has the schema %d now; as it was, it stands in the schema %s"
        )
        log().warning(said, address.shown, VERSION, copy)


def _steps(version: int) -> list[str]:
    if version == 0:
        info = "CREATE TABLE store_info (program TEXT, schema BIGINT)"
        return [info, *statements("postgresql")]
    return [
        statement
        for step in range(version, VERSION)
        for statement in STEPS[step]["postgresql"]
    ]


def _version(address: Address, connection: Any) -> int:
    tables = {
        name
        for (name,) in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)
        )
    }
    if not tables:
        return 0
    if "store_info" not in tables:
        raise StoreForeign(
            address.shown,
            f"must have no other tables in the schema {SCHEMA}",
            f"had {', '.join(sorted(tables)[:5])}",
        )
    version = connection.execute("SELECT max(schema) FROM store_info").fetchone()[0]
    if version > VERSION:
        raise StoreTooNew(
            address.shown,
            f"must have the schema {VERSION} or an older one",
            f"had {version}: a later fastorder has made it",
        )
    return int(version)


def _unavailable(address: Address, error: Exception) -> StoreUnavailable:
    found = address.without_secrets(error)
    return StoreUnavailable(address.shown, "must be a database that answers", found)


@lru_cache(maxsize=64)
def _insertion(table: Table) -> str:
    """Insert what is not there by its key; a partition has no key without the month."""
    arrays = ", ".join(f"%s::{ARRAYS[each.kind]}" for each in table.columns)
    return _insertion_from(table, f"unnest({arrays})")


@lru_cache(maxsize=64)
def _insertion_of_one(table: Table) -> str:
    types = (ARRAYS[each.kind][:-2] for each in table.columns)
    values = ", ".join(f"%s::{kind}" for kind in types)
    return _insertion_from(table, f"(VALUES ({values}))")


def _insertion_from(table: Table, source: str) -> str:
    columns = ", ".join(table.names)
    keys = table.keys
    same = " AND ".join(f"x.{name} = u.{name}" for name in keys)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "  # noqa: S608
        f"FROM {source} AS u({columns}) WHERE NOT EXISTS "
        f"(SELECT 1 FROM {table.name} x WHERE {same}) RETURNING {', '.join(keys)}"
    )


@lru_cache(maxsize=64)
def _selection(table: Table) -> str:
    columns = ", ".join(table.names)
    return f"SELECT {columns} FROM {table.name} WHERE {_where(table)}"  # noqa: S608


@lru_cache(maxsize=64)
def _update(table: Table) -> str:
    rest = table.names[len(table.keys) :]
    types = {each.name: ARRAYS[each.kind][:-2] for each in table.columns}
    values = ", ".join(f"{name} = %s::{types[name]}" for name in rest)
    return f"UPDATE {table.name} SET {values} WHERE {_where(table)}"  # noqa: S608


def _where(table: Table) -> str:
    return " AND ".join(f"{name} = %s" for name in table.keys)
