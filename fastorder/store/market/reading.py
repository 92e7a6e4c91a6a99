"""What is read of the folder: the ticks or the bars of a contract, or of a series."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.errors import InvalidField
from fastorder.marketdata.building import resample
from fastorder.marketdata.frames import Timeframe, read_every
from fastorder.store.market.bar_files import (
    PRICES,
    BarFiles,
    Series,
    kept_span,
)
from fastorder.store.market.continuous import (
    Roll,
    Segment,
    adjusted,
    moves,
    rolls_of,
    segments,
)
from fastorder.store.market.days import day_of, parts_by_day
from fastorder.store.market.errors import MarketDataError
from fastorder.store.market.kept_bars import Bars, in_points
from fastorder.store.market.names import kept_name, named
from fastorder.store.market.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fastorder.store.market.continuous import Adjust, RollRule
    from fastorder.store.market.stream import TickGap
    from fastorder.store.market.tick_files import TickFiles

LOOK_BACK_NS = 14 * 86_400 * 1_000_000_000
"""So long before a roll the last price of a contract is looked for."""


class Chain(NamedTuple):
    """The contracts of a series, and what is done to the prices of each."""

    name: str
    segments: list[Segment]
    rolls: tuple[Roll, ...]
    moves: list[float]
    adjust: Adjust


def chain_of(symbol: str, data: Prices, roll: RollRule, adjust: Adjust) -> Chain:
    """What a name stands for: one contract, or a product's contracts in turn.

    Raises:
        MarketDataError: nothing of the kind is kept.
        InvalidField: the name, the rule or the way cannot be used.
    """
    wanted = named(symbol)
    there = data.contracts()
    if wanted.month is not None:
        if wanted.contract not in there:
            raise _nothing(symbol, data.what, there)
        whole = [Segment(wanted.contract, 0, 2**63 - 1)]
        return Chain(wanted.contract, whole, (), [0.0], "none")
    mine = [name for name in there if _is_of(name, wanted.product)]
    if not mine:
        raise _nothing(symbol, data.what, there)
    by_volume = mine if roll == "volume" and len(mine) > 1 else []
    volumes = {name: data.volumes(name) for name in by_volume}
    rolls = rolls_of(wanted.product, mine, roll, volumes)
    if adjust != "none":
        rolls = [
            one._replace(
                before_ticks=data.last_price(one.before, one.at_ns),
                after_ticks=data.last_price(one.after, one.at_ns),
            )
            for one in rolls
        ]
    found = moves(rolls, adjust)
    return Chain(wanted.product, segments(mine, rolls), tuple(rolls), found, adjust)


def _is_of(contract: str, product: str) -> bool:
    found = kept_name(contract)
    return found is not None and found.product == product


def _nothing(symbol: str, what: str, there: Sequence[str]) -> MarketDataError:
    return MarketDataError(
        f"{what} of {symbol} must be kept to be read, there are those of "
        f"{', '.join(there) or 'no contract'}"
    )


class Prices:
    """What a chain needs to know of the data that it is made of."""

    what: str

    def contracts(self) -> list[str]:
        """Those that have data."""
        raise NotImplementedError

    def volumes(self, contract: str) -> dict[date, int]:
        """Contracts that were traded, by trading day."""
        raise NotImplementedError

    def last_price(self, contract: str, before_ns: int) -> int | None:
        """The last price before a moment, in ticks; None where there is none."""
        raise NotImplementedError


class TickReader(Prices):
    """Reads ticks."""

    what = "ticks"

    def __init__(self, files: TickFiles) -> None:
        self._files = files

    def contracts(self) -> list[str]:
        """See ``Prices``."""
        return self._files.contracts()

    def volumes(self, contract: str) -> dict[date, int]:
        """See ``Prices``."""
        days = self._files.days(contract)
        return {day: self._files.volume(contract, day) for day in days}

    def last_price(self, contract: str, before_ns: int) -> int | None:
        """See ``Prices``."""
        days = self._files.days(contract)
        for day in reversed(days[: bisect_left(days, day_of(before_ns))]):
            ticks = self._files.day(contract, day).ticks
            if len(ticks.price):
                return int(ticks.price[-1])
        return None

    def read(self, chain: Chain, since_ns: int, until_ns: int) -> Ticks:
        """The ticks of a time span.

        Raises:
            MarketDataError: contracts of the chain have other tick sizes.
        """
        import pyarrow

        tables: list[Any] = []
        gaps: list[TickGap] = []
        size: Decimal | None = None
        for segment, move in zip(chain.segments, chain.moves, strict=True):
            first, last = (
                max(since_ns, segment.since_ns),
                min(until_ns, segment.until_ns),
            )
            for day in self._days(segment.contract, first, last):
                table, about_size, about_gaps = self._day(segment.contract, day)
                size = _one_size(size, about_size, chain.name)
                tables.append(_moved(_between(table, first, last), move, chain.adjust))
                gaps += [
                    g for g in about_gaps if g.until_ns > first and g.since_ns < last
                ]
        if size is None or not tables:
            raise MarketDataError(
                f"ticks of {chain.name} must be kept in that time, there are none"
            )
        table = pyarrow.concat_tables(tables).replace_schema_metadata(None)
        return Ticks(table, chain.name, size, tuple(gaps), chain.rolls)

    def _days(self, contract: str, first_ns: int, last_ns: int) -> list[date]:
        if last_ns <= first_ns:
            return []
        first, last = day_of(first_ns), day_of(last_ns - 1)
        return [day for day in self._files.days(contract) if first <= day <= last]

    def _day(
        self, contract: str, day: date
    ) -> tuple[Any, Decimal | None, tuple[TickGap, ...]]:
        """A day as it lies; where a stream of it grows, both put together.

        A stream that has only just begun may not say yet what its prices count.
        """
        import pyarrow

        from fastorder.store.market.stream import TickGap

        whole = self._files.read_table(contract, day)
        if whole is not None:
            table, about = whole
            gaps = tuple(TickGap(*gap) for gap in about["gaps"])
            return table, Decimal(about["tick_size"]), gaps
        found = self._files.day(contract, day)
        return pyarrow.table(found.ticks._asdict()), found.tick_size, found.gaps


class BarReader(Prices):
    """Reads bars of one source and length.

    Args:
        files: where they are.
        every: what is wanted.
        source: which.
    """

    what = "bars"

    def __init__(self, files: BarFiles, every: str, source: str) -> None:
        self._files, self._source = files, source
        self.every = kept_span(every)
        self._kept = [one for one in files.series() if one.source == source]
        self.what = f"bars of {self.every} from {source}"

    def contracts(self) -> list[str]:
        """See ``Prices``."""
        return sorted({one.contract for one in self._kept if _makes(one, self.every)})

    def _series(self, contract: str) -> Series:
        """The longest that the wanted ones can be made of."""
        able = [
            s for s in self._kept if s.contract == contract and _makes(s, self.every)
        ]
        return max(able, key=lambda series: _length(series.span))

    def volumes(self, contract: str) -> dict[date, int]:
        """See ``Prices``."""
        found: dict[date, int] = {}
        for table, _ in self._files.tables(self._series(contract), 0, 2**62):
            volume = table["volume"].to_numpy()
            for part in parts_by_day(table["time_ns"].to_numpy()):
                traded = int(volume[part.start : part.stop].sum())
                found[part.day] = found.get(part.day, 0) + traded
        return found

    def last_price(self, contract: str, before_ns: int) -> int | None:
        """See ``Prices``."""
        since = max(before_ns - LOOK_BACK_NS, 0)
        tables = self._files.tables(self._series(contract), since, before_ns)
        return tables[-1].table["close"][-1].as_py() if tables else None

    def read(self, chain: Chain, since_ns: int, until_ns: int, prices: str) -> Bars:
        """The bars of a time span.

        Raises:
            MarketDataError: there are none, or contracts have other tick sizes.
        """
        import pyarrow

        if prices not in ("points", "ticks"):
            raise InvalidField("prices", "must be points or ticks", prices)
        if prices == "ticks" and chain.adjust == "ratio":
            raise InvalidField(
                "prices", "must be points where a ratio moves them", prices
            )
        tables: list[Any] = []
        size: Decimal | None = None
        for segment, move in zip(chain.segments, chain.moves, strict=True):
            first, last = (
                max(since_ns, segment.since_ns),
                min(until_ns, segment.until_ns),
            )
            if last <= first:
                continue
            made, own_size = self._made(segment.contract, first, last)
            size = _one_size(size, own_size, chain.name)
            tables += [_moved(table, move, chain.adjust) for table in made]
        if size is None or not tables:
            raise MarketDataError(
                f"{self.what} of {chain.name} must be kept in that time, there are none"
            )
        table = pyarrow.concat_tables(_alike(tables))
        columns = {name: table[name] for name in table.column_names}
        if prices == "points":
            columns = in_points(columns, size)
        return Bars._kept(
            columns, self.every, name=chain.name, source=self._source, tick_size=size,
            rolls=chain.rolls,
        )  # fmt: skip

    def _made(self, contract: str, first_ns: int, last_ns: int) -> tuple[Any, Any]:
        import pyarrow

        from fastorder.marketdata.bars import Bars as PlainBars

        series = self._series(contract)
        found = self._files.tables(series, first_ns, last_ns)
        if not found:
            return [], None
        tables, size = [rows.table for rows in found], found[-1].tick_size
        if series.span == self.every:
            return tables, size
        joined = pyarrow.concat_tables(_alike(tables))
        shorter = PlainBars.from_columns(joined, series.span)
        return [pyarrow.table(resample(shorter, self.every))], size


def _alike(tables: Sequence[Any]) -> list[Any]:
    """Tables with the columns that all of them have."""
    names = [
        name
        for name in tables[0].column_names
        if all(name in table.column_names for table in tables)
    ]
    return [table.select(names).replace_schema_metadata(None) for table in tables]


def _between(table: Any, first_ns: int, last_ns: int) -> Any:
    import numpy

    times = table["time_ns"].to_numpy()
    start, stop = numpy.searchsorted(times, (first_ns, last_ns))
    return table.slice(start, stop - start)


def _moved(table: Any, move: float, adjust: Adjust) -> Any:
    if adjust == "none" or (adjust == "difference" and not move):
        return table
    for name in ("price", *PRICES):
        if name in table.column_names:
            at = table.column_names.index(name)
            moved = adjusted(table[name].to_numpy(), move, adjust)
            table = table.set_column(at, name, [moved])
    return table


def _one_size(known: Decimal | None, size: Decimal | None, name: str) -> Decimal | None:
    if known is not None and size is not None and known != size:
        raise MarketDataError(
            f"contracts of {name} must have one tick size, have {known} and {size}"
        )
    return known if size is None else size


def _length(span: str) -> int:
    frame = read_every(span)
    return frame.length_ns if isinstance(frame, Timeframe) else 0


def _makes(series: Series, every: str) -> bool:
    """Whether bars of that length can be made of a series."""
    if series.span == every:
        return True
    short, long = read_every(series.span), read_every(every)
    if not (isinstance(short, Timeframe) and isinstance(long, Timeframe)):
        return False
    even = {"s", "m", "h"}
    if short.unit not in even or long.unit not in even:
        return False  # days and longer depend on when the market is open
    return long.length_ns % short.length_ns == 0
