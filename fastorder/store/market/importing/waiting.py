"""Ticks of a file that wait, on the disk, until all of the file was read.

A file is kept as a whole or not at all, and it may be larger than the memory: what was
read of it lies in a file without a name, and is taken from there a trading day at a
time.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.days import parts_by_day
from fastorder.store.market.merging import Columns, columns_from, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from typing_extensions import Self


class _Piece(NamedTuple):
    at: int
    rows: int


class Waiting:
    """Ticks of one file, as they were read.

    Attributes:
        unsorted: those that stood behind a later one.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - it closes it
        self._days: dict[date, list[_Piece]] = {}
        self._last_ns: int | None = None
        self.unsorted = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def add(self, ticks: Columns) -> None:
        """Those that come next in the file."""
        self.unsorted += self._behind(ticks.time_ns)
        ticks = in_order(ticks)
        for part in parts_by_day(ticks.time_ns):
            rows = ticks.rows(slice(part.start, part.stop))
            piece = _Piece(self._file.tell(), part.stop - part.start)
            for column in columns_from(*rows):
                self._file.write(column.tobytes())
            self._days.setdefault(part.day, []).append(piece)

    def _behind(self, times: Any) -> int:
        """How many are before the latest time that stands before them."""
        import numpy

        latest = numpy.maximum.accumulate(times)
        if self._last_ns is not None:
            latest = numpy.maximum(latest, self._last_ns)
        self._last_ns = int(latest[-1])
        return int((times < latest).sum())

    def days(self) -> Iterator[Columns]:
        """The ticks of each trading day in order of time, the oldest day first."""
        for day in sorted(self._days):
            yield in_order(self._read(self._days[day]))

    def _read(self, pieces: list[_Piece]) -> Columns:
        import numpy

        parts = []
        for piece in pieces:
            self._file.seek(piece.at)
            times, prices, sizes = (
                numpy.frombuffer(self._file.read(8 * piece.rows), numpy.int64)
                for _ in range(3)
            )
            sides = numpy.frombuffer(self._file.read(piece.rows), numpy.int8)
            parts.append(Columns(times, prices, sizes, sides))
        return Columns(*(numpy.concatenate(all_) for all_ in zip(*parts, strict=True)))
