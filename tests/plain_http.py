"""A plain HTTP client for the gateway's own tests: it knows JSON and nothing else."""

import http.client
import json
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass

ACCOUNT = 12345678
COMBINE = 12345679
MNQ = "CON.F.US.MNQ.Z26"
OLD = "CON.F.US.MNQ.U26"
LONG_AGO = "2000-01-01T00:00:00Z"
PRICE = 29_500.0


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict
    raw: bytes

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def code(self):
        return self.json["errorCode"]

    @property
    def text(self):
        return self.json["errorMessage"]

    def __getitem__(self, name):
        return self.json[name]


class Wire:
    """One connection, and a token that it sends with every request."""

    def __init__(self, host, port, token):
        self.token = token
        self._connection = http.client.HTTPConnection(host, port, timeout=300)

    def ask(self, path, **members):
        return self.send(path, json.dumps(members).encode())

    def send(
        self, path, body=b"", method="POST", content_type="application/json", **more
    ):
        headers = {"Content-Type": content_type} if content_type else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        headers |= more
        self._connection.request(method, f"/api/{path}", body, headers)
        answer = self._connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), answer.read())

    def close(self):
        self._connection.close()

    # what a trader asks

    def place(self, kind=2, side=0, size=1, account=ACCOUNT, contract=MNQ, **more):
        return self.ask(
            "Order/place",
            accountId=account,
            contractId=contract,
            type=kind,
            side=side,
            size=size,
            **more,
        )

    def placed(self, *args, **more):
        reply = self.place(*args, **more)
        assert reply["success"], reply.raw
        return reply["orderId"]

    def order(self, order_id, account=ACCOUNT):
        return self.ask("Order/searchById", accountId=account, orderId=order_id)[
            "order"
        ]

    def orders(self, account=ACCOUNT):
        return self.ask(
            "Order/search", accountId=account, startTimestamp=LONG_AGO
        ).json["orders"]

    def status(self, order_id):
        return self.order(order_id)["status"]

    def modify(self, order_id, **changes):
        return self.ask("Order/modify", accountId=ACCOUNT, orderId=order_id, **changes)

    def cancel(self, order_id):
        return self.ask("Order/cancel", accountId=ACCOUNT, orderId=order_id)

    def positions(self):
        return self.ask("Position/searchOpen", accountId=ACCOUNT)["positions"]

    def trades(self):
        return self.ask(
            "Trade/search", accountId=ACCOUNT, startTimestamp=LONG_AGO
        ).json["trades"]

    def balance(self):
        accounts = self.ask("Account/search", onlyActiveAccounts=False)["accounts"]
        return {row["id"]: row["balance"] for row in accounts}[ACCOUNT]


@contextmanager
def wire_to(simulator, token=""):
    """A connection with the simulator's token, or another; None for none."""
    wire = Wire(
        simulator.host, simulator.port, simulator.token if token == "" else token
    )
    try:
        yield wire
    finally:
        wire.close()


def request_bytes(simulator, path, **members):
    """A whole request, for those who want to see the answer's bytes."""
    body = json.dumps(members).encode()
    return (
        f"POST /api/{path} HTTP/1.1\r\nHost: {simulator.host}\r\n"
        f"Authorization: Bearer {simulator.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def exchange_bytes(simulator, request):
    """Every byte that comes back on a connection until it ends."""
    with socket.create_connection((simulator.host, simulator.port), 10) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def eventually(holds, seconds=10.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.005)
