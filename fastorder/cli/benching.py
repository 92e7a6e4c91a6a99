"""The command ``bench``: what an order takes here, with the gateway on loopback."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder import blocking
from fastorder.cli import shapes
from fastorder.cli.options import JsonOption
from fastorder.cli.output import Output
from fastorder.cli.simulating import needs_the_simulator
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = 20
"""Orders that warm it up, and are not counted."""

ACTS = ("place", "modify", "cancel")


class NoSimulator(FastOrderError):
    """The gateway of a bench did not start."""


def bench(
    orders: Annotated[
        int, typer.Option("--orders", min=10, max=100_000, help="Of each kind.")
    ] = 300,
    json: JsonOption = False,
) -> None:
    """Time orders on this machine: place, modify, cancel, with a journal as always.

    The gateway is the simulator, on loopback, in a process of its own. A gateway afar
    adds its round trip.
    """
    output = Output(json)
    needs_the_simulator()
    with (
        gateway() as base_url,
        tempfile.TemporaryDirectory() as folder,
        blocking.Trader(
            base_url, user_name="trader1", api_key="key", account="PRAC",
            journal=Path(folder) / "bench.journal", budgets=False, risk=False,
            realtime=False,
        ) as trader,
    ):  # fmt: skip
        timed = times_of(trader, orders)
    output.rows(shapes.TIMES, [time_row(act, timed[act]) for act in ACTS])


@contextmanager
def gateway() -> Iterator[str]:
    """A gateway in a process of its own; its URL.

    Raises:
        NoSimulator: it did not start.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "fastorder.simulator", "--port", "0", "--no-rate-limit"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        said = child.stdout.readline()
        if " on http" not in said:
            raise NoSimulator(f"the simulator must start, it said {said.strip()!r}")
        yield said.partition(" on ")[2].split()[0]
    finally:
        child.terminate()
        child.wait(timeout=30)
        child.stdout.close()


def times_of(trader: Any, count: int) -> dict[str, list[tuple[int, int]]]:
    """Of each act: nanoseconds until its bytes had left, and until it was answered."""
    trader.contract("MNQ")
    timed: dict[str, list[tuple[int, int]]] = {act: [] for act in ACTS}
    for number in range(-FIRST, count):
        placed = trader.buy("MNQ", 1, limit=1000)
        order = placed.order_id
        results = (
            placed.result,
            trader.modify(order, limit=1001),
            trader.cancel(order),
        )
        if number >= 0:
            for act, result in zip(ACTS, results, strict=True):
                took = result.timing
                timed[act].append((took.call_to_written or 0, took.call_to_result))
    return timed


def time_row(act: str, took_ns: list[tuple[int, int]]) -> dict[str, Any]:
    """What one kind of request took."""
    left = sorted(first for first, _ in took_ns)
    ended = sorted(last for _, last in took_ns)
    return shapes.TIMES.row(
        what=act,
        count=len(ended),
        left_us=f"{statistics.median(left) / 1e3:.0f}",
        median_ms=_ms(ended, 0.5),
        p95_ms=_ms(ended, 0.95),
        p99_ms=_ms(ended, 0.99),
        slowest_ms=f"{ended[-1] / 1e6:.2f}",
    )


def _ms(ordered_ns: list[int], share: float) -> str:
    """The value that this share of them does not exceed, in milliseconds."""
    place = min(len(ordered_ns) - 1, int(len(ordered_ns) * share))
    return f"{ordered_ns[place] / 1e6:.2f}"
