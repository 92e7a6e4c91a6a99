"""The realtime side beside other clients: rounds in turn, each client a fresh process.

``compare.py [--rounds N] [--count N] [--only NAME ...]`` writes
``benchmarks/realtime/results.json`` and the page ``docs/realtime-speed.md``. The server
has one core, the client the other. Ratios are of one run; times depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import environments
from in_process import measured
from page import written

CLIENTS = {
    "fastorder": ("project", "fastorder_hub.py"),
    "picows + orjson": ("picows", "picows_client.py"),
    "aiohttp + orjson": ("aiohttp-ws", "aiohttp_client.py"),
    "websockets + orjson": ("websockets", "websockets_client.py"),
    "pysignalr": ("pysignalr", "pysignalr_client.py"),
    "signalrcore": ("signalrcore", "signalrcore_client.py"),
}
"""Each with its environment; fastorder's is the project's own."""

RESULTS = HERE / "results.json"
PACE = 2000
LIMIT_S = 300
SLOWER = {"pysignalr": 20, "signalrcore": 20, "websockets + orjson": 8}
"""Floods are shorter by so much where a client is slow."""


class Server:
    """The flood, in a process of its own."""

    def __init__(self, count: int, pace: float, cert: str, key: str) -> None:
        command = [sys.executable, str(HERE / "server.py"), str(count), str(pace)]
        self._process = subprocess.Popen(
            pinned([*command, cert, key], 1),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        scheme, host = ("http", "127.0.0.1") if cert == "-" else ("https", "localhost")
        self.url = f"{scheme}://{host}:{int(self._process.stdout.readline())}"

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def pinned(command: list[str], core: int) -> list[str]:
    """A command on one core, where there are several."""
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > core:
        return ["taskset", "-c", str(core), *command]
    return command


def run(name: str, python: str, count: int, pace: float, tls: tuple[str, ...]) -> Any:
    """One run of one client; what it measured, or why it did not."""
    ca, cert, key = tls or ("-", "-", "-")
    server = Server(count, pace, cert, key)
    script = str(HERE / "clients" / CLIENTS[name][1])
    how = "paced" if pace else "flood"
    command = [python, script, server.url, str(count), how, ca]
    try:
        done = subprocess.run(
            pinned(command, 0), capture_output=True, text=True, timeout=LIMIT_S
        )
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"failed": (done.stderr.strip().splitlines() or ["nothing"])[-1][-200:]}
    except subprocess.TimeoutExpired:
        return {"failed": f"not done within {LIMIT_S} s"}
    finally:
        server.close()


def certificates(folder: str) -> tuple[str, str, str]:
    """An authority, and a certificate of localhost with its key."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    paths = tuple(
        str(Path(folder) / name) for name in ("ca.pem", "cert.pem", "key.pem")
    )
    authority.cert_pem.write_to_path(paths[0])
    issued.private_key_pem.write_to_path(paths[2])
    for i, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(paths[1], append=i > 0)
    return paths  # type: ignore[return-value]


def pythons(only: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The interpreters of the clients, and why some have none."""
    found, missing = {"fastorder": sys.executable}, {}
    for name, (environment, _) in CLIENTS.items():
        if name == "fastorder" or (only and name not in only):
            continue
        made = environments.made(environment)
        if made.python is None:
            missing[name] = made.missing or "not made"
        else:
            found[name] = made.python
    return found, missing


def compared(rounds: int, count: int, only: list[str]) -> dict[str, Any]:
    """Every scene of every client, in rounds."""
    found, missing = pythons(only)
    scenes: dict[str, dict[str, list[Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tls = certificates(folder)
        for _ in range(rounds):
            for scene, pace, secure in (
                ("flood", 0.0, ()),
                ("flood over TLS", 0.0, tls),
                ("paced over TLS", float(PACE), tls),
            ):
                rows = scenes.setdefault(scene, {})
                for name, python in found.items():
                    share = SLOWER.get(name, 1)
                    size = 3 * PACE if pace else max(count // share // 256, 4) * 256
                    told = run(name, python, size, pace, secure)
                    rows.setdefault(name, []).append(told)
    return {"scenes": medians(scenes), "missing": missing, "in_process": measured()}


def medians(scenes: dict[str, dict[str, list[Any]]]) -> dict[str, Any]:
    """The median of each number over the rounds."""
    told: dict[str, Any] = {}
    for scene, clients in scenes.items():
        told[scene] = {}
        for name, runs in clients.items():
            good = [each for each in runs if "failed" not in each]
            if not good:
                told[scene][name] = runs[-1]
                continue
            told[scene][name] = {
                key: statistics.median(each[key] for each in good) for key in good[0]
            }
    return told


def main() -> None:
    """Measure, and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    told = compared(given.rounds, given.count, given.only)
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    print(written(told))


if __name__ == "__main__":
    main()
