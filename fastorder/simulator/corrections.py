"""What seldom happens to fills: an order filled in parts, a trade taken back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder.simulator.book import Position, Status

if TYPE_CHECKING:
    from fastorder.simulator.book import Account, Order, Trade
    from fastorder.simulator.exchange import Exchange


def fill_part(
    exchange: Exchange, account: Account, order: Order, size: int, price: Decimal
) -> None:
    """Fill some of an order's contracts; it stays open until all of them are."""
    before = order.filled_price or Decimal(0)
    filled = order.fill_volume + size
    order.filled_price = (before * order.fill_volume + price * size) / filled
    order.fill_volume = filled
    if filled == order.size:
        order.status = Status.FILLED
        account.working.pop(order.id, None)
    exchange._trade(account, replace(order, size=size), price)


def void(exchange: Exchange, account: Account, trade_id: int) -> Trade:
    """Take a trade back: its money and its contracts, as if it had not been."""
    at = next(i for i, each in enumerate(account.trades) if each.id == trade_id)
    trade = account.trades[at]
    if trade.voided:
        return trade
    account.trades[at] = replace(trade, voided=True)
    profit = trade.profit or Decimal(0)
    account.balance += trade.fees - profit
    exchange._ledger.money(account.id, -profit, -trade.fees)
    exchange._ledger.accounts[account.id].trades -= 2  # this booking, and the trade's
    _give_back(exchange, account, trade)
    return account.trades[at]


def _give_back(exchange: Exchange, account: Account, trade: Trade) -> None:
    signed = trade.size if trade.side == 0 else -trade.size
    contract = trade.contract
    position = account.positions.get(contract.id)
    if position is None:
        number = next(exchange._position_ids)
        position = Position(number, contract, trade.time_s, 0, trade.price)
        account.positions[contract.id] = position
    position.size -= signed
    if position.size == 0:
        del account.positions[contract.id]
