"""What a trader hears: quotes, trades, depth, bars as they are made; callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder._core.codec.field_checks import symbol_from
from fastorder.errors import InvalidField, RealtimeUnavailable, WrongFieldType
from fastorder.runtime.clock import SECOND_NS, Clock
from fastorder.streams import market_streams
from fastorder.streams.callbacks import KINDS, Callbacks
from fastorder.streams.contract_feed import DEPTH, QUOTES, TRADES
from fastorder.streams.market import Market
from fastorder.streams.telling import tell_of
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.verbs.explained import explained
from fastorder.verbs.history import HistoryVerbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from fastorder._core.codec.market_events import MarketTrade, Quote
    from fastorder._core.flow.ticket import Ticket
    from fastorder.marketdata import Bars
    from fastorder.marketdata.frames import Every, Timeframe
    from fastorder.marketdata.gateway import Comparison
    from fastorder.realtime.events import Gap
    from fastorder.streams.bar_row import Ask
    from fastorder.streams.book import Book
    from fastorder.streams.stream import Source

OF_A_CONTRACT = {
    "quote": QUOTES,
    "stale": QUOTES,
    "fresh": QUOTES,
    "trade": TRADES,
    "depth": DEPTH,
}
"""What can be heard of one contract, and what has to be subscribed for it."""


STREAMS = """Raises:
    InvalidField, WrongFieldType: an argument is not usable.
    UnknownSymbol, AmbiguousSymbol: the gateway lists no such contract, or
        several. With an event loop, raised by the loop over the stream.
    RealtimeUnavailable: realtime is switched off.
    RealtimeClosed: the trader is closed.
    ExecutorMisuse: the trader was not entered yet."""
"""What each verb raises that gives a stream of one contract."""


@class_with_near_names
class StreamVerbs(BaseTrader[PlacedT]):
    """What comes by itself, as streams and as callbacks."""

    _clock: Clock
    _market: Market
    _callbacks: Callbacks

    def _set_up(self, *given: Any) -> None:
        super()._set_up(*given)
        self._clock = Clock()
        self._callbacks = Callbacks(self._clock)
        if self.realtime is not None:
            self._market = Market(self.realtime, self._callbacks, self._clock)
            tell_of(self.realtime.market, self._callbacks)

    @property
    def market(self) -> Market:
        """What is known of the contracts that are heard; its ``sessions`` can be set.

        Raises:
            RealtimeUnavailable: realtime is switched off.
        """
        if self.realtime is None:
            raise RealtimeUnavailable(
                "realtime must be on, this trader was made with realtime=False"
            )
        return self._market

    @property
    def callback_failures(self) -> dict[str, int]:
        """How often callbacks of a kind have raised."""
        return dict(self._callbacks.failures)

    def on(
        self,
        kind: str,
        callback: Callable[[Any], object],
        *,
        symbol: str | None = None,
    ) -> Callable[[], None]:
        """Call something with each event of a kind, directly and without a queue.

        It is called where the hubs are read: on the event loop, or on the trader's own
        thread. Nothing is read meanwhile, so it must not wait. What it raises is
        counted (``callback_failures``), logged once a minute, and stops nobody.

        Args:
            kind: "quote" with the whole Quote, "trade" with a MarketTrade, "depth" with
                the Book; "stale" and "fresh"; what ``state.on`` tells, by the same
                names: "order", "fill", "void", "position", "account", "unproven",
                "synced", "discrepancy"; "row" with each UserRow as it came; "gap",
                "live", "rolled", "refused", "connect_failed", "undecodable", "unknown"
                of the hubs.
            callback: takes the event.
            symbol: of a contract, with an event loop of one that is loaded: it is
                subscribed, and nothing of
                another is told. Without it, all that is subscribed otherwise is told.

        Returns:
            What ends it: call that to hear no more.

        Raises:
            InvalidField, WrongFieldType, UnknownSymbol: an argument is not usable.
            RealtimeUnavailable: realtime is switched off.
            RealtimeClosed: of a symbol, where the trader is closed.
            ExecutorMisuse: of a symbol, where the trader was not entered yet, or is
                another loop's. What is refused is not registered.
        """
        market = self.market
        if symbol is None:
            return self._callbacks.add(kind, callback)
        if kind in KINDS and kind not in OF_A_CONTRACT:
            raise InvalidField("symbol", f"must not come with {kind}", symbol)
        self.account  # noqa: B018 (it was entered)
        self._load_now(symbol)
        contract_id, tick_size = self._known(symbol_from(symbol))

        def of_contract(event: Any) -> None:
            if event.contract_id == contract_id:
                callback(event)

        listen = of_contract if callable(callback) else callback
        stop_calls = self._callbacks.add(kind, listen)
        try:
            stop = market.want(OF_A_CONTRACT[kind], contract_id, tick_size)
        except BaseException:
            stop_calls()
            raise

        def stop_both() -> None:
            stop_calls()
            stop()

        return stop_both

    @explained()
    def quote(self, symbol: str) -> Quote | None:
        """The whole quote of now, without waiting; None where none has come.

        It is there while somebody hears the contract's quotes. With an event loop, the
        contract has to be loaded: ``await trader.contract(symbol)`` does it.

        Returns:
            A Quote, or None.

        Raises:
            InvalidField, WrongFieldType: it is no symbol.
            UnknownSymbol: the contract is not loaded.
            ExecutorMisuse: the trader was not entered yet.
            RealtimeUnavailable: realtime is switched off.
        """
        market = self.market
        self.account  # noqa: B018 (it was entered)
        self._load_now(symbol)
        feed = market.feed(self._known(symbol_from(symbol))[0])
        return None if feed is None else feed.quote

    @explained(STREAMS)
    def quotes(self, symbol: str) -> Any:
        """The quotes of a contract: each is whole, and the latest.

        A consumer that is slow gets the newest quote next, never a backlog:
        ``stream.merged`` counts those that were replaced, ``stream.age_s`` says how old
        the last one is, ``stream.is_stale`` whether it may be wrong by now.

        Returns:
            A stream of Quotes, for ``for``; with an event loop, for ``async for``.
        """
        source = market_streams.quotes(self.market, self._known_of(symbol), self._clock)
        return self._stream(source, symbol)

    @explained(STREAMS)
    def market_trades(
        self, symbol: str, *, most: int = market_streams.KEPT, gaps: bool = False
    ) -> Any:
        """Every trade of a contract's market, in order; none is dropped.

        Where more than ``most`` wait for a slow consumer, all of them go: the stream
        raises ``Lagged`` once, with their number, and goes on with what comes next.

        Args:
            most: how many trades may wait, 1 to 10,000,000.
            gaps: give a ``Gap`` between the trades where some may be missing.

        Returns:
            A stream of MarketTrades, for ``for``; with an event loop, for
            ``async for``.

        Raises:
            Lagged: of the loop over the stream, as said above.
        """
        known = self._known_of(symbol)
        source: Source[MarketTrade | Gap] = market_streams.trades(
            self.market, known, self._clock, most, gaps
        )
        return self._stream(source, symbol)

    @explained(STREAMS)
    def depth(self, symbol: str) -> Any:
        """A contract's depth as a ``Book``: as it is when it is taken.

        Returns:
            A stream of Books, for ``for``; with an event loop, for ``async for``.
        """
        source: Source[Book] = market_streams.depth(
            self.market, self._known_of(symbol), self._clock
        )
        return self._stream(source, symbol)

    @explained()
    def live_bars(
        self,
        symbol: str,
        every: str | Every | Sequence[str | Every],
        *,
        history: int = 0,
        check_minutes: float | None = None,
        on_check: Callable[[Comparison], object] | None = None,
    ) -> Any:
        """The bars of a contract, each once it has ended: of history, then live.

        No bar comes twice, and none is left out. A bar in which trades may have been
        missed, the first one and those around a gap, comes from history; ``source``
        says which it is. Where history has none in a minute, it comes as it was heard,
        and ``partial``.

        Several timeframes share one subscription. ``bar.every`` says which one a bar
        is of; the bar that ends first comes first, and of those that end together the
        shortest. So a bar that is still read from history lets the later ones wait.

        Args:
            every: a timeframe, such as "30s", "5m", "1h"; or up to 20, in a list.
            history: how many bars of the past come first of each timeframe, 0 to
                20,000.
            check_minutes: hold the bars against the gateway's so often, each 0.1 to
                1440 minutes; never where not given.
            on_check: called with each Comparison, which names its timeframe; what it
                raises is raised in the loop. A difference is logged too.

        Returns:
            A stream of bars, for ``for``; with an event loop, for ``async for``.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
            UnknownSymbol, AmbiguousSymbol: the gateway lists no such contract, or
                several. With an event loop, raised by the loop over the bars.
            RealtimeUnavailable: realtime is switched off.
            RealtimeClosed: the trader is closed.
            ExecutorMisuse: the trader was not entered yet.
        """
        from fastorder.streams.bar_checks import Checks, minutes_ns

        frames = _time_frames(every)
        _check_history(history)
        if check_minutes is not None:
            _check_minutes(check_minutes)
        if on_check is not None and not callable(on_check):
            raise WrongFieldType("on_check", "must be callable", on_check)
        trades: Source[MarketTrade | Gap] = market_streams.trades(
            self.market, self._known_of(symbol), self._clock, market_streams.KEPT, True
        )
        self.market.check()  # it may be opened with the first bar alone
        apart_ns = None if check_minutes is None else minutes_ns(check_minutes)
        checks = Checks(frames, apart_ns, on_check)
        return self._bar_stream(
            symbol_from(symbol),
            trades,
            frames,
            history,
            self._exchange_ns,
            self._heard_ns,
            checks,
        )

    # ------------------------------------------------------------ inner

    def _exchange_ns(self) -> int:
        """The gateway's time, as its answers show it."""
        ahead_s = self.executor._dispatcher.server_clock.ahead_s() or 0.0
        return int((self._clock.wall_s() + ahead_s) * SECOND_NS)

    def _heard_ns(self) -> int | None:
        """When the market hub was heard last, on the same clock; None for not now."""
        heard_ns = self.market.heard_ns
        if heard_ns is None:
            return None
        return self._exchange_ns() - (self._clock.monotonic_ns() - heard_ns)

    def _read_bars(self, symbol: str, ask: Ask) -> Ticket[Bars]:
        from fastorder.streams.bar_stream import moment

        return HistoryVerbs.bars.ticket(
            self.executor,
            symbol,
            ask.every,
            since=None if ask.since_ns is None else moment(ask.since_ns),
            until=moment(ask.until_ns),
            limit=ask.limit,
        )

    def _bar_stream(self, symbol: str, *given: Any) -> Any:
        raise NotImplementedError

    def _known_of(self, symbol: str) -> Callable[[], tuple[str, Decimal | None]]:
        checked = symbol_from(symbol)
        self.account  # noqa: B018 (it was entered)
        return lambda: self._known(checked)

    def _known(self, symbol: str) -> tuple[str, Decimal | None]:
        """A contract's id, and its tick."""
        listing = self.executor._contracts.find(symbol)
        grid = listing.grid
        return listing.contract_id, None if grid is None else grid.size

    def _stream(self, source: Source[Any], symbol: str) -> Any:
        raise NotImplementedError

    def _end_streams(self) -> None:
        """Every consumer ends, once what waits for it was taken."""
        if self.realtime is not None:
            self._market.end()


