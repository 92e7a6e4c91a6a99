"""One order after another over a warm connection, beside a raw socket in the same run.

The times are taken in ``contest``, in rounds; pytest-benchmark is then told of them
through its timer, so that its tables and files show what was measured interleaved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from contenders import PLAIN, TLS
from contest import Times, contest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server import Server

ROUNDS = 15
ORDERS = 400


class Replay:
    """A timer that shows what was measured before, order by order."""

    def __init__(self) -> None:
        self._steps: Iterator[float] = iter(())

    def load(self, nanoseconds: list[int]) -> None:
        """Take the times to show."""
        self._steps = iter([step for time in nanoseconds for step in (0.0, time / 1e9)])

    def __call__(self) -> float:
        return next(self._steps, 0.0)


REPLAY = Replay()


@pytest.fixture(scope="session")
def plain(server: Server, cores: str) -> dict[str, Times]:
    """Everybody over plain HTTP."""
    return contest(server, PLAIN, ROUNDS, ORDERS)


@pytest.fixture(scope="session")
def tls(server: Server, cores: str) -> dict[str, Times]:
    """Everybody over TLS."""
    if server.tls is None:
        pytest.skip("the simulator stands in for nginx, without TLS")
    return contest(server, TLS, ROUNDS, ORDERS)


def show(
    benchmark: Any, report: list[str], what: str, name: str, times: dict[str, Times]
) -> None:
    """Hand the times to pytest-benchmark, and a line to the end of the run."""
    own = times[name]
    ratio, least, most = own.ratio_to(times["raw socket"])
    tail = [round(own.percentile(percent) / 1000, 1) for percent in (50, 95, 99)]
    benchmark.extra_info.update(
        p50_us=tail[0],
        p95_us=tail[1],
        p99_us=tail[2],
        ratio_to_raw_socket=[round(number, 2) for number in (ratio, least, most)],
    )
    report.append(
        f"{what:22} {name:29} p50 {tail[0]:7} us   p95 {tail[1]:7} us   "
        f"p99 {tail[2]:7} us   {ratio:5.2f}x the raw socket ({least:.2f} to {most:.2f})"
    )
    REPLAY.load(own.orders)
    benchmark.pedantic(lambda: None, rounds=len(own.orders), iterations=1)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.benchmark(timer=REPLAY, disable_gc=False)
def test_plain(
    benchmark: Any, report: list[str], cores: str, plain: dict[str, Times], name: str
) -> None:
    benchmark.group = f"plain HTTP, {cores}"
    show(benchmark, report, benchmark.group, name, plain)


@pytest.mark.parametrize("name", TLS)
@pytest.mark.benchmark(timer=REPLAY, disable_gc=False)
def test_tls(
    benchmark: Any, report: list[str], cores: str, tls: dict[str, Times], name: str
) -> None:
    benchmark.group = f"TLS, {cores}"
    show(benchmark, report, benchmark.group, name, tls)
