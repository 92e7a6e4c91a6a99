"""Matching: fills, brackets, one-cancels-other, trailing stops, positions, trades."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from fastorder.simulator.book import Account, Kind, Order, Position, Status, Trade
from fastorder.simulator.prices import STEP_S, Walk, step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastorder.simulator.clock import Clock
    from fastorder.simulator.contracts import Contract
    from fastorder.simulator.hours import Hours
    from fastorder.simulator.ledger import Ledger

BUY, SELL = 0, 1
FIRST_ORDER_ID = 3_400_000_001
FIRST_TRADE_ID = 3_000_000_001
FIRST_POSITION_ID = 825_000_001
NEW, CHANGED, REMOVED = 0, 1, 2
"""What the hub's events call themselves; no official names are known."""

MOST_STEPS = 4 * 3600  # a longer silence is walked in its last hour only


class Exchange:
    """One matching engine for every account; it moves when it is asked to.

    Args:
        contracts: by id.
        clock, seed: the day.
        ledger: gets every effect.

    Attributes:
        accounts: by number.
        hours: when orders trade; None for always.
        tell: called with each change: "Order", "Trade", "Position" or "Account", the
            account's number, the hub's action, and the row.
    """

    def __init__(
        self, contracts: dict[str, Contract], clock: Clock, seed: int, ledger: Ledger
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._walks = {key: Walk(item, seed) for key, item in contracts.items()}
        self._step = step_of(clock.now_s())
        self._order_ids = count(FIRST_ORDER_ID)
        self._trade_ids = count(FIRST_TRADE_ID)
        self._position_ids = count(FIRST_POSITION_ID)
        self.accounts: dict[int, Account] = {}
        self.hours: Hours | None = None
        self.tell: Callable[[str, int, int, dict[str, Any]], object] = _to_nobody

    # ------------------------------------------------------------ prices

    def last(self, contract: Contract) -> Decimal:
        """The last price."""
        return self._walks[contract.id].price(self._step)

    def bid(self, contract: Contract) -> Decimal:
        """What a sell at the market gets."""
        return self.last(contract)

    def ask(self, contract: Contract) -> Decimal:
        """What a buy at the market pays: a tick above the bid."""
        return self.last(contract) + contract.tick_size

    def walk(self, contract: Contract) -> Walk:
        """The price over time."""
        return self._walks[contract.id]

    def set_price(self, contract: Contract, price: Decimal) -> None:
        """Move the market there, and fill what that fills."""
        self._walks[contract.id].shift_to(self._step, price)
        self._match_all(contract)

    # ------------------------------------------------------------ time

    @property
    def is_open(self) -> bool:
        """Whether orders trade now."""
        return self.hours is None or self.hours.is_open(self._step * STEP_S)

    def advance(self) -> None:
        """Walk to the present, and fill on the way what the price reaches."""
        now = step_of(self._clock.now_s())
        if now == self._step:
            return
        watched = {
            order.contract.id: order.contract
            for account in self.accounts.values()
            for order in account.working.values()
            if order.working
        }
        if not watched:
            self._step = now
            return
        for step in range(max(self._step + 1, now - MOST_STEPS), now + 1):
            self._step = step
            for contract in watched.values():
                self._match_all(contract)

    def check_losses(self) -> None:
        """Flatten and lock each account that has lost what it may in a day."""
        for account in self.accounts.values():
            limit = account.daily_loss_limit
            if limit is not None and account.can_trade and self.lost(account) >= limit:
                self.breach(account)

    def lost(self, account: Account) -> Decimal:
        """What an account has lost since its day began, with what is open."""
        return account.day_balance - account.balance - self.open_profit(account)

    def open_profit(self, account: Account) -> Decimal:
        """What its positions would bring at the market, before fees."""
        total = Decimal(0)
        for position in account.positions.values():
            contract = position.contract
            price = self.bid(contract) if position.size > 0 else self.ask(contract)
            ticks = (price - position.average) / contract.tick_size
            total += ticks * contract.tick_value * position.size
        return total

    def breach(self, account: Account) -> None:
        """Cancel its orders, close its positions, and let it place no more."""
        account.can_trade = False
        for order in list(account.working.values()):
            self.cancel(account, order)
        for position in list(account.positions.values()):
            self.close(account, position, abs(position.size))

    # ------------------------------------------------------------ orders

    def next_order_id(self) -> int:
        """A new order id."""
        return next(self._order_ids)

    def book(self, account: Account, order: Order, legs: Iterable[Order] = ()) -> None:
        """Take an order and the legs of its bracket; fill what fills at once."""
        account.add(order)
        self._note("booked", order)
        for leg in legs:
            account.add(leg)
            self._note("leg", leg)
        self._match(account, order)

    def reject(self, account: Account, order: Order) -> None:
        """Keep an order that was refused; its tag stays used."""
        order.status = Status.REJECTED
        order.limit_price = order.stop_price = order.trail_ticks = None
        account.add(order)
        self._note("rejected", order)

    def cancel(self, account: Account, order: Order) -> None:
        """Cancel an order; the suspended legs of an entry go with it."""
        suspended = order.status is Status.SUSPENDED
        self._end(account, order, Status.CANCELLED)
        self._note("cancelled", order)
        if order.parent_id is None and not suspended:
            for leg in self._legs(account, order):
                self._end(account, leg, Status.CANCELLED)
                self._note("cancelled", leg)

    def modified(self, account: Account, order: Order) -> None:
        """An order has new values."""
        order.updated_s = self._clock.now_s()
        self._note("modified", order)
        self._match(account, order)

    def close(self, account: Account, position: Position, size: int) -> None:
        """Reduce a position at the market; working orders stay."""
        now_s = self._clock.now_s()
        order = Order(
            id=self.next_order_id(),
            account_id=account.id,
            contract=position.contract,
            contract_id=position.contract.id,
            kind=Kind.MARKET,
            side=SELL if position.size > 0 else BUY,
            size=size,
            created_s=now_s,
            updated_s=now_s,
        )
        self.book(account, order)

    # ------------------------------------------------------------ matching

    def _match_all(self, contract: Contract) -> None:
        for account in self.accounts.values():
            for order in list(account.working.values()):
                if order.working and order.contract is contract:
                    self._match(account, order)

    def _match(self, account: Account, order: Order) -> None:
        if not order.working or not self.is_open:
            return
        self._trail(order)
        price = self._fill_price(order)
        if price is not None:
            self._fill(account, order, price)

    def _trail(self, order: Order) -> None:
        if order.kind is not Kind.TRAILING_STOP or order.trail_ticks is None:
            return
        distance = abs(order.trail_ticks) * order.contract.tick_size
        last = self.last(order.contract)
        stop = last - distance if order.side == SELL else last + distance
        if order.stop_price is not None:
            further = max if order.side == SELL else min
            stop = further(order.stop_price, stop)
        order.stop_price = stop

    def _fill_price(self, order: Order) -> Decimal | None:
        """Where an order fills now; None where it does not."""
        bid, ask = self.bid(order.contract), self.ask(order.contract)
        market = ask if order.side == BUY else bid
        if order.kind is Kind.MARKET:
            return market
        if order.stop_price is not None and not order.triggered:
            last, stop = self.last(order.contract), order.stop_price
            order.triggered = last >= stop if order.side == BUY else last <= stop
            if not order.triggered:
                return None
        if order.limit_price is None:
            return market
        if order.side == BUY:
            return ask if ask <= order.limit_price else None
        return bid if bid >= order.limit_price else None

    def _fill(self, account: Account, order: Order, price: Decimal) -> None:
        order.status = Status.FILLED
        order.fill_volume = order.size
        order.filled_price = price
        account.working.pop(order.id, None)
        self._note("filled", order)
        self._trade(account, order, price)
        if order.parent_id is None:
            self._activate(account, order)
        else:
            self._cancel_sibling(account, order)

    def _activate(self, account: Account, entry: Order) -> None:
        """Give the legs their prices, from the fill of their entry."""
        assert entry.filled_price is not None
        for leg in self._legs(account, entry):
            price = entry.filled_price + leg.offset_ticks * leg.contract.tick_size
            leg.status = Status.OPEN
            leg.updated_s = self._clock.now_s()
            if leg.kind is Kind.LIMIT:
                leg.limit_price = price
            else:
                leg.stop_price = price
                self._trail(leg)  # its distance may have been modified meanwhile
            self._note("activated", leg)

    def _cancel_sibling(self, account: Account, leg: Order) -> None:
        for other in list(account.working.values()):
            if other.parent_id == leg.parent_id:
                self._end(account, other, Status.CANCELLED)
                self._note("cancelled", other)

    def _legs(self, account: Account, entry: Order) -> list[Order]:
        return [
            order
            for order in account.working.values()
            if order.parent_id == entry.id and order.status is Status.SUSPENDED
        ]

    def _end(self, account: Account, order: Order, status: Status) -> None:
        order.status = status
        order.updated_s = self._clock.now_s()
        account.working.pop(order.id, None)

    # ------------------------------------------------------------ money

    def _trade(self, account: Account, order: Order, price: Decimal) -> None:
        """Net the fill into the position: first what it closes, then what it opens."""
        contract = order.contract
        position = account.positions.get(contract.id)
        signed = order.size if order.side == BUY else -order.size
        held = position.size if position is not None else 0
        closing = min(abs(held), order.size) if held * signed < 0 else 0
        if position is not None and closing:
            way = 1 if position.size > 0 else -1
            ticks = (price - position.average) / contract.tick_size * way
            self._book_trade(
                account, order, price, closing, ticks * contract.tick_value * closing
            )
            position.size -= way * closing
            self._tell_position(account, position)
            if position.size == 0:
                del account.positions[contract.id]
                position = None
        if order.size > closing:
            position = self._open(account, position, order, price, order.size - closing)
            self._book_trade(account, order, price, order.size - closing, None)
            self._tell_position(account, position)

    def _open(
        self,
        account: Account,
        position: Position | None,
        order: Order,
        price: Decimal,
        size: int,
    ) -> Position:
        if position is None:
            position = Position(
                next(self._position_ids), order.contract, self._clock.now_s()
            )
            account.positions[order.contract.id] = position
        held = abs(position.size)
        position.average = (position.average * held + price * size) / (held + size)
        position.size += size if order.side == BUY else -size
        return position

    def _tell_position(self, account: Account, position: Position) -> None:
        """A position that is flat keeps its average, and has no side any more."""
        row = position.to_wire(account.id)
        action = CHANGED
        if position.size == 0:
            row["type"], action = 0, REMOVED
        self.tell("Position", account.id, action, row)

    def _book_trade(
        self,
        account: Account,
        order: Order,
        price: Decimal,
        size: int,
        profit: Decimal | None,
    ) -> None:
        fees = order.contract.fee * size
        account.balance += (profit or Decimal(0)) - fees
        trade = Trade(
            next(self._trade_ids),
            account.id,
            order.contract,
            self._clock.now_s(),
            price,
            profit,
            fees,
            order.side,
            size,
            order.id,
        )
        account.trades.append(trade)
        self._ledger.money(account.id, profit or Decimal(0), fees)
        self.tell("Trade", account.id, NEW, trade.to_wire())
        self.tell("Account", account.id, CHANGED, account.to_wire())

    def _note(self, kind: str, order: Order) -> None:
        self._ledger.effect(
            self._clock.now_s(), kind, order.id, order.account_id, order.custom_tag
        )
        self.tell("Order", order.account_id, CHANGED, order.to_wire())


def _to_nobody(what: str, account_id: int, action: int, row: dict[str, Any]) -> None:
    """No hub is there."""
