"""The server of the benchmarks, and an environment for each contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import environments as rooms
import pytest
from server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from environments import Environment
    from server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, a process of its own."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def environments() -> dict[str, Environment]:
    """Where each contender's Python is."""
    return rooms.every()
