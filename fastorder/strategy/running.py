"""backtest: a strategy over recorded data, on the compiled exchange."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import with_near_names
from fastorder.matching import (
    Account,
    Exchange,
    Latencies,
    Queue,
    Touch,
    TradeThrough,
)
from fastorder.strategy._engine import Engine, Frame, Source
from fastorder.strategy.data import (
    Feed,
    by_symbol,
    check_kinds,
    feed_of,
    frame_columns,
    time_of,
)
from fastorder.strategy.days import check_days
from fastorder.strategy.errors import BadData, StrategyError, StrategyFailed
from fastorder.strategy.firm import Firm
from fastorder.strategy.indicators import Columns
from fastorder.strategy.instruments import Instrument, instrument_of
from fastorder.strategy.ports import Ports
from fastorder.strategy.result import Result
from fastorder.strategy.state import State
from fastorder.strategy.strategy import Strategy
from fastorder.strategy.venue import Desk, Seen, Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastorder.strategy._data import Bar, Series, Tick

BUDGET = 200
"""Requests in 60 seconds: the gateway's own limit."""

STEPS = 200
"""Of the progress that is told of a run."""

FILLS = {"touch": Touch(), "trade_through": TradeThrough()}
HANDLERS = frozenset(name for name in vars(Strategy) if name.startswith("on_")) | {
    "start",
    "prepare",
}


@with_near_names
def backtest(
    strategy: type[Strategy] | Strategy | Sequence[type[Strategy] | Strategy],
    *,
    data: Any,
    since: Any = None,
    until: Any = None,
    account: str | Firm | float = 50_000.0,
    latency: Latencies | int | None = None,
    fills: str | Touch | TradeThrough | Queue = "trade_through",
    seed: int = 0,
    path: str = "worst",
    instruments: Sequence[Instrument] = (),
    sessions: Any = None,
    missing_days: str = "refuse",
    lost_answers: float = 0.0,
    resolved_after_s: float = 2.0,
    budget: int = BUDGET,
    state: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    progress: Callable[[float], object] | None = None,
) -> Result:
    """Run strategies over recorded data.

    The same data, parameters and seed give the same bytes of result.

    Args:
        strategy: a class, an object of one, or several that share the account.
        data: ticks or bars: ``Bars``, ``Ticks``, columns, a table, paths of Parquet
            files; or a mapping of symbols to any of them, bars or ticks of each. Bars
            may differ in length.
        since, until: the span: from, and up to before.
        account: a kind of account of the firm (``combine-50k``), a ``Firm``, or dollars
            to start with, without rules.
        latency: how long things take, or nanoseconds from a request to its arrival.
        fills: how resting limits fill: ``touch``, ``trade_through``, ``Queue(depth)``.
        seed: of drawn latencies and lost answers.
        path: the way through a bar: worst, nearest, high_first or low_first.
        instruments: what is traded, where it is not known by its symbol.
        sessions: when the market is open; without them always.
        missing_days: refuse data that lack a weekday, or ``allow`` them.
        lost_answers: the share of orders whose answer gets lost: their outcome is
            UNKNOWN until it is looked up.
        resolved_after_s: when that is.
        budget: requests in 60 seconds.
        state: what the strategies' state begins with.
        parameters: of the strategy, where a class is given.
        progress: called now and then with the share of the span that is gone through,
            1.0 at the end.

    Raises:
        BadParameter, BadData, StrategyError: before anything is run.
        StrategyFailed: a strategy raised; the error that it raised is its cause.
    """
    made = _strategies(strategy, parameters)
    run = Run(
        made,
        _feeds(
            made, data, time_of("since", since), time_of("until", until), instruments
        ),
        account=account,
        latency=_latency(latency),
        fills=_fills(fills),
        seed=seed,
        path=path,
        sessions=sessions,
        lost_answers=_share(lost_answers),
        resolved_after_ns=round(resolved_after_s * 1e9),
        budget=budget,
        state=state,
    )
    check_days(run.feeds, sessions, missing_days)
    return run.done(progress)


