"""The bars that are kept: a file for each source, length, contract and year or month.

    bars/source=gateway/span=1m/contract=MNQZ26/period=2026/part-0.parquet

Bars of two sources are never in one file, and never read as one. A file says for which
times it has all the bars that there are, so that nobody asks for them again.
"""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.errors import InvalidField
from fastorder.marketdata.frames import Timeframe, read_every
from fastorder.store.market.errors import MarketDataError
from fastorder.store.market.parquet import about, encoded, read
from fastorder.store.market.tick_sizes import ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.marketdata.bars import Bars
    from fastorder.marketdata.frames import Every
    from fastorder.store.market.folder import Folder

FILE = "part-0.parquet"
PRICES = ("open", "high", "low", "close")
COUNTS = ("volume", "ticks", "buy_volume", "sell_volume")
SECOND_NS = 1_000_000_000

Span = tuple[int, int]
"""From a moment up to another, nanoseconds since 1970 UTC."""


class Series(NamedTuple):
    """Bars that belong together: of one contract, length and source."""

    contract: str
    span: str
    source: str

    @property
    def path(self) -> str:
        """Their folder."""
        return f"bars/source={self.source}/span={self.span}/contract={self.contract}"


class BarsAdded(NamedTuple):
    """What became of bars that were to be kept.

    Attributes:
        added: those of times that had none.
        replaced: those that another stood for, with other numbers.
        same: those that were there already.
    """

    added: int
    replaced: int
    same: int


class Rows(NamedTuple):
    """Bars of one file, as a pyarrow table, and what a price of one is worth."""

    table: Any
    tick_size: Decimal


class _File(NamedTuple):
    columns: dict[str, Any]
    tick_size: Decimal | None
    covered: list[Span]


class BarFiles:
    """The bars in a folder.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def series(self) -> list[Series]:
        """All that is kept."""
        found = []
        for source in self._named("bars", "source="):
            for span in self._named(f"bars/source={source}", "span="):
                path = f"bars/source={source}/span={span}"
                found += [
                    Series(contract, span, source)
                    for contract in self._named(path, "contract=")
                ]
        return found

    def _named(self, path: str, key: str) -> list[str]:
        names = self._folder.names(path)
        return [name.removeprefix(key) for name in names if name.startswith(key)]

    def periods(self, series: Series) -> list[str]:
        """The years or months that have bars, oldest first."""
        return self._named(series.path, "period=")

    def covered(self, series: Series) -> list[Span]:
        """Times for which all bars that there are lie here."""
        spans: list[Span] = []
        for period in self.periods(series):
            path = f"{series.path}/period={period}/{FILE}"
            if self._folder.exists(path):
                told = about(self._folder, path, "bars").get("covered", ())
                spans += [(first, last) for first, last in told]
        return joined(spans)

    def last_ns(self, series: Series) -> int | None:
        """When the latest bar opens; None without one."""
        for period in reversed(self.periods(series)):
            times = self._file(series, period).columns.get("time_ns")
            if times is not None and len(times):
                return int(times[-1])
        return None

    def tables(self, series: Series, since_ns: int, until_ns: int) -> list[Rows]:
        """The bars that open in a time span: a table of each period, as it lies.

        Raises:
            TornFile: a file is not whole.
        """
        import numpy

        first, last = period_of(since_ns, series.span), period_of(until_ns, series.span)
        found = []
        for period in self.periods(series):
            path = f"{series.path}/period={period}/{FILE}"
            if not first <= period <= last or not self._folder.exists(path):
                continue
            table, told = read(self._folder, path, "bars")
            size = Decimal(told["tick_size"])
            times = table["time_ns"].to_numpy()
            start, stop = numpy.searchsorted(times, (since_ns, until_ns))
            if stop > start:
                found.append(Rows(table.slice(start, stop - start), size))
        return found

    def tick_size(self, series: Series) -> Decimal | None:
        """What a price of one is worth; None where nothing is kept."""
        for period in reversed(self.periods(series)):
            path = f"{series.path}/period={period}/{FILE}"
            if self._folder.exists(path):
                return Decimal(about(self._folder, path, "bars")["tick_size"])
        return None

    def add(
        self,
        series: Series,
        tick_size: Decimal,
        bars: Bars,
        covered: Iterable[Span] = (),
    ) -> BarsAdded:
        """Keep bars; one of a time that is there already replaces that.

        Args:
            series: what they are.
            tick_size: what a price of one is worth.
            bars: oldest first; prices in points, or int64 in ticks.
            covered: times for which these are all the bars that there are.

        Raises:
            OffTick: a price lies between two ticks.
            MarketDataError: the series has another tick size, or other columns.
        """
        columns = whole_columns(bars, tick_size)
        spans = list(covered)
        added = BarsAdded(0, 0, 0)
        with self._folder.writing():
            for period, span in _periods(columns["time_ns"], spans, series.span):
                rows = _rows_of(columns, span)
                inside = [
                    part for part in (_common(one, span) for one in spans) if part
                ]
                new = self._add_period(series, period, tick_size, rows, inside)
                added = BarsAdded(*map(sum, zip(added, new, strict=True)))
        return added

    def _add_period(
        self,
        series: Series,
        period: str,
        tick_size: Decimal,
        rows: dict[str, Any],
        covered: list[Span],
    ) -> BarsAdded:
        file = self._file(series, period)
        if file.tick_size not in (None, tick_size):
            raise MarketDataError(
                f"tick_size of {series.path} must be {file.tick_size}, was {tick_size}"
            )
        both_full = _rows(file.columns) and _rows(rows)
        if both_full and set(file.columns) != set(rows):
            raise MarketDataError(
                f"bars of {series.path} must have the columns "
                f"{', '.join(file.columns)}, have {', '.join(rows)}"
            )
        both, added = _replaced(file.columns, rows)
        spans = joined([*file.covered, *covered])
        if added.added or added.replaced or spans != file.covered:
            told = {
                "kind": "bars",
                **series._asdict(),
                "period": period,
                "tick_size": str(tick_size),
                "covered": spans,
            }
            path = f"{series.path}/period={period}/{FILE}"
            self._folder.write(path, encoded(both, told))
        return added

    def _file(self, series: Series, period: str) -> _File:
        path = f"{series.path}/period={period}/{FILE}"
        if not self._folder.exists(path):
            return _File({}, None, [])
        table, told = read(self._folder, path, "bars")
        columns = {name: table[name].to_numpy() for name in table.column_names}
        covered = [(first, last) for first, last in told.get("covered", ())]
        return _File(columns, Decimal(told["tick_size"]), covered)


def kept_span(every: str | Every) -> str:
    """A length of bars as the folder writes it.

    Raises:
        InvalidField: they are not of a length of time, or not counted from midnight.
    """
    frame = read_every(every)
    if not isinstance(frame, Timeframe) or frame.sessions or frame.offset_ns:
        raise InvalidField("every", "must be a length of time, such as 5m", str(every))
    return str(frame)


def period_of(time_ns: int, span: str) -> str:
    """The year of a time; of bars of seconds, the month."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, timezone.utc)
    return f"{moment:%Y-%m}" if span.endswith("s") else f"{moment:%Y}"


