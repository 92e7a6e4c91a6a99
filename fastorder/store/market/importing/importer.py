"""A file into the folder: opened, told apart, read, checked, and only then kept.

It is read so many rows at a time, and kept a trading day at a time: what it takes of
memory does not grow with the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.errors import FastOrderError, InvalidField
from fastorder.marketdata.bars import Bars
from fastorder.marketdata.errors import BarError, WrongColumn
from fastorder.marketdata.frames import Timeframe, read_every
from fastorder.marketdata.history import bars_from_json
from fastorder.marketdata.text import counted
from fastorder.store.market.bar_files import Series, kept_span
from fastorder.store.market.days import day_of, day_span
from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing import scid
from fastorder.store.market.importing.layouts import PRICES, layout_of
from fastorder.store.market.importing.numbers import Numbers
from fastorder.store.market.importing.opening import opened
from fastorder.store.market.importing.stamps import Stamps
from fastorder.store.market.importing.tables import Table, tables_of
from fastorder.store.market.importing.waiting import Waiting
from fastorder.store.market.merging import (
    Columns,
    behind_a_later,
    no_ticks,
    repeats_within,
    without_repeats,
)
from fastorder.store.market.names import contract_name
from fastorder.store.market.tick_sizes import FLOAT_OFF, OffTick, ticks_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from decimal import Decimal

    from fastorder.store.market.bar_files import BarFiles
    from fastorder.store.market.importing.opening import Content
    from fastorder.store.market.importing.options import Options
    from fastorder.store.market.tick_files import TickFiles


class Imported(NamedTuple):
    """What became of a file.

    Attributes:
        contract, kind, form: what it was taken for.
        rows: that it has.
        added: ticks or bars that were not there.
        repeated: those that were there already.
        replaced: bars of which the file has other numbers.
        unsorted: rows that stood behind a later one.
        alike: ticks that are alike another of the file in all; ``repeats`` says whether
            they are kept.
        left_out: rows that are no trades, or of another contract.
    """

    contract: str
    kind: str
    form: str
    rows: int
    added: int
    repeated: int
    replaced: int
    unsorted: int
    alike: int
    left_out: int

    def __str__(self) -> str:
        counts = self._asdict()
        others = [
            f"{counts[name]:,} {name.replace('_', ' ')}"
            for name in self._fields[5:]
            if counts[name]
        ]
        return (
            f"{self.contract}: {counted(self.added, self.kind[:-1])} added of "
            f"{counted(self.rows, 'row')} ({', '.join([self.form, *others])})"
        )


class _Piece(NamedTuple):
    """Ticks or bars of a file that follow each other; bars as columns of int64."""

    kind: str
    form: str
    rows: int
    left_out: int
    columns: Any


def import_file(
    path: str | os.PathLike[str],
    contract: str,
    tick_size: Decimal,
    options: Options,
    ticks: TickFiles,
    bars: BarFiles,
) -> Imported:
    """Keep what a file holds; all of it, or nothing where it cannot be read.

    Args:
        path: of the file.
        contract: what it is of.
        tick_size: what a price of one is worth.
        options: what is stated.
        ticks, bars: where they are kept.

    Raises:
        ImportRefused: it cannot be read as what it is said to be.
    """
    content = opened(path)
    with content.file, Waiting() as waiting:
        try:
            found = _read(content, contract, tick_size, options, waiting)
        except OffTick as error:
            raise ImportRefused(content.path, error.why, error.row) from None
        except (BarError, WrongColumn) as error:
            raise ImportRefused(content.path, str(error)) from None
        if found.kind == "ticks":
            return _keep_ticks(found, waiting, contract, tick_size, options, ticks)
        return _keep_bars(found, content.path, contract, tick_size, options, bars)


def _read(
    content: Content,
    contract: str,
    tick_size: Decimal,
    options: Options,
    waiting: Waiting,
) -> _Piece:
    """All of a file: its bars, or how many ticks of it wait now."""
    import numpy

    rows = left_out = 0
    bars = []
    for piece in _pieces(content, contract, tick_size, options):
        rows, left_out = rows + piece.rows, left_out + piece.left_out
        if piece.kind == "bars":
            bars.append(piece.columns)
        elif len(piece.columns.time_ns):
            if not (piece.columns.size >= 1).all():
                rule = "size must be at least 1 in every row"
                raise ImportRefused(piece.form, rule)
            waiting.add(piece.columns)
    columns = {
        name: numpy.concatenate([each[name] for each in bars])
        for name in (bars[0] if bars else ())
    }
    return _Piece(piece.kind, piece.form, rows, left_out, columns)


def _pieces(
    content: Content, contract: str, tick_size: Decimal, options: Options
) -> Iterator[_Piece]:
    if content.kind == "json":
        return iter([_of_gateway(content, tick_size, options)])
    if content.kind == "scid":
        return _of_scid(content, tick_size, options)
    return _of_tables(content, contract, tick_size, options)


# ---------------------------------------------------------------------- tables


def _of_tables(
    content: Content, contract: str, tick_size: Decimal, options: Options
) -> Iterator[_Piece]:
    reader: _Tables | None = None
    for table in tables_of(content):
        if reader is None:
            reader = _Tables(table, contract, tick_size, options)
        yield reader.read(table)
    assert reader is not None  # a file without rows was refused
    reader.end()


class _Tables:
    """Reads the tables of one file; the first one says how."""

    def __init__(
        self, first: Table, contract: str, tick_size: Decimal, options: Options
    ) -> None:
        self._contract, self._tick_size = contract, tick_size
        self._path, self._options = first.path, options
        self._layout = layout = layout_of(first, options)
        self._stamps = Stamps(first.path, options, layout.zone, layout.date_order)
        self._numbers = Numbers(first, options)
        self._symbols: dict[str, None] = {}
        self._counted = 0

    def read(self, table: Table) -> _Piece:
        """The next one.

        Raises:
            ImportRefused, OffTick: with the row of the file.
        """
        layout = self._layout
        chosen, mask = self._chosen(table)
        self._counted += chosen.rows

        def place(row: int) -> int:
            return table.start + _place(mask, row)

        self._numbers.over(chosen, place)
        read = self._ticks if layout.kind == "ticks" else self._bars
        try:
            columns = read(chosen)
        except OffTick as error:
            self._numbers.end()  # a comma may be why
            raise OffTick(error.price, error.tick_size, place(error.row)) from None
        except ImportRefused as error:
            at = None if error.row is None else place(error.row)
            raise ImportRefused(error.path, error.why, at) from None
        left_out = table.rows - chosen.rows
        return _Piece(layout.kind, layout.form, table.rows, left_out, columns)

    def end(self) -> None:
        """Refuse what can be told of the whole file alone.

        Raises:
            ImportRefused: no row counts, or numbers may be read in two ways.
        """
        wanted = self._options.symbol
        if "symbol" in self._layout.roles and wanted not in (None, *self._symbols):
            there = ", ".join(list(self._symbols)[:9])
            raise ImportRefused(self._path, f"must have rows of {wanted}, has {there}")
        if not self._counted:
            raise ImportRefused(self._path, "must have rows that count, has none")
        self._numbers.end()

    def _chosen(self, table: Table) -> tuple[Table, Any]:
        """The rows of one contract that count, and which they are; None for all.

        Raises:
            ImportRefused: the file has several contracts, or another one.
        """
        from pyarrow import compute

        layout, mask = self._layout, None
        if layout.only is not None:
            column, value = layout.only
            mask = compute.equal(table.columns[column], value)
            mask = compute.fill_null(mask, False)
        name = layout.roles.get("symbol")
        if name is not None:
            mine = self._of_contract(table, name)
            mask = mine if mask is None else compute.and_(mask, mine)
        if mask is None:
            return table, None
        columns = {n: column.filter(mask) for n, column in table.columns.items()}
        return table._replace(columns=columns), mask.to_numpy(zero_copy_only=False)

    def _of_contract(self, table: Table, name: str) -> Any:
        import pyarrow
        from pyarrow import compute

        column = table.columns[name].cast(pyarrow.string())
        self._symbols.update(
            (str(value), None) for value in compute.unique(column).to_pylist()
        )
        if self._options.symbol is not None:
            return compute.fill_null(compute.equal(column, self._options.symbol), False)
        there = list(self._symbols)
        if len(there) > 1:
            raise ImportRefused(
                table.path,
                f"must be of one contract, has {', '.join(there[:9])}: choose by "
                "symbol=",
            )
        if _names_another(there[0], self._contract):
            raise ImportRefused(
                table.path, f"must be of {self._contract}, is of {there[0]}"
            )
        return compute.is_valid(column)

    def _times(self, table: Table) -> Any:
        from pyarrow import compute

        roles = self._layout.roles
        column = table.columns[roles["time"]]
        if "date" in roles:
            date = table.columns[roles["date"]]
            column = compute.binary_join_element_wise(date, column, " ")
        return self._stamps.read(column)

    def _ticks(self, table: Table) -> Columns:
        import numpy

        if not table.rows:
            return no_ticks()
        numbers, roles, sides = self._numbers, self._layout.roles, self._layout.sides
        times = self._times(table)
        if self._stamps.days_only:
            rule = "time must have a time of day for ticks"
            raise ImportRefused(table.path, rule, 0)
        size = numbers.whole(roles["size"], least=1)
        price = self._in_ticks(roles["price"])
        if sides is not None:
            at_bid, at_ask = (numbers.whole(name) for name in sides)
            side = scid.side_by_volume(at_bid, at_ask)
        elif "side" in roles:
            side = numbers.sides(roles["side"])
        else:
            side = numpy.zeros(len(size), numpy.int8)
        return Columns(times, price, size, side)

    def _bars(self, table: Table) -> dict[str, Any]:
        import numpy

        names = ("time_ns", *PRICES, "volume")
        if not table.rows:
            return {name: numpy.zeros(0, numpy.int64) for name in names}
        roles, layout, options = self._layout.roles, self._layout, self._options
        times = self._times(table)
        if self._stamps.days_only:
            days = [day_of(int(time) + 43_200_000_000_000) for time in times]
            times = numpy.array([day_span(day)[0] for day in days], numpy.int64)
        elif (options.stamps or layout.stamps) == "close":
            times = times - _length_ns(table.path, options)
        prices = [self._in_ticks(roles[name]) for name in PRICES]
        volume = self._numbers.whole(roles["volume"])
        return dict(zip(names, (times, *prices, volume), strict=True))

    def _in_ticks(self, name: str) -> Any:
        worth = self._options.worth(self._layout.price_unit)
        return ticks_of(self._numbers.real(name), self._tick_size / worth)


def _place(mask: Any, row: int) -> int:
    """The row of a table of a row that was chosen."""
    import numpy

    return row if mask is None else int(numpy.flatnonzero(mask)[row])


def _names_another(symbol: str, contract: str) -> bool:
    """Whether it names a contract, and another one; what is no name may be anything."""
    try:
        return contract_name(symbol, 2000 + int(contract[-2:])) != contract
    except (FastOrderError, ValueError):
        return False


def _length_ns(path: str, options: Options) -> int:
    frame = read_every(_every(path, options))
    if not isinstance(frame, Timeframe) or frame.unit not in "smh":
        raise ImportRefused(path, f"bars of {frame} must carry the time of their open")
    return frame.length_ns


def _every(path: str, options: Options) -> str:
    if options.every is None:
        raise ImportRefused(path, "is of bars: say how long they are with every=")
    return kept_span(options.every)


# ---------------------------------------------------------------------- other files


def _of_gateway(content: Content, tick_size: Decimal, options: Options) -> _Piece:
    from fastorder.store.market.bar_files import whole_columns

    content.file.seek(0)
    bars = bars_from_json(content.file.read(), _every(content.path, options))
    columns = whole_columns(bars, tick_size)
    return _Piece("bars", "gateway", len(bars), 0, columns)


def _of_scid(
    content: Content, tick_size: Decimal, options: Options
) -> Iterator[_Piece]:
    for found in scid.read_scid(content):
        kind = "ticks" if found.is_ticks else "bars"
        if options.kind not in (None, kind):
            rule = f"must be of {options.kind}, is of {kind}"
            raise ImportRefused(content.path, rule)
        try:
            columns = _scid_columns(found, tick_size / options.worth("1"))
        except OffTick as error:
            at = found.start + error.row
            raise OffTick(error.price, tick_size / options.worth("1"), at) from None
        yield _Piece(kind, "sierra", len(found.records), 0, columns)


def _scid_columns(found: scid.Scid, tick_size: Decimal) -> Any:
    records, off = found.records, max(FLOAT_OFF, scid.FLOAT_OFF)

    def whole(name: str) -> Any:
        return ticks_of(records[name], tick_size, off)

    if found.is_ticks:
        side = scid.side_by_volume(records["at_bid"], records["at_ask"])
        size = records["volume"].astype("i8")
        return Columns(found.time_ns, whole("close"), size, side)
    columns = {"time_ns": found.time_ns, **{name: whole(name) for name in PRICES}}
    columns["volume"] = records["volume"].astype("i8")
    columns["ticks"] = records["trades"].astype("i8")
    return columns


# ---------------------------------------------------------------------- keeping


def _keep_ticks(
    found: _Piece,
    waiting: Waiting,
    contract: str,
    tick_size: Decimal,
    options: Options,
    files: TickFiles,
) -> Imported:
    """Keep them a day at a time: ticks that are alike are of one day."""
    source = options.source or found.form
    added = repeated = alike = 0
    for ticks in waiting.days():
        alike += repeats_within(ticks)
        kept = without_repeats(ticks) if options.repeats == "drop" else ticks
        new = files.add(contract, tick_size, [kept], source=source)
        added, repeated = added + new.added, repeated + new.repeated
    return Imported(
        contract, "ticks", found.form, found.rows, added, repeated, 0,
        waiting.unsorted, alike, found.left_out,
    )  # fmt: skip


def _keep_bars(
    found: _Piece,
    path: str,
    contract: str,
    tick_size: Decimal,
    options: Options,
    files: BarFiles,
) -> Imported:
    import numpy

    columns = found.columns
    times = columns["time_ns"]
    late = behind_a_later(times)
    order = numpy.argsort(times, kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    same = columns["time_ns"][1:] == columns["time_ns"][:-1]
    if same.any():
        at = int(order[1:][same][0])
        raise ImportRefused(path, "time must be that of one bar, is of two", at)
    bars = Bars.from_columns(columns, _every(path, options))
    source = checked_source(options.source or found.form)
    series = Series(contract, _every(path, options), source)
    added = files.add(series, tick_size, bars)
    return Imported(
        contract, "bars", found.form, found.rows, added.added, added.same,
        added.replaced, late, 0, found.left_out,
    )  # fmt: skip


def checked_source(name: str) -> str:
    """A name of a source that can be part of a path, and is not that of our own bars.

    Raises:
        InvalidField: it is none.
    """
    text = str(name)
    if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum():
        raise InvalidField("source", "must be of letters, digits, - and _", name)
    if text == "ticks":
        raise InvalidField("source", "must not be ticks: that is our own bars", name)
    return text
