"""paper: a strategy on a trader's live feed, its orders at the compiled exchange."""

from __future__ import annotations

import time
from threading import RLock
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import for_users, with_near_names
from fastorder.runtime.log import log
from fastorder.strategy.arriving import ArrivingBars, ArrivingTicks
from fastorder.strategy.errors import StrategyError, StrategyFailed
from fastorder.strategy.hearing import Hearing
from fastorder.strategy.instruments import Instrument, instrument_of
from fastorder.strategy.result import Result
from fastorder.strategy.running import (
    BUDGET,
    Run,
    _fills,
    _latency,
    _share,
    _strategies,
)
from fastorder.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastorder.matching import Latencies, Queue, Touch, TradeThrough
    from fastorder.strategy._data import Tick
    from fastorder.strategy._engine import Frame, Source
    from fastorder.strategy.firm import Firm

PATIENCE_S = 5.0
"""How long what a trade calls may take: nothing is read from the hubs meanwhile."""


@with_near_names
def paper(
    strategy: type[Strategy] | Strategy | Sequence[type[Strategy] | Strategy],
    trader: Any,
    *,
    symbols: Sequence[str] = (),
    account: str | Firm | float = 50_000.0,
    latency: Latencies | int | None = None,
    fills: str | Touch | TradeThrough | Queue = "trade_through",
    seed: int = 0,
    instruments: Sequence[Instrument] = (),
    sessions: Any = None,
    lost_answers: float = 0.0,
    resolved_after_s: float = 2.0,
    budget: int = BUDGET,
    state: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    begin_ns: int | None = None,
    patience_s: float = PATIENCE_S,
) -> Paper:
    """Run strategies on what a trader hears; their orders never leave this process.

    It begins at once and returns. Handlers are called where the hubs are read: on the
    event loop, or on the trader's own thread. Time is that of the trades: a bar is
    shown with the first trade after its end, or by ``advance``.

    Args:
        strategy: a class, an object of one, or several that share the account.
        trader: an entered ``Trader`` of either kind, with the symbols loaded.
        symbols: contracts that are heard, beside those of the strategies.
        account, latency, fills, seed, instruments, sessions, lost_answers,
            resolved_after_s, budget, state, parameters: see ``backtest``.
        begin_ns: when it begins; now where it is not given. For a feed that is
            replayed: a trade from before counts as of then.
        patience_s: what takes longer at one trade ends the run, in seconds.

    Returns:
        A Paper: ``stop()`` ends it and gives the result.

    Raises:
        BadParameter, BadData, StrategyError: before anything is heard.
        UnknownSymbol, RealtimeUnavailable: of the trader.
        StrategyFailed: ``start`` raised.
    """
    made = _strategies(strategy, parameters)
    names = sorted({*symbols, *(one.symbol for one in made if one.symbol)})
    if not names:
        raise StrategyError("symbols must be given: the strategy has no symbol")
    if not patience_s > 0:
        raise StrategyError(f"patience_s must be above 0, was {patience_s!r}")
    _check_prepare(made)
    known = {one.symbol: one for one in instruments}
    begins_ns = time.time_ns() if begin_ns is None else begin_ns
    ticks = {
        name: ArrivingTicks(instrument_of(name, known), number)
        for number, name in enumerate(names)
    }
    run = PaperRun(
        made,
        ticks,
        begins_ns,
        account=account,
        latency=_latency(latency),
        fills=_fills(fills),
        seed=seed,
        path="worst",
        sessions=sessions,
        lost_answers=_share(lost_answers),
        resolved_after_ns=round(resolved_after_s * 1e9),
        budget=budget,
        state=state,
    )
    return Paper(run, trader, patience_s)


def _check_prepare(strategies: list[Strategy]) -> None:
    for one in strategies:
        if type(one).prepare is not Strategy.prepare:
            raise StrategyError(
                f"{type(one).__name__} must not have prepare on paper: it needs the "
                "data beforehand"
            )


