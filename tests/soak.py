"""A flood for some minutes: memory and descriptors have to stay flat.

``soak.py [SECONDS]``. A trader streams quotes, trades and depth, and places an order
now and then; its connections are cut now and then. It ends with an error where the
memory at the end is much above that after the first fifth.
"""

import asyncio
import gc
import os
import sys
import threading
import time
from pathlib import Path

import fastorder
from fastorder.simulator import run_in_thread

MNQ = "CON.F.US.MNQ.Z26"
MOST_GROWTH = 24 * 1024  # KiB, of the simulator's ledger of orders too
CUT_EACH_S = 20.0


def memory_kib():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def drive(gateway, stop):
    """Quotes, trades and depth, as fast as they go, in bursts."""

    def burst():
        for _ in range(50):
            for send in (gateway.market.quote, gateway.market.depth):
                send(MNQ)
        gateway.hubs.trades(MNQ, [{"price": 1, "volume": 1, "type": 0}] * 50)

    cut_s = time.monotonic() + CUT_EACH_S
    while not stop.is_set():
        gateway.call(burst)
        if time.monotonic() >= cut_s:
            cut_s += CUT_EACH_S
            gateway.call(lambda: [each.abort() for each in gateway.hubs.connections])


async def consume(stream, counts, name):
    async for _ in stream:
        counts[name] += 1


async def soak(gateway, seconds):
    counts = {"quotes": 0, "trades": 0, "depth": 0}
    samples = []
    async with fastorder.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key="key",
        account="PRAC",
        symbols=["MNQ"],
        journal=False,
        budgets=False,
        risk=False,
    ) as trader:
        streams = {
            "quotes": trader.quotes("MNQ"),
            "trades": trader.market_trades("MNQ"),
            "depth": trader.depth("MNQ"),
        }
        tasks = [
            asyncio.ensure_future(consume(stream, counts, name))
            for name, stream in streams.items()
        ]
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            await asyncio.sleep(min(seconds / 50, left_s))
            await trader.buy("MNQ", 1, limit=1)
            gc.collect()
            samples.append((memory_kib(), descriptors()))
        for stream in streams.values():
            stream.close()
        await asyncio.gather(*tasks)
        print(counts, "quotes merged:", streams["quotes"].merged, flush=True)
    return samples


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    stop = threading.Event()
    with run_in_thread(rate_limit=False) as gateway:
        driver = threading.Thread(target=drive, args=(gateway, stop))
        driver.start()
        try:
            samples = asyncio.run(soak(gateway, seconds))
        finally:
            stop.set()
            driver.join()
    first, last = samples[len(samples) // 5], samples[-1]
    most = max(descriptors for _, descriptors in samples[len(samples) // 5 :])
    print(f"memory: {first[0]:,} KiB, then {last[0]:,} KiB")
    print(f"descriptors: {first[1]}, {most} at most, then {last[1]}")
    if last[0] - first[0] > MOST_GROWTH or most > first[1] + 8:
        sys.exit("the flood leaves something behind")


if __name__ == "__main__":
    main()
