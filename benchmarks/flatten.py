"""From the call of a flatten to its first byte at the gateway, beside a bare cancel.

No read has room in the request budget and 200 wait, as while a program loads history.
A relay in a process of its own notes when bytes come; the clock is the machine's, one
for all processes. Nothing of this is published: a busy machine shows in it.

    python benchmarks/flatten.py --rounds 20
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import fastorder
from fastorder import Budgets, Lane
from fastorder.simulator import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WAITING, EACH = 200, 4
DEADLINE_S = 0.05
"""A flatten that is not proved by then ends: its first byte is what is timed."""


async def relay(port: int) -> None:
    """Stand before the gateway; print its own port, then when bytes come to it."""

    async def passed(
        source: asyncio.StreamReader, to: asyncio.StreamWriter, noted: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 16):
                came_ns = time.monotonic_ns()
                to.write(data)
                if noted:
                    print(came_ns, flush=True)
        to.close()

    async def joined(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        source, to = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(passed(near, to, True), passed(source, back, False))

    server = await asyncio.start_server(joined, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Arrivals:
    """When bytes have come to the relay.

    Args:
        lines: what it prints.
    """

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines

    async def after(self, began_ns: int) -> int:
        """The first one since then."""
        while True:
            came_ns = int(await asyncio.wait_for(self._lines.readline(), 10))
            if came_ns >= began_ns:
                return came_ns


async def timed(arrivals: Arrivals, act: Callable[[], Awaitable[Any]]) -> float:
    """Microseconds from the call to the first byte at the relay; its end is awaited."""
    await asyncio.sleep(0.02)  # what came before has arrived
    began_ns = time.monotonic_ns()
    going = act()
    came_ns = await arrivals.after(began_ns)
    await going
    return (came_ns - began_ns) / 1e3


async def one_round(url: str, arrivals: Arrivals, took: dict[str, list[float]]) -> None:
    """One trader whose reads wait; cancels and flattens in turn."""
    trader = fastorder.Trader(
        url, user_name="trader1", api_key="key", account="PRAC", symbols=["MNQ"],
        journal=False, risk=False, realtime=False, budgets=Budgets(seconds=600),
    )  # fmt: skip
    async with trader:
        executor, number = trader.executor, trader.account.id
        orders = [await trader.buy("MNQ", 1, limit=20_000) for _ in range(EACH)]
        lanes = executor.budgets.lanes
        room = lanes[Lane.READS].left
        reads = [executor.accounts() for _ in range(room + WAITING)]
        await asyncio.gather(*reads[:room])
        for order in orders:
            cancel = timed(
                arrivals,
                lambda order=order: executor.cancel_order(order.order_id, number),
            )
            took["a bare cancel"].append(await cancel)
            flatten = timed(arrivals, lambda: trader.flatten(deadline=DEADLINE_S))
            took["a flatten"].append(await flatten)
        if executor.budgets.lanes[Lane.READS].waiting != WAITING:
            raise AssertionError(f"{WAITING} reads must wait to the end")
        await trader.aclose(drain=0)
        await asyncio.gather(*map(ended, reads[room:]))


async def ended(read: Any) -> None:
    """A read that never left."""
    with contextlib.suppress(fastorder.FastOrderError):
        await read


async def rounds(port: int, count: int) -> dict[str, list[float]]:
    """All of them, by name; each has a relay of its own, and so a budget of its own."""
    took: dict[str, list[float]] = {"a bare cancel": [], "a flatten": []}
    command = [sys.executable, __file__, "--relay", str(port)]
    for _ in range(count):
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        try:
            url = f"http://127.0.0.1:{int(await process.stdout.readline())}"
            await one_round(url, Arrivals(process.stdout), took)
        finally:
            process.kill()
            await process.wait()
    return took


def main() -> None:
    """Print the median and the 95th percentile of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--relay", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.relay is not None:
        asyncio.run(relay(given.relay))
        return
    with run_in_thread(rate_limit=False) as gateway:
        port = int(gateway.base_url.rpartition(":")[2])
        took = asyncio.run(rounds(port, given.rounds))
    print(f"from the call to the first byte at the gateway, {WAITING} reads waiting:")
    for name, each in took.items():
        p50, p95 = statistics.median(each), statistics.quantiles(each, n=20)[-1]
        print(f"{name:14} p50 {p50:7.0f} us   p95 {p95:7.0f} us   ({len(each)} times)")


if __name__ == "__main__":
    main()
