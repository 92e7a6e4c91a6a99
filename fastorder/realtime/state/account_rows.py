"""All rows of one account, of events and of reads, merged by one set of rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastorder.models import Trade
from fastorder.realtime.state.orders import HeldOrder, has_ended
from fastorder.realtime.state.positions import HeldPosition
from fastorder.realtime.state.reading import (
    account_from,
    order_from,
    position_from,
    trade_from,
)
from fastorder.realtime.state.told import (
    AccountChanged,
    Change,
    Filled,
    OrderChanged,
    PositionChanged,
    Source,
    Voided,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastorder.models import Account, Order, Position

EVENT: Source = "event"


class AccountRows:
    """The rows of one account.

    Args:
        account_id: whose.

    Attributes:
        orders, positions: by their numbers, by contract ids.
        trades: by their numbers; each was counted once.
        accounts: of the user, by their numbers.
        epoch: counts connections, and events that were missed on one; what was told in
            an older one is older than a read of this one.
        newest_ns: the latest time of all rows, by the gateway's clock.
        base: what a contract holds that was never met; None while that is not known.
        counts: rows that were passed over, by why.
        half_told: since when an order and its trades do not tell the same, by its
            number: it is filled and a trade is missing, or only its trades are known.
    """

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.orders: dict[int, HeldOrder] = {}
        self.positions: dict[str, HeldPosition] = {}
        self.trades: dict[int, Trade] = {}
        self.accounts: dict[int, Account] = {}
        self.epoch = 0
        self.newest_ns = 0
        self.base: int | None = None
        self._based_ns = 0
        self.counts: Counter[str] = Counter()
        self.half_told: dict[int, int] = {}
        self._trades_of: dict[int, list[int]] = {}
        self._tags: dict[str, int] = {}
        self._told_accounts: set[int] = set()  # in this epoch, by events
        self._forgotten_ns = 0  # rows from before it are not taken again
        self._is_history = True  # trades that a read lists; of the first read alone

    def begin(self) -> None:
        """From here on, events are newer than what was told before."""
        self.epoch += 1
        self._told_accounts.clear()
        for position in self.positions.values():
            position.begin()

    # ------------------------------------------------------------ events

    def event(self, target: str, row: Mapping[str, Any], now_ns: int) -> list[Change]:
        """A row of a user event; what has changed by it.

        Raises:
            Unreadable: the row cannot be read.
        """
        kind = target.lower()
        if kind == "gatewayuseraccount":
            return self._account(account_from(row), EVENT)
        if kind == "gatewayuserorder":
            order = order_from(row)
            return self._order(order, EVENT, now_ns) if self._is_mine(order) else []
        if kind == "gatewayusertrade":
            trade = trade_from(row)
            return self.trade(trade, EVENT, now_ns) if self._is_mine(trade) else []
        if kind == "gatewayuserposition":
            position = position_from(row)
            if self._is_mine(position):
                return self._position_event(position, now_ns)
            return []
        self.counts[f"unknown event {target}"] += 1
        return []

    def _is_mine(self, row: Order | Trade | Position) -> bool:
        if row.account_id == self.account_id:
            return True
        self.counts["of another account"] += 1
        return False

    def _position_event(self, row: Position, now_ns: int) -> list[Change]:
        held = self.position(row.contract_id)
        before = _open(held.row)
        held.event(row, now_ns)
        return _moved(row.contract_id, before, held, EVENT)

    # ------------------------------------------------------------ reads

    def read_orders(
        self, rows: Iterable[Mapping[str, Any]], source: Source, now_ns: int
    ) -> list[Change]:
        """Orders that a read lists.

        Raises:
            Unreadable: one of them cannot be read; none of them is taken.
        """
        return [
            change
            for order in [order_from(row) for row in rows]
            if self._is_mine(order) and not self._was_forgotten(order)
            for change in self._order(order, source, now_ns)
        ]

    def read_trades(
        self, rows: Iterable[Mapping[str, Any]], source: Source, now_ns: int
    ) -> list[Change]:
        """Trades that a read lists, oldest first; see ``read_orders``."""
        trades = [trade_from(row) for row in rows]
        trades.sort(key=lambda trade: (trade.created_ns or 0, trade.id))
        found = [
            change
            for trade in trades
            if self._is_mine(trade) and not self._was_forgotten(trade)
            for change in self.trade(trade, source, now_ns)
        ]
        self._is_history = False
        return found

    def _is_live(self, source: Source) -> bool:
        """Whether what comes is of now: a read may be behind it."""
        return source == EVENT or not self._is_history

    def _was_forgotten(self, row: Order | Trade) -> bool:
        """Whether it is over for so long that it was let go, or never taken."""
        if isinstance(row, Trade):
            is_over = row.id not in self.trades
        else:
            is_over = row.id not in self.orders and has_ended(row)
        return is_over and 0 < latest_of(row) <= self._forgotten_ns

    def read_positions(
        self, rows: dict[str, Position], source: Source, now_ns: int
    ) -> list[Change]:
        """All open positions, by contract; any other is flat."""
        found: list[Change] = []
        for contract_id in {**self.positions, **rows}:
            held = self.position(contract_id)
            before = _open(held.row)
            held.read(rows.get(contract_id), now_ns)
            found += _moved(contract_id, before, held, source)
        return found

    def read_accounts(
        self, rows: Iterable[Mapping[str, Any]], source: Source
    ) -> list[Change]:
        """Accounts that a read lists; an event of this connection goes before it."""
        return [
            change
            for account in [account_from(row) for row in rows]
            if account.id not in self._told_accounts
            for change in self._account(account, source)
        ]

    # ------------------------------------------------------------ merging

    def _account(self, account: Account, source: Source) -> list[Change]:
        before = self.accounts.get(account.id)
        self.accounts[account.id] = account
        if source == EVENT:
            self._told_accounts.add(account.id)
        return [] if account == before else [AccountChanged(account, before, source)]

    def _order(self, order: Order, source: Source, now_ns: int) -> list[Change]:
        held = self.orders.setdefault(order.id, HeldOrder())
        before = held.order
        is_event = source == EVENT
        self.newest_ns = max(self.newest_ns, latest_of(order))
        told_now = held.epoch == self.epoch
        changed = held.take(
            order, wins_ties=is_event or not told_now, traded=self.traded(order.id)
        )
        held.heard_ns = now_ns
        if is_event:
            held.epoch = self.epoch
        self._weigh(order.id, now_ns)
        assert held.order is not None
        if held.order.custom_tag and held.order.parent_id is None:
            self._tags[held.order.custom_tag] = order.id
        return [OrderChanged(held.order, before, source)] if changed else []

    def trade(self, trade: Trade, source: Source, now_ns: int) -> list[Change]:
        """A trade; it counts once, and may only be taken back later."""
        known = self.trades.get(trade.id)
        if known is None:
            return self._new_trade(trade, source, now_ns)
        if trade.voided and not known.voided:
            self.trades[trade.id] = voided = replace(known, voided=True)
            return [Voided(voided, source), *self._taken_back(known, source, now_ns)]
        if known.commissions is None and trade.commissions is not None:
            self.trades[trade.id] = replace(known, commissions=trade.commissions)
        self.counts["a trade that was known"] += 1
        return []

    def _new_trade(self, trade: Trade, source: Source, now_ns: int) -> list[Change]:
        self.trades[trade.id] = trade
        self.newest_ns = max(self.newest_ns, latest_of(trade))
        self._trades_of.setdefault(trade.order_id, []).append(trade.id)
        found: list[Change]
        if trade.voided:
            found = [Voided(trade, source)]
            self._weigh(trade.order_id, now_ns)
        else:
            found = [Filled(trade, source)]
            found += self._order_traded(trade, source, now_ns)
        held = self.position(trade.contract_id)
        before = _open(held.row)
        held.trade(trade, now_ns, is_live=self._is_live(source))
        return found + _moved(trade.contract_id, before, held, source)

    def _taken_back(self, known: Trade, source: Source, now_ns: int) -> list[Change]:
        held = self.position(known.contract_id)
        before = _open(held.row)
        held.void(known, now_ns, is_live=self._is_live(source))
        return [
            *self._order_traded(known, source, now_ns),
            *_moved(known.contract_id, before, held, source),
        ]

    def _order_traded(self, trade: Trade, source: Source, now_ns: int) -> list[Change]:
        held = self.orders.setdefault(trade.order_id, HeldOrder())
        before = held.order
        changed = held.trade(trade, self.traded(trade.order_id))
        held.heard_ns = now_ns
        self._weigh(trade.order_id, now_ns)
        assert held.order is not None
        if not changed:
            return []
        return [OrderChanged(held.order, before, source, held.is_partial)]

    def _weigh(self, number: int, now_ns: int) -> None:
        """Note whether an order and its trades tell the same."""
        held = self.orders.get(number)
        if held is None:
            return
        if held.is_partial or held.lacks(self.told(number)):
            self.half_told.setdefault(number, now_ns)
        else:
            self.half_told.pop(number, None)

    def untraded(self, from_ns: int) -> list[HeldOrder]:
        """Orders that are filled, and lack a trade since a time, or longer."""
        return [
            self.orders[number]
            for number, since_ns in self.half_told.items()
            if since_ns <= from_ns and not self.orders[number].is_partial
        ]

    def leave_to_before(self, held: HeldOrder) -> None:
        """What an order lacks was traded before all that is read."""
        assert held.order is not None
        number = held.order.id
        held.of_before += held.lacks(self.told(number))
        self.half_told.pop(number, None)

    def prove_flat(self, now_ns: int) -> None:
        """A contract that was never met holds nothing."""
        if self.base is None:
            self.base, self._based_ns = 0, now_ns

    def lose_bases(self, since_ns: int) -> None:
        """What was read since then, as events were missing, is no base for trades."""
        if self._based_ns >= since_ns:
            self.base = None
        for position in self.positions.values():
            position.lose_base(since_ns)

    # ------------------------------------------------------------ what is there

    def position(self, contract_id: str) -> HeldPosition:
        """The position of a contract, made where none is known."""
        held = self.positions.get(contract_id)
        if held is None:
            held = self.positions[contract_id] = HeldPosition()
            held.expected = self.base
        return held

    def traded(self, order_id: int) -> int:
        """Contracts that an order's trades come to."""
        trades = self.trades_of(order_id)
        return sum(trade.size for trade in trades if not trade.voided)

    def told(self, order_id: int) -> int:
        """The same, with what was taken back."""
        numbers = self._trades_of.get(order_id, ())
        return sum(self.trades[number].size for number in numbers)

    def trades_of(self, order_id: int) -> list[Trade]:
        """The trades of an order, in the order in which they were made."""
        trades = [self.trades[number] for number in self._trades_of.get(order_id, ())]
        return sorted(trades, key=lambda trade: (trade.created_ns or 0, trade.id))

    def _latest_of(self, order: Order) -> int:
        """When something of an order was last; its own time does not tell of fills."""
        trades = (latest_of(trade) for trade in self.trades_of(order.id))
        return max([latest_of(order), *trades])

    def tagged(self, tag: str) -> Order | None:
        """The order with a tag, no leg; None where none is known."""
        number = self._tags.get(tag)
        return None if number is None else self.orders[number].order

    def working(self) -> list[HeldOrder]:
        """The orders that have not ended, as far as is known."""
        return [
            held
            for held in list(self.orders.values())  # another thread may ask
            if held.order is not None and not has_ended(held.order)
        ]

    def forget_before(self, time_ns: int) -> None:
        """Let go of orders that are over since before a time, and of their trades."""
        self._forgotten_ns = max(self._forgotten_ns, time_ns)
        ended = [
            number
            for number, held in self.orders.items()
            if held.order is not None
            and has_ended(held.order)
            and 0 < (held.order.created_ns or 0) < time_ns
            and self._latest_of(held.order) < time_ns
        ]
        for number in ended:
            order = self.orders.pop(number).order
            self.half_told.pop(number, None)
            if order is not None and self._tags.get(order.custom_tag or "") == number:
                del self._tags[order.custom_tag or ""]
            for trade in self._trades_of.pop(number, ()):
                self.trades.pop(trade, None)


def latest_of(row: Order | Trade) -> int:
    """The latest time that a row tells; 0 where it tells none."""
    if isinstance(row, Trade):
        return row.created_ns or 0
    return max(row.created_ns or 0, row.updated_ns or 0)


def _open(row: Position | None) -> Position | None:
    return None if row is None or row.size == 0 else row


def _moved(
    contract_id: str, before: Position | None, held: HeldPosition, source: Source
) -> list[Change]:
    now = _open(held.row)
    if now == before:
        return []
    return [PositionChanged(contract_id, now, before, source)]
