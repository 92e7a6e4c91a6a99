"""A client that others wrote, at a hub: run by a test in that client's environment.

``peers_at_hubs.py NAME URL TOKEN WAY COUNT`` prints a line of JSON for each thing that
happens: ``opened``, ``closed``, ``failed``, and ``quotes`` once COUNT have come.
"""

import asyncio
import json
import logging
import sys
import time

NAME, URL, TOKEN, WAY, COUNT = *sys.argv[1:5], int(sys.argv[5])
MNQ = "CON.F.US.MNQ.Z26"
logging.disable(logging.CRITICAL)


def say(**what):
    print(json.dumps(what), flush=True)


class Heard:
    def __init__(self):
        self.volumes = []

    def quote(self, arguments):
        self.volumes.append(arguments[1]["volume"])
        if len(self.volumes) == COUNT:
            say(quotes=COUNT, in_order=self.volumes == list(range(COUNT)))


def address(way):
    url = f"{URL}/hubs/market?access_token={TOKEN}"
    return url.replace("http", "ws", 1) if way == "skip" else url


async def pysignalr():
    from pysignalr.client import SignalRClient

    heard = Heard()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    client = SignalRClient(address(WAY), headers=headers)
    client._transport._skip_negotiation = WAY == "skip"

    async def quote(arguments):
        heard.quote(arguments)

    async def opened():
        say(opened=True)
        await client.send("SubscribeContractQuotes", [MNQ])

    async def closed():
        say(closed=True)

    client.on("GatewayQuote", quote)
    client.on_open(opened)
    client.on_close(closed)
    await client.run()


def signalrcore():
    from signalrcore.hub_connection_builder import HubConnectionBuilder

    heard = Heard()
    options = {
        "skip_negotiation": WAY == "skip",
        "headers": {"Authorization": f"Bearer {TOKEN}"},
    }
    hub = (
        HubConnectionBuilder()
        .with_url(address(WAY), options=options)
        .with_automatic_reconnect(
            {
                "type": "raw",
                "keep_alive_interval": 10,
                "reconnect_interval": 1,
                "max_attempts": 5,
            }
        )
        .build()
    )

    def opened():
        say(opened=True)
        hub.send("SubscribeContractQuotes", [MNQ])

    hub.on("GatewayQuote", heard.quote)
    hub.on_open(opened)
    hub.on_reconnect(opened)
    hub.on_close(lambda: say(closed=True))
    hub.start()
    while True:
        time.sleep(1)


async def project_x():
    """Its realtime client, with the session that its own login would have made."""
    from project_x_py.models import ProjectXConfig
    from project_x_py.realtime import ProjectXRealtimeClient

    heard = Heard()
    config = ProjectXConfig(
        user_hub_url=f"{URL}/hubs/user", market_hub_url=f"{URL}/hubs/market"
    )
    client = ProjectXRealtimeClient(
        jwt_token=TOKEN, account_id="12345678", config=config
    )

    async def quote(data):
        heard.quote([MNQ, data.get("data", data)])

    await client.add_callback("quote_update", quote)
    if not await client.connect():
        say(failed=True)
        return
    say(opened=True)
    await client.subscribe_market_data([MNQ])
    while True:
        await asyncio.sleep(1)


try:
    if NAME == "signalrcore":
        signalrcore()
    else:
        asyncio.run({"pysignalr": pysignalr, "project-x-py": project_x}[NAME]())
except Exception as error:
    say(failed=f"{type(error).__name__}: {error}")
