"""A client that others wrote, at a hub: run by a test in that client's environment.

``peers_at_hubs.py NAME URL TOKEN WAY COUNT`` prints a line of JSON for each thing that
happens: ``opened``, ``closed``, ``failed``, and ``events`` once COUNT have come.
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
        self.row(arguments[1])

    def row(self, row):
        self.volumes.append(row["volume"])
        if len(self.volumes) == COUNT:
            in_order = self.volumes == list(range(COUNT))
            say(events=COUNT, in_order=in_order, each_once=in_order or self.is_each())

    def is_each(self):
        return sorted(self.volumes) == list(range(COUNT))


def address(way):
    url = f"{URL}/hubs/market?access_token={TOKEN}"
    return url.replace("http", "ws", 1) if way == "skip" else url


async def pysignalr():
    from pysignalr.client import SignalRClient

    heard = Heard()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    client = SignalRClient(address(WAY), headers=headers, signalr_ping_interval=1)
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
                "keep_alive_interval": 1,
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
    """Its realtime client, with the session that its own login would have made.

    Of quotes it hands over the newest, so what is counted are trades.
    """
    from project_x_py.models import ProjectXConfig
    from project_x_py.realtime import ProjectXRealtimeClient

    heard = Heard()
    config = ProjectXConfig(
        user_hub_url=f"{URL}/hubs/user", market_hub_url=f"{URL}/hubs/market"
    )
    client = ProjectXRealtimeClient(
        jwt_token=TOKEN, account_id="12345678", config=config
    )

    async def quote(told):
        if told["data"].get("volume") == COUNT:
            say(newest=COUNT)

    async def trade(told):
        for row in told["data"]:
            heard.row(row)

    async def order(told):
        say(order=told)

    await client.add_callback("quote_update", quote)
    await client.add_callback("market_trade", trade)
    await client.add_callback("order_update", order)
    if not await client.connect():
        say(failed=True)
        return
    say(opened=True)
    await client.subscribe_user_updates()
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
