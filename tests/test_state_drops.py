"""Both hubs dropped at random while a trader trades: each fill is counted once."""

import asyncio
import os
from collections import Counter
from random import Random

import pytest
from conftest import ACCOUNT
from test_state_trader import MNQ, entered, proven, until, waiting

DROPS = int(os.environ.get("FASTORDER_DROPS", "25"))


def told_of(trader):
    """The trades that are told, each as often as it is; how often it was synced."""
    told, synced = Counter(), []
    trader.state.on("fill", lambda fill: told.update([fill.trade.id]))
    trader.state.on_synced(synced.append)
    return told, synced


def is_told(gateway, trader, told):
    """Whether all is told; a hub that was just cut off is not yet known to be."""
    trades = gateway.call(lambda: gateway.gateway.exchange.accounts[ACCOUNT].trades[:])
    return trader.state.proven and len(told) >= len(trades)


def compare(gateway, trader, told):
    """Hold what the trader knows against what the simulator has."""
    account = gateway.call(lambda: gateway.gateway.exchange.accounts[ACCOUNT])
    assert told == Counter(trade.id for trade in account.trades)
    assert {each.id for each in trader.state.trades} == set(told)
    held = {key: each.size for key, each in account.positions.items() if each.size}
    assert {key: each.net for key, each in trader.state.positions.items()} == held
    for order in account.orders:
        known = trader.state.order(order.id)
        assert known is not None
        assert int(known.status) == int(order.status)
        assert known.fill_volume == order.fill_volume
    fees = sum(trade.fees for trade in account.trades)
    result = sum((trade.profit or 0) for trade in account.trades)
    assert gateway.ledger.accounts[ACCOUNT].profit == result
    assert trader.state.realised <= result - fees


def dropper(gateway, dice):
    def drop():
        for each in list(gateway.hubs.connections):
            if dice.random() < 0.8:
                each.abort()

    return lambda: gateway.call(drop)


@pytest.mark.parametrize("seed", [1])
def test_no_fill_is_missed_or_counted_twice_on_a_loop(gateway, run, seed):
    dice = Random(seed)
    drop = dropper(gateway, dice)

    async def trade(trader, done):
        while not done.is_set():
            side = trader.buy if dice.random() < 0.5 else trader.sell
            bracket = {"stop_loss_ticks": 8, "take_profit_ticks": 8}
            order = await side("MNQ", 1, **(bracket if dice.random() < 0.3 else {}))
            assert order.success
            if dice.random() < 0.2:
                assert (await order.filled(20)).quantity == 1
            if dice.random() < 0.2:
                price = 29_500 + dice.randrange(-40, 40)
                await asyncio.to_thread(gateway.set_price, MNQ, price)
            await asyncio.sleep(0.004 * dice.random())

    async def day():
        async with entered(gateway, risk=False, budgets=False) as trader:
            trader.realtime.open_market()
            await proven(trader)
            told, synced = told_of(trader)
            done = asyncio.Event()
            trading = asyncio.create_task(trade(trader, done))
            for _ in range(DROPS):
                await asyncio.sleep(0.05 * dice.random())
                await asyncio.to_thread(drop)
            done.set()
            await trading
            while not await asyncio.to_thread(is_told, gateway, trader, told):
                await asyncio.sleep(0.01)
            compare(gateway, trader, told)
            assert synced
            print(f"{DROPS} drops, {len(told)} fills, {len(synced)} times synced")

    run(day(), limit_s=60 + DROPS)


def test_no_fill_is_missed_or_counted_twice_in_plain_code(gateway):
    dice = Random(2)
    drop = dropper(gateway, dice)
    with waiting(gateway, risk=False, budgets=False) as trader:
        until(lambda: trader.state.proven, "the proof")
        told, _ = told_of(trader)
        for _ in range(min(DROPS, 100)):
            for _ in range(dice.randrange(1, 6)):
                side = trader.buy if dice.random() < 0.5 else trader.sell
                assert side("MNQ", 1).success
            drop()
        until(lambda: is_told(gateway, trader, told), "the proof of all fills")
        compare(gateway, trader, told)
