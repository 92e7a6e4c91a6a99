"""A file as tables of text, or of what Parquet has; and which column is which."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing.opening import PIECE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastorder.store.market.importing.opening import Content
    from fastorder.store.market.importing.options import Options

KNOWN = {
    "time": ("time", "time_ns", "timestamp", "ts_event", "datetime", "date_time", "ts"),
    "date": ("date",),
    "price": ("price", "last", "last_price", "trade_price"),
    "size": ("size", "volume", "qty", "quantity", "last_size"),
    "side": ("side", "aggressor"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c", "last"),
    "volume": ("volume", "vol", "v", "totalvolume"),
    "symbol": ("symbol", "contract", "instrument", "ticker"),
}
"""What columns are called, in small letters."""

TICK_ROLES = ("time", "price", "size")
BAR_ROLES = ("time", "open", "high", "low", "close", "volume")


ROWS = 1 << 16
"""So many rows of a file are looked at in one go."""


class Table(NamedTuple):
    """Rows of a file that follow each other.

    Attributes:
        path: for errors.
        columns: name to pyarrow column.
        delimiter: between the cells; "" where there are none.
        has_names: whether the file names its columns.
        start: which row of the file is its first.
    """

    path: str
    columns: dict[str, Any]
    delimiter: str
    has_names: bool
    start: int = 0

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()))) if self.columns else 0


def tables_of(content: Content) -> Iterator[Table]:
    """Read a file's tables, one after the other; the cells of a text stay text.

    Raises:
        ImportRefused: it is none, is not whole, or has no rows.
    """
    start = 0
    pieces = _of_parquet if content.kind == "parquet" else _of_text
    for table in pieces(content):
        if table.rows:
            yield table._replace(start=start)
            start += table.rows
    if not start:
        raise ImportRefused(content.path, "must have rows, has none")


def _of_parquet(content: Content) -> Iterator[Table]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(pyarrow.PythonFile(content.file)) as file:
            for batch in file.iter_batches(ROWS):
                columns = {n: batch.column(n) for n in batch.schema.names}
                yield Table(content.path, columns, "", True)
    except (pyarrow.ArrowException, OSError) as error:
        raise ImportRefused(content.path, f"must be whole Parquet: {error}") from None


def _of_text(content: Content) -> Iterator[Table]:
    import pyarrow
    from pyarrow import csv

    begin = content.file.tell()
    first = content.file.readline().decode().strip()
    content.file.seek(begin)
    delimiter = next((d for d in (";", "\t", ",", "|") if d in first), ",")
    has_names = re.match(r'["\s]*[-+]?\d', first) is None
    cells = [cell.strip().strip('"').strip() for cell in first.split(delimiter)]
    names = cells if has_names else [str(at) for at in range(len(cells))]
    if len(set(names)) < len(names):
        raise ImportRefused(content.path, f"must name each column once, has {names}")
    if has_names:
        content.file.readline()
    reading = csv.ReadOptions(column_names=names, use_threads=False)
    types = csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()))
    parsing = csv.ParseOptions(delimiter=delimiter)
    for text in _lines(content.file):
        try:
            table = csv.read_csv(pyarrow.BufferReader(text), reading, parsing, types)
        except pyarrow.ArrowException as error:
            raise ImportRefused(content.path, f"must be a table: {error}") from None
        columns = {name: _trimmed(table[name]) for name in names}
        yield Table(content.path, columns, delimiter, has_names)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, some at a time. Arrow's own reader would read far ahead of them."""
    rest = b""
    while piece := file.read(PIECE_BYTES):
        rest += piece
        cut = rest.rfind(b"\n") + 1
        if rest[:cut].strip():
            yield rest[:cut]
        rest = rest[cut:]
    if rest.strip():
        yield rest


def _trimmed(column: Any) -> Any:
    from pyarrow import compute

    return compute.utf8_trim_whitespace(column).combine_chunks()


def roles_of(table: Table, wanted: Iterable[str], options: Options) -> dict[str, str]:
    """Which column is which: as it is stated, or by the names that are known.

    A table with both a date and a time has its times in two columns.

    Raises:
        ImportRefused: a column is missing; both what is wanted and what there is is
        told.
    """
    stated = dict(options.columns or {})
    by_name = {name.lower().lstrip("<").rstrip(">"): name for name in table.columns}
    found: dict[str, str] = {}
    for role in (*wanted, "date", "side", "symbol"):
        if role in stated:
            if stated[role] not in table.columns:
                raise _missing(table, f"{role} ({stated[role]})")
            found[role] = stated[role]
            continue
        names = [by_name[name] for name in KNOWN[role] if name in by_name]
        if names:
            found[role] = names[0]
    if "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    if found.get("date") == found.get("time") or (
        "time" in stated and "date" not in stated
    ):
        found.pop("date", None)
    for role in wanted:
        if role not in found:
            raise _missing(table, f"{role} ({' or '.join(KNOWN[role])})")
    return found


def _missing(table: Table, what: str) -> ImportRefused:
    there = ", ".join(table.columns) if table.has_names else "no names"
    return ImportRefused(
        table.path,
        f"must have a column for {what}, has {there}: say which is which with columns="
        "{role: name}",
    )
