"""The loop of live strategies: what comes, one after another, and when it is done."""

from __future__ import annotations

import heapq
import sys
import threading
import time
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import for_users
from fastorder.runtime.log import log
from fastorder.strategy.errors import StrategyError
from fastorder.strategy.hearing import Hearing
from fastorder.strategy.keeping import kept_at
from fastorder.strategy.live_run import LiveRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from fastorder.strategy.arriving import ArrivingTicks
    from fastorder.strategy.events import Fill
    from fastorder.strategy.firm import Verdict
    from fastorder.strategy.live_firm import LiveFirm
    from fastorder.strategy.strategy import Strategy

BEAT_S = 0.25
"""How often time is looked at while nothing is heard."""

SOON_S = 0.02
AGAIN_S = 5.0
"""After how long the account is read again, where it could not be."""

GRACE_NS = 2_000_000_000
"""So long after its end a bar is shown though no trade has come."""

SKEW_NS = 60_000_000_000
"""So far behind the machine's clock the first trades may be."""

MARGIN_NS = 3_600_000_000_000
"""So much more than the time away is read at a start."""


class Live(Hearing):
    """Strategies on an account, until ``stop``, or until each of them has failed.

    Args:
        strategies: by name.
        trader: whose account it is.
        ticks: by symbol.
        store, on_failure, on_end, patience_s, sessions, begin_ns: see ``live``.
        firm: the rules that the account is held to; None for none.
    """

    __dir__ = for_users

    def __init__(
        self, strategies: dict[str, Strategy], trader: Any,
        ticks: dict[str, ArrivingTicks], *, store: Any, on_failure: str,
        on_end: Callable[[Live], object] | None, patience_s: float, sessions: Any,
        begin_ns: int | None, firm: LiveFirm | None,
    ) -> None:  # fmt: skip
        self.trader = trader
        self._loop = _loop_of(trader)
        self._thread = threading.get_ident()
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._turns = count()
        self._on_end = on_end
        self._error: Exception | None = None
        self._has_begun = self._is_beginning = self._is_ready = False
        self._is_over = self._is_busy = False
        self._held: list[Callable[[], None]] = []
        self._over: Any = None if self._loop is None else self._loop.create_future()
        self._alarm: Any = None
        self._has_ended = threading.Event()
        self._is_replayed = begin_ns is not None
        self._begin_ns = time.time_ns() - SKEW_NS if begin_ns is None else begin_ns
        self._kept: dict[str, Any] = {}
        try:
            self._open_files(strategies, store)
            run = LiveRun(
                strategies, trader, ticks, begin_ns=self._begin_ns,
                begun_ms=time.time_ns() // 1_000_000, kept=self._kept,
                wall=None if self._is_replayed else time.time_ns, post=self._post,
                later=self._later, is_idle=self._inbox.empty, patience_s=patience_s,
                on_failure=on_failure, sessions=sessions, firm=firm,
            )  # fmt: skip
            super().__init__(run)
            self._hear(trader)
        except BaseException:
            self._close_files()
            if hasattr(self, "_ends"):
                self._hear_no_more()
            raise
        self._watch = threading.Thread(
            target=self._watch_handlers, name="fastorder-strategies", daemon=True
        )
        self._watch.start()
        self._post(self._look)
        self._beat()

    def __repr__(self) -> str:
        state = "ended" if self.is_over else "running" if self._has_begun else "waiting"
        names = ", ".join(desk.name for desk in self._run.desks)
        return f"<Live of {names} on account {self.trader.account.id}, {state}>"

    def _open_files(self, strategies: dict[str, Strategy], store: Any) -> None:
        account_id, base_url = self.trader.account.id, self.trader.executor.base_url
        for name in strategies:
            self._kept[name] = kept_at(store, base_url, account_id, name)

    def _close_files(self) -> None:
        for each in self._kept.values():
            each.close()

    # ---------------------------------------------------------------- what is shown

    @property
    def has_begun(self) -> bool:
        """Whether the strategies were started: the account's state is proven."""
        return self._is_ready

    @property
    def is_over(self) -> bool:
        """Whether nothing runs any more: stopped, or each strategy has failed."""
        return self._is_over

    @property
    def failures(self) -> dict[str, Exception]:
        """What has ended a strategy before its time, by name."""
        desks = self._run.desks
        return {each.name: each.failure for each in desks if each.failure is not None}

    @property
    def strategies(self) -> dict[str, Strategy]:
        """By name."""
        return {desk.name: desk.strategy for desk in self._run.desks}

    @property
    def positions(self) -> dict[str, dict[str, int]]:
        """What each strategy holds, by its name and by symbol; signed."""
        return {desk.name: dict(desk.positions) for desk in self._run.desks}

    @property
    def fills(self) -> dict[str, list[Fill]]:
        """The fills of this run, by the strategy's name."""
        return {desk.name: list(desk.fills) for desk in self._run.desks}

    @property
    def requests(self) -> list[list[tuple[Any, ...]]]:
        """What each strategy has asked for in this run, with the time of it."""
        return [desk.requests for desk in self._run.desks]

    @property
    def firm(self) -> LiveFirm | None:
        """The account with the firm's rules; None without."""
        found: LiveFirm | None = self._run.firm
        return found

    @property
    def verdict(self) -> Verdict | None:
        """``running`` or ``lost``; None without the firm's rules.

        Whether the account has passed is said by the venue alone.
        """
        return None if self.firm is None else self.firm.verdict

    # ---------------------------------------------------------------- what you call

    def work(self, seconds: float = 0.0) -> None:
        """Call handlers with what has come, and what comes meanwhile; blocking form.

        Raises:
            StrategyError: it is called on a loop, by a handler, or in another thread.
        """
        if self._loop is not None:
            raise StrategyError("work must not be called on a loop: it is done there")
        if threading.get_ident() != self._thread or self._is_busy:
            raise StrategyError("work must be called where live was, by no handler")
        end_s = time.monotonic() + seconds
        wait_s = 0.0
        while not self._is_over:
            self._drain(wait_s=wait_s)
            self._tick()
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                self._drain()
                return
            wait_s = min(left_s, self._next_s())

    def run(self) -> None:
        """Work until it is over; blocking form. Ctrl-C ends the wait, not the run."""
        while not self._is_over:
            self.work(1.0)

    async def ended(self) -> None:
        """Wait until it is over; with an event loop."""
        if self._over is None:
            raise StrategyError("ended must be awaited where live was called on a loop")
        import asyncio  # this runs in a loop: it is loaded

        await asyncio.shield(self._over)

    def advance(self, time_ns: int) -> None:
        """Let the time of a replayed feed go on without a trade."""
        self._act(lambda: self._run.pass_time(time_ns))
        if self._loop is None:
            self.work()

    def stop(self) -> None:
        """End it: ``on_stop`` is called, and all is kept. What is open stays open.

        Raises:
            StrategyError: a handler calls it.
            StrategyFailed, StrategyError: the first strategy that failed.
        """
        if self._is_busy:
            raise StrategyError("stop must not be called by a handler")
        if not self._is_over:
            self._end()
        for error in (self._error, *self.failures.values()):
            if error is not None:
                raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.stop()
        except Exception:
            if kind is None:
                raise

    # ---------------------------------------------------------------- what comes

    def _hear(self, trader: Any) -> None:
        run = self._run
        for kind, take in (
            ("order", run.order_changed),
            ("fill", run.filled),
            ("void", run.voided),
            ("position", run.position_changed),
            ("gap", run.missed_something),
        ):
            self._ends.append(trader.on(kind, self._calls_with(take)))
        self._ends.append(trader.state.watch(self._watched))
        self._listen(trader)

    def _calls_with(self, take: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda event: self._act(lambda: take(event))

    def _watched(self) -> None:
        if self.trader.state.is_closed:
            self._post(self._closed)
            if self._thread == threading.get_ident():
                self._drain()
        elif not self._has_begun:
            self._post(self._look)

    def _closed(self) -> None:
        raise StrategyError("the trader was closed before its strategies were stopped")

    def _act(self, call: Callable[[], None]) -> None:
        """Do something once the strategies run; what came before is in the state."""
        if self._has_begun and not self._is_over:
            self._post(call if self._is_ready else lambda: self._do_or_hold(call))

    def _do_or_hold(self, call: Callable[[], None]) -> None:
        """What comes while bars are read waits for them."""
        if self._is_ready:
            call()
        else:
            self._held.append(call)

    def _post(self, call: Callable[[], None]) -> None:
        """Have something done after what is being done."""
        if self._loop is not None and not self._is_busy:
            self._drain(call)
        else:
            self._inbox.put(call)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        due_s = time.monotonic() + seconds
        heapq.heappush(self._due, (due_s, next(self._turns), call))

    def _drain(
        self, call: Callable[[], None] | None = None, wait_s: float = 0.0
    ) -> None:
        """Do what has come, one after another.

        Args:
            call: what is done first.
            wait_s: without it, how long the first of the inbox is waited for.
        """
        if self._is_busy:
            return
        self._is_busy = True
        try:
            if call is None:
                call = self._next(wait_s)
            while call is not None and not self._is_over:
                call()
                if self._has_begun:
                    self._run.keep()
                call = self._next()
        except Exception as error:
            self._fail(error)
        finally:
            self._is_busy = False
        if self._has_begun and not self._is_over:
            self._end_if_none_is_left()

    def _next(self, wait_s: float = 0.0) -> Callable[[], None] | None:
        """The first that waits; None for none."""
        if wait_s <= 0 and self._inbox.empty():
            return None
        try:
            return self._inbox.get(wait_s > 0, wait_s if wait_s > 0 else None)
        except Empty:
            return None

    # ---------------------------------------------------------------- time

    def _beat(self) -> None:
        """On a loop: look at the time, now and again."""
        if self._loop is None or self._is_over:
            return
        self._tick()
        if not self._is_over:
            self._alarm = self._loop.call_later(self._next_s(), self._beat)

    def _next_s(self) -> float:
        """Seconds until something is due; a beat at most."""
        due_s = self._due[0][0] - time.monotonic() if self._due else BEAT_S
        if not self._is_replayed and self._is_ready:
            timer_ns = self._run.timers.next_ns
            if timer_ns is not None:
                due_s = min(due_s, (timer_ns - time.time_ns()) / 1e9)
        return min(BEAT_S, max(0.001, due_s))

    def _tick(self) -> None:
        """Do what is due by the machine's time."""
        now_s = time.monotonic()
        while self._due and self._due[0][0] <= now_s:
            self._post(heapq.heappop(self._due)[2])
        if not self._is_replayed and self._is_ready:
            self._post(self._pass_time)

    def _pass_time(self) -> None:
        gateway_ns: int = self.trader._exchange_ns()
        self._run.machine_time(time.time_ns(), gateway_ns - GRACE_NS)

    def _watch_handlers(self) -> None:
        """Tell of a handler that does not return: nothing else can, while it runs."""
        told: Any = None
        while not self._is_over:
            self._has_ended.wait(min(1.0, self._run.patience_s))
            busy = self._run.busy
            if busy is None or busy is told:
                continue
            desk, handler, began_s = busy
            if desk.waits_since_s is not None:
                continue
            if time.monotonic() - began_s > self._run.patience_s:
                told = busy
                self._run.warn(desk, f"{handler} does not return; nothing is heard")

    # ---------------------------------------------------------------- its beginning

    def _look(self) -> None:
        """Begin once the account's state can be relied on."""
        state = self.trader.state
        if self._is_beginning or not state.proven:
            return
        self._is_beginning = True
        kept = [each.last_ns for each in self._kept.values() if each.last_ns]
        if not kept:
            self._begin([], [])
            return
        since = moment(max(0, min(kept) - MARGIN_NS))
        self._run.follow(
            self.trader.orders(since),
            lambda orders: self._run.follow(
                self.trader.trades(since), lambda trades: self._begin(orders, trades)
            ),
        )

    def _begin(self, orders: Any, trades: Any) -> None:
        for found in (orders, trades):
            if isinstance(found, Exception):
                log().warning("strategies wait, the account was not read: %s", found)
                self._is_beginning = False
                self._later(AGAIN_S, self._look)
                return
        shown = self._run.shown()
        if shown is None:  # something is happening: at once again
            self._is_beginning = False
            self._later(SOON_S, self._look)
            return
        self._has_begun = True
        self._run.begin_with(shown, orders, trades)
        self._run.warm(self._get_ready)

    def _get_ready(self) -> None:
        """Tell what was missed, and what has come meanwhile."""
        self._run.tell_held()
        self._is_ready = True
        held, self._held = self._held, []
        for call in held:
            call()

    # ---------------------------------------------------------------- its end

    def _end_if_none_is_left(self) -> None:
        """Nobody runs, and nothing that was asked for is on its way."""
        desks = self._run.desks
        if all(desk.is_over and not desk.is_under_way for desk in desks):
            self._end()

    def _fail(self, error: Exception) -> None:
        """The run itself has failed: every strategy is ended."""
        self._error = self._error or error
        log().error("live run ended: %s", error)
        for desk in self._run.desks:
            if self._has_begun and not desk.is_over:
                desk.fail(error)
        self._end()

    def _end(self) -> None:
        """Hear nothing more, let the strategies stop, keep what they know; once."""
        if self._is_over:
            return
        self._is_over = self._run.is_over = True
        self._has_ended.set()
        self._hear_no_more()
        if self._alarm is not None:
            self._alarm.cancel()
        for desk in self._run.desks:
            if self._has_begun:
                desk.end()
            desk.is_over = True
        try:
            if self._has_begun:
                self._run.keep()
        except Exception as error:
            self._error = self._error or error
            log().error("what the strategies know could not be kept: %s", error)
        finally:
            self._close_files()
        self._tell_end()

    def _tell_end(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        if self._on_end is not None:
            try:
                self._on_end(self)
            except Exception as error:
                log().error("on_end has failed: %r", error)


def moment(time_ns: int) -> Any:
    """A time as the trader's verbs take it."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(time_ns / 1e9, timezone.utc)


def _loop_of(trader: Any) -> Any:
    """The event loop of a trader that has one; None for a blocking trader.

    Raises:
        StrategyError: it does not run here.
    """
    if not trader.executor._runs_between_calls:
        return None
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is None:
        raise StrategyError("live must be called on the event loop of the trader")
    return loop


Live.__module__ = "fastorder.strategy"  # where it is imported from
