"""pysignalr, with a callback for each quote."""

import asyncio
import os
import ssl

from measure import CA, MNQ, URL, Meter
from pysignalr.client import SignalRClient


async def main():
    """Hear the flood."""
    meter = Meter(lambda quote: quote["volume"])
    context = None if CA == "-" else ssl.create_default_context(cafile=CA)
    url = URL.replace("http", "ws", 1) + "/hubs/market?access_token=x"
    client = SignalRClient(url, ssl=context)
    client._transport._skip_negotiation = True

    async def quote(arguments):
        meter.take(arguments[1])
        if meter.is_done:
            os._exit(0)

    async def opened():
        await client.send("SubscribeContractQuotes", [MNQ])

    client.on("GatewayQuote", quote)
    client.on_open(opened)
    await client.run()


asyncio.run(main())
