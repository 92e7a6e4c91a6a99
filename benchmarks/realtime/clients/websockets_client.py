"""websockets and orjson, with a function call for each quote."""

import asyncio
import os
import ssl

import orjson
import websockets
from measure import CA, MNQ, URL, Meter


async def main():
    """Hear the flood."""
    meter = Meter(lambda quote: quote["volume"])
    context = None if CA == "-" else ssl.create_default_context(cafile=CA)
    url = URL.replace("http", "ws", 1) + "/hubs/market?access_token=x"
    async with websockets.connect(url, ssl=context, compression=None) as socket:
        await socket.send('{"protocol":"json","version":1}\x1e')
        await socket.recv()
        call = {
            "type": 1,
            "invocationId": "1",
            "target": "SubscribeContractQuotes",
            "arguments": [MNQ],
        }
        await socket.send(orjson.dumps(call).decode() + "\x1e")
        async for text in socket:
            for record in text.split("\x1e")[:-1]:
                message = orjson.loads(record)
                if message["type"] == 1:
                    meter.take(message["arguments"][1])
            if meter.is_done:
                os._exit(0)


asyncio.run(main())
