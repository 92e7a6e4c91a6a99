"""The simulator's exchange as the oracle, with its one known difference taken out."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import chain

from fastorder.simulator.book import Account
from fastorder.simulator.clock import ManualClock
from fastorder.simulator.contracts import Contract
from fastorder.simulator.exchange import Exchange
from fastorder.simulator.gateway import Gateway
from fastorder.simulator.ledger import Ledger
from fastorder.simulator.order_entry import OrderEntry


def contract(name, tick_size, tick_value, fee, negative_prices):
    """A contract of the simulator with what its exchange asks for."""
    return Contract(
        name, name, "", Decimal(tick_size), Decimal(tick_value), True, "",
        Decimal(100), Decimal(fee), negative_prices,
    )  # fmt: skip


MNQ = contract("MNQ", ".25", ".5", ".36", False)
MCL = contract("MCL", ".01", "1", ".51", True)
CONTRACTS = (MNQ, MCL)
ACCOUNTS = (Account(1, "auto OCO", Decimal(50_000), True),
            Account(2, "position brackets", Decimal(50_000), False))  # fmt: skip


class AtItsPrice(Exchange):
    """A limit that rests fills at its price; the simulator gives it the quote.

    Where a price jumps over a limit the simulator's fill is better than anybody's.
    """

    def __init__(self, *given):
        super().__init__(*given)
        self._arriving = None

    def book(self, account, order, legs=()):
        self._arriving = order
        super().book(account, order, legs)
        self._arriving = None

    def modified(self, account, order):
        self._arriving = order
        super().modified(account, order)
        self._arriving = None

    def _fill_price(self, order):
        was_triggered = order.triggered or order.stop_price is None
        price = super()._fill_price(order)
        rests = order is not self._arriving and was_triggered
        if price is not None and order.limit_price is not None and rests:
            return order.limit_price
        return price


class Oracle(Gateway):
    """A gateway with two contracts and two accounts, driven without bytes."""

    def __init__(self, exchange=AtItsPrice):
        self.clock = ManualClock()
        self.contracts = {each.id: each for each in CONTRACTS}
        self.exchange = exchange(self.contracts, self.clock, 1, Ledger(keep=False))
        self.order_entry = OrderEntry(self.exchange, self.clock)
        self.order_entry.kinds = {*range(1, 8)}
        for row in ACCOUNTS:
            self.add_account(Account(row.id, row.name, row.balance, row.auto_oco))

    def ask(self, handler, **members):
        """One request: code, text and order id."""
        reply = json.loads(handler(members).body)
        return reply["errorCode"], reply["errorMessage"], reply.get("orderId")

    def working(self, account_id):
        """The live orders by id."""
        orders = self.exchange.accounts[account_id].working
        return [orders[key] for key in sorted(orders)]

    def all_orders(self):
        """Every order of every account."""
        accounts = self.exchange.accounts.values()
        return list(chain.from_iterable(account.orders for account in accounts))
