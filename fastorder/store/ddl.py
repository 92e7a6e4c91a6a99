"""The statements that make the tables, in the words of each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastorder.store.schema import INDEXES, TABLES, VIEWS

if TYPE_CHECKING:
    from fastorder.store.schema import Table

Dialect = Literal["sqlite", "postgresql"]

TYPES = {
    "sqlite": {"int": "INTEGER", "text": "TEXT"},
    "postgresql": {"int": "BIGINT", "text": "TEXT"},
}
UNITS = {
    "sqlite": {"e6": "1e6", "e9": "1e9"},
    "postgresql": {"e6": "1000000::numeric", "e9": "1000000000::numeric"},
}


def statements(dialect: Dialect) -> list[str]:
    """All that an empty database needs."""
    return [
        *(table_statement(table, dialect) for table in TABLES),
        *(f"CREATE INDEX {name} ON {table} ({on})" for name, table, on in INDEXES),
        *(
            f"CREATE VIEW {name} AS {sql.format(**UNITS[dialect])}"
            for name, (_, sql) in VIEWS.items()
        ),
    ]


def table_statement(table: Table, dialect: Dialect) -> str:
    """CREATE TABLE; PostgreSQL keeps the monthly ones in partitions."""
    types = TYPES[dialect]
    lines = [
        f"{each.name} {types[each.kind]}{' NOT NULL' if each.rule == 'key' else ''}"
        for each in table.columns
    ]
    keys = list(table.keys)
    end = " STRICT, WITHOUT ROWID" if dialect == "sqlite" else ""
    if table.monthly and dialect == "postgresql":
        keys.append("month")
        end = " PARTITION BY RANGE (month)"
    lines.append(f"PRIMARY KEY ({', '.join(keys)})")
    return f"CREATE TABLE {table.name} (\n  {f',{chr(10)}  '.join(lines)}\n){end}"


def partition_statement(table: str, month: int) -> str:
    """The partition of a month, of PostgreSQL."""
    after = month + 1 if month % 100 < 12 else month + 89
    return (
        f"CREATE TABLE IF NOT EXISTS {table}_{month} PARTITION OF {table} "
        f"FOR VALUES FROM ({month}) TO ({after})"
    )
