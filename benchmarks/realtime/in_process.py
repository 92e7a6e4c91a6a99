"""Inside one process: from a record's bytes to a callback; an order beside a flood."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from decimal import Decimal
from typing import Any

import gap

from fastorder._core.codec.market_events import MarketDecoder

MNQ = "CON.F.US.MNQ.Z26"
QUOTE = (
    b'{"type":1,"target":"GatewayQuote","arguments":["CON.F.US.MNQ.Z26",{"symbol":'
    b'"F.US.MNQ","bestBid":29547.25,"bestAsk":29547.5,"lastUpdated":'
    b'"2026-08-19T20:51:31.4347534+00:00","timestamp":"2026-08-19T20:51:31.348+00:00",'
    b'"contract":"CON.F.US.MNQ.Z26"}]}'
)
TRADE = (
    b'{"symbolId":"F.US.MNQ","price":29547.25,"timestamp":'
    b'"2026-08-19T20:51:30.052+00:00","type":1,"volume":1,"contractId":'
    b'"CON.F.US.MNQ.Z26"}'
)
LEVEL = (
    b'{"contractId":"CON.F.US.MNQ.Z26","timestamp":"2026-08-19T20:51:31.4173693+00:00",'
    b'"type":4,"price":29547,"volume":2,"currentVolume":0}'
)
BURST = 500


def list_of(target: bytes, row: bytes, count: int = 10) -> bytes:
    """An event with a list of rows."""
    head = b'{"type":1,"target":"%b","arguments":["CON.F.US.MNQ.Z26",[' % target
    return head + b",".join([row] * count) + b"]]}"


def share(times_ns: list[int], part: float) -> float:
    """A percentile, in microseconds."""
    return sorted(times_ns)[int(len(times_ns) * part)] / 1000


def decoded() -> dict[str, float]:
    """Microseconds from bytes to a Python callback, and to the structs of ten rows."""
    decoder = MarketDecoder()
    decoder.set_tick(MNQ, Decimal("0.25"))
    taken: list[Any] = []
    take, scanned, clock = taken.append, decoder.scanned, time.perf_counter_ns
    gc.disable()
    try:
        one, last = [], []
        for _ in range(20_000):
            begun = clock()
            take(scanned(QUOTE))
            one.append(clock() - begun)
            taken.clear()
        for _ in range(200):
            begun = clock()
            for _ in range(BURST):
                take(scanned(QUOTE))
            last.append(clock() - begun)
            taken.clear()
        rows = {}
        for name, record in (
            ("ten trades", list_of(b"GatewayTrade", TRADE)),
            ("ten levels", list_of(b"GatewayDepth", LEVEL)),
        ):
            times = []
            for _ in range(5000):
                begun = clock()
                scanned(record)
                times.append(clock() - begun)
            rows[name] = share(times, 0.5)
    finally:
        gc.enable()
    return {
        "one quote, p50": share(one, 0.5),
        "one quote, p99": share(one, 0.99),
        f"the last of {BURST}, p50": share(last, 0.5),
        **rows,
    }


async def placed(trader: Any, count: int) -> list[int]:
    """Nanoseconds of orders, one after the other."""
    times = []
    for _ in range(count):
        begun = time.perf_counter_ns()
        await trader.buy("MNQ", 1, limit=1)
        times.append(time.perf_counter_ns() - begun)
        await asyncio.sleep(0.002)
    return times


async def beside(gateway: Any, count: int) -> dict[str, float]:
    """Orders in quiet and under a flood, by turns in one run."""
    import fastorder

    trader = fastorder.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key="key",
        account="PRAC",
        symbols=["MNQ"],
        journal=False,
        budgets=False,
        risk=False,
    )
    quiet: list[int] = []
    flooded: list[int] = []
    heard = [0]
    async with trader:

        def hear(quote: Any) -> None:
            heard[0] += 1

        trader.on("quote", hear, symbol="MNQ")
        await placed(trader, 20)
        for _ in range(5):
            quiet += await placed(trader, count // 5)
            stop = threading.Event()
            driver = threading.Thread(target=drive, args=(gateway, stop))
            driver.start()
            flooded += await placed(trader, count // 5)
            stop.set()
            await asyncio.to_thread(driver.join)
    return {
        "quiet, p50": share(quiet, 0.5),
        "quiet, p99": share(quiet, 0.99),
        "flooded, p50": share(flooded, 0.5),
        "flooded, p99": share(flooded, 0.99),
        "quotes heard": heard[0],
    }


def drive(gateway: Any, stop: threading.Event) -> None:
    """Send quotes in bursts of a hundred."""
    group = ("ContractQuotes", MNQ)
    row = {"bestBid": 29547.25, "bestAsk": 29547.5, "contract": MNQ}

    def burst() -> None:
        gateway.hubs.emit(group, "GatewayQuote", MNQ, row, times=100)

    while not stop.is_set():
        gateway.call(burst)
        time.sleep(0.002)


def measured(count: int = 500) -> dict[str, Any]:
    """All of it; the simulator has a process's thread of its own here."""
    from fastorder.simulator import run_in_thread

    with run_in_thread(rate_limit=False) as gateway:
        orders = asyncio.run(beside(gateway, count))
    return {"decoding": decoded(), "orders": orders, "gap": gap.measured()}
