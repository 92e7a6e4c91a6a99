"""Ticks in Parquet to bars in Parquet, on many machines, with Dask distributed.

The kernel is the map step: one task makes the bars of one file of ticks. A second task
for each contract puts the pieces together, where files split a bar too. A task that
dies with its worker is run again by Dask; it leaves nothing behind that a second run
would not replace.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.marketdata.bars import Bars
from fastorder.marketdata.building import merge
from fastorder.marketdata.columns import column_of
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.files import BarWriter, Chunk, bars_of_chunks, read_ticks
from fastorder.marketdata.frames import Every, Timeframe, read_every
from fastorder.marketdata.tick_columns import TickColumns, TickUnits

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from fastorder.marketdata.sessions import Sessions


class Contract(NamedTuple):
    """The files of one contract, in order of time."""

    name: str
    files: list[Path]


def tick_files(folder: str | os.PathLike[str]) -> list[Contract]:
    """The contracts under a folder: ``contract=NAME/day=2026-01-05/*.parquet``.

    Files are in order of their paths, so of their days.

    Raises:
        BarError: no such folder, or nothing of the kind in it.
    """
    root = Path(folder)
    contracts = [
        Contract(
            path.name.removeprefix("contract="), sorted(path.glob("day=*/*.parquet"))
        )
        for path in sorted(root.glob("contract=*"))
    ]
    found = [contract for contract in contracts if contract.files]
    if not found:
        raise BarError(
            f"{root} must hold contract=NAME/day=DATE/*.parquet, there is none"
        )
    return found


class Piece(NamedTuple):
    """What a task makes of a file."""

    bars: Bars
    first_ns: int
    last_ns: int
    ticks: int


def bars_of_piece(
    path: Path,
    every: Timeframe,
    columns: TickColumns = TickColumns(),  # noqa: B008
    options: dict[str, Any] | None = None,
    units: TickUnits = TickUnits(),  # noqa: B008
) -> Piece:
    """The map step: the bars of one file.

    Raises:
        BarError: with the file, and the row where it is a tick's fault.
    """
    edges = _Edges()
    chunks = edges.seen(read_ticks(path, columns, units=units))
    made = [bars for bars, _ in bars_of_chunks(chunks, path, every, **options or {})]
    return Piece(Bars.joined(made), edges.first_ns, edges.last_ns, edges.rows)


class _Edges:
    """The first and the last time of a file, and how many ticks it has."""

    def __init__(self) -> None:
        self.first_ns = self.last_ns = self.rows = 0

    def seen(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks, looked at as they go by."""
        for chunk in chunks:
            times = chunk.columns[0]
            if not self.rows:
                self.first_ns = _time_ns(times[:1])
            self.last_ns = _time_ns(times[-1:])
            self.rows += chunk.rows
            yield chunk


def _time_ns(one: Any) -> int:
    return memoryview(column_of(one, "time_ns"))[0]


def bars_of_contract(pieces: list[Piece], files: list[Path], target: Path) -> int:
    """The reduce step: a contract's pieces to one file; how many bars it has.

    Raises:
        BarError: a file starts before the one before it ends.
    """
    last_ns, before = -1, files[0]
    full = [
        (piece, file) for piece, file in zip(pieces, files, strict=True) if piece.ticks
    ]
    for piece, file in full:
        if piece.first_ns < last_ns:
            raise BarError(f"{file} must not start before {before} ends")
        last_ns, before = piece.last_ns, file
    parts = [piece.bars for piece, _ in full if len(piece.bars)]
    bars = merge(parts) if parts else pieces[0].bars
    target.parent.mkdir(parents=True, exist_ok=True)
    with BarWriter(target) as writer:
        writer.write(bars)
    return len(bars)


def bars_of_folder(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    every: str | Timeframe = "1m",
    *,
    client: Any = None,
    columns: TickColumns = TickColumns(),  # noqa: B008
    units: TickUnits = TickUnits(),  # noqa: B008
    sessions: Sessions | None = None,
    offset: str | int = 0,
) -> dict[str, int]:
    """Bars of all contracts of a folder, one file each, the same as one process makes.

    Args:
        source: ``contract=NAME/day=DATE/*.parquet``, ticks in order.
        target: gets ``contract=NAME/bars.parquet``.
        every: a timeframe; bars of a number of ticks depend on all that went before,
            and are made by `bars_of_file`.
        client: a ``distributed.Client`` whose workers see both folders; without one,
            this process does the work.
        columns: what the files' columns are called.
        units: what their numbers count, where they do not say so themselves.
        sessions: when the market is open.
        offset: how much later than usual bars start.

    Returns:
        Contract to number of bars.

    Raises:
        BarError: a folder without ticks, or a file that cannot be read as such.
    """
    frame = _timeframe(read_every(every, offset, sessions))
    contracts = tick_files(source)
    targets = [Path(target) / f"contract={c.name}" / "bars.parquet" for c in contracts]
    if client is None:
        return _alone(contracts, targets, frame, columns, units)
    counts = []
    for contract, path in zip(contracts, targets, strict=True):
        pieces = client.map(
            bars_of_piece,
            contract.files,
            every=frame,
            columns=columns,
            units=units,
            pure=False,
        )
        counts.append(
            client.submit(bars_of_contract, pieces, contract.files, path, pure=False)
        )
    return dict(zip((c.name for c in contracts), client.gather(counts), strict=True))


def _alone(
    contracts: list[Contract],
    targets: list[Path],
    frame: Timeframe,
    columns: TickColumns,
    units: TickUnits,
) -> dict[str, int]:
    counts = {}
    for contract, path in zip(contracts, targets, strict=True):
        pieces = [
            bars_of_piece(file, frame, columns, units=units) for file in contract.files
        ]
        counts[contract.name] = bars_of_contract(pieces, contract.files, path)
    return counts


def _timeframe(every: Every) -> Timeframe:
    if not isinstance(every, Timeframe):
        raise BarError(f"only time bars can be made in pieces, not those of {every}")
    return every
