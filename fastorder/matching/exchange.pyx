# cython: boundscheck=False, wraparound=False
"""Exchange: the venue in compiled integers, for backtests and paper trading."""

from cpython cimport array
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.long cimport PyLong_AsLongLongAndOverflow
from libc.stdint cimport int8_t, int64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memmove, memset

import array
import hashlib
import json
import zlib

from fastorder.matching._due cimport push, set_next
from fastorder.matching._edges cimport set_edges
from fastorder.matching._feed cimport (
    AFTER_EXPIRY,
    AFTER_SESSIONS,
    BAD_BAR,
    BAD_PRICE,
    BAD_QUOTE,
    BAD_SIDE,
    BAD_SIZE,
    LATE,
    SHORT_BAR,
    columns_t,
    feed_quotes,
    feed_ticks,
)
from fastorder.matching._latency cimport draw
from fastorder.matching._log cimport next_seen
from fastorder.matching._memory cimport free_copy
from fastorder.matching._public_name cimport show_as
from fastorder.matching._snapshot cimport packed, unpack
from fastorder.matching._state cimport (
    CANCEL,
    CLOSE,
    ENTRY,
    LEAST,
    MODIFY,
    MOST,
    NO_MEMORY,
    NO_PRICE,
    PLACE,
    QUEUE,
    TOO_LARGE_POSITION,
    TOUCH,
    TRADE_THROUGH,
    account_t,
    contract_t,
    event_t,
    latency_t,
    order_t,
    position_t,
    request_t,
)
from fastorder.matching._time cimport advance, set_boundary
from fastorder.matching._walk cimport bars_t, feed_bars

from fastorder.matching.enums import Kind, Side, Status
from fastorder.matching.errors import (
    BadDatum,
    BadSnapshot,
    MatchingError,
    Overflow,
    UnsortedData,
)
from fastorder.matching.rows import EVENT_FIELDS, OrderRow, Position
from fastorder.matching.settings import (
    Account,
    Contract,
    Histogram,
    Latencies,
    Queue,
    Steps,
    Touch,
    TradeThrough,
)

SNAPSHOT_VERSION = 3
MAGIC = b"FOMX"
MANY_EVENTS = 4096          # from here on they are handed over, not copied
PATHS = ("worst", "nearest", "high_first", "low_first")
FARTHEST = 1 << 40
LARGEST_SIZE = 0x7FFFFFFF

cdef dict WRONG = {
    LATE: "time_ns must not be before what was fed",
    BAD_PRICE: "price must be one that the contract can have, in ticks",
    BAD_SIZE: "size must be at least 1, of a quote at least 0",
    BAD_SIDE: "side must be 1 (buyer), -1 (seller) or 0 (not known)",
    BAD_QUOTE: "bid must be below ask",
    AFTER_EXPIRY: "time_ns must be before the contract's end",
    AFTER_SESSIONS: "time_ns must be before the close of the last session",
    BAD_BAR: "high must be the highest and low the lowest",
    SHORT_BAR: "end_ns must be at least 4 ns after start_ns",
}


cdef int64_t whole(str name, value, int64_t least, int64_t most) except? -1:
    """A whole number within bounds, as C has it."""
    cdef int overflow = 0
    cdef int64_t plain
    if type(value) is int:
        plain = PyLong_AsLongLongAndOverflow(value, &overflow)
        if not overflow and least <= plain <= most:
            return plain
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise MatchingError(f"{name} must be a whole number, was {value!r}")
    number = value.__index__()
    if not least <= number <= most:
        raise MatchingError(f"{name} must be from {least} to {most}, was {number}")
    return number


cdef int64_t price_or_none(str name, value) except? -1:
    return NO_PRICE if value is None else whole(name, value, -FARTHEST, FARTHEST)


cdef class Handed:
    """Memory of an exchange that is a result's now, as bytes."""

    cdef void* place
    cdef Py_ssize_t size

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.place, self.size, False, flags)

    def __dealloc__(self):
        free(self.place)


cdef Handed handed_over(venue_t* venue):
    """All events, without a copy of them: the exchange begins anew with none."""
    cdef Handed found = Handed()
    cdef size_t size = venue.n_events * sizeof(event_t)
    cdef void* fitting = realloc(venue.events, size)
    found.place = venue.events if fitting is NULL else fitting
    found.size = size
    venue.events = NULL
    venue.n_events = venue.events_room = venue.shown = 0
    return found


