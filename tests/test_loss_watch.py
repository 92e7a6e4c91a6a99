"""Prices of the market hub, told to the limits on losses by a Trader, in both forms."""

from decimal import Decimal

import pytest
from conftest import ACCOUNT, held
from realtime_scene import until
from test_realtime_trader import Form
from test_risk_trader import (
    CLOSE,
    POSITIONS,
    last_price,
    move,
    refused,
    sent,
    set_price,
)

import fastorder
from fastorder import Denied, InvalidField, Outcome, RiskLimits, RiskState
from fastorder.risk.hearing import Hearing
from fastorder.trader.loss_watch import AGAIN_NS

MNQ, MES = "CON.F.US.MNQ.Z26", "CON.F.US.MES.Z26"
SUBSCRIBE, UNSUBSCRIBE = "SubscribeContractQuotes", "UnsubscribeContractQuotes"


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.end()


def enter(form, **limits):
    options = {"on_breach": limits.pop("on_breach")} if "on_breach" in limits else {}
    return form.enter(risk=RiskLimits(**limits), symbols=["MNQ"], **options)


def load(form):
    form.call(form.trader.executor.load_exposure, ACCOUNT)


def hold(form, gateway, size=1):
    """A position that the limits know of, and whose quotes are subscribed."""
    form.call(form.trader.buy, "MNQ", size)
    load(form)
    subscribed(gateway)


def subscribed(gateway, contract=MNQ):
    group = ("ContractQuotes", contract)
    until(lambda: any(group in each.groups for each in list(gateway.hubs.connections)))


def quote(form, gateway, price, **members):
    """A quote, once the limits know its price to be of now."""
    hearing = Hearing(form.trader.risk)
    if price is None:
        price, _ = form.trader.risk._losses.price_of(MNQ)
    else:
        members["lastPrice"] = float(price)
    gateway.call(lambda: gateway.hubs.quote(MNQ, **members))
    until(lambda: hearing.knows(MNQ, price, AGAIN_NS), "the price")


def calls(gateway, name):
    return [found for found in gateway.hubs.calls if found == (name, [MNQ])]


def bought(form):
    """What became of an order, once what has come just now was looked at."""

    def sent():
        try:
            return form.call(form.trader.buy, "MNQ", 1, limit=20_000).outcome
        except fastorder.RiskDenied as denied:
            assert "was not looked at yet: send the order again" in str(denied)
            return None

    return until(sent, "an order that is taken")


# ------------------------------------------------------------ open and closed


@pytest.mark.parametrize("limit", ["max_daily_loss", "trailing_loss"])
def test_limits_stay_open_while_quotes_come_and_close_in_silence(form, gateway, limit):
    trader, price = enter(form, **{limit: 1_000}), last_price(gateway)
    hold(form, gateway)
    for _ in range(3):  # a fill's price alone would be too old by the second
        move(form, by_s=40)
        quote(form, gateway, price)
        assert bought(form) is Outcome.ACCEPTED
    move(form, by_s=61)
    text = refused(Denied.LOSS_UNKNOWN, form.call, trader.buy, "MNQ", 1, limit=20_000)
    assert f"the price of {MNQ} is 61 s old: a quote of the market hub gives" in text
    assert held(gateway) == 1
    quote(form, gateway, price)
    assert bought(form) is Outcome.ACCEPTED


def test_a_quote_without_a_last_price_says_that_it_has_not_changed(form, gateway):
    trader, price = enter(form, max_daily_loss=1_000), last_price(gateway)
    hold(form, gateway)
    quote(form, gateway, price)
    move(form, by_s=61)
    quote(form, gateway, None, bestBid=float(price))
    assert trader.risk._losses._prices[MNQ][0] == price
    assert form.call(trader.buy, "MNQ", 1, limit=20_000).outcome is Outcome.ACCEPTED


def test_after_a_gap_the_last_price_has_to_be_told_anew(form, gateway):
    trader, price = enter(form, max_daily_loss=1_000), last_price(gateway)
    hold(form, gateway)
    quote(form, gateway, price)
    ended = list(gateway.hubs.connections)
    gateway.call(lambda: [each.abort() for each in ended])
    until(lambda: not any(each in gateway.hubs.connections for each in ended))
    subscribed(gateway)
    move(form, by_s=61)
    heard = []
    form.call(trader.on, "quote", heard.append)
    gateway.call(lambda: gateway.hubs.quote(MNQ, bestBid=float(price)))
    until(lambda: heard)
    refused(Denied.LOSS_UNKNOWN, form.call, trader.buy, "MNQ", 1, limit=20_000)
    quote(form, gateway, price)
    assert form.call(trader.buy, "MNQ", 1, limit=20_000).outcome is Outcome.ACCEPTED


