"""picows and orjson, with a function call for each quote."""

import asyncio
import os
import ssl

import orjson
import picows
from measure import CA, MNQ, URL, Meter

HANDSHAKE = b'{"protocol":"json","version":1}\x1e'
CALL = (
    b'{"type":1,"invocationId":"1","target":"SubscribeContractQuotes",'
    b'"arguments":["%b"]}\x1e'
)


class Listener(picows.WSListener):
    """Splits records, and takes the quotes."""

    def __init__(self):
        self.meter = Meter(lambda quote: quote["volume"])
        self.rest, self.greeted = b"", False

    def on_ws_connected(self, transport):
        """Say hello."""
        transport.send(picows.WSMsgType.TEXT, HANDSHAKE)

    def on_ws_frame(self, transport, frame):
        """A frame has come."""
        *records, self.rest = (self.rest + frame.get_payload_as_bytes()).split(b"\x1e")
        for record in records:
            if not self.greeted:
                self.greeted = True
                transport.send(picows.WSMsgType.TEXT, CALL % MNQ.encode())
                continue
            message = orjson.loads(record)
            if message["type"] == 1:
                self.meter.take(message["arguments"][1])
        if self.meter.is_done:
            os._exit(0)


async def main():
    """Hear the flood."""
    context = None if CA == "-" else ssl.create_default_context(cafile=CA)
    url = URL.replace("http", "ws", 1) + "/hubs/market?access_token=x"
    transport, _ = await picows.ws_connect(Listener, url, ssl_context=context)
    await transport.wait_disconnected()


asyncio.run(main())
