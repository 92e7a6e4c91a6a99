"""Many rows at once into PostgreSQL: columns of numpy, laid out as COPY BINARY wants.

Each field of an integer is its length and eight bytes, so a block of rows is one array
whose bytes are sent as they are. Rows go into a table of this transaction first and are
merged from there: what is there already stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import ConfigurationError, InvalidField
from fastorder.store.address import Address
from fastorder.store.ddl import partition_statement
from fastorder.store.postgres import TURN, connected
from fastorder.store.schema import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
END = b"\xff\xff"
BLOCK = 8192
"""Rows that are laid out at once."""


class Bulk:
    """Copies rows of one table of integers; all of them, or none.

    Args:
        where: ``postgresql://...``, with the tables of a store.
        table: its name, such as "equity".

    Raises:
        ConfigurationError: it is no PostgreSQL.
        InvalidField: there is no such table, or it has columns of text.
    """

    def __init__(self, where: str, table: str) -> None:
        address = Address(where)
        if address.is_file:
            raise ConfigurationError("bulk copies go to postgresql://..., was a file")
        found = BY_NAME.get(table)
        if found is None or any(each.kind != "int" for each in found.columns):
            raise InvalidField("table", "must be one of integers alone", table)
        self._table = found
        self._connection = connected(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def copy(self, columns: Mapping[str, Any]) -> int:
        """Copy rows; how many of them were new.

        Args:
            columns: by their names, arrays of int64 of one length; no nulls.

        Raises:
            InvalidField: a column is missing, unknown, or of another length.
        """
        import numpy as np

        table = self._table
        values = [self._checked(columns, name) for name in table.names]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({TURN})")
            if table.monthly:
                for month in np.unique(columns["month"]).tolist():
                    cursor.execute(partition_statement(table.name, month))
            cursor.execute(
                f"CREATE TEMP TABLE staged ON COMMIT DROP AS TABLE {table.name} "
                "WITH NO DATA"
            )
            names = ", ".join(table.names)
            with cursor.copy(f"COPY staged ({names}) FROM STDIN (FORMAT BINARY)") as to:
                to.write(HEAD)
                for block in laid_out(values):
                    to.write(block)
                to.write(END)
            cursor.execute(
                f"INSERT INTO {table.name} ({names}) SELECT {names} FROM staged "  # noqa: S608
                "ON CONFLICT DO NOTHING"
            )
            return int(cursor.rowcount)

    def _checked(self, columns: Mapping[str, Any], name: str) -> Any:
        unknown = sorted(set(columns) - set(self._table.names))
        if name not in columns or unknown:
            wanted = ", ".join(self._table.names)
            raise InvalidField("columns", f"must be {wanted}", sorted(columns))
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise InvalidField("columns", "must be of one length", sorted(lengths))
        return columns[name]


def laid_out(columns: Sequence[Any]) -> Iterator[memoryview]:
    """Rows as COPY BINARY has them: a count, then each length with its eight bytes.

    They come in blocks, each in the place of the one before: a processor's cache holds
    one, and no more memory is taken than that.
    """
    import numpy as np

    fields = [("count", ">i2")]
    for i in range(len(columns)):
        fields += [(f"length{i}", ">i4"), (f"value{i}", ">i8")]
    whole = len(columns[0])
    records = np.empty(min(BLOCK, whole), dtype=np.dtype(fields))
    records["count"] = len(columns)
    for i in range(len(columns)):
        records[f"length{i}"] = 8
    for start in range(0, whole, BLOCK):
        block = records[: whole - start]
        for i, column in enumerate(columns):
            block[f"value{i}"] = column[start : start + BLOCK]
        yield block.view(np.uint8).data
