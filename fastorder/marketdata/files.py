"""Ticks from files, bars to files: in chunks, so that memory stays bounded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.marketdata.building import BarBuilder
from fastorder.marketdata.columns import columns_of
from fastorder.marketdata.errors import BadTick, BarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Every

ROWS_AT_ONCE = 1 << 20
KNOWN = {
    "time_ns": ("time_ns", "timestamp", "time", "ts_event", "ts", "datetime", "date"),
    "price": ("price", "last", "trade_price"),
    "size": ("size", "volume", "qty", "quantity", "amount"),
    "side": ("side", "aggressor"),
}
SUFFIXES = (".parquet", ".csv")


class TickColumns(NamedTuple):
    """What the columns of a file of ticks are called; None is looked for."""

    time_ns: str | None = None
    price: str | None = None
    size: str | None = None
    side: str | None = None

    def _found_in(self, names: list[str], path: Path) -> TickColumns:
        """The same with every column that is there, known names first.

        Raises:
            BarError: a column that is needed is missing.
        """
        found = {}
        for role, name in self._asdict().items():
            known = (name,) if name else KNOWN[role]
            there = [one for one in known if one in names]
            if not there and (name or role != "side"):
                raise BarError(
                    f"{path}: a column for {role} is needed ({' or '.join(known)}), "
                    f"there are {', '.join(names)}"
                )
            found[role] = there[0] if there else None
        return TickColumns(**found)


class Chunk(NamedTuple):
    """Some ticks of a file."""

    columns: tuple[Any, ...]
    rows: int
    read: float
    """The part of the file that was read so far, from 0 to 1."""


def read_ticks(
    path: str | os.PathLike[str],
    columns: TickColumns = TickColumns(),  # noqa: B008
    rows_at_once: int = ROWS_AT_ONCE,
) -> Iterator[Chunk]:
    """The ticks of a Parquet or CSV file, chunk by chunk.

    A time is int64 nanoseconds or a time stamp; without a zone it counts as UTC. A side
    is a number (1 buyer, -1 seller, 0 not known) or a word that starts with B or S.

    Raises:
        BarError: no such file, another format, or a column that is not there.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise BarError(f"a file must be one of {', '.join(SUFFIXES)}, was {path}")
    if not path.is_file():
        raise BarError(f"{path} must be a file, there is none")
    reader = _parquet_chunks if path.suffix == ".parquet" else _csv_chunks
    for batch, read in reader(path, columns, rows_at_once):
        if batch.num_rows:
            yield Chunk(_tick_columns(batch, columns, path), batch.num_rows, read)


def _parquet_chunks(
    path: Path, columns: TickColumns, rows: int
) -> Iterator[tuple[Any, float]]:
    from pyarrow import ArrowInvalid, parquet

    try:
        # what is read ahead would stay in memory until the end of the file
        file = parquet.ParquetFile(path, pre_buffer=False)
    except ArrowInvalid as error:
        raise BarError(f"{path}: {error}") from None
    with file:
        total = max(file.metadata.num_rows, 1)
        wanted = [c for c in columns._found_in(file.schema_arrow.names, path) if c]
        done = 0
        for batch in file.iter_batches(rows, columns=wanted):
            done += batch.num_rows
            yield batch, done / total


def _csv_chunks(
    path: Path, columns: TickColumns, rows: int
) -> Iterator[tuple[Any, float]]:
    from pyarrow import ArrowInvalid, csv

    size = max(path.stat().st_size, 1)
    with path.open("rb") as raw:
        try:
            reader = csv.open_csv(raw, csv.ReadOptions(block_size=rows * 32))
            for batch in reader:
                yield batch, raw.tell() / size
        except ArrowInvalid as error:
            raise BarError(f"{path}: {error}") from None


