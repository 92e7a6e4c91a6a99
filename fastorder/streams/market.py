"""The market hub of a trader, shared by all who want something of it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from fastorder.errors import SubscriptionRefused
from fastorder.realtime.listeners import once
from fastorder.realtime.subscriptions import of_contract
from fastorder.runtime.clock import SECOND_NS
from fastorder.streams.contract_feed import DEPTH, QUOTES, TRADES, ContractFeed
from fastorder.streams.silence import Silence
from fastorder.streams.told import Fresh, Stale

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from fastorder._core.codec.market_events import DepthRows, MarketTrades, Quote
    from fastorder.marketdata.sessions import Sessions
    from fastorder.realtime.events import Gap, Live, Refused
    from fastorder.realtime.hubs import BaseHubs
    from fastorder.runtime.clock import Clock
    from fastorder.streams.callbacks import Callbacks
    from fastorder.streams.queues import Queue


class Market:
    """Quotes, trades and depth of contracts, subscribed while somebody wants them.

    Args:
        hubs: the trader's.
        callbacks: hear of everything.
        clock: the hubs'.
    """

    def __init__(self, hubs: BaseHubs[Any], callbacks: Callbacks, clock: Clock) -> None:
        self._hubs = hubs
        self._callbacks = callbacks
        self._clock = clock
        self._feeds: dict[str, ContractFeed] = {}
        self._silence = Silence()
        self._has_sessions = False
        self._is_open = False
        self._gave_up = False
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<Market of {', '.join(self._feeds) or 'no contract'}>"

    # ------------------------------------------------------------ for consumers

    @property
    def heard_ns(self) -> int | None:
        """When the hub's connection was heard last; None where there is none."""
        heard_ns: int | None = self._hubs.market.heard_ns
        return heard_ns

    @property
    def sessions(self) -> Sessions | None:
        """When the market is open: Globex's hours where nothing else was set.

        They know holidays and early closes, as exchange_calendars had them when they
        were written down (``fastorder.marketdata.globex_days``). A feed that is silent
        while it is closed is not stale. None: it always may be open.
        """
        if not self._has_sessions:
            self.sessions = globex_from(self._clock.wall_s())
        return self._silence.sessions

    @sessions.setter
    def sessions(self, sessions: Sessions | None) -> None:
        self._has_sessions = True
        self._silence.sessions = sessions

    @property
    def is_open(self) -> bool:
        """Whether the market is open by its ``sessions``; without them it may be."""
        return self.sessions is None or self._silence.is_open(self._wall_ns())

    def feed(self, contract_id: str) -> ContractFeed | None:
        """What is known of a contract; None where nobody has asked for it."""
        return self._feeds.get(contract_id)

    def want(
        self,
        what: str,
        contract_id: str,
        tick_size: Decimal | None = None,
        queue: Queue | None = None,
    ) -> Callable[[], None]:
        """Have something of a contract until what is returned is called.

        Args:
            what: Quotes, Trades or MarketDepth.
            contract_id: of the contract.
            tick_size: its tick, where that is known.
            queue: gets all of it.

        Raises:
            RealtimeClosed: the trader was closed.
            ExecutorMisuse: it is another loop's or thread's; nothing was done.
        """
        self.check()
        with self._lock:
            self._open()
            feed = self._feed_of(contract_id, tick_size)
            feed.wanted[what] += 1
            if queue is not None:
                feed.add(what, queue)
                self._tell_refusal(feed, what, queue)
            self._hubs.market.subscribe(of_contract(what, contract_id))
            self._hubs.open_market()

        def stop() -> None:
            self._give_back(what, feed, queue)

        return once(stop)

    def check(self) -> None:
        """Refuse what comes after the close, or from a wrong loop or thread.

        Raises:
            RealtimeClosed, ExecutorMisuse.
        """
        self._hubs.check()

    def _open(self) -> None:
        """Listen to the hub, from the first that wants something on."""
        if self._is_open:
            return
        self._is_open = True
        self.sessions  # noqa: B018 (they are set by now)
        hub = self._hubs.market
        hub.on("quote", self._quote)
        hub.on("trades", self._trades)
        hub.on("depth", self._depth)
        hub.on("gap", self._gap)
        hub.on("live", self._live)
        hub.on("refused", self._refused)
        self._hubs.open_market()
        hub.every(SECOND_NS, self.look)

    def _feed_of(self, contract_id: str, tick_size: Decimal | None) -> ContractFeed:
        feed = self._feeds.get(contract_id)
        if feed is None:
            rhythm = self._silence.watch(contract_id, self._clock.monotonic_ns())
            feed = self._feeds[contract_id] = ContractFeed(contract_id, rhythm)
        if tick_size is not None:
            self._hubs.market.set_tick_size(contract_id, tick_size)
        return feed

    def _give_back(self, what: str, feed: ContractFeed, queue: Queue | None) -> None:
        with self._lock:
            feed.wanted[what] -= 1
            if queue is not None:
                feed.remove(what, queue)
            if feed.wanted[what] or self._hubs.is_closed:
                return
            feed.refused.pop(what, None)
            self._hubs.market.unsubscribe(of_contract(what, feed.contract_id))
            if not any(feed.wanted.values()):
                self._feeds.pop(feed.contract_id, None)
                self._silence.forget(feed.contract_id)

    def end(self) -> None:
        """The trader is closed: every consumer ends."""
        for feed in list(self._feeds.values()):
            for queue in feed.all_queues():
                queue.end()

    def fail(self, error: Exception) -> None:
        """Nothing more comes, and nobody has closed it: every consumer is told."""
        for feed in list(self._feeds.values()):
            for queue in feed.all_queues():
                queue.fail(error)

    # ------------------------------------------------------------ of the hub

    def _quote(self, quote: Quote) -> None:
        feed = self._feeds.get(quote.contract_id)
        if feed is None:
            return
        now_ns = self._clock.monotonic_ns()
        if feed.stale is not None:
            self._is_fresh(feed, now_ns)
        whole = feed.take_quote(quote, now_ns)
        for queue in feed.queues[QUOTES]:
            queue.put(whole)
        if self._callbacks.by_kind["quote"]:
            self._callbacks.tell("quote", whole)

    def _trades(self, trades: MarketTrades) -> None:
        feed = self._feeds.get(trades.contract_id)
        if feed is None:
            return
        for trade in trades:
            feed.put(TRADES, trade)
            self._callbacks.tell("trade", trade)

    def _depth(self, rows: DepthRows) -> None:
        feed = self._feeds.get(rows.contract_id)
        if feed is None:
            return
        book = feed.take_depth(rows)
        feed.put(DEPTH, book)
        if self._callbacks.by_kind["depth"]:
            self._callbacks.tell("depth", book)

    def _gap(self, gap: Gap) -> None:
        for feed in list(self._feeds.values()):
            feed.begin_anew()
            feed.refused.clear()  # the next connection asks for it again
            for queue in feed.queues[TRADES]:
                if queue.wants_gaps:
                    queue.put(gap)

    def _live(self, live: Live) -> None:
        self._silence.begin_anew(self._clock.monotonic_ns())

    def _refused(self, refused: Refused) -> None:
        subscription = refused.subscription
        for feed in list(self._feeds.values()):
            for what in feed.queues:
                if of_contract(what, feed.contract_id) == subscription:
                    error = f"{subscription.target} {feed.contract_id}: {refused.why}"
                    feed.refused[what] = error  # first: another thread may add one
                    for queue in feed.queues[what]:
                        queue.fail(SubscriptionRefused(error))

    def _tell_refusal(self, feed: ContractFeed, what: str, queue: Queue) -> None:
        """Of what was refused already nothing would come: it is not asked for anew."""
        error = feed.refused.get(what)
        subscription = of_contract(what, feed.contract_id)
        if error is not None and subscription not in self._hubs.market.acknowledged:
            queue.fail(SubscriptionRefused(error))

    # ------------------------------------------------------------ silence

    def look(self) -> None:
        """See which quotes are stale by now; once each second."""
        if not self._hubs.market.is_live:
            return  # a gap was told
        now_ns = self._clock.monotonic_ns()
        wall_ns = self._wall_ns()
        if not self._silence.is_open(wall_ns):
            self._silence.begin_anew(now_ns)
            return
        for feed in list(self._feeds.values()):
            if feed.wanted[QUOTES]:
                self._look_at(feed, now_ns, wall_ns)

    def _look_at(self, feed: ContractFeed, now_ns: int, wall_ns: int) -> None:
        why = self._silence.why_stale(feed.contract_id, now_ns, wall_ns)
        if why is None:
            return
        silent_ns = now_ns - feed.rhythm.heard_ns
        if feed.stale is None:
            feed.stale = why
            limit_s = feed.rhythm.limit_ns / SECOND_NS
            silent_s = silent_ns / SECOND_NS
            self._callbacks.tell(
                "stale", Stale(feed.contract_id, silent_s, limit_s, why)
            )
        if silent_ns > 2 * feed.rhythm.limit_ns and not self._gave_up:
            self._gave_up = True  # once, until a quote comes
            self._hubs.market.reconnect(f"{feed.contract_id} is stale: {why}")

    def _wall_ns(self) -> int:
        return int(self._clock.wall_s() * SECOND_NS)

    def _is_fresh(self, feed: ContractFeed, now_ns: int) -> None:
        feed.stale = None
        self._gave_up = False
        silent_s = (now_ns - (feed.quote_ns or feed.rhythm.heard_ns)) / SECOND_NS
        self._callbacks.tell("fresh", Fresh(feed.contract_id, silent_s))


def globex_from(wall_s: float) -> Sessions:
    """Globex's hours from last week on, for two years."""
    from datetime import datetime, timedelta, timezone

    from fastorder.marketdata.sessions import globex_hours

    today = datetime.fromtimestamp(wall_s, timezone.utc).date()
    return globex_hours(today - timedelta(7), today + timedelta(730))
