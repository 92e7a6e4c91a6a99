"""A trader's ``buy`` beside the bare executor's order, in turn, on one connection.

Budgets, risk and journal are off in both. The limit is on the processor's time of the
calling thread: what the trader adds is Python of its own, and waits for nothing.
"""

import asyncio
import statistics
import time
from decimal import Decimal

import instructions
from instructions import answering

import fastorder
from fastorder.models import Account

ACCOUNT = 12345678
ORDERS = 3000
MOST = 1.15


async def in_turn(port: int) -> tuple[list[int], list[int]]:
    """Nanoseconds of the thread, of each order: the executor's, the trader's."""
    trader = fastorder.Trader(
        f"http://127.0.0.1:{port}",
        user_name="trader1",
        api_key="key",
        journal=False,
        budgets=False,
        risk=False,
    )
    executor = trader.executor
    executor.set_token("abc")
    executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
    trader._account = Account(ACCOUNT, "PRAC", Decimal(0), True, True)
    await executor.connect()
    bare, composed = [], []
    for _ in range(ORDERS):
        begun = time.thread_time_ns()
        assert await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, 50, 100)
        bare.append(time.thread_time_ns() - begun)
        begun = time.thread_time_ns()
        assert await trader.buy("MNQ", 1, stop_loss_ticks=50, take_profit_ticks=100)
        composed.append(time.thread_time_ns() - begun)
    await trader.aclose()
    return bare, composed


def test_a_trader_costs_little_more_than_its_executor(monkeypatch):
    monkeypatch.setattr(instructions, "PAUSE", 0)
    with answering() as port:
        bare, composed = asyncio.run(in_turn(port))
    ratio = statistics.median(composed) / statistics.median(bare)
    print(f"\na trader's buy: {ratio:.3f} times the executor's place, of CPU time")
    assert ratio <= MOST