def _strategies(given: Any, parameters: Mapping[str, Any] | None) -> list[Strategy]:
    rows = list(given) if isinstance(given, (list, tuple)) else [given]
    made = []
    for one in rows:
        if isinstance(one, type) and issubclass(one, Strategy):
            made.append(one(**(parameters or {})))
        elif isinstance(one, Strategy):
            if parameters:
                raise StrategyError("parameters are for a class, not for an object")
            made.append(type(one)(**one.parameters))
        else:
            raise StrategyError(f"strategy must be a Strategy, was {one!r}")
    if not made:
        raise StrategyError("at least one strategy is needed")
    for one in made:
        for name in HANDLERS:
            if inspect.iscoroutinefunction(getattr(one, name)):
                raise StrategyError(f"{type(one).__name__}.{name} must not be async")
    return made


def _feeds(
    strategies: list[Strategy],
    data: Any,
    since: int | None,
    until: int | None,
    instruments: Sequence[Instrument],
) -> dict[str, Feed]:
    known = {one.symbol: one for one in instruments}
    if (
        isinstance(data, dict)
        and data
        and all(isinstance(x, Feed) for x in data.values())
    ):
        return data
    rows = by_symbol(data, strategies[0].symbol)
    feeds = {
        symbol: feed_of(instrument_of(symbol, known), rows[symbol], since, until)
        for symbol in sorted(rows)
    }
    check_kinds(feeds)
    return feeds


def _latency(given: Latencies | int | None) -> Latencies:
    if given is None:
        return Latencies()
    return given if isinstance(given, Latencies) else Latencies(given)


def _fills(given: Any) -> Any:
    if isinstance(given, str):
        if given not in FILLS:
            raise StrategyError(
                f"fills must be touch, trade_through or Queue(depth), was {given!r}"
            )
        return FILLS[given]
    return given


def _share(given: float) -> float:
    if not 0 <= given <= 1:
        raise StrategyError(f"lost_answers must be from 0 to 1, was {given!r}")
    return given


class Memory:
    """A store that keeps nothing beyond the run."""

    def __init__(self, state: Mapping[str, Any] | None) -> None:
        self._kept = dict(state or {})

    def load(self) -> dict[str, Any]:
        """What the state begins with."""
        return self._kept

    def save(self, state: Any) -> None:
        """Keep the state."""
        self._kept = dict(state)


