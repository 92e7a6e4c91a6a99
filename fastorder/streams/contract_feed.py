"""One contract of the market hub: its quote, its book, and who takes what of it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from fastorder.streams.book import Book

if TYPE_CHECKING:
    from fastorder._core.codec.market_events import DepthRows, Quote
    from fastorder.streams.queues import Queue
    from fastorder.streams.silence import Rhythm

QUOTES, TRADES, DEPTH = "Quotes", "Trades", "MarketDepth"
"""What can be subscribed of a contract, as the hub calls it."""


class ContractFeed:
    """What is known of one contract, and the queues of its consumers.

    Args:
        contract_id: of the contract.
        rhythm: is told of each quote.

    Attributes:
        quote: the whole quote: what the hub has sent so far, put together.
        book: the depth.
        quote_ns: when the last quote came; monotonic, 0 before the first.
        wanted: how many want quotes, trades, depth.
        queues: of their consumers.
        refused: why the hub does not take what is wanted, by what that is.
        stale: why no quote comes; None while they do.
        has_bid, has_ask: whether it came on this connection.
    """

    def __init__(self, contract_id: str, rhythm: Rhythm) -> None:
        self.contract_id = contract_id
        self.rhythm = rhythm
        self.quote: Quote | None = None
        self.book = Book(contract_id)
        self.quote_ns = 0
        self.wanted = {QUOTES: 0, TRADES: 0, DEPTH: 0}
        self.queues: dict[str, tuple[Queue, ...]]
        self.queues = {QUOTES: (), TRADES: (), DEPTH: ()}
        self.refused: dict[str, str] = {}
        self.stale: str | None = None
        self.has_bid = self.has_ask = False
        self._book_lock = Lock()

    @property
    def is_stale(self) -> bool:
        """Whether its quote may be old: silence, or a side not told since a gap."""
        return self.stale is not None or not (self.has_bid and self.has_ask)

    def take_quote(self, quote: Quote, now_ns: int) -> Quote:
        """Put what has changed to what was known; the whole quote."""
        whole = self.quote = quote.over(self.quote)
        self.quote_ns = now_ns
        self.rhythm.heard(now_ns)
        if not self.has_bid:
            self.has_bid = quote.best_bid is not None
        if not self.has_ask:
            self.has_ask = quote.best_ask is not None
        return whole

    def begin_anew(self) -> None:
        """Events may be missing: the book is gone, the quote may be old."""
        self.has_bid = self.has_ask = False
        with self._book_lock:
            self.book.clear()

    def take_depth(self, rows: DepthRows) -> Book:
        """Put rows into the book; the book, which goes on changing."""
        with self._book_lock:
            self.book.apply(rows)
        return self.book

    def book_now(self) -> Book:
        """The book of this moment, for whatever thread."""
        with self._book_lock:
            return self.book.copy()

    def put(self, what: str, item: Any) -> None:
        """Hand something to all consumers of a kind."""
        for queue in self.queues[what]:
            queue.put(item)

    def add(self, what: str, queue: Queue) -> None:
        """Another consumer."""
        self.queues[what] = (*self.queues[what], queue)

    def remove(self, what: str, queue: Queue) -> None:
        """A consumer is gone."""
        self.queues[what] = tuple(q for q in self.queues[what] if q is not queue)

    def all_queues(self) -> list[Queue]:
        """Those of all consumers."""
        return [queue for queues in self.queues.values() for queue in queues]
