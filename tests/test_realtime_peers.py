"""Clients that others wrote in Python, at the simulator's hubs.

Each runs in its own environment, which ``benchmarks/environments.py`` makes; where that
was not done the tests say so.
"""

import json
import queue
import subprocess
import threading
from pathlib import Path

import pytest
from realtime_scene import until

ROOT = Path(__file__).parent.parent
MNQ = "CON.F.US.MNQ.Z26"
COUNT = 50_000
LIMIT_S = 180.0
ACCOUNT = 12345678
GROUP = ("ContractQuotes", MNQ)


class Peer:
    """One of them, in a process of its own."""

    def __init__(self, name, gateway, way):
        python = ROOT / ".venv-peers" / name / "bin" / "python"
        if not python.exists():
            pytest.skip(
                f"{name} has no environment (benchmarks/environments.py makes it): "
                "not tried"
            )
        script = str(ROOT / "tests" / "peers_at_hubs.py")
        given = [name, gateway.base_url, gateway.token, way, str(COUNT)]
        self._process = subprocess.Popen(
            [str(python), script, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            if line.startswith("{"):
                self._lines.put(json.loads(line))

    def heard(self, name):
        """The next line that has this member."""
        while True:
            line = self._lines.get(timeout=LIMIT_S)
            if name in line:
                return line
            assert "failed" not in line, line

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def peer(gateway):
    peers = []

    def start(name, way="skip"):
        peers.append(Peer(name, gateway, way))
        return peers[-1]

    yield start
    for each in peers:
        each.close()


def subscribed(gateway, group=GROUP):
    until(lambda: any(group in each.groups for each in list(gateway.hubs.connections)))


def flood(gateway, count, send):
    def some(first):
        for volume in range(first, first + 500):
            send(volume)

    for first in range(0, count, 500):
        gateway.call(lambda first=first: some(first))


WAYS = [
    ("pysignalr", "skip"),
    ("pysignalr", "negotiate"),
    ("signalrcore", "skip"),
    ("signalrcore", "negotiate"),
]


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_peer_subscribes_and_hears_every_event(gateway, peer, name, way):
    client = peer(name, way)
    client.heard("opened")
    subscribed(gateway)
    flood(gateway, COUNT, lambda volume: gateway.hubs.quote(MNQ, volume=volume))
    told = client.heard("events")
    assert told == {"events": COUNT, "in_order": True, "each_once": True}


def test_project_x_py_hears_both_hubs(gateway, peer):
    """It starts a task for each trade, and of quotes hands over the newest."""
    client = peer("project-x-py", "negotiate")
    client.heard("opened")
    for group in (GROUP, ("ContractTrades", MNQ), ("Orders", ACCOUNT)):
        subscribed(gateway, group)
    flood(gateway, COUNT, lambda volume: gateway.hubs.trades(MNQ, [{"volume": volume}]))
    assert client.heard("events")["each_once"]
    gateway.call(lambda: gateway.hubs.quote(MNQ, volume=COUNT))
    client.heard("newest")
    gateway.call(lambda: gateway.hubs.user("Order", ACCOUNT, 1, {"id": 7}))
    assert client.heard("order")["order"] == {"action": 1, "data": {"id": 7}}


@pytest.mark.parametrize("name", ["pysignalr", "signalrcore"])
def test_a_peer_that_pings_too_seldom_is_let_go(gateway, peer, name):
    """The server's time-out: it pings each second, and may be silent for less.

    Neither of the two has a time-out for a server that is silent.
    """
    client = peer(name)
    client.heard("opened")
    subscribed(gateway)
    gateway.hubs.timeout_s = 0.2
    if name == "pysignalr":  # it gives up, whatever it is told
        error = "ServerError: Connection closed with an error."
        assert client.heard("failed")["failed"] == error
    else:
        client.heard("opened")


@pytest.mark.parametrize("allow", [True, None])
@pytest.mark.parametrize("name", ["pysignalr", "signalrcore"])
def test_a_peer_hears_a_close(gateway, peer, name, allow):
    client = peer(name)
    client.heard("opened")
    subscribed(gateway)
    gateway.call(
        lambda: gateway.hubs.connections[0].goodbye("bye", allow_reconnect=allow)
    )
    if name == "pysignalr":  # it gives up, whatever it is told
        assert client.heard("failed")["failed"] == "ServerError: bye"
    elif allow:
        client.heard("opened")
    else:
        until(lambda: not gateway.hubs.connections)  # it says nothing of it


def test_a_peer_notices_a_hub_that_is_cut_off(gateway, peer):
    client = peer("pysignalr")
    client.heard("opened")
    subscribed(gateway)
    gateway.call(lambda: gateway.hubs.connections[0].abort())
    client.heard("closed")
    client.heard("opened")


def test_project_x_py_comes_back_to_a_hub_that_is_cut_off(gateway, peer):
    client = peer("project-x-py", "negotiate")
    client.heard("opened")
    subscribed(gateway)
    gateway.call(lambda: [each.abort() for each in list(gateway.hubs.connections)])
    until(lambda: not gateway.hubs.connections)
    subscribed(gateway)
    subscribed(gateway, ("Orders", ACCOUNT))
