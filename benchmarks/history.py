"""20,000 bars from the simulator into columns, beside project-x-py's ``get_bars``.

Both get the same bytes over a loopback socket, in turn, in processes of their own; the
ratio of a round is what counts, and of all rounds the median. The decode alone is held
against a JSON library's parse of the same bytes in the same way.

    python benchmarks/history.py --rounds 15
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import environments
import orjson
from results import keep

from fastorder import blocking
from fastorder.gateway.inflation import plain_body
from fastorder.marketdata import bars_from_json
from fastorder.simulator import Fault, Simulator, run_in_thread

HERE = Path(__file__).parent
BARS = "/api/History/retrieveBars"
UNTIL = datetime(2026, 8, 19, 20, tzinfo=timezone.utc)
COUNT = 20_000
MOST_OF_PARSE = 1.5
LEAST_TIMES = 5.0


def canned() -> bytes:
    """An answer of so many bars of a minute, newest first, as the gateway writes it."""
    rows = [
        {
            "t": (UNTIL - timedelta(minutes=i)).isoformat(),
            "o": 29_500 + i % 97 * 0.25,
            "h": 29_530 + i % 89 * 0.25,
            "l": 29_470 + i % 83 * 0.25,
            "c": 29_500 + i % 79 * 0.25,
            "v": 148 + i % 301,
        }
        for i in range(COUNT)
    ]
    end = {"success": True, "errorCode": 0, "errorMessage": None}
    return orjson.dumps({"bars": rows, **end})


class Peer:
    """project-x-py in a process of its own; each line that it is sent is one read."""

    def __init__(self, python: str, simulator: Simulator) -> None:
        given = [simulator.base_url, simulator.token, UNTIL.isoformat(), str(COUNT)]
        self._process = subprocess.Popen(
            [python, str(HERE / "history_peer.py"), *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def seconds(self) -> float:
        """How long one read takes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if found["bars"] != COUNT:
            raise AssertionError(f"{COUNT} bars were expected, {found['bars']} came")
        return float(found["seconds"])

    def end(self) -> None:
        """Let it go."""
        self._process.communicate()


def ours(executor: blocking.OrderExecutor) -> float:
    """How long one read takes."""
    since = UNTIL - timedelta(minutes=COUNT - 1)
    begun = time.perf_counter()
    bars = executor.bars("CON.F.US.MNQ.Z26", "1m", since=since, until=UNTIL)
    seconds = time.perf_counter() - begun
    if len(bars) != COUNT:
        raise AssertionError(f"{COUNT} bars were expected, {len(bars)} came")
    return seconds


def timed(function: object, *given: object) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    function(*given)  # type: ignore[operator]
    return time.perf_counter() - begun


def decode(body: bytes, rounds: int) -> dict[str, float]:
    """Medians: bytes to columns, a JSON library's parse, and their ratio."""
    pairs = [
        (timed(bars_from_json, body, "1m"), timed(orjson.loads, body))
        for _ in range(rounds)
    ]
    import gzip

    coded = gzip.compress(body, 5)
    inflate = [timed(plain_body, coded, b"gzip", 1 << 24) for _ in range(rounds)]
    return {
        "to columns, ms": 1e3 * statistics.median(mine for mine, _ in pairs),
        "orjson.loads, ms": 1e3 * statistics.median(theirs for _, theirs in pairs),
        "ratio": statistics.median(mine / theirs for mine, theirs in pairs),
        "inflate, ms": 1e3 * statistics.median(inflate),
    }


def read_both(python: str, body: bytes, rounds: int) -> dict[str, float]:
    """Medians of one read: ours, the peer's, and how many times as long that takes."""
    with (
        run_in_thread(rate_limit=False) as simulator,
        blocking.OrderExecutor(simulator.base_url) as executor,
    ):
        executor.set_token(simulator.token)
        answer = Fault(BARS, reply="body", effect="none", body=body, times=None)
        simulator.faults.add(answer)
        peer = Peer(python, simulator)
        try:
            pairs = [(ours(executor), peer.seconds()) for _ in range(rounds)]
        finally:
            peer.end()
    return {
        "fastorder, ms": 1e3 * statistics.median(mine for mine, _ in pairs),
        "project-x-py, ms": 1e3 * statistics.median(theirs for _, theirs in pairs),
        "times": statistics.median(theirs / mine for mine, theirs in pairs),
    }


def main() -> int:
    """Print both tables and keep them; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    body = canned()
    found = {"decode": decode(body, rounds)}
    room = environments.made("project-x-py")
    if room.python is None:
        print(f"project-x-py is left out: {room.missing}")
    else:
        found["read"] = read_both(room.python, body, rounds)
    print(json.dumps(found, indent=1))
    keep("history", f"{COUNT:,} bars into columns", bytes=len(body), **found)
    held = found["decode"]["ratio"] <= MOST_OF_PARSE
    held &= "read" not in found or found["read"]["times"] >= LEAST_TIMES
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
