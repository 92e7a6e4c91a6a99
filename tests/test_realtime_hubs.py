"""The hub's client against the simulator's hubs."""

from decimal import Decimal

import pytest
from realtime_scene import CLIENTS, MNQ, until

from fastorder.errors import (
    ConfigurationError,
    FastOrderError,
    InvalidField,
    InvocationFailed,
    RealtimeClosed,
    RealtimeUnavailable,
    WrongFieldType,
)
from fastorder.realtime.base import hubs_url
from fastorder.realtime.hub import Hub
from fastorder.simulator import run_in_thread

ACCOUNT = 12345678
ROWS = [{"price": 7730.5, "timestamp": "2026-08-19T20:51:30.052+00:00", "type": 1,
         "volume": 1, "contractId": MNQ}]  # fmt: skip


@pytest.fixture(params=CLIENTS)
def made(request, gateway):
    """Makes clients of the simulator's hubs, and closes them."""
    clients = []

    def make(name="market", token=None, **options):
        given = (name, gateway.base_url, token or gateway.token)
        clients.append(CLIENTS[request.param](*given, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def at_hubs(gateway, act):
    """Do something on the simulator's loop."""
    return gateway.call(lambda: act(gateway.hubs))


@pytest.mark.parametrize("negotiate", [False, True])
def test_events_come_typed_and_exact(made, gateway, negotiate):
    client = made(negotiate=negotiate)
    client.do("set_tick_size", MNQ, "0.25")
    for what in ("quotes", "trades", "depth"):
        client.do(f"subscribe_{what}", MNQ)
    client.connect()
    assert len(client.hub.acknowledged) == 3
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=29547.25))
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, ROWS))
    at_hubs(gateway, lambda hubs: hubs.depth(MNQ, [*ROWS, None]))
    quote = until(lambda: client.heard.of("quote"))[0]
    assert (quote.best_bid, quote.best_bid_ticks) == (Decimal("29547.25"), 118189)
    (trade,) = until(lambda: client.heard.of("trades"))[0]
    assert (trade.price, trade.volume) == (Decimal("7730.5"), 1)
    assert len(until(lambda: client.heard.of("depth"))[0]) == 1


def test_user_events_come_wrapped_without_nulls(made, gateway):
    client = made("user")
    client.do("subscribe_account", ACCOUNT)
    client.do("subscribe_accounts")
    client.connect()
    row = {"id": 9, "customTag": None, "status": 1}
    at_hubs(gateway, lambda hubs: hubs.user("Order", ACCOUNT, 1, row))
    at_hubs(gateway, lambda hubs: hubs.account(1, {"id": ACCOUNT, "balance": 0.1}))
    order, account = until(
        lambda: client.heard.of("event")[1:] and client.heard.of("event")
    )
    assert (order.target, order.rows) == (
        "GatewayUserOrder",
        [(1, {"id": 9, "status": 1})],
    )
    assert account.rows == [(1, {"id": ACCOUNT, "balance": Decimal("0.1")})]


@pytest.mark.parametrize("end", ["abort", "goodbye", "close"])
def test_a_connection_that_ends_is_opened_again_and_asked_anew(made, gateway, end):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()

    def ended(hubs):
        (one,) = hubs.connections
        if end == "abort":
            one.abort()
        elif end == "goodbye":
            one.goodbye("Connection closed with an error.", allow_reconnect=True)
        else:
            one.close(1001)

    at_hubs(gateway, ended)
    until(lambda: len(client.heard.of("live")) == 2)
    until(lambda: at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=1)))
    until(lambda: client.heard.of("quote"))
    assert len(client.heard.of("gap")) == 1
    assert gateway.hubs.calls == [("SubscribeContractQuotes", [MNQ])] * 2


@pytest.mark.parametrize("split", [1, 2, 7, 4080])
def test_frames_may_be_cut_anywhere(made, gateway, split):
    client = made()
    client.do("subscribe_quotes", MNQ)
    gateway.hubs.faults.split = split
    client.connect()
    for i in range(20):
        at_hubs(gateway, lambda hubs, i=i: hubs.quote(MNQ, bestBid=i, volume=i))
    until(lambda: len(client.heard.of("quote")) == 20)
    assert [quote.best_bid for quote in client.heard.of("quote")] == list(range(20))


def test_a_flood_arrives_whole_and_in_order(made, gateway):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()

    def flood(hubs, start):
        for i in range(start, start + 1_000):
            hubs.quote(MNQ, volume=i)

    for start in range(0, 20_000, 1_000):
        at_hubs(gateway, lambda hubs, start=start: flood(hubs, start))
    until(lambda: len(client.heard.of("quote")) == 20_000)
    volumes = [quote.volume for quote in client.heard.of("quote")]
    assert volumes == list(range(20_000))
    assert client.heard.of("gap") == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_hub_that_refuses_is_told_and_tried_again(made, gateway, status):
    gateway.hubs.faults.refuse = status
    gateway.hubs.faults.retry_after = "0"
    client = made()
    with pytest.raises(RealtimeUnavailable, match=f"HTTP {status}"):
        client.connect(0.3)
    assert client.heard.of("connect_failed")[0].status == status


def test_a_token_that_is_renewed_is_taken_with_the_next_try(made, gateway):
    from fastorder.auth.token_store import TokenStore

    tokens, renewed = TokenStore(), []
    tokens.set("an.old.token-that-has-ended")

    def renew():
        renewed.append(1)
        tokens.set(gateway.token)

    client = made(token=tokens, renew=renew)
    client.connect()
    assert renewed == [1]
    assert client.heard.of("connect_failed") == []


