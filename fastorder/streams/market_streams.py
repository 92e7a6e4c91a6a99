"""Quotes, trades and depth of one contract as streams; each says how fresh it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fastorder.errors import InvalidField, WrongFieldType
from fastorder.runtime.clock import SECOND_NS
from fastorder.streams.contract_feed import DEPTH, QUOTES, TRADES
from fastorder.streams.queues import KeptQueue, LatestQueue
from fastorder.streams.stream import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from fastorder._core.codec.market_events import MarketTrade, Quote
    from fastorder.realtime.events import Gap
    from fastorder.runtime.clock import Clock
    from fastorder.streams.book import Book
    from fastorder.streams.contract_feed import ContractFeed
    from fastorder.streams.market import Market
    from fastorder.streams.queues import Queue

    Known = Callable[[], tuple[str, Decimal | None]]

T = TypeVar("T")

KEPT = 100_000
"""Trades that may wait for a consumer; at most this many are remembered for it."""


class MarketSource(Source[T]):
    """Something of one contract.

    Args:
        market: where it comes from.
        known: gives the contract's id and its tick, once they are known.
        what: Quotes, Trades or MarketDepth.
        queue: what waits for the consumer.
    """

    def __init__(
        self,
        market: Market,
        known: Known,
        what: str,
        queue: Queue,
        clock: Clock,
        made: Callable[[Any], T] | None = None,
    ) -> None:
        self._market = market
        self._contract_id = ""
        self._clock = clock

        def start() -> Callable[[], None]:
            self._contract_id, tick_size = known()
            return market.want(what, self._contract_id, tick_size, queue)

        super().__init__(queue, start, made)

    @property
    def feed(self) -> ContractFeed | None:
        """What is known of the contract; None while that is not subscribed."""
        return self._market.feed(self._contract_id)

    @property
    def age_s(self) -> float | None:
        """Seconds since the last quote came; None before the first."""
        feed = self.feed
        if feed is None or not feed.quote_ns:
            return None
        return (self._clock.monotonic_ns() - feed.quote_ns) / SECOND_NS

    @property
    def is_stale(self) -> bool:
        """Whether the quote may be old, or none has come yet."""
        feed = self.feed
        return feed is None or feed.is_stale


def quotes(market: Market, known: Known, clock: Clock) -> MarketSource[Quote]:
    """Whole quotes: the latest, once it has changed."""
    return MarketSource(market, known, QUOTES, LatestQueue(), clock)


def trades(
    market: Market, known: Known, clock: Clock, most: int, gaps: bool
) -> MarketSource[MarketTrade | Gap]:
    """Every trade, up to a bound that may wait."""
    if type(most) is not int:
        raise WrongFieldType("most", "must be a whole number", most)
    if not 1 <= most <= 100 * KEPT:
        raise InvalidField("most", f"must be from 1 to {100 * KEPT}", most)
    if type(gaps) is not bool:
        raise WrongFieldType("gaps", "must be True or False", gaps)
    queue = KeptQueue(most, wants_gaps=gaps)
    return MarketSource(market, known, TRADES, queue, clock)


def depth(market: Market, known: Known, clock: Clock) -> MarketSource[Book]:
    """The book as it is when it is taken, once it has changed."""
    source: MarketSource[Book]

    def made(book: Book) -> Book:
        feed = source.feed
        return book.copy() if feed is None else feed.book_now()

    source = MarketSource(market, known, DEPTH, LatestQueue(), clock, made)
    return source