# ------------------------------------------------------------ quotes and fills


@pytest.mark.parametrize("ahead_s", [-90, -5, 0, 5])
def test_a_fill_that_is_read_again_is_no_newer_than_a_quote(form, gateway, ahead_s):
    """Whatever this machine's clock shows beside the gateway's."""
    trader = enter(form, max_daily_loss=10_000)
    move(form, by_s=ahead_s)
    hold(form, gateway)
    price = last_price(gateway) - 5
    quote(form, gateway, price)
    load(form)
    assert trader.risk._losses._prices[MNQ][0] == price


def test_the_price_of_before_is_told_again_once_a_fill_was_at_another(form, gateway):
    trader, price = enter(form, max_daily_loss=10_000), last_price(gateway)
    hold(form, gateway)
    quote(form, gateway, price - 5)
    set_price(gateway, price + 5)
    form.call(trader.buy, "MNQ", 1)
    load(form)
    assert trader.risk._losses._prices[MNQ][0] > price
    quote(form, gateway, price - 5)
    assert trader.risk._losses._prices[MNQ][0] == price - 5


# ------------------------------------------------------------ a breach


@pytest.mark.parametrize(
    ("limit", "state"),
    [("max_daily_loss", RiskState.REDUCING), ("trailing_loss", RiskState.HALTED)],
)
def test_a_breach_that_a_quote_alone_shows_flattens(form, gateway, limit, state):
    trader = enter(form, **{limit: 20}, flatten_on_breach=True)
    price = last_price(gateway)
    hold(form, gateway)
    quote(form, gateway, price - 5)  # 10 dollars
    assert trader.risk.state is RiskState.ACTIVE
    quote(form, gateway, price - 25)  # 50 dollars
    until(lambda: trader.risk.state is state)
    until(lambda: held(gateway) == 0, "the flatten")
    assert sent(gateway, CLOSE) == 1
    code = Denied.HALTED if state is RiskState.HALTED else Denied.REDUCING
    refused(code, form.call, trader.buy, "MNQ", 1)


def test_a_breach_without_flatten_leaves_the_position(form, gateway):
    heard = []
    trader = enter(form, max_daily_loss=20, on_breach=lambda *what: heard.append(what))
    trader.settle_s = 3_600  # no second read after the fill
    price = last_price(gateway)
    form.call(trader.buy, "MNQ", 1)
    subscribed(gateway)
    until(lambda: trader.risk._losses.held(MNQ), "the read after the fill")
    reads = sent(gateway, POSITIONS)
    for below in (25, 30, 35):
        quote(form, gateway, price - below)
    until(lambda: trader.risk.state is RiskState.REDUCING)
    ((code, account, text),) = until(lambda: heard)
    assert (code, account) == (Denied.MAX_DAILY_LOSS, ACCOUNT)
    assert "the limit is 20" in text
    assert sent(gateway, POSITIONS) == reads  # it was the price
    assert held(gateway) == 1
    assert sent(gateway, CLOSE) == 0


def test_what_was_closed_meanwhile_is_no_loss_of_now(form, gateway):
    trader, price = enter(form, max_daily_loss=60), last_price(gateway)
    hold(form, gateway)
    set_price(gateway, price - 25)  # 50 dollars, realised by the sale
    form.call(trader.sell, "MNQ", 1)
    today = trader.risk._losses.of(ACCOUNT)
    until(lambda: today.positions == {}, "the read after the fill")
    assert trader.risk.state is RiskState.ACTIVE
    until(lambda: Decimal(50) <= (trader.risk.daily_loss(ACCOUNT) or 0) < 60)
    assert trader.risk.state is RiskState.ACTIVE


def test_a_position_is_known_without_a_read_of_ones_own(form, gateway):
    trader, price = enter(form, max_daily_loss=20), last_price(gateway)
    form.call(trader.buy, "MNQ", 1)
    subscribed(gateway)
    until(lambda: trader.risk._losses.held(MNQ), "the read after the fill")
    quote(form, gateway, price - 25)
    until(lambda: trader.risk.state is RiskState.REDUCING)