def test_a_hub_is_rolled_before_the_token_ends(made, gateway):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()

    client.act(lambda hub, now_ns: hub.token_lasts(0.0, now_ns))
    for i in range(200):
        at_hubs(gateway, lambda hubs, i=i: hubs.quote(MNQ, volume=i))
    until(lambda: client.heard.of("rolled"))
    until(lambda: len(gateway.hubs.connections) == 1)
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, volume=200))
    until(lambda: len(client.heard.of("quote")) == 201)
    assert [quote.volume for quote in client.heard.of("quote")] == list(range(201))
    assert client.heard.of("gap") == []


def test_calls_are_answered_or_say_why_not(made, gateway):
    client = made()
    client.connect()
    assert client.invoke("SubscribeContractQuotes", MNQ) is None
    with pytest.raises(InvocationFailed, match="Method does not exist") as raised:
        client.invoke("SubscribeContractDepth", MNQ)
    assert raised.value.sent
    with pytest.raises(InvocationFailed, match="due to an error on the server"):
        client.invoke("SubscribeContractQuotes", 7)


def test_a_subscription_of_the_other_hub_is_refused_and_told(made, gateway):
    client = made("user")
    client.do("subscribe_quotes", MNQ)
    client.connect()
    (refused,) = client.heard.of("refused")
    assert "Method does not exist" in refused.why
    (live,) = client.heard.of("live")
    assert live.refused == (refused.subscription,)
    assert client.hub.acknowledged == ()


def test_a_wrong_token_is_told(made):
    client = made(token="not.the.right-token")
    with pytest.raises(RealtimeUnavailable, match="HTTP 401"):
        client.connect(0.3)


def test_an_unknown_event_is_told(made, gateway):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()
    group = ("ContractQuotes", MNQ)
    at_hubs(gateway, lambda hubs: hubs.emit(group, "GatewayLogout", "why"))
    (event,) = until(lambda: client.heard.of("event"))
    assert (event.target, event.arguments) == ("GatewayLogout", ["why"])


def test_the_target_is_known_in_small_letters_too(made, gateway):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()
    group = ("ContractQuotes", MNQ)
    at_hubs(gateway, lambda hubs: hubs.emit(group, "gatewayquote", MNQ, {"volume": 3}))
    assert until(lambda: client.heard.of("quote"))[0].volume == 3


def test_a_market_event_that_cannot_be_read_is_counted(made, gateway):
    client = made()
    client.do("subscribe_quotes", MNQ)
    client.connect()
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, volume="many"))
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, volume=2**63))
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, volume=1))
    until(lambda: client.heard.of("quote"))
    assert client.hub.counts["undecodable"] == 2
    assert client.hub.is_live
    assert client.heard.of("gap") == []


def test_a_closed_hub_refuses(made):
    client = made()
    client.connect()
    client.close()
    with pytest.raises(RealtimeClosed, match="the hub must be open, it is closed"):
        client.hub.subscribe_quotes(MNQ)


@pytest.mark.parametrize("kind", CLIENTS)
def test_over_tls_by_the_same_trust(tls_gateway, certificate, kind):
    given = ("market", tls_gateway.base_url, tls_gateway.token)
    client = CLIENTS[kind](*given, ca_file=certificate.authority)
    client.do("subscribe_quotes", MNQ)
    client.connect()
    at_hubs(tls_gateway, lambda hubs: [hubs.quote(MNQ, volume=i) for i in range(5000)])
    until(lambda: len(client.heard.of("quote")) == 5000)
    client.close()
    stranger = CLIENTS[kind](*given)
    with pytest.raises(RealtimeUnavailable, match="certificate"):
        stranger.connect(0.5)
    stranger.close()


# ---------------------------------------------------------------- bad arguments

BAD = {
    "subscribe_account": [
        (0, InvalidField),
        ("7", WrongFieldType),
        (True, WrongFieldType),
        (2**63, InvalidField),
    ],
    "subscribe_quotes": [
        ("", InvalidField),
        (7, WrongFieldType),
        ("\u00e4", InvalidField),
        ("a\x1e", InvalidField),
        ("x" * 101, InvalidField),
    ],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_are_refused_before_anything_is_sent(name):
    hub = Hub("user", "http://127.0.0.1:1", "token-of-a-test")
    for value, kind in BAD[name]:
        with pytest.raises(kind):
            getattr(hub, name)(value)
    assert hub.subscriptions == ()
    with pytest.raises(InvalidField, match="name must be one of quote, trades"):
        hub.on("quotes", print)
    with pytest.raises(WrongFieldType, match="callback must be callable"):
        hub.on("quote", None)
    with pytest.raises(ConfigurationError, match="name must be user or market"):
        Hub("both", "http://127.0.0.1:1", "token-of-a-test")
    with pytest.raises(FastOrderError):
        Hub("user", "http://127.0.0.1:1", "bad\ntoken")


def test_where_the_hubs_are():
    assert hubs_url("https://api.topstepx.com") == "https://rtc.topstepx.com"
    assert hubs_url("http://127.0.0.1:5000") == "http://127.0.0.1:5000"
    with pytest.raises(ConfigurationError, match="must be https"):
        hubs_url("http://api.topstepx.com")


def test_the_simulator_ends_a_client_that_falls_silent():
    """The protocol of the other side: it pings, and wants to be pinged."""
    with run_in_thread(rate_limit=False) as gateway:
        gateway.hubs.ping_s, gateway.hubs.timeout_s = 0.05, 0.2
        client = CLIENTS["thread"]("market", gateway.base_url, gateway.token)
        client.connect()
        until(lambda: client.hub._driver._feeds[1].pings > 2)
        gateway.call(lambda: setattr(gateway.hubs.connections[0], "_pinged_s", 1e-9))
        gap = until(lambda: client.heard.of("gap"))[0]
        assert gap.why == "Connection closed with an error."
        client.close()
