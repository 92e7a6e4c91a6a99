"""A file into the folder: opened, told apart, read, checked, and only then kept."""

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
from fastorder.store.market.importing.tables import Table, table_of
from fastorder.store.market.merging import (
    Columns,
    behind_a_later,
    repeats_within,
    without_repeats,
)
from fastorder.store.market.names import contract_name
from fastorder.store.market.tick_sizes import FLOAT_OFF, OffTick, ticks_of

if TYPE_CHECKING:
    import os
    from decimal import Decimal

    from fastorder.store.market.bar_files import BarFiles
    from fastorder.store.market.importing.layouts import Layout
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


class _Read(NamedTuple):
    """Ticks or bars of a file; bars as columns of int64."""

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
    try:
        found = _read(content, contract, tick_size, options)
    except OffTick as error:
        raise ImportRefused(content.path, error.why, error.row) from None
    except (BarError, WrongColumn) as error:
        raise ImportRefused(content.path, str(error)) from None
    if found.kind == "ticks":
        return _keep_ticks(found, contract, tick_size, options, ticks)
    return _keep_bars(found, content.path, contract, tick_size, options, bars)


def _read(
    content: Content, contract: str, tick_size: Decimal, options: Options
) -> _Read:
    if content.kind == "json":
        return _of_gateway(content, tick_size, options)
    if content.kind == "scid":
        return _of_scid(content, tick_size, options)
    table = table_of(content)
    layout = layout_of(table, options)
    rows = table.rows
    table, mask = _chosen(table, layout, contract, options)
    read = _table_ticks if layout.kind == "ticks" else _table_bars
    try:
        columns = read(table, layout, tick_size, options)
    except OffTick as error:
        place = _place(mask, error.row)
        raise OffTick(error.price, error.tick_size, place) from None
    except ImportRefused as error:
        at = None if error.row is None else _place(mask, error.row)
        raise ImportRefused(error.path, error.why, at) from None
    return _Read(layout.kind, layout.form, rows, rows - table.rows, columns)


# ---------------------------------------------------------------------- tables


def _place(mask: Any, row: int) -> int:
    """The row of the file of a row that was chosen."""
    import numpy

    return row if mask is None else int(numpy.flatnonzero(mask)[row])


def _chosen(
    table: Table, layout: Layout, contract: str, options: Options
) -> tuple[Table, Any]:
    """The rows of one contract that count, and which they are; None for all.

    Raises:
        ImportRefused: the file has several contracts, or another one.
    """
    from pyarrow import compute

    mask = None
    if layout.only is not None:
        column, value = layout.only
        mask = compute.equal(table.columns[column], value)
        mask = compute.fill_null(mask, False)
    name = layout.roles.get("symbol")
    if name is not None:
        mine = _of_contract(table, name, contract, options)
        mask = mine if mask is None else compute.and_(mask, mine)
    if mask is None:
        return table, None
    columns = {n: column.filter(mask) for n, column in table.columns.items()}
    chosen = table._replace(columns=columns)
    if not chosen.rows:
        raise ImportRefused(table.path, "must have rows that count, has none")
    return chosen, mask.to_numpy(zero_copy_only=False)


def _of_contract(table: Table, name: str, contract: str, options: Options) -> Any:
    import pyarrow
    from pyarrow import compute

    column = table.columns[name].cast(pyarrow.string())
    there = [str(value) for value in compute.unique(column).to_pylist()]
    if options.symbol is not None:
        if options.symbol not in there:
            raise ImportRefused(
                table.path,
                f"must have rows of {options.symbol}, has {', '.join(there[:9])}",
            )
        return compute.fill_null(compute.equal(column, options.symbol), False)
    if len(there) > 1:
        raise ImportRefused(
            table.path,
            f"must be of one contract, has {', '.join(there[:9])}: choose by symbol=",
        )
    if _names_another(there[0], contract):
        raise ImportRefused(table.path, f"must be of {contract}, is of {there[0]}")
    return compute.is_valid(column)


def _names_another(symbol: str, contract: str) -> bool:
    """Whether it names a contract, and another one; what is no name may be anything."""
    try:
        return contract_name(symbol, 2000 + int(contract[-2:])) != contract
    except (FastOrderError, ValueError):
        return False