# ------------------------------------------------------------ the subscription


def test_one_subscription_is_shared_and_ends_when_flat(form, gateway):
    trader = enter(form, max_daily_loss=1_000)
    assert not calls(gateway, SUBSCRIBE)  # nothing is held
    stream = form.call(trader.quotes, "MNQ")
    subscribed(gateway)
    hold(form, gateway)
    until(lambda: trader.market.feed(MNQ).wanted["Quotes"] == 2)
    form.call(stream.close)
    quote(form, gateway, last_price(gateway) + 1)
    assert trader.quote("MNQ") is not None
    assert len(calls(gateway, SUBSCRIBE)) == 1
    assert not calls(gateway, UNSUBSCRIBE)
    form.call(trader.flatten)
    load(form)
    until(lambda: calls(gateway, UNSUBSCRIBE), "the end of the subscription")
    assert trader.market.feed(MNQ) is None


def test_an_order_that_may_fill_is_subscribed_too(form, gateway):
    trader = enter(form, trailing_loss=1_000)
    placed = form.call(trader.buy, "MNQ", 1, limit=20_000)
    subscribed(gateway)
    form.call(trader.cancel, placed.order_id)
    load(form)  # how much of it was filled is open until then
    until(lambda: calls(gateway, UNSUBSCRIBE), "the end of the subscription")


def test_without_a_limit_on_losses_nothing_is_subscribed(form, gateway):
    trader = enter(form, max_position=5)
    form.call(trader.buy, "MNQ", 1)
    until(lambda: trader.state.rows.positions.get(MNQ), "the position")
    assert trader.market.feed(MNQ) is None
    assert not calls(gateway, SUBSCRIBE)


def test_a_price_of_what_is_not_at_stake_is_not_told(form, gateway):
    trader = enter(form, max_daily_loss=1_000)
    stream = form.call(trader.quotes, "MNQ")
    subscribed(gateway)
    gateway.call(lambda: gateway.hubs.quote(MNQ, lastPrice=25_000.0))
    until(lambda: trader.quote("MNQ"))
    assert MNQ not in trader.risk._losses._prices
    form.call(stream.close)


def test_a_price_off_the_tick_is_none_to_go_by(form, gateway):
    trader, price = enter(form, max_daily_loss=20), last_price(gateway)
    hold(form, gateway)
    seen = trader.risk._losses._prices[MNQ]
    gateway.call(lambda: gateway.hubs.quote(MNQ, lastPrice=float(price) - 25.1))
    until(lambda: trader.quote("MNQ"))
    assert trader.risk._losses._prices[MNQ] == seen
    assert trader.risk.state is RiskState.ACTIVE


# ------------------------------------------------------------ prices that cannot be


@pytest.mark.parametrize("price", [0, -1, Decimal("-0.25")])
@pytest.mark.parametrize("is_trade", [False, True])
def test_a_price_that_the_contract_cannot_have_is_no_loss(
    form, gateway, price, is_trade
):
    trader = enter(form, max_daily_loss=500, flatten_on_breach=True)
    hold(form, gateway)
    quote(form, gateway, last_price(gateway))
    seen = trader.risk._losses._prices[MNQ]
    hub = gateway.hubs
    if is_trade:
        stream = form.call(trader.market_trades, "MNQ")
        group = ("ContractTrades", MNQ)
        until(lambda: any(group in each.groups for each in list(hub.connections)))
        heard = []
        trader.realtime.market.on("trades", heard.append)
        gateway.call(lambda: hub.trades(MNQ, [{"price": float(price), "volume": 1}]))
        until(lambda: heard)
        form.call(stream.close)
    else:
        gateway.call(lambda: hub.quote(MNQ, lastPrice=float(price)))
    gateway.call(lambda: hub.quote(MNQ, bestBid=1.0))  # what has not changed neither
    until(lambda: (quote := trader.quote("MNQ")) and quote.best_bid == 1)
    assert trader.risk._losses._prices[MNQ] == seen
    assert trader.risk.state is RiskState.ACTIVE
    assert held(gateway) == 1
    for wrong in (price, float(price)):
        with pytest.raises(InvalidField, match="price must be positive"):
            form.call(trader.risk.note_price, "MNQ", wrong)
    assert trader.risk.state is RiskState.ACTIVE
