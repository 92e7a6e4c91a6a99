"""fastorder's hub, with a callback for each quote."""

import asyncio
import os

from measure import CA, MNQ, URL, Meter

from fastorder.realtime.hub import Hub


async def main():
    """Hear the flood."""
    meter = Meter(lambda quote: quote.volume)
    ca_file = None if CA == "-" else CA
    hub = Hub("market", URL, "token-of-a-benchmark", ca_file=ca_file)
    hub.on("quote", meter.take)
    hub.subscribe_quotes(MNQ)
    hub.start()
    while not meter.is_done:
        await asyncio.sleep(0.05)
    os._exit(0)


asyncio.run(main())
