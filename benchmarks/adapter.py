"""The adapter of the examples beside its own fallback of plain Python, over TLS.

Both place, modify and cancel, awaited one by one, in rounds that take turns in one
process; the server's answers are static. Wall time from the call to the answer, and the
process's CPU time for each request.

    python benchmarks/adapter.py --rounds 9
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from order import ORDER_ID
from results import keep
from server import running_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
EACH = 200
LIMITS_MS = {"place": 5.0, "modify": 3.0, "cancel": 3.0}
"""Of the 95th percentile, as the owner asked for."""


def verbs(adapter: Any) -> dict[str, Callable[[], Awaitable[dict[str, Any]]]]:
    """What is timed, by name."""
    return {
        "place": lambda: adapter.place_market_order("MNQ", "BUY", 1),
        "modify": lambda: adapter.modify_order(ORDER_ID, limit_price=25_000.25),
        "cancel": lambda: adapter.cancel_order(ORDER_ID),
    }


async def timed(verb: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, float]:
    """One round of one verb: median and 95th percentile in ms, CPU in microseconds."""
    took = []
    cpu = time.process_time()
    for _ in range(EACH):
        began = time.perf_counter()
        told = await verb()
        took.append((time.perf_counter() - began) * 1e3)
        if not told["success"]:
            raise AssertionError(f"an order must be accepted, was {told}")
    cpu = (time.process_time() - cpu) / EACH * 1e6
    ordered = sorted(took)
    p95 = ordered[int(EACH * 0.95)]
    return {"p50_ms": statistics.median(ordered), "p95_ms": p95, "cpu_us": cpu}


async def rounds(url: str, ca_file: str, count: int) -> dict[str, Any]:
    """All rounds, adapter by adapter in turn."""
    from topstepx_adapter import connect  # beside, once its folder is on the path

    login = ("trader1", "key", "PRAC", url)
    off = {"journal": False, "budgets": False, "risk": False}
    fast = await connect(*login, ca_file=ca_file, **off)
    plain = await connect(*login, plain=True)
    found: dict[str, Any] = {}
    for _ in range(count):
        for name, adapter in (("fastorder", fast), ("plain", plain)):
            for verb, act in verbs(adapter).items():
                found.setdefault(verb, {}).setdefault(name, []).append(await timed(act))
    await fast.close()
    await plain.close()
    return {verb: summed(both) for verb, both in found.items()}


def summed(both: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians over the rounds; the ratio is the median of the rounds' own."""
    middle = {
        name: {
            key: round(statistics.median(each[key] for each in of), 4) for key in of[0]
        }
        for name, of in both.items()
    }
    pairs = list(zip(both["plain"], both["fastorder"], strict=True))
    for key, ratio in (("p50_ms", "times"), ("cpu_us", "times_cpu")):
        ratios = sorted(plain[key] / fast[key] for plain, fast in pairs)
        middle[ratio] = round(statistics.median(ratios), 1)
        middle[f"{ratio}_spread"] = [round(ratios[0], 1), round(ratios[-1], 1)]
    return middle


def main() -> int:
    """Print and keep; 1 where a 95th percentile is past its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    count = parser.parse_args().rounds
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as server,
    ):
        if server.tls is None:
            print("the comparison over TLS needs nginx: sh tools/ensure_nginx.sh")
            return 1
        os.environ["SSL_CERT_FILE"] = server.ca_file
        url = f"https://127.0.0.1:{server.tls}"
        found = asyncio.run(rounds(url, server.ca_file, count))
    print(json.dumps(found, indent=1))
    keep("adapter", "An adapter beside its plain fallback, over TLS", **found)
    late = [
        verb
        for verb, limit in LIMITS_MS.items()
        if found[verb]["fastorder"]["p95_ms"] > limit
    ]
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
