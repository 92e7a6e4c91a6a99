"""Keeps a trader's limits on losses informed: prices of the hub, positions, trades.

All of it runs where the hubs are read. Nothing is done while an order is placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import FastOrderError
from fastorder.risk.hearing import Hearing
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log
from fastorder.streams.contract_feed import QUOTES
from fastorder.trader.held_values import values_read
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from decimal import Decimal

    from fastorder._core.codec.market_events import MarketTrades, Quote
    from fastorder._core.flow.ticket import Ticket
    from fastorder.models import Position, Trade
    from fastorder.risk.control import Risk
    from fastorder.session.ticket_group import Steps

    Read = tuple[list[Position], list[Trade], int]

AGAIN_NS = SECOND_NS
"""How soon the same price is told again."""

APART_NS = 2 * SECOND_NS
"""Reads begin no sooner after each other: they take of the budget."""

LONGEST_NS = 35 * SECOND_NS
"""A read that has not ended by then is not waited for."""


class LossWatch:
    """Has what is at stake priced, and the account read where its loss is too old.

    Args:
        trader: entered, with realtime.
        risk: its limits, one of which is on losses.
    """

    def __init__(self, trader: Any, risk: Risk) -> None:
        self._trader = trader
        self._risk = risk
        self._hearing = Hearing(risk)
        self._stops: dict[str, Callable[[], None]] = {}  # of what is subscribed
        self._last: dict[str, Decimal] = {}  # heard on the connection of now
        self._reading: dict[int, int] = {}  # since when, by account
        self._read_ns = 0  # when the last read began
        self._changes: list[int] = []  # when the account has to be read for a change
        self._listen()

    def _listen(self) -> None:
        hub, state = self._trader.realtime.market, self._trader.state
        hub.on("quote", self._quote)
        hub.on("trades", self._trades)
        hub.on("gap", lambda _gap: self._last.clear())
        for kind in ("fill", "void", "position"):
            state.on(kind, self._changed)
        state.watch(self.look)
        self._trader.realtime.user.every(SECOND_NS, self.look)

    # ------------------------------------------------------------ what is subscribed

    def look(self) -> None:
        """Subscribe what is at stake, and no more; read what is too old."""
        if self._trader.realtime.is_closed or self._trader.state.is_closed:
            return
        wanted = self._hearing.at_stake()
        for contract_id in wanted - self._stops.keys():
            self._begin(contract_id)
        for contract_id in self._stops.keys() - wanted:
            self._end(contract_id)
        self._look_for_reads()

    def _begin(self, contract_id: str) -> None:
        grid = None
        listing = self._trader.executor._contracts.by_id(contract_id)
        if listing is not None and listing.grid is not None:
            grid = listing.grid.size
        feed = self._trader.market.feed(contract_id)
        self._stops[contract_id] = self._trader.market.want(QUOTES, contract_id, grid)
        if feed is not None and not feed.is_stale and feed.quote.last_price is not None:
            self._heard(contract_id, feed.quote.last_price)  # others hear it already

    def _end(self, contract_id: str) -> None:
        self._stops.pop(contract_id)()
        self._last.pop(contract_id, None)

    # ------------------------------------------------------------ prices

    def _quote(self, quote: Quote) -> None:
        contract_id = quote.contract_id
        if contract_id not in self._stops:
            return
        price = quote.last_price
        if price is None:  # it has not changed, if it was told since the last gap
            price = self._last.get(contract_id)
        if price is not None:
            self._heard(contract_id, price)

    def _trades(self, trades: MarketTrades) -> None:
        if trades.contract_id in self._stops:
            for trade in trades:
                if trade.price is not None:
                    self._heard(trades.contract_id, trade.price)

    def _heard(self, contract_id: str, price: Decimal) -> None:
        self._last[contract_id] = price
        if self._hearing.knows(contract_id, price, AGAIN_NS):
            return
        for account_id in self._hearing.price(contract_id, price):
            if account_id not in self._reading:  # else once it was read
                self._hearing.look(account_id)

    # ------------------------------------------------------------ reads

    def _changed(self, _event: object) -> None:
        """Something was filled: read now, and once what is listed is up to date."""
        now_ns = self._hearing.now_ns()
        behind_ns = int(self._trader.settle_s * SECOND_NS)
        self._changes = [now_ns, now_ns + behind_ns]

    def _look_for_reads(self) -> None:
        now_ns, own = self._hearing.now_ns(), self._trader.account.id
        holders = self._hearing.holders()
        if now_ns - self._read_ns < APART_NS:
            return
        is_due = bool(self._changes) and self._changes[0] <= now_ns
        for account_id in {own, *holders}:
            began_ns = self._reading.get(account_id)
            if began_ns is not None and now_ns - began_ns < LONGEST_NS:
                continue
            is_changed = account_id == own and is_due
            if is_changed:
                self._changes = [at for at in self._changes if at > now_ns]
            is_old = account_id in holders and self._hearing.needs_read(account_id)
            if is_changed or is_old:
                self._read(account_id, now_ns)

    def _read(self, account_id: int, begun_ns: int) -> None:
        since = self._hearing.day_start()

        def steps(executor: Any) -> Steps[Read]:
            trades = yield ReadVerbs.trades.ticket(executor, account_id, since)
            then_ns = self._hearing.now_ns()  # a fill of before is among the trades
            positions = yield ReadVerbs.positions.ticket(executor, account_id)
            return positions, trades, then_ns

        self._reading[account_id] = self._read_ns = begun_ns
        try:
            self._trader._reader.do(
                steps,
                lambda ticket: self._was_read(account_id, since, begun_ns, ticket),
            )
        except FastOrderError as error:
            self._could_not_read(account_id, error)

    def _was_read(
        self, account_id: int, since: datetime, begun_ns: int, ticket: Ticket[Read]
    ) -> None:
        self._reading.pop(account_id, None)
        try:
            positions, trades, then_ns = ticket._value()
        except FastOrderError as error:
            self._could_not_read(account_id, error)
            return
        both_ns = (begun_ns, then_ns)
        self._hearing.read(account_id, positions, trades, since, both_ns)
        self.look()  # what has changed meanwhile is read first
        if account_id not in self._reading:
            self._hearing.look(account_id)
        self._read_values(account_id)

    def _read_values(self, account_id: int) -> None:
        """What a tick is worth of what is held, where nobody has loaded it."""
        risk = self._risk
        if risk._losses.unvalued(account_id):
            self._trader._reader.do(
                lambda executor: values_read(executor, risk, account_id),
                lambda _ticket: self._hearing.look(account_id),
            )

    def _could_not_read(self, account_id: int, error: FastOrderError) -> None:
        """The loss is unknown once it is too old; the next second tries again."""
        self._reading.pop(account_id, None)
        log().warning(
            "account %s could not be read for its limits: %s", account_id, error
        )
        self._hearing.look(account_id)  # prices that came meanwhile were noted alone
