"""A process of its own that shares its budgets: many reads at once.

python budgets_worker.py BASE_URL TOKEN PATH READS [SECONDS]
"""

import asyncio
import sys

import fastorder

ACCOUNT = 12345678


def executor_of(base_url, token, path, seconds):
    budgets = fastorder.Budgets(
        requests=20,
        seconds=seconds,
        history_requests=10,
        history_seconds=seconds,
        longest_wait=600,
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
    return executor


async def main(base_url, token, path, reads, seconds):
    executor = executor_of(base_url, token, path, seconds)
    async with executor:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(executor.open_orders(ACCOUNT) for _ in range(reads)))
    print("done", flush=True)


if __name__ == "__main__":
    reads, seconds = int(sys.argv[4]), float((*sys.argv, "0.5")[5])
    asyncio.run(main(*sys.argv[1:4], reads, seconds))
