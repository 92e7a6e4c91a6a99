"""A program that trades until it is killed; test_kill.py runs it.

It works off keys, one order each, and says on its standard output what it does.
"""

import asyncio
import sys
import time

from canary import TOKEN

import fastorder
from fastorder import RetryPolicy, Timeouts
from fastorder import journal as journals

ACCOUNT = 12345678


def policy():
    return RetryPolicy(base_delay=0.02, multiplier=1.5, quiet=0.3, watch=60.0)


async def main(url, journal, first, count):
    executor = fastorder.OrderExecutor(
        url,
        journal=journal,
        retry=policy(),
        timeouts=Timeouts(connect=1.0, request=1.0),
    )
    async with executor:
        executor.set_token(TOKEN)
        executor.set_contract_id("MNQ", 12345)
        begun = time.monotonic()
        looked_up = await executor.recover()
        print("recovered", len(looked_up), time.monotonic() - begun, flush=True)
        while executor.intents():  # absence needs its quiet time
            await asyncio.sleep(0.05)
        for number in range(first, first + count):
            key = f"signal-{number}"
            print("placing", key, flush=True)
            try:
                result = await executor.place_market_order(
                    "MNQ", "BUY", 1, ACCOUNT, idempotency_key=key
                )
            except fastorder.Interlocked:
                while executor.intents():
                    await asyncio.sleep(0.05)
                continue
            print("told", key, result.outcome.name, flush=True)
        while executor.intents():
            await asyncio.sleep(0.05)
    print("done", len(journals.read(journal)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
