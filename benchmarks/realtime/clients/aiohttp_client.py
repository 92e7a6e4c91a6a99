"""aiohttp and orjson, with a function call for each quote."""

import asyncio
import os
import ssl

import aiohttp
import orjson
from measure import CA, MNQ, URL, Meter


async def main():
    """Hear the flood."""
    meter = Meter(lambda quote: quote["volume"])
    context = True if CA == "-" else ssl.create_default_context(cafile=CA)
    url = URL.replace("http", "ws", 1) + "/hubs/market?access_token=x"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, ssl=context, compress=0) as socket,
    ):
        await socket.send_str('{"protocol":"json","version":1}\x1e')
        await socket.receive()
        call = {
            "type": 1,
            "invocationId": "1",
            "target": "SubscribeContractQuotes",
            "arguments": [MNQ],
        }
        await socket.send_str(orjson.dumps(call).decode() + "\x1e")
        async for message in socket:
            for record in message.data.split("\x1e")[:-1]:
                found = orjson.loads(record)
                if found["type"] == 1:
                    meter.take(found["arguments"][1])
            if meter.is_done:
                os._exit(0)


asyncio.run(main())
