"""The simulator as a fixture of pytest, for tests of what trades with fastorder.

Where ``fastorder[simulator]`` is installed, any test can take ``fastorder_gateway``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastorder.simulator import Simulator


@pytest.fixture
def fastorder_gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A gateway on loopback, and an environment in which a Trader finds it.

    Its ``ledger`` says what really happened; ``faults`` takes what shall go wrong;
    ``call`` runs a function in the gateway's own thread. Each market begins at its
    contract's start price, whatever time it is.
    """
    from fastorder.simulator import run_in_thread  # needs aiohttp, at its first use

    with run_in_thread(rate_limit=False) as simulator:
        for contract in simulator.gateway.contracts.values():
            simulator.set_price(contract.id, contract.start_price)
        monkeypatch.setenv("FASTORDER_BASE_URL", simulator.base_url)
        monkeypatch.setenv("FASTORDER_USER", "trader1")
        monkeypatch.setenv("FASTORDER_API_KEY", "key")
        monkeypatch.setenv("FASTORDER_ACCOUNT", "PRAC")
        yield simulator
