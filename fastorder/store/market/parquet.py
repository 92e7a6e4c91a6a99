"""Columns of whole numbers as the bytes of a Parquet file, and back.

Deltas take four bytes a row where plain numbers take sixteen. Each page has a checksum,
and what is read of a file is checked against it.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.counted import counted
from fastorder.store.market.errors import TornFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastorder.store.market.folder import Folder

KEY = b"fastorder"
"""Under this name a file says, in JSON, what it holds."""

VERSION = 1
ROWS_IN_GROUP = 1 << 20
ENCODING = "DELTA_BINARY_PACKED"


class Kept(NamedTuple):
    """A file that was read: its table, and what it says of itself."""

    table: Any
    about: dict[str, Any]


def encoded(columns: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    """The bytes of a file.

    Args:
        columns: name to a NumPy array of whole numbers, all as long.
        about: what the file says of itself; ``version`` and ``rows`` are added.
    """
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table(dict(columns))
    told = {"version": VERSION, "rows": table.num_rows, **about}
    text = json.dumps({**told, "crc": _crc(told)}, sort_keys=True)
    table = table.replace_schema_metadata({KEY: text})
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=3,
        use_dictionary=False,
        column_encoding=dict.fromkeys(table.column_names, ENCODING),
        write_statistics=["time_ns"],
        write_page_checksum=True,
        row_group_size=ROWS_IN_GROUP,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read(
    folder: Folder, path: str, kind: str, columns: Iterable[str] | None = None
) -> Kept:
    """A file of the folder, whole.

    Args:
        folder: where it lies.
        path: within the folder.
        kind: what it has to hold: ticks or bars.
        columns: those that are read; all where none are named.

    Raises:
        TornFile: it is cut, changed, or another kind of file.
    """
    import pyarrow
    from pyarrow import parquet

    wanted = None if columns is None else list(columns)
    try:
        with (
            folder.source(path) as source,
            parquet.ParquetFile(source, page_checksum_verification=True) as file,
        ):
            told = _about(file.schema_arrow.metadata)
            rows = file.metadata.num_rows
            table = file.read(columns=wanted)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise TornFile(f"{path} must be a whole Parquet file: {error}") from None
    if told.get("kind") != kind or told.get("version", 0) > VERSION:
        raise TornFile(
            f"{path} must hold {kind} of version {VERSION} or less, was "
            f"{told.get('kind', 'of another program')} of {told.get('version', '-')}"
        )
    if told.get("rows") != rows:
        of_rows = counted(told.get("rows"), "row")
        raise TornFile(f"{path} must have {of_rows}, has {rows}")
    return Kept(table, told)


def about(folder: Folder, path: str, kind: str) -> dict[str, Any]:
    """What a file says of itself; of the file no more than its end is read.

    Raises:
        TornFile: see ``read``.
    """
    return read(folder, path, kind, ()).about


def _about(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    if not metadata or KEY not in metadata:
        return {}
    found: dict[str, Any] = json.loads(metadata[KEY])
    if found.pop("crc", None) != _crc(found):
        raise ValueError("what it says of itself does not have its checksum")
    return found


def _crc(about: Mapping[str, Any]) -> int:
    """Of what a file says of itself: pages have checksums of their own."""
    return zlib.crc32(json.dumps(about, sort_keys=True).encode())