cdef class Exchange:
    """A venue with its accounts: requests and data in, events out.

    Prices are whole ticks, money micro-dollars, times nanoseconds since 1970 UTC.
    Accounts and contracts are numbered as they are given, from 0.

    Args:
        contracts: each a Contract.
        accounts: each an Account.
        fills: how resting limits fill: Touch, TradeThrough or Queue.
        latency: how long things take.
        path: the way through a bar: worst, nearest, high_first or low_first.
        seed: of the drawn latencies.
        expire_at_close: orders expire as their session closes; otherwise they stay.
        stop_limits: take stop-limit orders; whether the gateway does is not known.
        on_event: called with each event, as a tuple in the order of EVENT_FIELDS, once
            it is seen. It may place, modify, cancel and close.

    Raises:
        MatchingError: an argument breaks a rule.
    """

    def __init__(self, contracts, accounts, *, fills=None, latency=None,
                 str path="worst", seed=0, bint expire_at_close=False,
                 bint stop_limits=False, on_event=None):
        if self.ready:
            raise MatchingError("an exchange is made once: make another one")
        contracts, accounts = tuple(contracts), tuple(accounts)
        fills = TradeThrough() if fills is None else fills
        latency = Latencies() if latency is None else latency
        check_kinds(contracts, accounts, fills, latency)
        if path not in PATHS:
            raise MatchingError(f"path must be one of {', '.join(PATHS)}, was {path!r}")
        self.kept = []
        self.tags = {}
        self.on_event = on_event
        self.venue.seed = whole("seed", seed, 0, MOST)
        self.venue.path = PATHS.index(path)
        self.venue.expire_at_close = expire_at_close
        self.venue.stop_limits = stop_limits
        self.venue.watched = on_event is not None
        self.venue.next_id = 1
        self.venue.left = MOST
        self.set_model(fills)
        self.set_latencies(latency)
        self.set_accounts(accounts, len(contracts))
        self.set_contracts(contracts)
        set_next(&self.venue)
        made_of = (contracts, accounts, fills, latency, path, seed, expire_at_close,
                   stop_limits)
        self.fingerprint = hashlib.sha256(repr(made_of).encode()).digest()
        self.ready = True

    def __dealloc__(self):
        free_copy(&self.venue)
        free(self.venue.burned)

    # -------------------------------------------------------------- made

    cdef int set_model(self, fills) except -1:
        if isinstance(fills, Touch):
            self.venue.model = TOUCH
        elif isinstance(fills, TradeThrough):
            self.venue.model = TRADE_THROUGH
            self.venue.model_ticks = fills.ticks
        else:
            self.venue.model = QUEUE
            self.venue.model_ticks = fills.depth
        self.venue.partial = fills.partial
        return 0

    cdef const int64_t* borrow(self, rows):
        """Rows that the venue may point to as long as it lives."""
        cdef array.array column = array.array("q", rows)
        self.kept.append(column)
        return <const int64_t*>column.data.as_voidptr

    cdef int set_latencies(self, latency) except -1:
        cdef latency_t* one
        cdef int i
        for i, name in enumerate(("entry", "response", "leg", "oco")):
            one = &self.venue.latency[i]
            given = getattr(latency, name)
            if isinstance(given, Steps):
                one.is_table = True
                one.at = self.borrow(given.from_ns)
                one.values = self.borrow(given.latency_ns)
                one.rows = len(given.from_ns)
            elif isinstance(given, Histogram):
                one.at = self.borrow(given.latency_ns)
                one.values = self.borrow(summed(given.counts))
                one.rows = len(given.counts)
            else:
                one.constant_ns = given
        return 0

    cdef int set_accounts(self, tuple accounts, int64_t n_contracts) except -1:
        cdef int64_t n = len(accounts)
        cdef int i
        self.venue.accounts = <account_t*>calloc(n, sizeof(account_t))
        self.venue.positions = <position_t*>calloc(n * n_contracts, sizeof(position_t))
        if self.venue.accounts is NULL or self.venue.positions is NULL:
            raise MemoryError
        self.venue.n_accounts = n
        for i, account in enumerate(accounts):
            self.venue.accounts[i].balance = account.balance_micros
            self.venue.accounts[i].floor = LEAST
            self.venue.accounts[i].may_trade = account.may_trade
            self.venue.accounts[i].auto_oco = account.auto_oco
        return 0

    cdef int set_contracts(self, tuple contracts) except -1:
        cdef contract_t* one
        cdef int i
        self.venue.contracts = <contract_t*>calloc(len(contracts), sizeof(contract_t))
        if self.venue.contracts is NULL:
            raise MemoryError
        self.venue.n_contracts = len(contracts)
        for i, given in enumerate(contracts):
            one = &self.venue.contracts[i]
            one.number = i
            one.tick_value = given.tick_value_micros
            one.fee = given.fee_micros
            one.commission = given.commission_micros
            one.spread = given.spread_ticks
            one.slip = given.slippage_ticks
            one.stop_slip = given.stop_slippage_ticks
            one.depth = given.depth
            one.negative = given.negative_prices
            one.expires_ns = MOST if given.expires_ns is None else given.expires_ns
            one.sessions = len(given.opens)
            one.opens = self.borrow(given.opens)
            one.closes = self.borrow(given.closes)
            one.is_open = not given.opens
            set_boundary(one)
            set_edges(&self.venue, one)
        return 0

    # -------------------------------------------------------------- requests

    def place(self, account, contract, kind, side, size, *, limit=None, stop=None,
              trail=None, tag=None, stop_loss=None, take_profit=None, at=None):
        """Send an order; whether it is taken is told by its events.

        Args:
            account, contract: their numbers; unknown ones are rejected.
            kind: a Kind.
            side: a Side.
            size: contracts.
            limit, stop: prices in ticks.
            trail: of a trailing stop, a price in ticks: its distance to the last price,
                as the order arrives, is kept.
            tag: a custom tag; used once, it is used up.
            stop_loss: ticks from the fill, with their sign, or ticks and a Kind.
            take_profit: the same.
            at: when it is sent; now, where it is not given.

        Returns:
            The order's id. Its stop loss has the next one, its take profit the next.

        Raises:
            MatchingError: a number does not fit, or the time has passed.
        """
        cdef request_t request = self.request(PLACE, account, contract)
        request.kind = whole("kind", kind, -128, 127)
        side = whole("side", side, -100, 100)
        request.side = {0: 1, 1: -1}.get(side, 2)
        request.size = whole("size", size, -LARGEST_SIZE, LARGEST_SIZE)
        request.limit = price_or_none("limit", limit)
        request.stop = price_or_none("stop", stop)
        request.trail = price_or_none("trail", trail)
        loss = leg_of("stop_loss", stop_loss, Kind.STOP)
        profit = leg_of("take_profit", take_profit, Kind.LIMIT)
        request.loss_ticks, request.loss_kind = loss
        request.profit_ticks, request.profit_kind = profit
        if tag is not None:
            self.set_tags(&request, tag)
        legs = (request.loss_kind != 0) + (request.profit_kind != 0)
        return self.send(&request, 1 + legs, at)

    def modify(self, account, order_id, *, size=None, limit=None, stop=None, trail=None,
               at=None):
        """Change an order; what is not given stays.

        Raises:
            MatchingError: a number does not fit, or the time has passed.
        """
        cdef request_t request = self.request(MODIFY, account, 0)
        request.id = whole("order_id", order_id, 0, MOST)
        request.has_size = size is not None
        if size is not None:
            request.size = whole("size", size, -LARGEST_SIZE, LARGEST_SIZE)
        request.limit = price_or_none("limit", limit)
        request.stop = price_or_none("stop", stop)
        request.trail = price_or_none("trail", trail)
        self.send(&request, 0, at)

    def cancel(self, account, order_id, *, at=None):
        """Cancel an order.

        Raises:
            MatchingError: a number does not fit, or the time has passed.
        """
        cdef request_t request = self.request(CANCEL, account, 0)
        request.id = whole("order_id", order_id, 0, MOST)
        self.send(&request, 0, at)

    def close(self, account, contract, size=None, *, at=None):
        """Close a position at the market, or a part of it; working orders stay.

        Returns:
            The id of the order that closes it.

        Raises:
            MatchingError: a number does not fit, or the time has passed.
        """
        cdef request_t request = self.request(CLOSE, account, contract)
        request.has_size = size is not None
        if size is not None:
            request.size = whole("size", size, -LARGEST_SIZE, LARGEST_SIZE)
        return self.send(&request, 1, at)

    def allow(self, account, bint may_trade):
        """Say whether an account's new orders are taken from now on.

        Raises:
            MatchingError: no such account.
        """
        self.check_ready()
        self.venue.accounts[self.account_number(account)].may_trade = may_trade

    def set_floor(self, account, micros):
        """Set what an account's equity may not come down to; None for no floor.

        Equity is its balance and what its open positions would bring at the last
        prints. Once it is there, a FLOOR_REACHED event tells so, with the balance and
        the open profit, and the floor is gone: nothing is closed by it.

        Raises:
            MatchingError: no such account, or no whole number.
        """
        cdef int number = self.account_number(account)
        cdef account_t* one = &self.venue.accounts[number]
        cdef int64_t floor = LEAST
        if micros is not None:
            floor = whole("micros", micros, -MOST // 2, MOST // 2)
        self.venue.floors += (floor != LEAST) - (one.floor != LEAST)
        one.floor = floor
        for number in range(self.venue.n_contracts):
            set_edges(&self.venue, &self.venue.contracts[number])

    cdef request_t request(self, int what, account, contract) except *:
        cdef request_t request
        memset(&request, 0, sizeof(request_t))
        self.check_ready()
        request.what = what
        request.account = whole("account", account, -LARGEST_SIZE, LARGEST_SIZE)
        request.contract = whole("contract", contract, -LARGEST_SIZE, LARGEST_SIZE)
        request.limit = request.stop = request.trail = NO_PRICE
        return request

    cdef int set_tags(self, request_t* request, tag) except -1:
        if not isinstance(tag, str) or not tag:
            raise MatchingError(f"tag must be text, was {tag!r}")
        request.tag = self.tag_number(tag)
        if request.loss_kind:
            request.loss_tag = self.tag_number(f"{tag}-SL")
        if request.profit_kind:
            request.profit_tag = self.tag_number(f"{tag}-TP")
        return 0

    cdef int64_t tag_number(self, str tag) except -1:
        return self.tags.setdefault(tag, len(self.tags) + 1)

    cdef int64_t send(self, request_t* request, int ids, at) except -1:
        """Let a request go; it arrives after its latency."""
        cdef int64_t sent_ns = self.venue.now_ns
        cdef int64_t asked_at = self.venue.now_ns
        if at is not None:
            sent_ns = whole("at", at, 0, FARTHEST << 21)
        if sent_ns < self.venue.now_ns:
            raise MatchingError(
                f"at must not be before now ({self.venue.now_ns}), was {sent_ns}")
        if ids:
            request.id = self.venue.next_id
            self.venue.next_id += ids
        self.venue.now_ns = sent_ns         # a latency may change over time
        arrives_ns = sent_ns + draw(&self.venue, ENTRY, request.id,
                                    request.what if ids else sent_ns ^ request.what)
        self.venue.now_ns = asked_at
        push(&self.venue, arrives_ns, request)
        self.check_failed()
        return request.id

    # -------------------------------------------------------------- data

    def tick(self, contract, time_ns, price, size=1, side=0, bid=None, ask=None):
        """Feed one tick; as feed_ticks.

        Raises:
            BadDatum: it breaks a rule.
        """
        if (bid is None) != (ask is None):
            raise MatchingError("bid and ask must be given together")
        columns = rows_of(time_ns=time_ns, price=price, size=size)
        columns.append(array.array("b", [whole("side", side, -128, 127)]))
        if bid is not None:
            columns += rows_of(bid=bid, ask=ask)
        self.feed_ticks(contract, *columns)

    def quote(self, contract, time_ns, bid, ask, bid_size=0, ask_size=0):
        """Feed one quote; as feed_quotes.

        Raises:
            BadDatum: it breaks a rule.
        """
        self.feed_quotes(contract, *rows_of(
            time_ns=time_ns, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size))

    def bar(self, contract, start_ns, end_ns, opening, high, low, close):
        """Feed one bar; as feed_bars.

        Raises:
            BadDatum: it breaks a rule.
        """
        self.feed_bars(contract, *rows_of(
            start_ns=start_ns, end_ns=end_ns, opening=opening, high=high, low=low,
            close=close))

    def feed_ticks(self, contract, time_ns, price, size=None, side=None, bid=None,
                   ask=None, *, bint pause=False):
        """Feed ticks: columns of int64, the side of int8.

        Args:
            contract: its number.
            time_ns, price: when, and at which tick.
            size: contracts; one each where it is not given.
            side: 1 a buyer's, -1 a seller's, 0 not known.
            bid, ask: the quote that stands after each tick.
            pause: return as soon as an event is seen, before the next tick.

        Returns:
            How many were taken; fewer than all only with pause.

        Raises:
            BadDatum: one breaks a rule; those before it have been taken.
            MatchingError: columns of another type or length.
            Overflow: money has left its range.
        """
        cdef columns_t columns
        cdef int number = self.start_feed(contract, pause)
        try:
            memset(&columns, 0, sizeof(columns_t))
            times = column("time_ns", time_ns, None)
            columns.n = times.shape[0]
            prices = column("price", price, columns.n)
            sizes = column("size", size, columns.n)
            sides = side_column(side, columns.n)
            bids, asks = column("bid", bid, columns.n), column("ask", ask, columns.n)
            if (bid is None) != (ask is None):
                raise MatchingError("bid and ask must be given together")
            columns.time, columns.price = start_of(times), start_of(prices)
            columns.size = start_of(sizes)
            columns.side = start_of_sides(sides)
            columns.bid, columns.ask = start_of(bids), start_of(asks)
            return self.feed(number, &columns, NULL, True, pause)
        finally:
            self.end_feed()

    def feed_quotes(self, contract, time_ns, bid, ask, bid_size=None, ask_size=None, *,
                    bint pause=False):
        """Feed quotes: columns of int64, as feed_ticks.

        Args:
            contract: its number.
            time_ns, bid, ask: when, and the best prices in ticks.
            bid_size, ask_size: contracts there; 0 is not known.
            pause: return as soon as an event is seen, before the next quote.

        Returns:
            How many were taken; fewer than all only with pause.

        Raises:
            BadDatum: one breaks a rule; those before it have been taken.
            MatchingError: columns of another type or length.
            Overflow: money has left its range.
        """
        cdef columns_t columns
        cdef int number = self.start_feed(contract, pause)
        try:
            memset(&columns, 0, sizeof(columns_t))
            times = column("time_ns", time_ns, None)
            columns.n = times.shape[0]
            bids, asks = column("bid", bid, columns.n), column("ask", ask, columns.n)
            bid_sizes = column("bid_size", bid_size, columns.n)
            ask_sizes = column("ask_size", ask_size, columns.n)
            columns.time = start_of(times)
            columns.bid, columns.ask = start_of(bids), start_of(asks)
            columns.bid_size = start_of(bid_sizes)
            columns.ask_size = start_of(ask_sizes)
            return self.feed(number, &columns, NULL, False, pause)
        finally:
            self.end_feed()

    def feed_bars(self, contract, start_ns, end_ns, opening, high, low, close, *,
                  bint pause=False):
        """Feed bars: columns of int64, walked on the exchange's path.

        Args:
            contract: its number.
            start_ns, end_ns: a bar's first nanosecond, and the first after it.
            opening, high, low, close: in ticks.
            pause: return as soon as an event is seen, also within a bar; feed that bar
                again to go on with it.

        Returns:
            How many were taken; fewer than all only with pause.

        Raises:
            BadDatum: one breaks a rule; those before it have been taken.
            MatchingError: columns of another type or length.
            Overflow: money has left its range.
        """
        cdef bars_t bars
        cdef int number = self.start_feed(contract, pause, True)
        try:
            starts = column("start_ns", start_ns, None)
            bars.n = starts.shape[0]
            ends = column("end_ns", end_ns, bars.n)
            opens = column("opening", opening, bars.n)
            highs = column("high", high, bars.n)
            lows, closes = column("low", low, bars.n), column("close", close, bars.n)
            bars.starts, bars.ends = start_of(starts), start_of(ends)
            bars.opens, bars.highs = start_of(opens), start_of(highs)
            bars.lows, bars.closes = start_of(lows), start_of(closes)
            return self.feed(number, NULL, &bars, False, pause)
        finally:
            self.end_feed()

    def advance(self, time_ns, *, bint pause=False):
        """Let time go on without data: what is due up to then is done and seen.

        Returns:
            Whether the time was reached; not, only with pause.

        Raises:
            MatchingError: the time has passed, or a bar is being walked.
            Overflow: money has left its range.
        """
        self.start_feed(0, pause)
        try:
            until_ns = whole("time_ns", time_ns, 0, FARTHEST << 21)
            if until_ns < self.venue.now_ns:
                raise MatchingError(
                    f"time_ns must not be before now ({self.venue.now_ns}), "
                    f"was {until_ns}")
            while True:
                if advance(&self.venue, until_ns) and next_seen(&self.venue) > until_ns:
                    self.check_failed()
                    return True
                self.check_failed()
                self.show_events()
                if pause:
                    return False
        finally:
            self.end_feed()

    cdef int start_feed(self, contract, bint pause, bint bars=False) except -1:
        self.check_ready()
        if self.busy:
            raise MatchingError("data must not be fed from within on_event")
        if pause and self.on_event is not None:
            raise MatchingError("pause is for an exchange without on_event")
        cdef int number = whole("contract", contract, 0, self.venue.n_contracts - 1)
        if self.venue.walking and not (bars
                                       and self.venue.contracts[number].walk.stretch):
            raise MatchingError("the bar that was paused must be fed first")
        self.venue.watched = pause or self.on_event is not None
        self.busy = True
        return number

    cdef int end_feed(self) except -1:
        self.busy = False
        return 0

    cdef int64_t feed(self, int number, const columns_t* columns, const bars_t* bars,
                      bint ticks, bint pause) except -1:
        cdef columns_t rest
        cdef bars_t rest_bars
        cdef int64_t n = bars.n if bars is not NULL else columns.n
        cdef int64_t taken
        cdef int why = 0
        self.n_fed = 0
        while True:
            if bars is not NULL:
                rest_bars = bars_from(bars, self.n_fed)
                taken = feed_bars(&self.venue, number, &rest_bars, &why)
            else:
                rest = columns_from(columns, self.n_fed)
                if ticks:
                    taken = feed_ticks(&self.venue, number, &rest, &why)
                else:
                    taken = feed_quotes(&self.venue, number, &rest, &why)
            self.n_fed += taken
            self.check_failed()
            if why:
                kind = UnsortedData if why == LATE else BadDatum
                raise kind(WRONG[why], self.n_fed)
            if self.n_fed == n:
                return n
            self.show_events()
            if pause:
                return self.n_fed

    # -------------------------------------------------------------- events

    cdef int show_events(self) except -1:
        """Show what is seen first, and all that is seen at the same time."""
        cdef int64_t seen_ns = next_seen(&self.venue)
        if seen_ns == MOST:
            return 0
        self.venue.now_ns = max(self.venue.now_ns, seen_ns)
        while next_seen(&self.venue) == seen_ns:
            self.venue.shown += 1
            if self.on_event is not None:
                self.on_event(event_row(&self.venue.events[self.venue.shown - 1]))
        return 0

    def take_seen(self):
        """The events that a pause or on_event has shown since the last take.

        Returns:
            A structured NumPy array with the fields of EVENT_FIELDS.
        """
        self.check_ready()
        return self.taken(self.venue.shown)

    def take_events(self):
        """All events since the last take, also those that nobody can have seen yet.

        Returns:
            A structured NumPy array with the fields of EVENT_FIELDS.
        """
        self.check_ready()
        if self.busy:
            raise MatchingError("within on_event, take_seen is what was shown")
        return self.taken(self.venue.n_events)

    cdef taken(self, int64_t n):
        import numpy as np

        if n == self.venue.n_events and n >= MANY_EVENTS:
            return np.frombuffer(handed_over(&self.venue), dtype=list(EVENT_FIELDS))
        rows = np.empty(n, dtype=list(EVENT_FIELDS))
        cdef int64_t left = self.venue.n_events - n
        cdef unsigned char[::1] target
        if n:
            target = rows.view(np.uint8)
            memcpy(&target[0], self.venue.events, n * sizeof(event_t))
            memmove(self.venue.events, self.venue.events + n, left * sizeof(event_t))
        self.venue.n_events = left
        self.venue.shown = max(0, self.venue.shown - n)
        return rows

    # -------------------------------------------------------------- state

    @property
    def fed(self):
        """How many rows of the last feed have been taken, also where it raised."""
        return self.n_fed

    @property
    def now_ns(self):
        """The time that the exchange has reached."""
        return self.venue.now_ns

    @property
    def next_ns(self):
        """When something happens next that no datum causes; None where nothing does."""
        return None if self.venue.next_ns == MOST else self.venue.next_ns

    @property
    def ambiguous(self):
        """How many orders a bar's path has decided."""
        return self.venue.ambiguous

    def outside(self, contract):
        """How many data came while a contract was closed, and were passed over."""
        return self.venue.contracts[self.contract_number(contract)].outside

    def balance(self, account):
        """An account's balance in micro-dollars, without what is open."""
        return self.venue.accounts[self.account_number(account)].balance

    def position(self, account, contract):
        """The net position of an account in a contract: a Position."""
        cdef int64_t row = self.account_number(account)
        cdef int number = self.contract_number(contract)
        cdef const position_t* held = &self.venue.positions[
            row * self.venue.n_contracts + number]
        return Position(held.size, held.cost, self.venue.contracts[number].tick_value)

    def orders(self, account):
        """The live orders of an account, by contract and id: each an OrderRow."""
        cdef int number = self.account_number(account)
        cdef const contract_t* contract
        cdef int i, j
        found = []
        for i in range(self.venue.n_contracts):
            contract = &self.venue.contracts[i]
            for j in range(contract.count):
                if contract.orders[j].account == number:
                    if contract.orders[j].status in (1, 6, 8):
                        found.append(order_row(&contract.orders[j]))
        return found

    cdef int account_number(self, account) except -1:
        self.check_ready()
        return whole("account", account, 0, self.venue.n_accounts - 1)

    cdef int contract_number(self, contract) except -1:
        self.check_ready()
        return whole("contract", contract, 0, self.venue.n_contracts - 1)

    cdef int check_ready(self) except -1:
        if not self.ready:
            raise MatchingError("the exchange was not made: call __init__ first")
        self.check_failed()
        return 0

    cdef int check_failed(self) except -1:
        if self.venue.failed == NO_MEMORY:
            raise MemoryError("the exchange has stopped: no memory was left")
        if self.venue.failed == TOO_LARGE_POSITION:
            raise Overflow("the exchange has stopped: a position must be below 2**31")
        if self.venue.failed:
            raise Overflow("the exchange has stopped: micro-dollars must fit int64")
        return 0

    # -------------------------------------------------------------- snapshots

    def snapshot(self):
        """The whole state as bytes, for an exchange with the same settings."""
        self.check_ready()
        if self.busy:
            raise MatchingError("a snapshot must not be taken from within on_event")
        names = json.dumps(list(self.tags)).encode()
        body = len(names).to_bytes(8, "little") + names + packed(&self.venue)
        head = MAGIC + SNAPSHOT_VERSION.to_bytes(4, "little") + self.fingerprint
        return head + zlib.crc32(body).to_bytes(4, "little") + body

    def restore(self, bytes snapshot):
        """Become what a snapshot was taken of.

        Raises:
            BadSnapshot: it is of another version or of other settings, or is damaged;
                the exchange stays as it was.
        """
        self.check_ready()
        if self.busy:
            raise MatchingError("an exchange must not be restored from within on_event")
        body = self.checked_body(snapshot)
        length = int.from_bytes(body[:8], "little")
        try:
            names = json.loads(body[8:8 + length])
        except ValueError:
            raise BadSnapshot("a snapshot must be whole, was cut") from None
        unpack(&self.venue, body[8 + length:])
        self.tags = {name: number for number, name in enumerate(names, 1)}

    cdef bytes checked_body(self, bytes snapshot):
        if snapshot[:4] != MAGIC:
            raise BadSnapshot("a snapshot must begin with FOMX")
        version = int.from_bytes(snapshot[4:8], "little")
        if version != SNAPSHOT_VERSION:
            raise BadSnapshot(
                f"a snapshot must be of version {SNAPSHOT_VERSION}, was {version}")
        if snapshot[8:40] != self.fingerprint:
            raise BadSnapshot("a snapshot must be of an exchange made like this one")
        body = snapshot[44:]
        if zlib.crc32(body) != int.from_bytes(snapshot[40:44], "little"):
            raise BadSnapshot("a snapshot must be whole, was damaged")
        return body

# ------------------------------------------------------------------ arguments


def check_kinds(contracts, accounts, fills, latency):
    """Refuse what an exchange cannot be made of."""
    for name, rows, kind in (("contracts", contracts, Contract),
                             ("accounts", accounts, Account)):
        if not rows or not all(isinstance(row, kind) for row in rows):
            raise MatchingError(f"{name} must be at least one {kind.__name__}")
    if not isinstance(fills, (Touch, TradeThrough, Queue)):
        raise MatchingError(
            f"fills must be Touch, TradeThrough or Queue, was {fills!r}")
    if not isinstance(latency, Latencies):
        raise MatchingError(f"latency must be Latencies, was {latency!r}")


cdef tuple leg_of(str name, leg, kind):
    """Ticks and the kind of a bracket's leg; no kind is no leg."""
    if leg is None:
        return 0, 0
    ticks, kind = leg if isinstance(leg, tuple) else (leg, kind)
    return (whole(name, ticks, -FARTHEST, FARTHEST), whole(name, kind, 1, 127))


def rows_of(**values):
    """Each value as a column of one row."""
    return [array.array("q", [whole(name, value, -MOST, MOST)])
            for name, value in values.items()]


cdef list summed(counts):
    total, rows = 0, []
    for count in counts:
        total += count
        rows.append(total)
    return rows


cdef const int64_t[::1] column(str name, rows, length):
    """A column of int64; None stays None."""
    cdef const int64_t[::1] found
    if rows is None and length is not None:
        return None
    try:
        found = rows
    except (TypeError, ValueError) as error:
        raise MatchingError(f"{name} must be a column of int64: {error}") from None
    if length is not None and found.shape[0] != length:
        raise MatchingError(
            f"{name} must be as long as the times ({length}), was {found.shape[0]}")
    return found


cdef const int8_t[::1] side_column(rows, length):
    cdef const int8_t[::1] found
    if rows is None:
        return None
    try:
        found = rows
    except (TypeError, ValueError) as error:
        raise MatchingError(f"side must be a column of int8: {error}") from None
    if found.shape[0] != length:
        raise MatchingError(
            f"side must be as long as the times ({length}), was {found.shape[0]}")
    return found


cdef const int64_t* start_of(const int64_t[::1] rows) noexcept:
    if rows is None or rows.shape[0] == 0:
        return NULL
    return &rows[0]


cdef const int8_t* start_of_sides(const int8_t[::1] rows) noexcept:
    if rows is None or rows.shape[0] == 0:
        return NULL
    return &rows[0]


cdef inline const int64_t* behind(const int64_t* rows, int64_t n) noexcept:
    return NULL if rows is NULL else rows + n


cdef columns_t columns_from(const columns_t* columns, int64_t first) noexcept:
    cdef columns_t rest
    rest.time = behind(columns.time, first)
    rest.price = behind(columns.price, first)
    rest.size = behind(columns.size, first)
    rest.side = NULL if columns.side is NULL else columns.side + first
    rest.bid = behind(columns.bid, first)
    rest.ask = behind(columns.ask, first)
    rest.bid_size = behind(columns.bid_size, first)
    rest.ask_size = behind(columns.ask_size, first)
    rest.n = columns.n - first
    return rest


cdef bars_t bars_from(const bars_t* bars, int64_t first) noexcept:
    cdef bars_t rest
    rest.starts = behind(bars.starts, first)
    rest.ends = behind(bars.ends, first)
    rest.opens = behind(bars.opens, first)
    rest.highs = behind(bars.highs, first)
    rest.lows = behind(bars.lows, first)
    rest.closes = behind(bars.closes, first)
    rest.n = bars.n - first
    return rest

# ------------------------------------------------------------------ rows


cdef tuple event_row(const event_t* event):
    """An event as Python has it, in the order of EVENT_FIELDS."""
    return (
        event.time_ns, event.seen_ns, event.order_id, event.parent_id, event.price,
        event.profit, event.fees, event.commissions, event.position, event.balance,
        event.account, event.contract, event.size, event.left, event.code, event.reason,
        event.kind, event.order_kind, event.side, event.flags,
    )


cdef order_row(const order_t* order):
    return OrderRow(
        order.id,
        order.parent or None,
        order.account,
        order.contract,
        Kind(order.kind),
        Side.BUY if order.side > 0 else Side.SELL,
        Status(order.status),
        order.size,
        order.filled,
        None if order.limit == NO_PRICE else order.limit,
        None if order.stop == NO_PRICE else order.stop,
        order.trail if order.kind == 5 else None,
        order.ahead,
    )


show_as(
    Exchange, b"fastorder.matching.Exchange",
    b"(contracts, accounts, *, fills=None, latency=None, path=\"worst\", seed=0, "
    b"expire_at_close=False, stop_limits=False, on_event=None)")
