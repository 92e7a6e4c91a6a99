"""Bars: one as a tuple, many as columns."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from fastorder._base.near_names import for_users
from fastorder.marketdata._columns import (
    Column,
    array_capsules,
    schema_capsule,
    stream_capsule,
)
from fastorder.marketdata._given import check_bars
from fastorder.marketdata._sheet import NAMES
from fastorder.marketdata.columns import column_of, column_of_bytes
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.frames import Every, read_every
from fastorder.marketdata.text import aligned, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
REQUIRED = ("time_ns", "open", "high", "low", "close", "volume")


class Bar(NamedTuple):
    """One bar.

    Prices are floats, or ints where they are whole ticks. What is not known is None.
    """

    time_ns: int
    """When it opens, in nanoseconds since 1970 UTC."""
    open: float
    high: float
    low: float
    close: float
    volume: int
    """Contracts."""
    ticks: int | None = None
    """Trades."""
    buy_volume: int | None = None
    """Contracts where the buyer was the aggressor."""
    sell_volume: int | None = None
    value: float | None = None
    """The sum of price times size."""
    value_rest: float | None = None
    """What the exact sum has beyond ``value``, which is the nearest float."""
    partial: bool = False
    """Whether ticks may be missing: the first bar of a feed, or one in the making."""

    @property
    def vwap(self) -> float | None:
        """The mean price by volume; None without volume or value."""
        return (
            None if self.value is None or not self.volume else self.value / self.volume
        )

    @property
    def time(self) -> datetime:
        """When it opens, in UTC."""
        return EPOCH + timedelta(microseconds=self.time_ns // 1000)


class Tally(NamedTuple):
    """Ticks that did not go the usual way."""

    late_dropped: int = 0
    """Older than the tick before them, and left out."""
    late_merged: int = 0
    """Older than the tick before them, and put into the bar in the making."""
    outside: int = 0
    """Outside every session, and left out."""

    def __bool__(self) -> bool:
        """Whether there were any."""
        return any(self)


class Bars:
    """Bars as columns, oldest first.

    Each column is a ``memoryview`` on contiguous memory that NumPy and Arrow take
    without a copy. A slice shares the memory. Polars, pandas, DuckDB and pyarrow take
    the whole through Arrow's PyCapsule interface: ``polars.DataFrame(bars)``.

    Attributes:
        every: what they are bars of; None where it is not known.
        first_partial, last_partial: whether that bar may lack ticks.
        gaps: times without bars, as tuples of their start, their end and how many bars
            would fit; of bars of history alone, and not of a slice of them.
    """

    __slots__ = ("_columns", "_tally", "every", "first_partial", "gaps", "last_partial")

    def __init__(
        self,
        columns: dict[str, Column],
        every: Every | None = None,
        *,
        first_partial: bool = False,
        last_partial: bool = False,
        tally: Tally = Tally(),  # noqa: B008
        gaps: tuple[tuple[int, int, int], ...] = (),
    ) -> None:
        self._columns = columns
        self._tally = tally
        self.every = every
        self.gaps = gaps
        self.first_partial = first_partial and len(self) > 0
        self.last_partial = last_partial and len(self) > 0

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Any] | Any, every: str | Every | None = None
    ) -> Bars:
        """Bars over columns that exist.

        Args:
            columns: name to column: ``time_ns``, ``open``, ``high``, ``low``,
                ``close`` and ``volume``, and those of ``ticks``, ``buy_volume``,
                ``sell_volume``, ``value`` and ``value_rest`` that are known. A mapping,
                or a table of pyarrow, Polars or pandas.
            every: what they are bars of; needed to make longer ones.

        Raises:
            WrongColumn: a column is missing, or of another type or length.
            BarError: out of order, or a high below a low.
        """
        named: Any = getattr(columns, "column_names", None)
        names = list(named or getattr(columns, "columns", columns))
        for name in REQUIRED:
            if name not in names:
                raise BarError(f"bars must have a column {name}")
        for name in NAMES:
            if names.count(name) > 1:
                raise BarError(
                    f"the column {name} must be there once, "
                    f"was there {names.count(name)} times"
                )
        found = {n: column_of(columns[n], n) for n in NAMES if n in names}
        if ("value" in found) != ("value_rest" in found):
            found.pop("value", None)
            found.pop("value_rest", None)
        check_bars(found)
        return cls(found, None if every is None else read_every(every))

    @classmethod
    def joined(cls, parts: Iterable[Bars]) -> Bars:
        """Bars one after the other, in memory of their own.

        Raises:
            BarError: no bars at all, or of different columns.
        """
        pieces = list(parts)
        full = [part for part in pieces if len(part)] or pieces[:1]
        if not full or any(part.names != full[0].names for part in full):
            raise BarError("bars to join must be there and have the same columns")
        columns = {}
        for name in full[0].names:
            views = [memoryview(part._columns[name]) for part in full]
            columns[name] = column_of_bytes(b"".join(views), views[0].format, name)
        return cls(
            columns,
            full[0].every,
            first_partial=full[0].first_partial,
            last_partial=full[-1].last_partial,
            tally=pieces[-1].tally,
        )

    def __len__(self) -> int:
        return len(self._columns["time_ns"])

    @overload
    def __getitem__(self, at: int) -> Bar: ...
    @overload
    def __getitem__(self, at: slice) -> Bars: ...
    def __getitem__(self, at: int | slice) -> Bar | Bars:
        if isinstance(at, slice):
            return self._part(at)
        size = len(self)
        if not -size <= at < size:
            there = "is" if size == 1 else "are"
            raise IndexError(f"bar {at} was asked for, there {there} {size}")
        at %= size
        partial = (at == 0 and self.first_partial) or (
            at == size - 1 and self.last_partial
        )
        cells = {name: view[at] for name, view in self._views().items()}
        return Bar(**cells, partial=partial)

    def _part(self, at: slice) -> Bars:
        start, stop, step = at.indices(len(self))
        if step != 1:
            raise BarError(f"a slice of bars must have the step 1, was {step}")
        stop = max(start, stop)
        return Bars(
            {name: column.part(start, stop) for name, column in self._columns.items()},
            self.every,
            first_partial=self.first_partial and start == 0,
            last_partial=self.last_partial and stop == len(self),
            tally=self._tally,
        )

    def __iter__(self) -> Iterator[Bar]:
        views = self._views()
        last = len(self) - 1
        for at, cells in enumerate(zip(*views.values(), strict=True)):
            partial = (at == 0 and self.first_partial) or (
                at == last and self.last_partial
            )
            yield Bar(**dict(zip(views, cells, strict=True)), partial=partial)

    def _views(self) -> dict[str, memoryview]:
        return {name: memoryview(column) for name, column in self._columns.items()}

    def __eq__(self, other: object) -> bool:
        """Whether both are the same to the bit."""
        if not isinstance(other, Bars):
            return NotImplemented
        mine, yours = self._views(), other._views()
        return (
            mine.keys() == yours.keys()
            and (self.first_partial, self.last_partial)
            == (other.first_partial, other.last_partial)
            and all(
                mine[n].format == yours[n].format
                and mine[n].cast("B") == yours[n].cast("B")
                for n in mine
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        what = f"{counted(len(self), 'bar')} of {self.every or 'any kind'}"
        if not len(self):
            return f"<{what}>"
        first, last = self[0], self[-1]
        when = f"{first.time:%Y-%m-%d %H:%M:%S}"
        if len(self) > 1:
            when += f" to {last.time:%Y-%m-%d %H:%M:%S}"
        opened, high, low, close = aligned(last[1:5])
        return (
            f"<{what}, {when} UTC, last open {opened} high {high} low {low}"
            f" close {close} volume {last.volume:,}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        cells = {n: (v.format, bytes(v)) for n, v in self._views().items()}
        return _rebuilt, (
            cells,
            self.every,
            self.first_partial,
            self.last_partial,
            self._tally,
            self.gaps,
        )

    @property
    def names(self) -> list[str]:
        """The columns that are known."""
        return list(self._columns)

    @property
    def tally(self) -> Tally:
        """The ticks that were left out or merged on the way."""
        return self._tally

    def __dir__(self) -> list[str]:
        return [*for_users(self), *self._columns]

    def __getattr__(self, name: str) -> memoryview:
        if name.startswith("_") or name not in self._columns:
            raise AttributeError(f"these bars have no {name}, only {self.names}")
        return memoryview(self._columns[name])

    def whole(self) -> Bars:
        """These bars without the first and the last one where that may lack ticks."""
        return self[int(self.first_partial) : len(self) - int(self.last_partial)]

    def columns(self) -> dict[str, Column]:
        """Name to column, for what takes buffers."""
        return dict(self._columns)

    def to_numpy(self) -> dict[str, Any]:
        """Name to NumPy array, read-only and without a copy."""
        import numpy

        return {name: numpy.asarray(view) for name, view in self._views().items()}

    def __arrow_c_schema__(self) -> object:
        return schema_capsule(self._columns)

    def __arrow_c_array__(
        self, requested_schema: object = None
    ) -> tuple[object, object]:
        return array_capsules(self._columns, len(self))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return stream_capsule(self._columns, len(self))


def _rebuilt(
    cells: dict[str, tuple[str, bytes]],
    every: Every | None,
    first_partial: bool,
    last_partial: bool,
    tally: Tally,
    gaps: tuple[tuple[int, int, int], ...] = (),
) -> Bars:
    columns = {
        name: column_of_bytes(data, form, name) for name, (form, data) in cells.items()
    }
    return Bars(
        columns,
        every,
        first_partial=first_partial,
        last_partial=last_partial,
        tally=tally,
        gaps=gaps,
    )