class PaperRun(Run):
    """A run whose data arrive.

    Args:
        ticks: by symbol.
        begin_ns: when it begins.
    """

    def __init__(
        self,
        strategies: list[Strategy],
        ticks: dict[str, ArrivingTicks],
        begin_ns: int,
        **settings: Any,
    ) -> None:
        self.ticks = ticks
        self.begin_ns = begin_ns
        self._bars: dict[tuple[str, str], ArrivingBars] = {}
        feeds = {name: each.feed(begin_ns) for name, each in ticks.items()}
        super().__init__(strategies, feeds, **settings)

    def _new_frame(self, symbol: str, every: str) -> Frame:
        grid = self.instruments[symbol].grid
        bars = ArrivingBars(symbol, every, grid, self.sessions)
        self._bars[symbol, every] = bars
        return bars.frame

    def watch_ticks(self, symbol: str, on_tick: Callable[[Tick], object]) -> None:
        """Have a strategy called with each tick of a contract."""
        self.source(symbol).watch(on_tick)

    def source(self, symbol: str) -> Source:
        """The data of a contract, as the engine takes them."""
        return self.ticks[symbol].source

    def begin(self) -> None:
        """Let the strategies start."""
        self._begin()
        self.engine.open()

    def take_tick(
        self, symbol: str, time_ns: int, ticks: int, size: int, side: int
    ) -> None:
        """Take a trade of the market, as a backtest does: bars before it, then it."""
        for (name, _), bars in self._bars.items():
            if name == symbol:
                bars.tick(time_ns, ticks, size)
        self.ticks[symbol].put(time_ns, ticks, size, side)
        self._guarded(self.engine.go_on)

    def pass_time(self, time_ns: int) -> None:
        """The time has come, without a trade."""
        for bars in self._bars.values():
            bars.advance(time_ns)
        self._guarded(lambda: self.engine.pass_time(time_ns))

    def call(self, handler: Callable[[Any], object], event: Any) -> None:
        """Call a handler with what is no datum of the exchange."""
        self._guarded(lambda: handler(event))

    def end(self) -> Result:
        """What it brought, until now."""
        self.feeds = {
            name: each.feed(self.begin_ns) for name, each in self.ticks.items()
        }
        self.end_ns = max(feed.end_ns for feed in self.feeds.values())
        return Result(self)


class Paper(Hearing):
    """Strategies on a live feed, until ``stop``.

    Args:
        run: what the trades go into.
        trader: whose feed it is.
        patience_s: what takes longer at one trade ends the run.

    Attributes:
        failure: what has ended it before its time; None for nothing.
    """

    __dir__ = for_users

    def __init__(self, run: PaperRun, trader: Any, patience_s: float) -> None:
        super().__init__(run)
        self._patience_s = patience_s
        self._lock = RLock()
        self._result: Result | None = None
        self.failure: Exception | None = None
        self._is_over = self._is_busy = False
        run.begin()
        try:
            self._listen(trader)
        except BaseException:
            self._hear_no_more()
            raise

    def __repr__(self) -> str:
        state = "ended" if self.is_over else "running"
        names = ", ".join(map(repr, self._run.strategies))
        return f"<Paper of {names}, {state}>"

    @property
    def is_over(self) -> bool:
        """Whether it takes no more trades: stopped, failed, or the account is lost."""
        return self._is_over

    def advance(self, time_ns: int) -> None:
        """Let time go on without a trade: bars end, timers come, requests arrive.

        Args:
            time_ns: nanoseconds since 1970 UTC; a trade from before counts as of then.
        """
        with self._lock:
            if not self._is_over:
                self._do(lambda: self._run.pass_time(time_ns))

    def stop(self) -> Result:
        """End it; what is open stays open, as at the end of a backtest.

        Raises:
            StrategyError: a handler calls it.
            StrategyFailed: a strategy raised, or took too long; its cause says how.
        """
        with self._lock:
            if self._is_busy:
                raise StrategyError("stop must not be called by a handler")
            self._end()
            if self.failure is not None:
                raise self.failure
            if self._result is None:
                self._result = self._run.end()
            return self._result

    def _act(self, call: Callable[[], None]) -> None:
        with self._lock:
            if not self._is_over:
                self._do(call)

    # ---------------------------------------------------------------- its end

    def _do(self, call: Callable[[], None]) -> None:
        """Do what may run handlers; what goes wrong ends the run, and is kept."""
        began_s = time.monotonic()
        self._is_busy = True
        try:
            call()
            took_s = time.monotonic() - began_s
            if took_s > self._patience_s:
                raise StrategyError(
                    f"handlers must take at most {self._patience_s:g} s at one trade, "
                    f"took {took_s:.3g} s"
                )
        except Exception as error:
            self._fail(error)
        finally:
            self._is_busy = False
        if self._run.engine.halted:
            self._end()

    def _fail(self, error: Exception) -> None:
        self.failure = error
        log().error("paper run ended: %s", error)
        self._end()

    def _end(self) -> None:
        """Hear nothing more, and let the strategies stop; once."""
        if self._is_over:
            return
        self._is_over = True
        self._hear_no_more()
        self._run.is_over = True
        for one in self._run.strategies:
            try:
                self._run._guarded(one.on_stop)
            except (StrategyError, StrategyFailed) as error:
                self.failure = self.failure or error
                log().error("paper run ended: %s", error)


for _public in (Paper, paper):
    _public.__module__ = "fastorder.strategy"  # where they are imported from