class Run:
    """One backtest under way: the exchange, the engine, the desks, the firm.

    Attributes:
        instruments: by symbol.
        numbers: the number of each symbol's contract at the exchange.
        orders, owners: every order by its id, and whose it is.
    """

    account = 0

    def __init__(
        self, strategies: list[Strategy], feeds: dict[str, Feed], *, account: Any,
        latency: Latencies, fills: Any, seed: int, path: str, sessions: Any,
        lost_answers: float, resolved_after_ns: int, budget: int,
        state: Mapping[str, Any] | None,
    ) -> None:  # fmt: skip
        self.feeds = feeds
        self.strategies = strategies
        self.seed, self.sessions, self.budget = seed, sessions, budget
        self.lost_answers, self.resolved_after_ns = lost_answers, resolved_after_ns
        self.instruments = {name: feed.instrument for name, feed in feeds.items()}
        self.numbers = {name: i for i, name in enumerate(feeds)}
        self.first_ns = min(feed.first_ns for feed in feeds.values())
        self.end_ns = max(feed.end_ns for feed in feeds.values())
        self.firm = Firm.made(account)
        self.start_micros = (
            self.firm.start_micros if self.firm else round(account * 1e6)
        )
        self.exchange = Exchange(
            [one.contract(sessions) for one in self.instruments.values()],
            [Account(self.start_micros)],
            fills=fills,
            latency=latency,
            seed=seed,
            path=path,
        )
        self.settings = (latency, fills, seed, path, budget, lost_answers)
        self.orders: dict[int, Any] = {}
        self.owners: dict[int, Desk] = {}
        self.timers = Timers()
        self.unsent = 0
        self.throttled = 0
        self.is_over = False
        self.has_engine = False
        self.engine: Any = None
        self._sources: dict[str, Source] = {}
        self._frames: dict[tuple[str, str], Frame] = {}
        self._columns: dict[tuple[str, str], Columns] = {}
        self.desks = [self._desk(one) for one in strategies]
        self._store = Memory(state)

    def _desk(self, strategy: Strategy) -> Any:
        """The ports of a strategy."""
        return Desk(strategy, self)

    # ---------------------------------------------------------------- for the desks

    def at(
        self, time_ns: int, call: Callable[[int], object], late: bool = True
    ) -> None:
        """Have something called at a time; what is not late is of the firm."""
        self.timers.at(time_ns, call, late)

    def net(self, symbol: str) -> int:
        """What the account holds of a contract."""
        return self.exchange.position(self.account, self.numbers[symbol]).size

    def loses_answer(self, order_id: int) -> bool:
        """Whether the answer to an order gets lost: drawn from the seed and its id."""
        mixed = (self.seed * 0x9E3779B97F4A7C15 + order_id * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ (mixed >> 31)) * 0x94D049BB133111EB) % 2**64
        return (mixed >> 11) / 2**53 < self.lost_answers

    def subscribe(
        self,
        symbol: str,
        every: str,
        series: Series,
        on_bar: Callable[[Bar], object] | None,
    ) -> None:
        """Have a series filled with bars, and a strategy called with them."""
        if self.has_engine:
            raise StrategyError("subscribe belongs into start")
        frame = self._frames.get((symbol, every))
        if frame is None:
            frame = self._frames[symbol, every] = self._new_frame(symbol, every)
        frame.add(series, on_bar)

    def _new_frame(self, symbol: str, every: str) -> Frame:
        columns = frame_columns(self.feeds[symbol], every, self.sessions)
        if not self.feeds[symbol].one_by_one:
            self._columns[symbol, every] = _closed(columns)
        return _frame(symbol, every, columns)

    def watch_ticks(self, symbol: str, on_tick: Callable[[Tick], object]) -> None:
        """Have a strategy called with each tick of a contract."""
        feed = self.feeds[symbol]
        if feed.ticks is None:
            raise BadData(f"on_tick needs ticks, the data of {symbol} are bars")
        self.source(symbol).watch(on_tick)

    def source(self, symbol: str) -> Source:
        """The data of a contract, as the engine takes them."""
        found = self._sources.get(symbol)
        if found is None:
            found = _source(self.feeds[symbol], self.numbers[symbol])
            self._sources[symbol] = found
        return found

    # ---------------------------------------------------------------- the run

    def done(self, progress: Callable[[float], object] | None = None) -> Result:
        """Go through the data."""
        self._begin()
        if progress is not None:
            self._tell(progress)
        self._guarded(self.engine.run)
        if progress is not None:
            progress(1.0)
        self.is_over = True
        for desk in self.desks:
            self._guarded(desk.strategy.on_stop)
        return Result(self)

    def _begin(self) -> None:
        """Let the strategies start, and make the engine of what they subscribed."""
        for desk in self.desks:
            self._open(desk)
        self._compute_indicators()
        self.engine = Engine(
            self.exchange,
            [self.source(symbol) for symbol in self.feeds],
            list(self._frames.values()),
            Seen(self).take,
            self.timers.due,
        )
        self.has_engine = True
        self.timers.engine = self.engine
        self.timers.set()
        if self.firm is not None:
            self.firm.begin(self)

    def _tell(self, progress: Callable[[float], object], step: int = 0) -> None:
        """Tell how far the run is, and have it told again in even steps of the span."""
        progress(step / STEPS)
        if step + 1 < STEPS:
            gone_ns = (self.end_ns - self.first_ns) * (step + 1) // STEPS
            self.at(self.first_ns + gone_ns, lambda _: self._tell(progress, step + 1))

    @property
    def has_indicators(self) -> bool:
        """Whether a strategy has asked for one."""
        return any(
            series.indicators
            for frame in self._frames.values()
            for series in frame.series
        )

    def _compute_indicators(self) -> None:
        """Have those that were asked for in ``start`` computed in pieces."""
        for name, columns in self._columns.items():
            for series in self._frames[name].series:
                for indicator in series.indicators:
                    indicator.see(columns)

    def _open(self, desk: Desk) -> None:
        """Give a strategy its ports and its state, and let it start."""
        strategy = desk.strategy
        strategy._ports = Ports(desk, desk, desk, self._store)
        strategy._state = State(self._store.load())
        if type(strategy).prepare is not Strategy.prepare:
            whole = {name: _columns(feed) for name, feed in self.feeds.items()}
            self._guarded(lambda: strategy.prepare(whole))
        self._guarded(strategy.start)
        if desk._hears["on_tick"]:
            self._guarded(lambda: desk.watch_ticks(strategy._symbol(None)))

    def _guarded(self, call: Callable[[], object]) -> None:
        """Call something that may run a strategy's code; what it raises is named."""
        try:
            call()
        except StrategyError:
            raise
        except Exception as error:
            found = _culprit(error)
            if found is None:
                raise
            strategy, handler = found
            now_ns = self.engine.now_ns if self.has_engine else self.first_ns
            name = type(strategy).__name__
            raise StrategyFailed(name, handler, now_ns, error) from error


