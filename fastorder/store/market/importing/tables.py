"""A file as a table of text, or of what Parquet has; and which column is which."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing.opening import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Table(NamedTuple):
    """What was read.

    Attributes:
        path: for errors.
        columns: name to pyarrow column.
        delimiter: between the cells; "" where there are none.
        has_names: whether the file names its columns.
    """

    path: str
    columns: dict[str, Any]
    delimiter: str
    has_names: bool

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()))) if self.columns else 0


def table_of(content: Content) -> Table:
    """Read a file's table; the cells of a text stay text.

    Raises:
        ImportRefused: it is none, or is not whole.
    """
    if content.kind == "parquet":
        return _of_parquet(content)
    return _of_text(content)


def _of_parquet(content: Content) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(pyarrow.BufferReader(content.data))
    except (pyarrow.ArrowException, OSError) as error:
        raise ImportRefused(content.path, f"must be whole Parquet: {error}") from None
    columns = {n: table[n].combine_chunks() for n in table.column_names}
    return Table(content.path, columns, "", True)


def _of_text(content: Content) -> Table:
    import pyarrow
    from pyarrow import csv

    text = text_of(content).lstrip()
    end = text.find(b"\n")
    first = text[: end if end >= 0 else len(text)].decode().strip()
    delimiter = next((d for d in (";", "\t", ",", "|") if d in first), ",")
    has_names = re.match(r'["\s]*[-+]?\d', first) is None
    cells = [cell.strip().strip('"').strip() for cell in first.split(delimiter)]
    names = cells if has_names else [str(at) for at in range(len(cells))]
    if len(set(names)) < len(names):
        raise ImportRefused(content.path, f"must name each column once, has {names}")
    reading = csv.ReadOptions(column_names=names, skip_rows=1 if has_names else 0)
    types = csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()))
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(text),
            reading,
            csv.ParseOptions(delimiter=delimiter),
            types,
        )
    except pyarrow.ArrowException as error:
        raise ImportRefused(content.path, f"must be a table: {error}") from None
    if not table.num_rows:
        raise ImportRefused(content.path, "must have rows, has none")
    columns = {name: _trimmed(table[name]) for name in names}
    return Table(content.path, columns, delimiter, has_names)


def _trimmed(column: Any) -> Any:
    import pyarrow
    from pyarrow import compute

    found = compute.utf8_trim_whitespace(column)
    if isinstance(found, pyarrow.ChunkedArray):
        found = found.combine_chunks()
    return found


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
