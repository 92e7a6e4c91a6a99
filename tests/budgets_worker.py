"""A process of its own that shares its budgets: many reads at once.

python budgets_worker.py BASE_URL TOKEN PATH READS
"""

import asyncio
import sys

import fastorder

ACCOUNT = 12345678


async def main(base_url, token, path, reads):
    budgets = fastorder.Budgets(
        requests=20,
        seconds=0.5,
        history_requests=10,
        history_seconds=0.5,
        shared=True,
        path=path,
    )
    executor = fastorder.OrderExecutor(
        base_url,
        budgets=budgets,
        retry=fastorder.RetryPolicy(quiet=1.0),
        timeouts=fastorder.Timeouts(request=2.0),
    )
    executor.set_token(token)
    async with executor:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(executor.open_orders(ACCOUNT) for _ in range(reads)))
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], int(sys.argv[4])))