def _tick_columns(batch: Any, columns: TickColumns, path: Path) -> tuple[Any, ...]:
    """The columns in the kernel's types; whole numbers are cast where none is lost."""
    import pyarrow as pa

    names = columns._found_in(batch.schema.names, path)
    time, price, size = (
        batch[name] for name in (names.time_ns, names.price, names.size)
    )
    if pa.types.is_string(time.type):
        time = _cast(time, pa.timestamp("ns", "UTC"), names.time_ns, path)
    if pa.types.is_integer(time.type):
        time = _cast(time, pa.int64(), names.time_ns, path)
    if not pa.types.is_int64(price.type):
        price = _cast(price, pa.float64(), names.price, path)
    size = _cast(size, pa.int64(), names.size, path)
    if names.side is None:
        return time, price, size
    return time, price, size, _sides(batch[names.side], names.side, path)


def _cast(column: Any, to: Any, name: str | None, path: Path) -> Any:
    from pyarrow import ArrowInvalid, ArrowNotImplementedError

    try:
        return column.cast(to)
    except (ArrowInvalid, ArrowNotImplementedError) as error:
        raise BarError(f"{path}: {name}: {error}") from None


def _sides(column: Any, name: str, path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _cast(column, pa.int8(), name, path)
    first = compute.utf8_upper(compute.utf8_slice_codeunits(column, 0, 1))
    buyers = _cast(compute.equal(first, "B"), pa.int8(), name, path)
    sellers = _cast(compute.equal(first, "S"), pa.int8(), name, path)
    return compute.subtract(buyers, sellers).fill_null(0)


def bars_of_file(
    path: str | os.PathLike[str],
    every: str | Every = "1m",
    *,
    columns: TickColumns = TickColumns(),  # noqa: B008
    rows_at_once: int = ROWS_AT_ONCE,
    until: int | None = None,
    **options: Any,
) -> Iterator[tuple[Bars, float]]:
    """The bars of a file of ticks as they are made, and how much of it was read.

    Only one chunk of ticks is in memory at a time.

    Args:
        path: a Parquet or CSV file, oldest tick first.
        every: a timeframe or another rule.
        columns: what the file's columns are called.
        rows_at_once: ticks in a chunk.
        until: nanoseconds up to which the file has all ticks.
        options: those of `BarBuilder`.

    Raises:
        BarError: also BadTick and UnsortedTicks, with the row of the file.
    """
    builder = None
    done = 0
    for chunk in read_ticks(path, columns, rows_at_once):
        if builder is None:
            builder = _builder_for(chunk, every, options)
        try:
            made = builder.update_many(*chunk.columns)
        except BadTick as error:
            raise type(error)(f"{path}: {error.why}", error.index + done) from None
        done += chunk.rows
        yield made, chunk.read
    if builder is None:
        builder = BarBuilder(every, **options)
    yield builder.finish(until), 1.0


def _builder_for(
    chunk: Chunk, every: str | Every, options: dict[str, Any]
) -> BarBuilder:
    price = columns_of(chunk.columns[1], "price")
    return BarBuilder(
        every, prices=price[0].dtype, sides=len(chunk.columns) == 4, **options
    )


class BarWriter:
    """Writes bars to a Parquet or CSV file; it is there only once it is complete.

    Args:
        path: ends in .parquet or .csv.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        if self._path.suffix not in SUFFIXES:
            raise BarError(f"a file must be one of {', '.join(SUFFIXES)}, was {path}")
        self._draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._writer: Any = None
        self.bars = 0

    def __enter__(self) -> BarWriter:
        return self

    def write(self, bars: Bars) -> None:
        """Add bars."""
        import pyarrow as pa

        table = pa.table(bars)
        if self._writer is None:
            self._writer = self._opened(table.schema)
        self._writer.write_table(table)
        self.bars += len(bars)

    def _opened(self, schema: Any) -> Any:
        if self._path.suffix == ".csv":
            from pyarrow import csv

            return csv.CSVWriter(self._draft, schema)
        from pyarrow import parquet

        return parquet.ParquetWriter(self._draft, schema)

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._writer is not None:
            self._writer.close()
        if kind is None and self._writer is not None:
            self._draft.replace(self._path)
        else:
            self._draft.unlink(missing_ok=True)
