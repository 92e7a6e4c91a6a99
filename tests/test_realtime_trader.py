"""The hubs of a trader: opened in the background, with its token, closed with it."""

import asyncio
import threading

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK
from realtime_scene import until

import fastorder
from fastorder import blocking
from fastorder.errors import ConfigurationError

MNQ = "CON.F.US.MNQ.Z26"
PATIENT = fastorder.Timeouts(connect=60, request=60)


class Form:
    """A trader of either kind; the loop of an async one runs in a thread of its own."""

    def __init__(self, kind, gateway):
        self.is_async = kind == "async"
        self.url = gateway.base_url
        self.trader = None
        if self.is_async:
            self.loop = asyncio.new_event_loop()
            self.thread = threading.Thread(target=self.loop.run_forever)
            self.thread.start()

    def make(self, **options):
        given = {"user_name": "trader1", "api_key": API_KEY, "account": "PRAC"}
        given |= {"journal": False, "retry": QUICK} | options
        self.trader = (fastorder if self.is_async else blocking).Trader(
            self.url, **given
        )
        return self.trader

    def enter(self, **options):
        trader = self.trader or self.make(**options)
        self.call(trader.__aenter__ if self.is_async else trader.__enter__)
        return trader

    def call(self, function, *given, **named):
        """A call where the trader is used; its result, awaited where it has to be."""
        if not self.is_async:
            return function(*given, **named)

        async def awaited():
            found = function(*given, **named)
            return await found if hasattr(found, "__await__") else found

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(30)

    def leave(self):
        if self.trader is not None:
            trader = self.trader
            self.call(trader.aclose if self.is_async else trader.shutdown, drain=0)

    def end(self):
        try:
            self.leave()
        finally:
            if self.is_async:
                self.loop.call_soon_threadsafe(self.loop.stop)
                self.thread.join()
                self.loop.close()


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.end()


def live(hub):
    return until(lambda: hub.is_live, f"the {hub.name} hub")


def connections(gateway):
    return len(gateway.hubs.connections)


def test_a_trader_hears_its_account_without_being_asked(form, gateway):
    trader = form.make()
    events = []
    trader.realtime.user.on("event", events.append)
    form.enter()
    live(trader.realtime.user)
    assert sorted(gateway.hubs.calls) == [
        ("SubscribeAccounts", []),
        ("SubscribeOrders", [ACCOUNT]),
        ("SubscribePositions", [ACCOUNT]),
        ("SubscribeTrades", [ACCOUNT]),
    ]
    gateway.call(lambda: gateway.hubs.user("Order", ACCOUNT, 1, {"id": 7}))
    (event,) = until(lambda: events)
    assert event.rows == [(1, {"id": 7})]
    assert connections(gateway) == 1  # the market hub waits for the first that asks


def test_the_market_hub_is_opened_by_the_first_that_asks(form, gateway):
    trader = form.enter()
    form.call(trader.realtime.market.subscribe_quotes, MNQ)
    form.call(trader.realtime.open_market)
    form.call(trader.realtime.open_market)
    live(trader.realtime.market)
    assert gateway.hubs.connects == 2


def test_the_hubs_end_with_the_trader(form, gateway):
    trader = form.enter()
    form.call(trader.realtime.open_market)
    live(trader.realtime.user), live(trader.realtime.market)
    form.leave()
    until(lambda: connections(gateway) == 0)
    assert "fastorder-hubs" not in {each.name for each in threading.enumerate()}
    assert not trader.executor.session.tokens.listeners._listeners


def test_a_trader_without_realtime_opens_nothing(form, gateway):
    trader = form.enter(realtime=False)
    assert trader.realtime is None
    form.call(trader.positions)
    assert gateway.hubs.connects == 0


def test_a_bare_executor_opens_nothing(gateway):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        executor.login("trader1", API_KEY)
        executor.accounts()
        assert not hasattr(executor, "realtime")
    assert gateway.hubs.connects == 0


