"""The ticks that are kept: a file for each contract and trading day, and its stream.

    ticks/contract=MNQZ26/day=2026-11-27/part-0.parquet
    live/contract=MNQZ26/day=2026-11-27/ticks.stream

What a stream holds is read with the file. Sealing puts it into the file, and removes
the stream only then; done twice, it comes to the same.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.days import parts_by_day
from fastorder.store.market.errors import MarketDataError
from fastorder.store.market.folder import LocalFolder
from fastorder.store.market.merging import Columns, columns_from, merged
from fastorder.store.market.parquet import about, encoded, read
from fastorder.store.market.stream import Stream, TickGap, read_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fastorder.store.market.folder import Folder

FILE = "part-0.parquet"
STREAM = "ticks.stream"
TICKS, LIVE = "ticks", "live"


class DayTicks(NamedTuple):
    """The ticks of a contract and trading day, or none."""

    ticks: Columns
    tick_size: Decimal | None
    gaps: tuple[TickGap, ...]


class Added(NamedTuple):
    """What became of ticks that were to be kept.

    Attributes:
        days: whose files were written.
        added: ticks that were not there.
        repeated: ticks that were there already.
        unsorted: ticks that came behind a later one.
    """

    days: tuple[date, ...]
    added: int
    repeated: int
    unsorted: int


class TickFiles:
    """The ticks in a folder.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def contracts(self) -> list[str]:
        """The contracts that have ticks."""
        found = {*self._named(TICKS, "contract="), *self._named(LIVE, "contract=")}
        return sorted(found)

    def days(self, contract: str) -> list[date]:
        """The trading days of which a contract has ticks, oldest first."""
        parts = (f"{top}/contract={contract}" for top in (TICKS, LIVE))
        names = {name for part in parts for name in self._named(part, "day=")}
        return sorted(date.fromisoformat(name) for name in names)

    def tick_size(self, contract: str) -> Decimal | None:
        """What the prices of a contract count; None where nothing of it is kept."""
        for day in reversed(self.days(contract)):
            path = tick_path(contract, day)
            if self._folder.exists(path):
                return Decimal(about(self._folder, path, "ticks")["tick_size"])
        return None

    def _named(self, path: str, key: str) -> list[str]:
        names = self._folder.names(path)
        return [name.removeprefix(key) for name in names if name.startswith(key)]

    def volume(self, contract: str, day: date) -> int:
        """Contracts that were traded on a day.

        Raises:
            TornFile: a file is not whole.
        """
        path = tick_path(contract, day)
        if self._stream(contract, day) is None and self._folder.exists(path):
            return int(about(self._folder, path, "ticks")["volume"])
        return int(self.day(contract, day).ticks.size.sum())

    def read_table(self, contract: str, day: date) -> tuple[Any, dict[str, Any]] | None:
        """The table of a day as it lies; None where not all of it is sealed.

        Raises:
            TornFile: the file is not whole.
        """
        path = tick_path(contract, day)
        if self._stream(contract, day) is not None or not self._folder.exists(path):
            return None
        kept = read(self._folder, path, "ticks")
        return kept.table, kept.about

    def day(self, contract: str, day: date) -> DayTicks:
        """All ticks of a day: of the file, and of the stream that is still growing.

        Raises:
            TornFile: a file is not whole.
        """
        stream = self._stream(contract, day)  # first: it may be sealed meanwhile
        file = self._file(contract, day)
        if stream is None:
            return file
        ticks = merged([file.ticks, *stream.deliveries]).ticks
        size = file.tick_size or _size_of(stream)
        return DayTicks(ticks, size, _all_gaps(file.gaps, stream.gaps))

    def _file(self, contract: str, day: date) -> DayTicks:
        path = tick_path(contract, day)
        if not self._folder.exists(path):
            return DayTicks(columns_from([], [], [], []), None, ())
        table, told = read(self._folder, path, "ticks")
        columns = Columns(*(table[name].to_numpy() for name in Columns._fields))
        gaps = tuple(TickGap(*gap) for gap in told.get("gaps", ()))
        return DayTicks(columns, Decimal(told["tick_size"]), gaps)

    def _stream(self, contract: str, day: date) -> Stream | None:
        path = self.stream_path(contract, day)
        if path is None:
            return None
        try:
            return read_stream(path)
        except FileNotFoundError:
            return None

    def stream_path(self, contract: str, day: date) -> Path | None:
        """Where the stream of a day lies; None where folders have none."""
        if not isinstance(self._folder, LocalFolder):
            return None
        live = self._folder.path / LIVE
        return live / f"contract={contract}" / f"day={day}" / STREAM

    def add(
        self,
        contract: str,
        tick_size: Decimal,
        deliveries: Sequence[Columns],
        gaps: Sequence[TickGap] = (),
        source: str = "own",
    ) -> Added:
        """Keep ticks beside those that are there.

        Each day's file is written whole. A failure leaves the days before it written
        and the others as they were; the same call again completes it.

        Args:
            contract: such as MNQZ26.
            tick_size: what a price of one is worth.
            deliveries: ticks that came together, in any order.
            gaps: where ticks are known to be missing.
            source: where they come from; the file says so.

        Raises:
            MarketDataError: the contract has another tick size.
        """
        whole = merged(deliveries)
        added, repeated, days = 0, whole.repeated, []
        with self._folder.writing():
            for part in parts_by_day(whole.ticks.time_ns):
                ticks = whole.ticks.rows(slice(part.start, part.stop))
                new, old = self._add_day(
                    contract, part.day, tick_size, ticks, gaps, source
                )
                added, repeated = added + new, repeated + old
                days.append(part.day)
        return Added(tuple(days), added, repeated, whole.unsorted)

    def _add_day(
        self,
        contract: str,
        day: date,
        tick_size: Decimal,
        ticks: Columns,
        gaps: Sequence[TickGap],
        source: str,
    ) -> tuple[int, int]:
        path = tick_path(contract, day)
        file = self._file(contract, day)
        if file.tick_size not in (None, tick_size):
            raise MarketDataError(
                f"tick_size must be {file.tick_size} as in {path}, was {tick_size}"
            )
        sources = self._sources(path)
        both = merged([file.ticks, ticks])
        of_day = [gap for gap in gaps if _overlaps(gap, both.ticks)]
        all_gaps = _all_gaps(file.gaps, of_day)
        changed = both.added or all_gaps != file.gaps or source not in sources
        if changed:
            told = {
                "kind": "ticks",
                "contract": contract,
                "day": str(day),
                "tick_size": str(tick_size),
                "gaps": all_gaps,
                "volume": int(both.ticks.size.sum()),
                "sources": sorted({*sources, source}),
            }
            self._folder.write(path, encoded(both.ticks._asdict(), told))
        return both.added, both.repeated

    def _sources(self, path: str) -> list[str]:
        if not self._folder.exists(path):
            return []
        return list(about(self._folder, path, "ticks").get("sources", ()))

    def seal(self, contract: str, day: date) -> Added | None:
        """Put the stream of a day into its file; None where there is no stream.

        Raises:
            TornFile: a file is not whole; both stay as they are.
            OSError: the file cannot be written; the stream stays.
        """
        path = self.stream_path(contract, day)
        stream = self._stream(contract, day)
        if path is None or stream is None:
            return None
        size = _size_of(stream)
        added = Added((), 0, 0, 0)
        if size is not None and stream.deliveries:
            added = self.add(contract, size, stream.deliveries, stream.gaps)
        path.unlink()
        return added

    def unsealed(self) -> list[tuple[str, date]]:
        """Contracts and days that have a stream."""
        found = []
        for contract in self._named(LIVE, "contract="):
            for day in self._named(f"{LIVE}/contract={contract}", "day="):
                if self._folder.exists(
                    f"{LIVE}/contract={contract}/day={day}/{STREAM}"
                ):
                    found.append((contract, date.fromisoformat(day)))
        return found


def tick_path(contract: str, day: date) -> str:
    """Where the file of a day lies in the folder."""
    return f"{TICKS}/contract={contract}/day={day}/{FILE}"


def _size_of(stream: Stream) -> Decimal | None:
    size = stream.about.get("tick_size")
    return None if size is None else Decimal(size)


def _all_gaps(one: Iterable[TickGap], other: Iterable[TickGap]) -> tuple[TickGap, ...]:
    return tuple(sorted({*one, *other}))


def _overlaps(gap: TickGap, ticks: Columns) -> bool:
    first, last = int(ticks.time_ns[0]), int(ticks.time_ns[-1])
    return gap.until_ns >= first and gap.since_ns <= last
