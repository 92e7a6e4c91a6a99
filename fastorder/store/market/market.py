"""Market data of a folder, from one object: ticks, bars, their import and recording."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import InvalidField
from fastorder.store.market import importing
from fastorder.store.market.bar_files import BarFiles, Series, kept_span
from fastorder.store.market.fetching import fetch, missing_spans, run, run_awaited
from fastorder.store.market.folder import folder_at
from fastorder.store.market.importing.importer import checked_source
from fastorder.store.market.kept_bars import Bars
from fastorder.store.market.names import contract_name, is_product
from fastorder.store.market.reading import BarReader, TickReader, chain_of
from fastorder.store.market.recorder import Recorder
from fastorder.store.market.tick_files import TickFiles
from fastorder.store.market.tick_sizes import checked_tick_size
from fastorder.store.market.times import time_span

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from fastorder.marketdata.sessions import Sessions
    from fastorder.store.market.bar_files import BarsAdded
    from fastorder.store.market.continuous import Adjust, Roll, RollRule
    from fastorder.store.market.fetching import Fetched
    from fastorder.store.market.importing import Imported
    from fastorder.store.market.ticks import Ticks

GATEWAY, OWN = "gateway", "ticks"


@class_with_near_names
class MarketData:
    """The ticks and bars of a folder.

    Args:
        folder: a path, or a URL of a file system that fsspec knows. It is made once
            something is kept in it.
        now_ns: the time of day, for ``days``.

    Raises:
        MarketDataError: fsspec is not there, or does not know the URL.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder_at(folder)
        self._ticks, self._bars = TickFiles(self._folder), BarFiles(self._folder)
        self._now_ns = now_ns

    def __repr__(self) -> str:
        return f"<MarketData in {self._folder.root}>"

    # ------------------------------------------------------------------ what there is

    def contracts(self) -> list[str]:
        """The contracts that have ticks."""
        return self._ticks.contracts()

    def days(self, contract: str) -> list[date]:
        """The trading days of which a contract has ticks."""
        return self._ticks.days(contract_name(contract))

    def series(self) -> list[Series]:
        """The bars that are kept: contract, length and source."""
        return self._bars.series()

    # ------------------------------------------------------------------ reading

    def ticks(
        self,
        symbol: str,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        days: float | None = None,
        roll: RollRule = "volume",
        adjust: Adjust = "none",
    ) -> Ticks:
        """Ticks in order of time, as columns.

        Args:
            symbol: a contract (MNQZ26, an id), or a product, whose contracts follow
                each other.
            since, until: aware times, or trading days, the last one with its end.
            days: so many days up to ``until`` or now, instead of ``since``.
            roll: when one contract follows another: ``volume``, ``calendar``, a
                ``Calendar`` or ``Dates``.
            adjust: what is done to prices before a roll: ``none``, ``difference``, or
                ``ratio``, which leaves no whole ticks.

        Raises:
            MarketDataError: none are kept, or a file is not whole.
            InvalidField, WrongFieldType: an argument cannot be used.
        """
        span = time_span(since, until, days, self._now_ns)
        reader = TickReader(self._ticks)
        return reader.read(chain_of(symbol, reader, roll, adjust), *span)

    def bars(
        self,
        symbol: str,
        every: str,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        days: float | None = None,
        source: str = GATEWAY,
        prices: str = "points",
        roll: RollRule = "volume",
        adjust: Adjust = "none",
    ) -> Bars:
        """Bars of one source, oldest first, as columns.

        Where none of that length are kept, they are made of the longest that they can
        be made of, of the same source.

        Args:
            symbol, since, until, days, roll, adjust: see ``ticks``.
            every: a length of time, such as 5m.
            source: ``gateway``, ``ticks`` for bars that are made of the ticks here, or
                the name of an import.
            prices: ``points``, or ``ticks`` for whole numbers, which need no copy.

        Raises:
            MarketDataError: none are kept, or a file is not whole.
            InvalidField, WrongFieldType: an argument cannot be used.
        """
        if source == OWN:
            ticks = self.ticks(
                symbol, since, until, days=days, roll=roll, adjust=adjust
            )
            made = Bars._over(ticks.bars(every, prices=prices))
            return made._told(ticks.name, OWN, ticks.tick_size, ticks.rolls)
        span = time_span(since, until, days, self._now_ns)
        reader = BarReader(self._bars, every, source)
        return reader.read(chain_of(symbol, reader, roll, adjust), *span, prices)

    def rolls(
        self,
        symbol: str,
        every: str | None = None,
        *,
        source: str = GATEWAY,
        roll: RollRule = "volume",
    ) -> tuple[Roll, ...]:
        """Where the contracts of a product follow each other.

        Args:
            symbol: a product.
            every: by the bars of that length; without it, by the ticks.
            source: of the bars.
            roll: the rule; see ``ticks``.
        """
        reader: Any = TickReader(self._ticks)
        if every is not None:
            reader = BarReader(self._bars, every, source)
        return chain_of(symbol, reader, roll, "none").rolls

    # ------------------------------------------------------------------ keeping bars

    def add_bars(
        self,
        symbol: str,
        bars: Any,
        *,
        tick_size: Any = None,
        source: str,
        every: str | None = None,
    ) -> BarsAdded:
        """Keep bars that you have; one of a time that is there already replaces that.

        Args:
            symbol: one contract.
            bars: bars of `fastorder.marketdata`; those that may lack ticks are left
            out. tick_size: what a price of one is worth; not needed where it is kept.
            source: what to call where they come from; letters, digits, - and _. every:
            their length, where they do not say it.

        Raises:
            InvalidField: an argument cannot be used.
            MarketDataError: a price lies between two ticks.
        """
        length = bars.every if every is None else every
        if length is None:
            raise InvalidField("every", "must say how long the bars are", every)
        series = Series(
            contract_name(symbol), kept_span(length), checked_source(source)
        )
        return self._bars.add(series, self._size(series, tick_size), bars.whole())

    def missing_bars(
        self,
        symbol: str,
        every: str,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        days: float | None = None,
        sessions: Sessions | None = None,
    ) -> list[tuple[int, int]]:
        """Times of which the gateway's bars are not all kept here.

        ``fetch_bars`` asks for the bars of these times, and takes the same arguments.
        """
        if since is None and days is None:
            raise InvalidField("since", "must be given, or days", None)
        since_ns, until_ns = time_span(since, until, days, self._now_ns)
        series = Series(contract_name(symbol), kept_span(every), GATEWAY)
        until_ns = min(until_ns, self._now_ns())
        return missing_spans(self._bars, series, since_ns, until_ns, sessions)

    def fetch_bars(
        self,
        executor: Any,
        symbol: str,
        every: str,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        days: float | None = None,
        sessions: Sessions | None = None,
        tick_size: Any = None,
    ) -> Fetched:
        """Ask the gateway for its bars, only for those that are not here.

        Args:
            executor: of `fastorder.blocking`, an executor or a trader.
            symbol: one contract, or a product: then its contract in front, which the
                executor finds. Its tick size is the gateway's where none is given.
            every, since, until, days: which bars.
            sessions: when the market is open; with them, nothing is asked for the
                times between.
            tick_size: what a price of one is worth; not needed where it is kept.

        Raises:
            RequestFailed: the gateway gives none; what came before it is kept.
        """
        if is_product(symbol):
            front = executor.contract(symbol)
            symbol, tick_size = front.id, tick_size or front.tick_size
        return run(*self._fetching(
            executor, symbol, every, since, until, days, sessions, tick_size
        ))  # fmt: skip

    async def fetch_bars_async(
        self,
        executor: Any,
        symbol: str,
        every: str,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        *,
        days: float | None = None,
        sessions: Sessions | None = None,
        tick_size: Any = None,
    ) -> Fetched:
        """Ask the gateway, by an awaited executor, for those bars that are not here.

        It takes, gives and raises what ``fetch_bars`` does.

        Args:
            executor: an executor or a trader whose verbs are awaited.
        """
        if is_product(symbol):
            front = await executor.contract(symbol)
            symbol, tick_size = front.id, tick_size or front.tick_size
        return await run_awaited(*self._fetching(
            executor, symbol, every, since, until, days, sessions, tick_size
        ))  # fmt: skip

    def _fetching(
        self,
        executor: Any,
        symbol: str,
        every: str,
        since: Any,
        until: Any,
        days: Any,
        sessions: Sessions | None,
        tick_size: Any,
    ) -> tuple[Any, Any]:
        spans = self.missing_bars(
            symbol, every, since, until, days=days, sessions=sessions
        )
        series = Series(contract_name(symbol), kept_span(every), GATEWAY)
        steps = fetch(self._bars, series, self._size(series, tick_size), spans)

        def read(window: Any) -> Any:
            return executor.bars(symbol, every, since=window.since, until=window.until)

        return steps, read

    def _size(self, series: Series, given: Any) -> Any:
        if given is not None:
            return checked_tick_size(given)
        known = self._bars.tick_size(series) or self._ticks.tick_size(series.contract)
        if known is None:
            raise InvalidField(
                "tick_size",
                f"must be given, nothing of {series.contract} is kept",
                None,
            )
        return known

    # ------------------------------------------------------------------ files, live

    def import_file(
        self,
        path: str | os.PathLike[str],
        contract: str,
        *,
        tick_size: Any = None,
        form: str | None = None,
        kind: str | None = None,
        every: str | None = None,
        columns: Mapping[str, str] | None = None,
        zone: str | None = None,
        fold: str = "refuse",
        skipped: str = "refuse",
        time_unit: str | None = None,
        date_order: str | None = None,
        decimal: str | None = None,
        stamps: str | None = None,
        price_unit: Any = None,
        symbol: str | None = None,
        repeats: str = "keep",
        source: str | None = None,
    ) -> Imported:
        """Keep the ticks or bars of a file; nothing of it where it cannot be read.

        Args:
            path: of the file; plain, gzip or zstd.
            contract: what it is of.
            tick_size: what a price of one is worth; not needed where it is kept.
            form: whose form it has, where that shall not be looked for: databento,
                gateway, kibot, ninjatrader, sierra, tradingview, or columns for any
                table with names.
            kind: ``ticks`` or ``bars``, where a file may hold either.
            every: how long bars are, such as 1m.
            columns: what the file calls time, date, price, size, side, open, high,
                low, close, volume, symbol: ``{"price": "Last Price"}``.
            zone: whose clocks its times show, such as America/Chicago.
            fold: an hour that the clocks show twice is ``refuse``d, or taken for the
                ``earlier`` or the ``later`` one.
            skipped: an hour that the clocks skip is ``refuse``d, or taken for so much
                ``later``.
            time_unit: what whole numbers count: s, ms, us or ns.
            date_order: ``mdy`` or ``dmy``, of dates with strokes.
            decimal: what stands before the decimals: ``.`` or ``,``.
            stamps: whether bars carry the time of their ``open`` or ``close``.
            price_unit: what a price of 1 is worth in points, such as 0.01.
            symbol: whose rows are taken of a file of several contracts.
            repeats: ticks that are alike in all are all kept (``keep``), or one of
                them (``drop``).
            source: what bars are called in the folder; without it, the form.

        Raises:
            ImportRefused: it cannot be read as what it is said to be.
            InvalidField: an argument cannot be used.
        """
        options = importing.Options(
            form, kind, every, columns, zone, fold, skipped, time_unit, date_order,
            decimal, stamps, price_unit, symbol, repeats, source,
        )  # fmt: skip
        name = contract_name(contract)
        size = self._size(Series(name, "1m", GATEWAY), tick_size)
        return importing.import_file(path, name, size, options, self._ticks, self._bars)

    def record(
        self, contracts: Mapping[str, Any], hub: Any = None, *, every_s: float = 0.5
    ) -> Recorder:
        """Record ticks into the folder until the recorder is closed.

        Args:
            contracts: the gateway's id of each, to its tick size.
            hub: a market hub to hear; without one, tell the recorder its trades.
            every_s: how long a tick may wait until it is on the disk.

        Raises:
            FolderInUse: another recorder has the folder.
        """
        sizes = {name: checked_tick_size(size) for name, size in contracts.items()}
        recorder = Recorder(self._folder, sizes, every_s=every_s)  # type: ignore[arg-type]
        if hub is not None:
            recorder.attach(hub)
        return recorder