def test_hubs_that_are_not_there_delay_no_start_and_no_order(form, gateway):
    """Nobody listens at the address; the trader trades all the same."""
    trader = form.make(realtime="http://127.0.0.1:1", symbols=["MNQ"])
    failures = []
    trader.realtime.user.on("connect_failed", failures.append)
    form.enter()
    assert form.call(trader.buy, "MNQ", 1)
    until(lambda: len(failures) > 1)
    assert trader.realtime.user.is_live is False


def test_hubs_that_hang_hold_up_neither_entry_nor_orders(form, gateway):
    gateway.hubs.faults.handshake = None
    trader = form.enter(symbols=["MNQ"], max_connections=1)
    assert form.call(trader.buy, "MNQ", 1)
    assert not trader.realtime.user.is_live


def test_a_new_token_reaches_the_next_connect(form, gateway):
    trader = form.enter()
    live(trader.realtime.user)
    token = gateway.call(lambda: gateway.gateway.tokens.give("trader1"))
    form.call(trader.executor.set_token, token)
    gaps = []
    trader.realtime.user.on("gap", gaps.append)
    gateway.call(lambda: gateway.hubs.connections[0].abort())
    until(lambda: gaps)
    live(trader.realtime.user)
    assert gateway.hubs.tokens[-1] == token


def test_a_token_that_a_hub_refuses_is_renewed(form, gateway):
    """The gateway has forgotten it: one login follows, and the pause ends with it."""
    trader = form.enter()
    live(trader.realtime.user)
    old = trader.executor.get_token()
    gateway.call(lambda: gateway.gateway.tokens.revoke(old))
    gateway.call(lambda: gateway.hubs.connections[0].abort())
    until(lambda: trader.executor.get_token() != old)
    until(lambda: gateway.hubs.connects == 2)
    live(trader.realtime.user)
    assert len(gateway.ledger.requests("/api/Auth/loginKey")) == 2


def test_a_roll_asks_for_a_token_and_loses_no_event(form, gateway):
    """The token of now ends soon: another one is got, and taken by the next roll."""
    trader = form.make(timeouts=PATIENT)  # one login is tried, however busy it is here
    events = []
    trader.realtime.user.on(
        "event", lambda event: events.append(event.rows[0][1]["id"])
    )
    form.enter()
    hub = trader.realtime.user
    live(hub)
    old = trader.executor.get_token()
    form.call(hub._act, lambda now_ns: hub._protocol.token_lasts(0.0, now_ns))

    def happen(first):
        for number in range(first, first + 50):
            gateway.hubs.user("Order", ACCOUNT, 1, {"id": number})

    for first in range(1, 2000, 50):
        gateway.call(lambda first=first: happen(first))
    until(lambda: gateway.hubs.tokens[-1] != old)
    until(lambda: connections(gateway) == 1)
    gateway.call(lambda: happen(2001))
    until(lambda: len(events) >= 2050)
    # two connections are read as they come
    assert sorted(events) == list(range(1, 2051))
    assert trader.executor.get_token() != old


def test_the_token_stands_in_no_text(form, gateway, caplog):
    """It is in the hub's address; a hub that repeats it is quoted without it."""
    caplog.set_level(0)
    trader = form.make()
    failures = []
    trader.realtime.user.on("connect_failed", failures.append)
    gateway.hubs.faults.refuse = 503
    gateway.hubs.faults.echo = True
    form.enter()
    token = trader.executor.get_token()
    until(lambda: failures)
    gateway.hubs.faults.refuse = 0
    live(trader.realtime.user)
    quotes = form.call(trader.quotes, MNQ)
    things = [trader, trader.realtime, trader.realtime.user, trader.market, quotes]
    texts = [*map(repr, things), *(each.why for each in failures), caplog.text]
    assert any("HTTP 503" in text for text in texts)
    for text in texts:
        assert token not in text
        assert token[:40] not in text


@pytest.mark.parametrize("given", [None, 1, b"x", "http://example.com", "ws://x"])
def test_a_place_for_hubs_that_cannot_be_used_is_refused(form, given):
    with pytest.raises(ConfigurationError):
        form.make(realtime=given)
