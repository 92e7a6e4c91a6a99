"""The streams that a recorder writes: one for each contract and trading day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.runtime.log import log
from fastorder.store.market.days import day_of, day_span, parts_by_day
from fastorder.store.market.errors import TornFile
from fastorder.store.market.merging import Columns, columns_from, is_sorted
from fastorder.store.market.stream import (
    StreamWriter,
    TickGap,
    delivery_record,
    gap_record,
    tick_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from fastorder.store.market.tick_files import TickFiles

NOT_RECORDED = "not recorded"
"""Why there is nothing before the first tick of a recorder."""


class Tick(NamedTuple):
    """One tick as it came: the time in ns, the price in ticks, the aggressor's side."""

    time_ns: int
    price: int
    size: int
    side: int


class ContractStreams:
    """What is written of one contract.

    A gap lies between the last tick before it and the first after it, by the times that
    the venue gives them: no clock of this machine is in it.

    Args:
        files: where the streams lie.
        contract: such as MNQZ26.
        tick_size: what a price of one is worth.
        monotonic_s: a clock that only goes forward.

    Attributes:
        cut: bytes of streams that an earlier recorder could not finish.
    """

    def __init__(
        self,
        files: TickFiles,
        contract: str,
        tick_size: Decimal,
        monotonic_s: Callable[[], float],
    ) -> None:
        self._files = files
        self._contract = contract
        self.tick_size = tick_size
        self._monotonic_s = monotonic_s
        self._written_s: dict[date, float] = {}
        self._unsynced = 0
        self._open: dict[date, StreamWriter] = {}
        self._last_ns: int | None = None
        self._missing: str | None = NOT_RECORDED
        self._fresh: set[date] = set()
        self.cut = 0

    def interrupt(self, why: str) -> None:
        """What comes from now on is another delivery; something may lack before it."""
        self._missing = self._missing or why
        self._fresh.clear()

    def write(self, ticks: list[Tick]) -> None:
        """Append ticks to the streams of their days; all of a day's or none of them.

        What was written is taken out of the list, so a failure can be tried again.

        Raises:
            OSError: a stream cannot be written.
        """
        columns = columns_from(*zip(*ticks, strict=True))
        done = 0
        for part in _runs_by_day(columns):
            self._write_day(part.day, columns.rows(slice(part.start, part.stop)))
            del ticks[: part.stop - done]
            done = part.stop

    def _write_day(self, day: date, ticks: Columns) -> None:
        stream = self._stream(day)
        records = b"" if day in self._fresh else delivery_record()
        first, last = int(ticks.time_ns[0]), int(ticks.time_ns[-1])
        if self._missing is not None:
            since = stream.last_ns if self._last_ns is None else self._last_ns
            since = day_span(day)[0] if since is None else since
            # within one moment what is repeated and what is new cannot be told apart
            gap = TickGap(since, max(first, since + 1), self._missing)
            records += gap_record(gap) if since <= first else b""
        stream.append(records + tick_record(ticks))
        self._missing = None
        self._fresh.add(day)
        self._unsynced += len(ticks.time_ns)
        self._written_s[day] = self._monotonic_s()
        self._last_ns = stream.last_ns = last

    def _stream(self, day: date) -> StreamWriter:
        if day not in self._open:
            path = self._files.stream_path(self._contract, day)
            assert path is not None  # a recorder has a folder on a disk
            about: dict[str, Any] = {
                "contract": self._contract,
                "day": str(day),
                "tick_size": str(self.tick_size),
            }
            self._open[day] = stream = StreamWriter(path, about)
            self.cut += stream.cut
            if stream.last_ns is None:
                stream.last_ns = self._sealed_last_ns(day)
        return self._open[day]

    def _sealed_last_ns(self, day: date) -> int | None:
        try:
            times = self._files.day(self._contract, day).ticks.time_ns
        except TornFile as error:  # recording goes on; sealing says it again
            log().error("a file of ticks cannot be read: %s", error)
            return None
        return int(times[-1]) if len(times) else None

    def sync(self) -> int:
        """Have all of it on the disk; how many ticks that are which were not before.

        Raises:
            OSError: it cannot be; ask again.
        """
        if not self._unsynced:
            return 0
        for stream in self._open.values():
            stream.sync()
        done, self._unsynced = self._unsynced, 0
        return done

    def days(self) -> list[date]:
        """The days that have an open stream."""
        return sorted(self._open)

    def ended(self, ended_s: float, quiet_s: float) -> list[date]:
        """Days for which nothing came so long; a shorter time where a later one has."""
        now_s, days = self._monotonic_s(), self.days()
        return [
            day
            for day in days
            if now_s - self._written_s.get(day, now_s)
            >= (quiet_s if day == days[-1] else ended_s)
        ]

    def seal(self, day: date) -> None:
        """Put the stream of a day into its file; its next tick begins another stream.

        Raises:
            OSError, TornFile: a file cannot be written or read; the stream stays.
        """
        self._open[day].sync()
        self._files.seal(self._contract, day)
        self._open.pop(day).close()
        self._fresh.discard(day)

    def close(self) -> None:
        """Let go of all files; their streams stay."""
        while self._open:
            self._open.popitem()[1].close()


class _Run(NamedTuple):
    day: date
    start: int
    stop: int


def _runs_by_day(ticks: Columns) -> list[_Run]:
    """Runs of ticks of one day, as they came: late ones may lie between others."""
    if is_sorted(ticks.time_ns):
        return [_Run(*part) for part in parts_by_day(ticks.time_ns)]
    return _runs(ticks.time_ns.tolist())


def _runs(times: list[int]) -> list[_Run]:
    runs: list[_Run] = []
    for at, time_ns in enumerate(times):
        day = day_of(time_ns)
        if runs and runs[-1].day == day:
            runs[-1] = runs[-1]._replace(stop=at + 1)
        else:
            runs.append(_Run(day, at, at + 1))
    return runs
