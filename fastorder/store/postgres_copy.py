"""A store in PostgreSQL as it was, in a schema beside it, before its schema changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.store.ddl import partition_statement

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = (
    "SELECT c.relname, c.relkind = 'p' FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s "
    "AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"
)
VIEWS = "SELECT viewname, definition FROM pg_views WHERE schemaname = %s ORDER BY 1"


def copied(run: Callable[..., Any], schema: str, version: int) -> str:
    """Copy all of a schema within the transaction that is under way; where it is now.

    The copy is a store of the old version: tables with their keys and partitions, and
    views. One of an earlier time is made anew.

    Args:
        run: executes a statement; names are found in ``schema``.
        schema: what is copied.
        version: of it.
    """
    copy = f"{schema}_schema{version}"
    views = run(VIEWS, (schema,)).fetchall()
    run(f"DROP SCHEMA IF EXISTS {copy} CASCADE")
    run(f"CREATE SCHEMA {copy}")
    for table, is_monthly in run(TABLES, (schema,)).fetchall():
        _copy_table(run, f"{schema}.{table}", f"{copy}.{table}", is_monthly=is_monthly)
    run(f"SET LOCAL search_path = {copy}")
    for name, definition in views:
        run(f"CREATE VIEW {name} AS {definition}")
    run(f"SET LOCAL search_path = {schema}")
    return copy


def _copy_table(
    run: Callable[..., Any], table: str, copy: str, *, is_monthly: bool
) -> None:
    end = " PARTITION BY RANGE (month)" if is_monthly else ""
    run(f"CREATE TABLE {copy} (LIKE {table} INCLUDING ALL){end}")
    if is_monthly:
        months = run(f"SELECT DISTINCT month FROM {table}").fetchall()  # noqa: S608
        for (month,) in months:
            run(partition_statement(copy, month))
    run(f"INSERT INTO {copy} SELECT * FROM {table}")  # noqa: S608
