"""A process of its own that shares its budgets: orders, and their cancels at once.

python flatten_worker.py BASE_URL TOKEN PATH
"""

import asyncio
import sys

from budgets_worker import ACCOUNT, executor_of

MNQ = "CON.F.US.MNQ.Z26"


async def main(base_url, token, path):
    executor = executor_of(base_url, token, path, seconds=600)
    executor.set_contract_id("MNQ", MNQ, tick_size="0.25")
    async with executor:
        print("ready", flush=True)
        sys.stdin.readline()
        placed = [
            await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
            for _ in range(3)
        ]
        ended = [
            executor.cancel_order(each.order_id, ACCOUNT)
            for each in placed
            if each.order_id
        ]
        results = [*placed, *await asyncio.gather(*ended)]
        print(*(each.outcome.name for each in results), flush=True)
        await executor.aclose(drain=0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
