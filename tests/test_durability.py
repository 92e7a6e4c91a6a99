"""The intent is on disk before the first byte of its order leaves, seen by strace."""

import re
import shutil
import subprocess
import sys

import pytest
from canary import TOKEN

from fastorder.simulator import run_in_thread

PROGRAM = """
import sys
from fastorder import blocking

url, path, durability, token = sys.argv[1:]
with blocking.OrderExecutor(url, journal=path, durability=durability) as trader:
    trader.set_token(token)
    trader.set_contract_id("MNQ", 12345)
    trader.connect()
    for _ in range(5):
        assert trader.place_market_order("MNQ", "BUY", 1, 12345678).success
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("durability", ["process", "power"])
def test_the_intent_is_committed_before_the_order_leaves(tmp_path, durability):
    log = tmp_path / "calls"
    with run_in_thread(rate_limit=False, accept_tokens=(TOKEN,)) as gateway:
        subprocess.run(
            [
                "strace",
                "-f",
                "-y",
                "-s",
                "40",
                "-e",
                "trace=pwrite64,fdatasync,fsync,sendto",
                "-o",
                str(log),
                sys.executable,
                "-c",
                PROGRAM,
                gateway.base_url,
                str(tmp_path / "orders.db"),
                durability,
                TOKEN,
            ],
            check=True,
            timeout=60,
        )
    steps = calls(log.read_text())
    # what comes between two orders: the intent's write, its flush, and the order
    between = "".join(steps).split("O")[:-1]
    assert len(between) == 5
    for step in between:
        assert "W" in step
        if durability == "power":
            assert re.search("WF$", re.sub("W+", "W", step)), step


def calls(text):
    """W for a write to the log, F for its flush, O for an order that leaves."""
    for line in text.splitlines():
        if "sendto" in line and "POST /api/Order/place" in line:
            yield "O"
        elif "-wal" in line:
            yield "W" if "pwrite64" in line else "F"