def _culprit(error: BaseException) -> tuple[Strategy, str] | None:
    """The strategy and the handler in which an error was raised; None for none."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        owner = frame.f_locals.get("self")
        if isinstance(owner, Strategy) and frame.f_code.co_name in HANDLERS:
            return owner, frame.f_code.co_name
        trace = trace.tb_next
    return None


def _frame(symbol: str, every: str, columns: Any) -> Frame:
    import numpy as np

    times, ends, prices, volumes, count = columns
    length = (
        ends
        if isinstance(ends, int)
        else int((ends - times).max())
        if len(times)
        else 0
    )
    return Frame(
        symbol,
        every,
        length,
        times,
        ends,
        [np.ascontiguousarray(each) for each in prices],
        volumes,
        count,
    )


def _closed(columns: Any) -> Columns:
    """The columns of a frame, as an indicator gets them."""
    import numpy as np

    times, _, prices, volumes, count = columns
    if volumes is None:
        volumes = np.zeros(len(times), np.int64)
    closed = Columns(*map(np.asarray, (*prices, volumes, times))).part(0, count)
    for column in closed:
        column.flags.writeable = False
    return closed


def _source(feed: Feed, number: int) -> Source:
    import numpy as np

    instrument = feed.instrument
    if feed.bars is not None:
        prices = [feed.bars[name] for name in ("open", "high", "low", "close")]
        return Source(
            instrument.symbol,
            number,
            instrument.grid,
            feed.time_ns,
            [np.ascontiguousarray(each) for each in prices],
            length_ns=feed.length_ns,
        )
    assert feed.ticks is not None
    ticks = feed.ticks
    quotes = () if ticks["bid"] is None else (ticks["bid"], ticks["ask"])
    return Source(
        instrument.symbol,
        number,
        instrument.grid,
        feed.time_ns,
        ticks["price"],
        ticks["size"],
        ticks["side"],
        quotes,
    )


def _columns(feed: Feed) -> dict[str, Any]:
    """All columns of a contract, for ``prepare``."""
    if feed.bars is not None:
        return {"time_ns": feed.time_ns, **feed.bars}
    assert feed.ticks is not None
    numerator, denominator = feed.instrument.grid
    price = feed.ticks["price"] * numerator / denominator
    return {"time_ns": feed.time_ns, **feed.ticks, "price": price}


backtest.__module__ = "fastorder.strategy"  # where it is imported from
