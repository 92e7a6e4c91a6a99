"""Profit and loss against the simulator's ledger, to the cent, over a random day."""

import os
import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from conftest import ACCOUNT
from store_scene import contents

from fastorder.models import Contract, Order, Trade
from fastorder.realtime.events import Event
from fastorder.simulator import ManualClock
from fastorder.simulator.book import Kind
from fastorder.simulator.book import Order as BookOrder
from fastorder.simulator.corrections import fill_part, void
from fastorder.simulator.gateway import Gateway
from fastorder.store import Store

ORDERS = int(os.environ.get("FASTORDER_STORE_ORDERS", "800"))
CENT = Decimal("0.01")


class Day:
    """Random orders on three contracts, filled in parts; what the hub would tell."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.clock = ManualClock()
        gateway = Gateway(clock=self.clock)
        self.exchange, self.ledger = gateway.exchange, gateway.ledger
        self.account = self.exchange.accounts[ACCOUNT]
        self.contracts = list(gateway.contracts.values())[:3]
        self.events = []

    def go(self, orders, voids=True):
        for number in range(orders):
            self._order(number)
            self.clock.advance(self.chance.random() * 20)
            if voids and self.chance.random() < 0.01:
                self._void()
        return self

    def _order(self, number):
        contract = self.chance.choice(self.contracts)
        size = self.chance.randint(1, 6)
        now = self.clock.now_s()
        order = BookOrder(
            3_400_000_001 + number,
            ACCOUNT,
            contract,
            contract.id,
            Kind.LIMIT,
            self.chance.randint(0, 1),
            size,
            now,
            now,
            custom_tag=f"day-{number}",
        )
        self.account.add(order)
        self._tell("Order", order.to_wire())
        while order.fill_volume < size:
            part = self.chance.randint(1, size - order.fill_volume)
            ticks = self.chance.randint(-40, 40)
            price = self.exchange.last(contract) + ticks * contract.tick_size
            before = len(self.account.trades)
            fill_part(self.exchange, self.account, order, part, price)
            for trade in self.account.trades[before:]:
                self._tell("Trade", trade.to_wire())
            order.updated_s = self.clock.now_s()
            self._tell("Order", order.to_wire())

    def _void(self):
        trade = self.chance.choice(self.account.trades[-50:])
        voided = void(self.exchange, self.account, trade.id)
        self._tell("Trade", voided.to_wire())

    def _tell(self, name, row):
        known = {key: value for key, value in row.items() if value is not None}
        self.events.append(
            Event(f"GatewayUser{name}", [{"action": 1, "data": known}], 1)
        )


def test_every_cent_of_a_random_day_is_that_of_the_ledger(kept):
    day = Day(20261130).go(ORDERS)
    told = [
        event for event in day.events if day.chance.random() > 0.02
    ]  # some are lost
    told += day.chance.sample(day.events, len(day.events) // 10)  # some come twice
    for i in range(0, len(told), 7):  # and not in order
        part = told[i : i + 7]
        day.chance.shuffle(part)
        for event in part:
            kept.listen(event)
    kept.take(*(Trade.from_wire(trade.to_wire()) for trade in day.account.trades))
    kept.take(*(Order.from_wire(order.to_wire()) for order in day.account.orders))
    assert kept.flush(900)
    assert len(kept.discrepancies()) == 0

    ledger = day.ledger.accounts[ACCOUNT]
    days = kept.daily()
    assert abs(sum(each.gross for each in days) - ledger.profit) < CENT
    assert sum(each.fees for each in days) == ledger.fees
    assert abs(kept.equity()[-1].realised - (ledger.profit - ledger.fees)) < CENT
    assert sum(each.fills for each in days) == ledger.trades
    voided = [fill for fill in kept.fills(voided=True) if fill.voided]
    assert len(voided) == sum(trade.voided for trade in day.account.trades) > 0

    apart = kept.daily(by_contract=True)
    sums = defaultdict(Decimal)
    for trade in day.account.trades:
        if not trade.voided:
            sums[trade.contract.id] += (trade.profit or 0) - trade.fees
    for contract, net in sums.items():
        mine = sum(each.net for each in apart if each.contract_id == contract)
        assert abs(mine - net) < CENT

    orders = {order.order_id: order for order in kept.orders()}
    assert len(orders) == ORDERS
    for order in day.account.orders:
        assert orders[order.id].filled == order.fill_volume


def test_round_trips_add_up_to_what_was_made_where_all_is_flat(kept):
    day = Day(4).go(300, voids=False)
    for number, position in enumerate(list(day.account.positions.values())):
        order = replace(
            day.account.orders[0],
            id=9_000_000_000 + number,
            contract=position.contract,
            contract_id=position.contract.id,
            side=0 if position.size < 0 else 1,
            size=abs(position.size),
            fill_volume=0,
            filled_price=None,
        )
        day.account.add(order)
        last = day.exchange.last(position.contract)
        fill_part(day.exchange, day.account, order, order.size, last)
    assert not day.account.positions
    kept.take(*(Trade.from_wire(trade.to_wire()) for trade in day.account.trades))
    kept.take(*(Contract.from_wire(each.to_wire()) for each in day.contracts))
    assert kept.flush(60)
    trips, ledger = kept.trades(), day.ledger.accounts[ACCOUNT]
    assert abs(sum(trip.gross for trip in trips) - ledger.profit) < CENT
    assert sum(trip.fees for trip in trips) == ledger.fees
    assert sum(day.trades for day in kept.daily()) == len(trips)
    closed = sum(2 * trip.size for trip in trips)
    assert closed == sum(trade.size for trade in day.account.trades)


def test_a_store_is_made_again_from_reads_alone(tmp_path):
    day = Day(7).go(200)
    with Store(tmp_path / "a.db") as heard, Store(tmp_path / "b.db") as read:
        for event in day.events:
            heard.listen(event)
        rows = [Trade.from_wire(trade.to_wire()) for trade in day.account.trades]
        read.take(*rows)
        assert heard.flush()
        assert read.flush()
        assert heard.daily() == read.daily()
        left, right = (
            [row[:13] for row in contents(store)["fills"]] for store in (heard, read)
        )
        assert left == right