def period_span(period: str) -> Span:
    """From the start of a year or month up to its end."""
    year, _, month = period.partition("-")
    at = datetime(int(year), int(month or 1), 1, tzinfo=timezone.utc)
    months = at.year * 12 + at.month - 1 + (1 if month else 12)
    end = at.replace(year=months // 12, month=months % 12 + 1)
    return int(at.timestamp()) * SECOND_NS, int(end.timestamp()) * SECOND_NS


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same times in as few spans as they need, oldest first."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if last <= first:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def without(span: Span, covered: Iterable[Span]) -> list[Span]:
    """What of a span none of the others has."""
    inner = [part for part in (_common(one, span) for one in joined(covered)) if part]
    edges = [span[0], *(edge for part in inner for edge in part), span[1]]
    holes = list(pairwise(edges))[::2]
    return [(first, last) for first, last in holes if last > first]


def whole_columns(bars: Bars, tick_size: Decimal) -> dict[str, Any]:
    """The columns of bars as int64, prices in ticks.

    Raises:
        OffTick: a price lies between two ticks.
    """
    import numpy

    given = bars.to_numpy()
    columns = {"time_ns": given["time_ns"]}
    for name in PRICES:
        column = given[name]
        is_whole = column.dtype == numpy.int64
        columns[name] = column if is_whole else ticks_of(column, tick_size)
    columns.update((name, given[name]) for name in COUNTS if name in given)
    return columns


def _common(one: Span, other: Span) -> Span | None:
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if last > first else None


def _periods(times: Any, covered: list[Span], span: str) -> list[tuple[str, Span]]:
    """The years or months that have a bar, or a part of what is covered."""
    moments = {int(time) for time in times[[0, -1]]} if len(times) else set()
    moments |= {edge for first, last in covered for edge in (first, last - 1)}
    if not moments:
        return []
    found, at = [], min(moments)
    while at <= max(moments):
        period = period_of(at, span)
        found.append((period, period_span(period)))
        at = found[-1][1][1]
    return found


def _rows_of(columns: dict[str, Any], span: Span) -> dict[str, Any]:
    import numpy

    start, stop = numpy.searchsorted(columns["time_ns"], span)
    return {name: column[start:stop] for name, column in columns.items()}


def _replaced(
    old: dict[str, Any], new: dict[str, Any]
) -> tuple[dict[str, Any], BarsAdded]:
    """Both, the new one where they are of one time."""
    import numpy

    if not _rows(old):
        return new, BarsAdded(_rows(new), 0, 0)
    if not _rows(new):
        return old, BarsAdded(0, 0, 0)
    at = numpy.searchsorted(old["time_ns"], new["time_ns"])
    there = at < len(old["time_ns"])
    there[there] = old["time_ns"][at[there]] == new["time_ns"][there]
    alike = numpy.ones(int(there.sum()), bool)
    for name in old:
        alike &= old[name][at[there]] == new[name][there]
    same = int(alike.sum())
    kept = numpy.ones(len(old["time_ns"]), bool)
    kept[at[there]] = False
    both = {name: numpy.concatenate([old[name][kept], new[name]]) for name in old}
    order = numpy.argsort(both["time_ns"], kind="stable")
    both = {name: column[order] for name, column in both.items()}
    return both, BarsAdded(int((~there).sum()), len(alike) - same, same)


def _rows(columns: dict[str, Any]) -> int:
    return len(columns["time_ns"]) if columns else 0
