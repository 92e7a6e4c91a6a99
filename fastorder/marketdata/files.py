"""Ticks from files, bars to files: in chunks, so that memory stays bounded."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import class_with_near_names, with_near_names
from fastorder.marketdata.building import BarBuilder
from fastorder.marketdata.columns import columns_of
from fastorder.marketdata.errors import BadTick, BarError
from fastorder.marketdata.tick_columns import Reading, TickColumns, TickUnits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Every

ROWS_AT_ONCE = 1 << 20
SUFFIXES = (".parquet", ".csv")
RECORDED = b"fastorder"
"""What is in the metadata of the ticks that a recorder of this package has kept."""

HEADER_BYTES = 1 << 18
"""The first line of a CSV file has to end within so many bytes."""


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
    units: TickUnits = TickUnits(),  # noqa: B008
) -> Iterator[Chunk]:
    """The ticks of a Parquet or CSV file, chunk by chunk.

    Only the columns that are needed are read. A time is a time stamp (without a zone it
    counts as UTC) or a whole number; a price and a size are numbers; a side is 1
    (buyer), -1 (seller), 0 (not known) or one of the words of ``tick_columns.SIDES``.
    All of them may be text too, and categories are what they stand for.

    Raises:
        BarError: no such file, another format, a column that is not there, or that
            holds something else.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise BarError(f"a file must be one of {', '.join(SUFFIXES)}, was {path}")
    if not path.is_file():
        raise BarError(f"{path} must be a file, there is none")
    found = columns._found_in(_names_of(path), path)
    reading = Reading(path, found, _stated(path, units))
    wanted = list(dict.fromkeys(name for name in found if name))
    reader = _parquet_chunks if path.suffix == ".parquet" else _csv_chunks
    for batch, read in reader(path, wanted, rows_at_once):
        if batch.num_rows:
            yield Chunk(reading.columns(batch), batch.num_rows, read)
    reading.check_sides()


def _stated(path: Path, units: TickUnits) -> TickUnits:
    """The units, and those that a file of a recorder states by being one."""
    if units.side is not None or path.suffix != ".parquet":
        return units
    from pyarrow import parquet

    about = parquet.read_schema(path).metadata or {}
    return replace(units, side="sign") if RECORDED in about else units


def _names_of(path: Path) -> list[str]:
    """The names of a file's columns, as they stand."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if path.suffix == ".parquet":
            return list(parquet.read_schema(path).names)
        header = csv.ReadOptions(block_size=HEADER_BYTES)
        with path.open("rb") as raw, csv.open_csv(raw, header) as reader:
            return list(reader.schema.names)
    except pa.ArrowException as error:
        raise BarError(f"{path}: {error}") from None


def _parquet_chunks(
    path: Path, wanted: list[str], rows: int
) -> Iterator[tuple[Any, float]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        # what is read ahead would stay in memory until the end of the file
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            total = max(file.metadata.num_rows, 1)
            done = 0
            for batch in file.iter_batches(rows, columns=wanted):
                done += batch.num_rows
                yield batch, done / total
    except pa.ArrowException as error:
        raise BarError(f"{path}: {error}") from None


def _csv_chunks(
    path: Path, wanted: list[str], rows: int
) -> Iterator[tuple[Any, float]]:
    """Batches of text: what stands in a part of a file says nothing of the rest."""
    import pyarrow as pa
    from pyarrow import csv

    size = max(path.stat().st_size, 1)
    block = csv.ReadOptions(block_size=max(rows * 32, HEADER_BYTES))
    as_text = csv.ConvertOptions(
        include_columns=wanted,
        column_types=dict.fromkeys(wanted, pa.string()),
        strings_can_be_null=True,
    )
    try:
        with (
            path.open("rb") as raw,
            csv.open_csv(raw, block, convert_options=as_text) as reader,
        ):
            for batch in reader:
                yield batch, raw.tell() / size
    except pa.ArrowException as error:
        raise BarError(f"{path}: {error}") from None


@with_near_names
def bars_of_file(
    path: str | os.PathLike[str],
    every: str | Every = "1m",
    *,
    columns: TickColumns = TickColumns(),  # noqa: B008
    units: TickUnits = TickUnits(),  # noqa: B008
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
        units: what its numbers count, where it does not say so itself.
        rows_at_once: ticks in a chunk.
        until: nanoseconds up to which the file has all ticks.
        options: those of `BarBuilder`.

    Raises:
        BarError: also BadTick and UnsortedTicks, with the row of the file.
    """
    chunks = read_ticks(path, columns, rows_at_once, units)
    yield from bars_of_chunks(chunks, path, every, until, **options)


def bars_of_chunks(
    chunks: Iterable[Chunk],
    path: str | os.PathLike[str],
    every: str | Every,
    until: int | None = None,
    **options: Any,
) -> Iterator[tuple[Bars, float]]:
    """The bars of a file that is being read; see ``bars_of_file``."""
    builder = None
    done = 0
    for chunk in chunks:
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


@class_with_near_names
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
