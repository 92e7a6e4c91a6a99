"""What others wrote: Microsoft's client at the simulator, npm's ws as a server."""

import pytest
from realtime_peers import Script
from realtime_scene import CLIENTS, MNQ, until

COUNT = 50_000


@pytest.fixture
def script():
    scripts = []

    def start(*arguments):
        scripts.append(Script(*arguments))
        return scripts[-1]

    yield start
    for each in scripts:
        each.close()


@pytest.mark.parametrize("way", ["skip", "negotiate"])
def test_microsofts_client_subscribes_and_hears_every_event(gateway, script, way):
    gateway.hubs.ping_s = 0.2
    url = f"{gateway.base_url}/hubs/market"
    client = script("client.js", url, gateway.token, way, COUNT)
    assert client.heard("started")
    client.say("SubscribeContractQuotes", MNQ)
    assert client.heard("result") is None
    client.say("SubscribeContractDepth", MNQ)
    assert "Method does not exist" in client.heard("failed")

    def some(first):
        for volume in range(first, first + 500):
            gateway.hubs.quote(MNQ, volume=volume)

    for first in range(0, COUNT, 500):  # a call has ten seconds
        gateway.call(lambda first=first: some(first))
    assert client.heard("quotes") == COUNT
    client.say("stop")
    assert client.heard("closed") == "undefined"


def connected(gateway, script):
    gateway.hubs.ping_s = 0.2
    url = f"{gateway.base_url}/hubs/market"
    client = script("client.js", url, gateway.token, "skip", COUNT)
    assert client.heard("started")
    return client


def test_microsofts_client_comes_back_where_it_may(gateway, script):
    client = connected(gateway, script)
    gateway.call(
        lambda: gateway.hubs.connections[0].goodbye("bye", allow_reconnect=True)
    )
    assert "bye" in client.heard("reconnecting")
    assert client.heard("reconnected")


def test_microsofts_client_stays_away_where_it_may_not(gateway, script):
    client = connected(gateway, script)
    gateway.call(
        lambda: gateway.hubs.connections[0].goodbye("bye", allow_reconnect=None)
    )
    assert "bye" in client.heard("closed")


def test_microsofts_client_notices_a_hub_that_falls_silent(gateway, script):
    client = connected(gateway, script)
    gateway.hubs.faults.mute = True
    assert "Server timeout elapsed" in client.heard("reconnecting")


def test_microsofts_client_sees_why_a_token_is_refused(gateway, script):
    url = f"{gateway.base_url}/hubs/market"
    client = script("client.js", url, "no-token", "negotiate", COUNT)
    assert "401" in client.heard("failed")


@pytest.mark.parametrize("kind", CLIENTS)
def test_npms_ws_reads_and_writes_what_the_client_writes_and_reads(script, kind):
    server = script("server.js")
    url = f"http://127.0.0.1:{server.heard('port')}"
    client = CLIENTS[kind]("user", url, "a-token-of-a-test")
    client.connect()
    events = until(lambda: client.heard.of("event")[1:] and client.heard.of("event"))
    assert [event.arguments for event in events] == [["\u00e4" * 100_000], ["last"]]
    assert server.heard("text") == '{"protocol":"json","version":1}\x1e'
    assert server.heard("pong") == "p0"
    client.close()
    assert server.heard("text") == '{"type":7}\x1e'
    assert server.heard("closed") == 1000
