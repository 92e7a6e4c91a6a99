"""The ticks of a day as they come: a file that only grows, and may end anywhere.

Each record has its length and a checksum before it. Where a process or a machine ends
in the middle of one, the tail that is not whole is cut off when the file is next
opened; it is put aside, not thrown away.

    head:    FOTICKS1
    record:  length uint32, CRC-32 uint32, then so many bytes, little-endian
    bytes:   b"D"  a delivery begins: what follows came over one connection
             b"T"  ticks: int64 times, prices, sizes, int8 sides, column after column
             b"G"  a gap: int64 since, int64 until, and why in UTF-8
             b"A"  JSON: contract, day, tick_size
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.errors import TornFile
from fastorder.store.market.merging import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = b"FOTICKS1"
FRAME = struct.Struct("<II")
SPAN = struct.Struct("<qq")
LONGEST = 1 << 26
"""No record is longer: a length beyond it is no length."""

TICK_BYTES = 25
TORN = ".torn"


class TickGap(NamedTuple):
    """Ticks may be missing between two moments, nanoseconds since 1970 UTC."""

    since_ns: int
    until_ns: int
    why: str


class Stream(NamedTuple):
    """What a file holds.

    Attributes:
        about: contract, day and tick_size.
        deliveries: the ticks of each, as they came.
        gaps: what is known to be missing.
        good: how many bytes of the file are whole.
        cut: how many behind them are not.
    """

    about: dict[str, Any]
    deliveries: list[Columns]
    gaps: list[TickGap]
    good: int
    cut: int


def read_stream(path: Path) -> Stream:
    """What a file holds, up to the first record that is not whole.

    Raises:
        TornFile: it is no file of this kind.
    """
    data = path.read_bytes()
    if data[: len(HEAD)] != HEAD[: len(data)]:
        raise TornFile(f"{path} must be a stream of ticks, is something else")
    about: dict[str, Any] = {}
    deliveries: list[list[Columns]] = []
    gaps: list[TickGap] = []
    good = min(len(HEAD), len(data)) if len(data) >= len(HEAD) else 0
    for kind, body, end in _records(data):
        if kind == b"A":
            about = json.loads(body)
        elif kind == b"D":
            deliveries.append([])
        elif kind == b"T":
            deliveries = deliveries or [[]]
            deliveries[-1].append(_ticks(body))
        elif kind == b"G":
            gaps.append(_gap(body))
        good = end
    whole = [_joined(some) for some in deliveries if some]
    return Stream(about, whole, gaps, good, len(data) - good)


def _records(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Kind, content and end of each whole record."""
    at = len(HEAD)
    while at + FRAME.size <= len(data):
        length, checksum = FRAME.unpack_from(data, at)
        end = at + FRAME.size + length
        body = data[at + FRAME.size : end]
        if (
            not 1 <= length <= LONGEST
            or end > len(data)
            or zlib.crc32(body) != checksum
        ):
            return
        yield body[:1], body[1:], end
        at = end


def _ticks(body: bytes) -> Columns:
    import numpy

    count = len(body) // TICK_BYTES
    whole = numpy.frombuffer(body, "<i8", 3 * count).astype(numpy.int64, copy=False)
    sides = numpy.frombuffer(body, "<i1", count, 24 * count)
    times, prices, sizes = whole.reshape(3, count)
    return Columns(times, prices, sizes, sides)


def _gap(body: bytes) -> TickGap:
    since_ns, until_ns = SPAN.unpack_from(body)
    return TickGap(since_ns, until_ns, body[SPAN.size :].decode())


def _joined(parts: list[Columns]) -> Columns:
    import numpy

    return Columns(*(numpy.concatenate(column) for column in zip(*parts, strict=True)))


def tick_record(ticks: Columns) -> bytes:
    """The record of ticks."""
    columns = (
        b"".join(column.astype("<i8").tobytes() for column in ticks[:3]),
        ticks.side.astype("<i1").tobytes(),
    )
    return _framed(b"T" + b"".join(columns))


def delivery_record() -> bytes:
    """The record of a delivery's begin."""
    return _framed(b"D")


def gap_record(gap: TickGap) -> bytes:
    """The record of a gap."""
    return _framed(b"G" + SPAN.pack(gap.since_ns, gap.until_ns) + gap.why.encode())


def _framed(body: bytes) -> bytes:
    return FRAME.pack(len(body), zlib.crc32(body)) + body


class StreamWriter:
    """Appends to the file of a day; what is not whole at its end is put aside first.

    Args:
        path: of the file; made where there is none.
        about: what a new one says of itself.

    Attributes:
        cut: how many bytes were not whole.
        last_ns: the time of the latest tick that was there; None without one.

    Raises:
        TornFile: the file is of another kind, contract or tick size.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.cut = 0
        self.last_ns: int | None = None
        self._end = 0
        found = read_stream(path) if path.exists() else None
        if found is not None:
            self._check(found, about)
            self.cut, self._end = found.cut, found.good
            self.last_ns = max(
                (int(d.time_ns.max()) for d in found.deliveries), default=None
            )
        self._file = os.open(
            path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600
        )
        try:
            self._put_aside()
            if not found or not found.about:
                head = b"" if self._end else HEAD
                self.append(head + _framed(b"A" + json.dumps(about).encode()))
        except BaseException:
            os.close(self._file)
            raise

    def _check(self, found: Stream, about: dict[str, Any]) -> None:
        if found.about and found.about != about:
            raise TornFile(f"{self.path} must be of {about}, is of {found.about}")

    def _put_aside(self) -> None:
        if self.cut:
            os.lseek(self._file, self._end, os.SEEK_SET)
            tail = os.read(self._file, self.cut)
            self.path.with_name(self.path.name + TORN).write_bytes(tail)
        os.ftruncate(self._file, self._end)

    def append(self, records: bytes) -> None:
        """Add whole records; all of them, or none where that fails.

        Raises:
            OSError: the disk is full, say; nothing of it is in the file.
        """
        os.lseek(self._file, self._end, os.SEEK_SET)
        try:
            written = 0
            while written < len(records):
                written += os.write(self._file, records[written:])
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(records)

    def sync(self) -> None:
        """Have it on the disk, and not only in the system's memory."""
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
