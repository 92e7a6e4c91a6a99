"""Sierra Chart's intraday files (.scid): ticks, or bars.

Sure (its documentation, "Intraday Data File Format", and several readers agree): a head
of 56 bytes that begins with SCID and has the sizes of itself and of a record; records
of 40 bytes, little-endian: int64 microseconds since 1899-12-30 UTC, float32 open, high,
low, close, uint32 trades, volume, volume at the bid, volume at the ask. A tick has an
open of 0, or one of two marks (the first and the last part of a trade that was taken
apart); its price is the close, its high and low are ask and bid.

Less sure: that some feeds write prices in units of their own (450025 for 4500.25); that
is for ``price_unit`` to say.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.counted import counted
from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing.tables import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.store.market.importing.opening import Content

HEAD = struct.Struct("<4sIIH")
RECORD_BYTES = 40
FIELDS = [
    ("time", "<i8"), ("open", "<f4"), ("high", "<f4"), ("low", "<f4"), ("close", "<f4"),
    ("trades", "<u4"), ("volume", "<u4"), ("at_bid", "<u4"), ("at_ask", "<u4"),
]  # fmt: skip
MARKS = (0.0, -1.99900095e37, -1.99900197e37)
EPOCH_US = 2_209_161_600_000_000
"""From 1899-12-30 to 1970-01-01."""

FLOAT_OFF = 0.05
"""How far from a whole tick a float32 may be, in ticks."""


class Scid(NamedTuple):
    """Records of a file that follow each other.

    Attributes:
        time_ns: int64.
        records: the others, by their names.
        is_ticks: whether each is one trade.
        start: which record of the file is the first.
    """

    time_ns: Any
    records: Any
    is_ticks: bool
    start: int


def read_scid(content: Content) -> Iterator[Scid]:
    """The records of a file, so many at a time.

    Raises:
        ImportRefused: it is not whole, of another version, or has ticks and bars.
    """
    import numpy

    count = _go_to_records(content)
    is_ticks = None
    for start in range(0, count, ROWS):
        data = content.file.read(min(ROWS, count - start) * RECORD_BYTES)
        records = numpy.frombuffer(data, FIELDS)
        ticks = numpy.isin(records["open"], numpy.array(MARKS, "<f4"))
        is_ticks = bool(ticks[0]) if is_ticks is None else is_ticks
        if (ticks != is_ticks).any():
            at = start + int(numpy.argmax(ticks != is_ticks))
            raise ImportRefused(content.path, "must be of ticks alone, or of bars", at)
        times = (records["time"] - EPOCH_US) * 1000
        yield Scid(times, records, is_ticks, start)


def _go_to_records(content: Content) -> int:
    """How many records there are; the file stands at the first one."""
    if content.size < HEAD.size:
        raise ImportRefused(content.path, "must have a head of 56 bytes, is cut")
    content.file.seek(0)
    _, head, record, version = HEAD.unpack(content.file.read(HEAD.size))
    if record != RECORD_BYTES or version != 1 or head > content.size:
        raise ImportRefused(
            content.path,
            f"must be of version 1 with 40 bytes a record, was {version}, {record}",
        )
    count, left = divmod(content.size - head, RECORD_BYTES)
    if left:
        raise ImportRefused(
            content.path, f"must end with a record, has {counted(left, 'byte')} more"
        )
    if not count:
        raise ImportRefused(content.path, "must have records, has none")
    content.file.seek(head)
    return int(count)


def side_by_volume(at_bid: Any, at_ask: Any) -> Any:
    """The aggressor: a trade at the ask is a buyer's; 0 where both or none is told."""
    import numpy

    buys, sells = at_ask > 0, at_bid > 0
    return (buys.astype(numpy.int8) - sells.astype(numpy.int8)).astype(numpy.int8)
