"""The server of the benchmarks, and the table that closes a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from server import pin, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server import Server

LINES: list[str] = []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, a process of its own."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session", params=["one core", "free"])
def cores(request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
    """Server and client kept on one core, or left to the system."""
    if request.param == "one core" and not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system pins no process")
    pin(server, 0 if request.param == "one core" else None)
    yield request.param
    pin(server, None)


@pytest.fixture
def report() -> list[str]:
    """Lines for the end of the run."""
    return LINES


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the ratios; pytest-benchmark prints the times."""
    if LINES:
        terminalreporter.section("ratios of medians, round by round")
        for line in LINES:
            terminalreporter.write_line(line)
