"""One contender in a process of its own; it is told on stdin what to do.

A line in and a line out, both JSON: ``{"do": "run", "orders": 100}`` gives
``{"ns": [...]}``. What a library prints goes to stderr, so that it does not get in
between.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
from time import perf_counter_ns as now
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from peers import Target

WARM_UP = 20
CALLBACKS_A_MS = 1000


async def awaited(call: Any) -> Any:
    """What the call gives, called and awaited within the loop."""
    return await call()


def judged(client: Any, answer: Any, spent: int) -> int:
    """The nanoseconds that count, of an order that the library took for a success."""
    if not client.succeeded(answer):
        raise AssertionError(f"not a success: {answer!r}")
    return client.nanoseconds(answer, spent)


def one_after_another(client: Any, verb: Any, orders: int) -> list[int]:
    """Nanoseconds of each order of a blocking client."""
    times = []
    for _ in range(orders):
        start = now()
        answer = verb()
        spent = now() - start
        times.append(judged(client, answer, spent))
    return times


async def awaited_one_after_another(client: Any, verb: Any, orders: int) -> list[int]:
    """The same of an awaited one."""
    times = []
    for _ in range(orders):
        start = now()
        answer = await verb()
        spent = now() - start
        times.append(judged(client, answer, spent))
    return times


async def flooded(client: Any, verb: Any, orders: int) -> list[int]:
    """The same, while the loop has a thousand callbacks to run every millisecond."""
    loop = asyncio.get_running_loop()
    began = now()
    given = 0
    going = True

    def nothing() -> None:
        pass

    def flood() -> None:
        nonlocal given
        due = min((now() - began) * CALLBACKS_A_MS // 1_000_000 - given, 10_000)
        for _ in range(due):
            loop.call_soon(nothing)
        given += due
        if going:
            loop.call_later(0.001, flood)

    flood()
    times = []
    for _ in range(orders):
        await asyncio.sleep(0.002)  # an order comes at any moment
        times += await awaited_one_after_another(client, verb, 1)
    going = False
    await asyncio.sleep(0.005)
    return times


async def in_flight(client: Any, verb: Any, orders: int, width: int) -> None:
    """Send them all, with ``width`` on their way at any time."""
    left = iter(range(orders))

    async def sender() -> None:
        for _ in left:
            judged(client, await verb(), 0)

    await asyncio.gather(*(sender() for _ in range(width)))


class Worker:
    """Carries out what the lines ask for."""

    def start(self, module: str, loop: str, options: dict[str, Any]) -> dict[str, Any]:
        """Import the contender; what comes later is asked of it."""
        if loop == "uvloop":
            self.loop = importlib.import_module("uvloop").new_event_loop()
        else:
            self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.kind = importlib.import_module(f"peers.{module}").Client
        self.options = options
        return {"rss": resident()}

    def open(self, target: dict[str, Any]) -> dict[str, Any]:
        """Open the client that is kept, and send what warms it."""
        self.target = Target(**target)
        self.client = self.kind(self.target, **self.options)
        self._finish(self.client, self.client.open)
        self.run("place", WARM_UP)
        return {}

    def run(self, verb: str, orders: int) -> dict[str, Any]:
        """One order after another."""
        call = getattr(self.client, verb)
        if self.client.awaited:
            work = awaited_one_after_another(self.client, call, orders)
            return {"ns": self._done(work)}
        return {"ns": one_after_another(self.client, call, orders)}

    def flood(self, orders: int) -> dict[str, Any]:
        """One order after another on a busy loop."""
        return {"ns": self._done(flooded(self.client, self.client.place, orders))}

    def flight(self, orders: int, width: int) -> dict[str, Any]:
        """Many at once: wall time and this process's CPU time, in nanoseconds."""
        wall, cpu = now(), time.process_time_ns()
        self._done(in_flight(self.client, self.client.place, orders, width))
        return {"wall": now() - wall, "cpu": time.process_time_ns() - cpu}

    def cold(self, times: int) -> dict[str, Any]:
        """New clients: from making one to the first answer; the first order alone."""
        whole, first = [], []
        for _ in range(times):
            start = now()
            client = self.kind(self.target, **self.options)
            self._finish(client, client.open)
            ready = now()
            answer = self._finish(client, client.place)
            end = now()
            judged(client, answer, 0)
            whole.append(end - start)
            first.append(end - ready)
            self._finish(client, client.close)
        return {"ns": whole, "first": first}

    def aim(self, target: dict[str, Any]) -> dict[str, Any]:
        """Where the clients of ``cold`` go."""
        self.target = Target(**target)
        return {}

    def memory(self) -> dict[str, Any]:
        """Bytes that this process has in memory."""
        gc.collect()
        return {"rss": resident()}

    def close(self) -> dict[str, Any]:
        """Close the client that is kept."""
        self._finish(self.client, self.client.close)
        return {}

    def _done(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def _finish(self, client: Any, call: Any) -> Any:
        """Call; where the client's calls are awaited, within the loop."""
        return self._done(awaited(call)) if client.awaited else call()


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(worker, question.pop("do"))(**question)
        except Exception as error:  # it is told to whoever asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