def _times(table: Table, layout: Layout, options: Options) -> tuple[Any, bool]:
    """The times of a table, and whether they are whole days."""
    from pyarrow import compute

    stamps = Stamps(table.path, options, layout.zone, layout.date_order)
    column = table.columns[layout.roles["time"]]
    if "date" in layout.roles:
        date = table.columns[layout.roles["date"]]
        column = compute.binary_join_element_wise(date, column, " ")
    return stamps.read(column), stamps.days_only


def _table_ticks(
    table: Table, layout: Layout, tick_size: Decimal, options: Options
) -> Columns:
    import numpy

    numbers, roles = Numbers(table, options), layout.roles
    times, days_only = _times(table, layout, options)
    if days_only:
        raise ImportRefused(table.path, "time must have a time of day for ticks", 0)
    size = numbers.whole(roles["size"], least=1)
    price = _ticks(numbers, roles["price"], layout, tick_size, options)
    if layout.sides is not None:
        at_bid, at_ask = (numbers.whole(name) for name in layout.sides)
        side = scid.side_by_volume(at_bid, at_ask)
    elif "side" in roles:
        side = numbers.sides(roles["side"])
    else:
        side = numpy.zeros(len(size), numpy.int8)
    return Columns(times, price, size, side)


def _table_bars(
    table: Table, layout: Layout, tick_size: Decimal, options: Options
) -> dict[str, Any]:
    import numpy

    numbers, roles = Numbers(table, options), layout.roles
    times, days_only = _times(table, layout, options)
    if days_only:
        days = [day_of(int(time) + 43_200_000_000_000) for time in times]
        times = numpy.array([day_span(day)[0] for day in days], numpy.int64)
    elif (options.stamps or layout.stamps) == "close":
        times = times - _length_ns(table.path, options)
    columns = {"time_ns": times}
    for name in PRICES:
        columns[name] = _ticks(numbers, roles[name], layout, tick_size, options)
    columns["volume"] = numbers.whole(roles["volume"])
    return columns


def _ticks(
    numbers: Numbers, name: str, layout: Layout, tick_size: Decimal, options: Options
) -> Any:
    worth = options.worth(layout.price_unit)
    return ticks_of(numbers.real(name), tick_size / worth)


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


def _of_gateway(content: Content, tick_size: Decimal, options: Options) -> _Read:
    from fastorder.store.market.bar_files import whole_columns

    bars = bars_from_json(content.data, _every(content.path, options))
    columns = whole_columns(bars, tick_size)
    return _Read("bars", "gateway", len(bars), 0, columns)


def _of_scid(content: Content, tick_size: Decimal, options: Options) -> _Read:
    found = scid.read_scid(content)
    records, worth = found.records, options.worth("1")
    kind = "ticks" if found.is_ticks else "bars"
    if options.kind not in (None, kind):
        raise ImportRefused(content.path, f"must be of {options.kind}, is of {kind}")

    def whole(name: str) -> Any:
        off = max(FLOAT_OFF, scid.FLOAT_OFF)
        return ticks_of(records[name], tick_size / worth, off)

    columns: Any
    if found.is_ticks:
        side = scid.side_by_volume(records["at_bid"], records["at_ask"])
        size = records["volume"].astype("i8")
        columns = Columns(found.time_ns, whole("close"), size, side)
    else:
        columns = {"time_ns": found.time_ns, **{name: whole(name) for name in PRICES}}
        columns["volume"] = records["volume"].astype("i8")
        columns["ticks"] = records["trades"].astype("i8")
    return _Read(kind, "sierra", len(records), 0, columns)


# ---------------------------------------------------------------------- keeping


def _keep_ticks(
    found: _Read,
    contract: str,
    tick_size: Decimal,
    options: Options,
    files: TickFiles,
) -> Imported:
    ticks: Columns = found.columns
    if not (ticks.size >= 1).all():
        raise ImportRefused(found.form, "size must be at least 1 in every row")
    alike, late = repeats_within(ticks), behind_a_later(ticks.time_ns)
    if options.repeats == "drop":
        ticks = without_repeats(ticks)
    added = files.add(contract, tick_size, [ticks], source=options.source or found.form)
    return Imported(
        contract, "ticks", found.form, found.rows, added.added, added.repeated, 0,
        late, alike, found.left_out,
    )  # fmt: skip


def _keep_bars(
    found: _Read,
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