MOST_FRAMES = 20
MOST_HISTORY = 20_000
MOST_MINUTES = 1440.0


def _time_frames(every: Any) -> list[Timeframe]:
    """The timeframes that are meant by one, or by a list of them."""
    if not isinstance(every, (list, tuple)):
        return [_time_frame(every)]
    if not 1 <= len(every) <= MOST_FRAMES:
        rule = f"must have from 1 to {MOST_FRAMES} timeframes"
        raise InvalidField("every", rule, f"{len(every)}")
    frames = [_time_frame(each) for each in every]
    if len({frame.length_ns for frame in frames}) != len(frames):
        raise InvalidField("every", "must have each timeframe once", str(every))
    return frames


def _time_frame(every: Any) -> Timeframe:
    from fastorder.marketdata.frames import Timeframe
    from fastorder.verbs.history import UNITS_RULE, checked_every

    frame, _ = checked_every(every)
    if not isinstance(frame, Timeframe):
        raise InvalidField("every", UNITS_RULE, str(every), "of time alone here")
    return frame


def _check_history(history: Any) -> None:
    if type(history) is not int:
        raise WrongFieldType("history", "must be a whole number of bars", history)
    if not 0 <= history <= MOST_HISTORY:
        raise InvalidField("history", f"must be from 0 to {MOST_HISTORY}", history)


def _check_minutes(minutes: Any) -> None:
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)):
        raise WrongFieldType("check_minutes", "must be a number of minutes", minutes)
    if not 0.1 <= minutes <= MOST_MINUTES:  # false for NaN as well
        rule = f"must be from 0.1 to {MOST_MINUTES:g} minutes"
        raise InvalidField("check_minutes", rule, minutes)
