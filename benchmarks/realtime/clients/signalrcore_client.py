"""signalrcore, with a callback for each quote."""

import os
import time

from measure import CA, MNQ, URL, Meter
from signalrcore.hub_connection_builder import HubConnectionBuilder

meter = Meter(lambda quote: quote["volume"])
if CA != "-":
    os.environ["SSL_CERT_FILE"] = CA


def quote(arguments):
    """One has come."""
    meter.take(arguments[1])
    if meter.is_done:
        os._exit(0)


url = URL.replace("http", "ws", 1) + "/hubs/market?access_token=x"
hub = (
    HubConnectionBuilder()
    .with_url(url, options={"skip_negotiation": True, "verify_ssl": CA == "-"})
    .build()
)
hub.on("GatewayQuote", quote)
hub.on_open(lambda: hub.send("SubscribeContractQuotes", [MNQ]))
hub.start()
while True:
    time.sleep(1)
