"""The hub's client against Microsoft's own ASP.NET Core SignalR server."""

import json

import pytest
from realtime_peers import running_aspnet
from realtime_scene import CLIENTS, MNQ, until

from fastorder.errors import InvocationFailed, RealtimeUnavailable
from fastorder.realtime.events import Subscription
from fastorder.realtime.messages import PING

TOKEN = "a-token-of-a-test"
QUOTE = {"symbol": "F.US.MNQ", "bestBid": 29547.25, "volume": 1,
         "lastUpdated": "2026-08-19T20:51:31.4347534+00:00"}  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with running_aspnet(token=TOKEN) as url:
        yield url


@pytest.fixture(params=CLIENTS)
def made(request, server):
    clients = []

    def make(name="market", url=server, token=TOKEN, **options):
        clients.append(CLIENTS[request.param](name, url, token, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.mark.parametrize("negotiate", [False, True])
def test_all_subscriptions_are_acknowledged(made, negotiate):
    market = made(negotiate=negotiate)
    for what in ("quotes", "trades", "depth"):
        market.do(f"subscribe_{what}", MNQ)
    market.connect()
    assert len(market.hub.acknowledged) == 3
    user = made("user", negotiate=negotiate)
    user.do("subscribe_accounts")
    user.do("subscribe_account", 12345678)
    user.connect()
    assert len(user.hub.acknowledged) == 4
    row = {"action": 1, "data": {"id": 3425270858, "status": 2}}
    user.invoke("Emit", "orders/12345678", "GatewayUserOrder", [row], 1)
    (event,) = until(lambda: user.heard.of("event"))
    assert event.rows == [(1, {"id": 3425270858, "status": 2})]


def test_100_000_events_come_exactly_as_often_as_they_were_sent(made):
    """In fragments: the server cuts what it sends under load."""
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()
    for volume in range(1, 6):
        row = QUOTE | {"volume": volume}
        client.invoke("Emit", f"quotes/{MNQ}", "GatewayQuote", [MNQ, row], 20_000)
    until(lambda: len(client.heard.of("quote")) == 100_000)
    volumes = [quote.volume for quote in client.heard.of("quote")]
    assert volumes == [volume for volume in range(1, 6) for _ in range(20_000)]
    assert client.heard.of("gap") == client.heard.of("undecodable") == []
    assert client.hub.counts == {}


@pytest.mark.parametrize("size", [10, 300, 500])
def test_long_lists_come_whole(made, size):
    client = made()
    client.do("subscribe_depth", MNQ)
    client.connect()
    rows = [{"price": 29547 + i / 4, "volume": i, "type": 4} for i in range(size)]
    if len(json.dumps(rows)) > 30_000:
        rows = rows[: size // 2]
    client.invoke("Emit", f"depth/{MNQ}", "GatewayDepth", [MNQ, rows], 50)
    until(lambda: len(client.heard.of("depth")) == 50)
    for event in client.heard.of("depth"):
        assert [row.volume for row in event] == [row["volume"] for row in rows]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (("Nothing",), "'Nothing' due to an error on the server. HubException: Method"),
        (("SubscribeContractQuotes", 7), "Failed to invoke 'SubscribeContractQuotes'"),
        (("SubscribeContractQuotes",), "due to an error on the server."),
        (("Fail", "why not"), "HubException: why not"),
        (("Break", "x"), "An unexpected error occurred invoking 'Break'"),
    ],
)
def test_case_39_completion_error(made, call, text):
    client = made()
    client.connect()
    with pytest.raises(InvocationFailed, match=text):
        client.invoke(*call)
    assert client.invoke("Add", 2, 3) == 5


def test_case_44_a_string_where_a_number_is_wanted_is_refused(made):
    client = made("user")
    client.do("subscribe", Subscription("SubscribeOrders", ("seven",)))
    client.connect()
    (refused,) = client.heard.of("refused")
    assert "Failed to invoke 'SubscribeOrders'" in refused.why


def test_non_ascii_escapes_and_control_letters_come_through(made):
    client = made()
    client.connect()
    text = 'a"\\\u001e\u00e4\u20ac\U0001f600'
    client.invoke("Back", "Anything", [text, 0.5, None, [1]], 1)
    (event,) = until(lambda: client.heard.of("event"))
    assert event.arguments[0] == text


def test_an_abort_is_a_gap(made):
    client = made()
    client.connect()
    with pytest.raises(InvocationFailed, match="before it was answered") as raised:
        client.invoke("Abort")
    assert raised.value.sent
    assert until(lambda: client.heard.of("gap"))


def test_case_08_a_token_that_is_refused(made):
    client = made(token="another-token-of-a-test")
    with pytest.raises(RealtimeUnavailable, match="HTTP 401"):
        client.connect(0.5)


def test_a_server_that_goes_and_comes_back(made):
    with running_aspnet() as url:
        client = made(url=url)
        client.do("subscribe_quotes", MNQ)
        client.connect()
    until(lambda: client.heard.of("gap"))
    until(lambda: client.heard.of("connect_failed"))
    assert not client.hub.is_live


def test_case_45_a_client_that_has_pinged_and_falls_silent_is_ended(made):
    with running_aspnet(ping_ms=100, timeout_ms=1000) as url:
        client = made(url=url)
        client.connect()
        client.act(lambda hub, now_ns: hub.current._send(PING, now_ns))
        gap = until(lambda: client.heard.of("gap"))[0]
        assert gap.why == "Connection closed with an error."
        until(lambda: len(client.heard.of("live")) == 2)


def test_a_client_with_something_to_say_of_more_than_32_kb_is_ended(made):
    client = made()
    client.connect()
    with pytest.raises(InvocationFailed, match="before it was answered"):
        client.invoke("Back", "X", ["x" * 40_000], 1)
    gap = until(lambda: client.heard.of("gap"))[0]
    assert gap.why == "Connection closed with an error."
