"""Quotes, trades and depth of a trader: as streams and as callbacks, in both forms."""

import asyncio
import inspect
import threading

import pytest
from conftest import ACCOUNT
from realtime_scene import until
from test_realtime_trader import Form

import fastorder
from fastorder.errors import (
    InvalidField,
    Lagged,
    RealtimeClosed,
    RealtimeUnavailable,
    UnknownSymbol,
    WrongFieldType,
)

MNQ, MES = "CON.F.US.MNQ.Z26", "CON.F.US.MES.Z26"


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.end()


@pytest.fixture
def trader(form):
    return form.enter(symbols=["MNQ"])


def takes(form, stream, count):
    """The next items of a stream, in a list that grows."""
    taken = []

    async def take():
        async for item in stream:
            taken.append(item)
            if len(taken) == count:
                return

    def take_plainly():
        for item in stream:
            taken.append(item)
            if len(taken) == count:
                return

    if form.is_async:
        asyncio.run_coroutine_threadsafe(take(), form.loop)
    else:
        threading.Thread(target=take_plainly, daemon=True).start()
    return taken


def subscribed(gateway, name, contract=MNQ):
    group = (name, contract)
    until(lambda: any(group in each.groups for each in list(gateway.hubs.connections)))


def at_hubs(gateway, function):
    return gateway.call(lambda: function(gateway.hubs))


def cut_off(gateway):
    """Every connection ends; whoever looks at them next sees new ones alone."""
    ended = list(gateway.hubs.connections)
    at_hubs(gateway, lambda hubs: [each.abort() for each in ended])
    until(lambda: not any(each in gateway.hubs.connections for each in ended))


# ------------------------------------------------------------ quotes


def test_a_quote_is_whole_whatever_the_hub_sends(form, trader, gateway):
    stream = form.call(trader.quotes, "MNQ")
    taken = takes(form, stream, 3)
    subscribed(gateway, "ContractQuotes")
    assert stream.is_stale
    assert stream.age_s is None
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=100.25, volume=7))
    until(lambda: len(taken) == 1)
    assert stream.is_stale  # the other side is not known yet
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestAsk=100.5))
    until(lambda: len(taken) == 2)
    assert not stream.is_stale
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=100.0))
    until(lambda: len(taken) == 3)
    assert [(str(q.best_bid), q.best_ask and str(q.best_ask)) for q in taken] == [
        ("100.25", None),
        ("100.25", "100.5"),
        ("100.0", "100.5"),
    ]
    assert taken[2].volume == 7
    assert taken[2].best_bid_ticks == 400
    assert form.call(trader.quote, "MNQ") == taken[2]
    assert 0 <= stream.age_s < 60


def test_a_slow_consumer_of_quotes_gets_the_newest(form, trader, gateway):
    stream = form.call(trader.quotes, "MNQ")
    subscribed(gateway, "ContractQuotes")
    at_hubs(gateway, lambda hubs: [hubs.quote(MNQ, volume=i) for i in range(1000)])
    until(lambda: (trader.quote("MNQ") or 0) and trader.quote("MNQ").volume == 999)
    taken = takes(form, stream, 1)
    until(lambda: taken)
    assert taken[0].volume == 999
    assert stream.merged == 999
    assert stream.lost == 0


def test_a_contract_is_loaded_by_the_first_that_asks(form, gateway):
    trader = form.enter()
    stream = form.call(trader.quotes, "MNQ")
    taken = takes(form, stream, 1)
    subscribed(gateway, "ContractQuotes")
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=1))
    assert until(lambda: taken)[0].contract_id == MNQ


def test_what_nobody_wants_any_more_is_unsubscribed(form, trader, gateway):
    first, second = (form.call(trader.quotes, "MNQ") for _ in range(2))
    subscribed(gateway, "ContractQuotes")
    form.call(first.close)
    form.call(first.close)
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=1))
    assert until(lambda: trader.quote("MNQ")) is not None
    form.call(second.close)
    until(lambda: ("UnsubscribeContractQuotes", [MNQ]) in gateway.hubs.calls)
    assert trader.quote("MNQ") is None
    names = [name for name, _ in gateway.hubs.calls if "Quotes" in name]
    assert names == ["SubscribeContractQuotes", "UnsubscribeContractQuotes"]


def test_a_stream_ends_with_its_trader(form, trader, gateway):
    stream = form.call(trader.quotes, "MNQ")
    done = threading.Event()

    async def loop_over():
        async for _ in stream:
            pass
        done.set()

    def loop_plainly():
        for _ in stream:
            pass
        done.set()

    if form.is_async:
        asyncio.run_coroutine_threadsafe(loop_over(), form.loop)
    else:
        threading.Thread(target=loop_plainly, daemon=True).start()
    subscribed(gateway, "ContractQuotes")
    form.leave()
    assert done.wait(20)
    with pytest.raises(RealtimeClosed, match="trader must be open"):
        form.call(trader.quotes, "MNQ")


# ------------------------------------------------------------ trades


def rows(*volumes):
    return [{"price": 100.25, "volume": v, "type": 0} for v in volumes]


def test_no_trade_is_dropped(form, trader, gateway):
    stream = form.call(trader.market_trades, "MNQ")
    subscribed(gateway, "ContractTrades")
    for first in range(0, 5000, 10):
        at_hubs(
            gateway,
            lambda hubs, first=first: hubs.trades(MNQ, rows(*range(first, first + 10))),
        )
    taken = takes(form, stream, 5000)
    until(lambda: len(taken) == 5000)
    assert [trade.volume for trade in taken] == list(range(5000))
    assert stream.lost == 0


def test_past_the_bound_a_consumer_is_told_and_starts_anew(form, trader, gateway):
    stream = form.call(trader.market_trades, "MNQ", most=100)
    heard = []
    form.call(trader.on, "trade", heard.append, symbol="MNQ")
    subscribed(gateway, "ContractTrades")
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, rows(*range(250))))
    until(lambda: len(heard) == 250)
    step = stream.__anext__ if form.is_async else stream.__next__
    with pytest.raises(Lagged, match="200 events were dropped") as raised:
        form.call(step)
    assert raised.value.lost == stream.lost == 200
    assert [form.call(step).volume for _ in range(50)] == list(range(200, 250))


def test_a_gap_stands_between_the_trades_where_it_is_asked_for(form, trader, gateway):
    stream = form.call(trader.market_trades, "MNQ", gaps=True)
    taken = takes(form, stream, 3)
    subscribed(gateway, "ContractTrades")
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, rows(1)))
    until(lambda: len(taken) == 1)
    cut_off(gateway)
    until(lambda: len(taken) == 2)
    subscribed(gateway, "ContractTrades")
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, rows(2)))
    until(lambda: len(taken) == 3)
    assert [type(each).__name__ for each in taken] == [
        "MarketTrade",
        "Gap",
        "MarketTrade",
    ]


# ------------------------------------------------------------ depth


def level(kind, price=None, volume=None):
    return {"type": kind, "price": price, "volume": volume, "currentVolume": 0}


def test_depth_is_a_book(form, trader, gateway):
    stream = form.call(trader.depth, "MNQ")
    taken = takes(form, stream, 2)
    subscribed(gateway, "ContractMarketDepth")
    at_hubs(
        gateway,
        lambda hubs: hubs.depth(
            MNQ, [level(2, 99.75, 3), level(2, 99.5, 9), level(1, 100.25, 4), None]
        ),
    )
    until(lambda: len(taken) == 1)
    assert not taken[0].is_whole
    at_hubs(
        gateway,
        lambda hubs: hubs.depth(MNQ, [level(6), level(4, 99.75, 2), level(3, 100, 1)]),
    )
    until(lambda: len(taken) == 2)
    first, second = taken
    assert [(str(p), s) for p, s in first.best_bids()] == [("99.75", 3), ("99.5", 9)]
    assert second.is_whole
    assert [(str(p), s) for p, s in second.best_asks()] == [("100", 1)]
    assert str(second.best_bid[0]) == "99.75"


def test_a_gap_takes_the_book_away(form, trader, gateway):
    books = []
    form.call(trader.on, "depth", lambda book: books.append(book.copy()), symbol="MNQ")
    gaps = []
    form.call(trader.on, "gap", gaps.append)
    subscribed(gateway, "ContractMarketDepth")
    until(lambda: trader.realtime.user.is_live)
    at_hubs(gateway, lambda hubs: hubs.depth(MNQ, [level(6), level(2, 99, 3)]))
    until(lambda: books)
    assert books[0].is_whole
    cut_off(gateway)
    until(lambda: len(gaps) == 2)  # of both hubs
    assert {gap.hub for gap in gaps} == {"user", "market"}
    subscribed(gateway, "ContractMarketDepth")
    at_hubs(gateway, lambda hubs: hubs.depth(MNQ, [level(2, 98, 1)]))
    until(lambda: len(books) == 2)
    assert not books[1].is_whole
    assert list(books[1].bids) == [98]


# ------------------------------------------------------------ callbacks


def test_callbacks_are_called_where_the_hubs_are_read(form, trader, gateway):
    threads = set()
    stop = form.call(
        trader.on, "quote", lambda q: threads.add(threading.get_ident()), symbol="MNQ"
    )
    subscribed(gateway, "ContractQuotes")
    at_hubs(gateway, lambda hubs: hubs.quote(MNQ, bestBid=1))
    until(lambda: threads)
    reader = form.thread if form.is_async else trader.realtime._thread._thread
    assert threads == {reader.ident}
    form.call(stop)
    form.call(stop)
    until(lambda: ("UnsubscribeContractQuotes", [MNQ]) in gateway.hubs.calls)


def test_a_callback_that_raises_is_counted_and_stops_nobody(
    form, trader, gateway, caplog
):
    heard = []

    def broken(quote):
        raise ValueError("no luck")

    form.call(trader.on, "quote", broken)
    form.call(trader.on, "quote", heard.append, symbol="MNQ")
    subscribed(gateway, "ContractQuotes")
    at_hubs(gateway, lambda hubs: [hubs.quote(MNQ, volume=i) for i in range(3)])
    until(lambda: len(heard) == 3)
    assert trader.callback_failures == {"quote": 3}
    logged = [record for record in caplog.records if "no luck" in record.getMessage()]
    assert len(logged) == 1  # and no more for a minute


def test_what_happens_to_an_account_is_told_as_it_came(form, gateway):
    trader, told = form.make(), []
    for kind in ("row", "unknown"):
        trader.on(kind, told.append)
    form.enter()
    until(lambda: trader.realtime.user.is_live)

    def happen(hubs):
        hubs.user("Order", ACCOUNT, 1, {"id": 1, "status": 1, "customTag": None})
        hubs.user("Position", ACCOUNT, 1, {"id": 2})
        hubs.user("Trade", ACCOUNT, 0, {"id": 3})
        hubs.account(1, {"id": ACCOUNT, "balance": 5})
        hubs.emit(("Accounts", None), "GatewayLogout", "elsewhere")

    at_hubs(gateway, happen)
    until(lambda: len(told) == 5)
    kinds = [row.what for row in told[:4]]
    assert kinds == ["order", "position", "trade", "account"]
    assert told[0] == ("order", 1, {"id": 1, "status": 1})
    assert told[4].arguments == ["elsewhere"]


def test_the_trader_and_its_state_tell_the_same(form, gateway):
    trader, by_trader, by_state = form.make(), [], []
    kinds = ("order", "fill", "void", "position", "account", "unproven", "synced")
    for kind in kinds:
        trader.on(kind, lambda event, kind=kind: by_trader.append((kind, event)))
    doubts = []
    trader.on("gap", lambda gap: doubts.append(trader.state.unproven))
    trader.settle_s = 0
    form.enter()
    for kind in kinds:
        call = lambda event, kind=kind: by_state.append((kind, event))  # noqa: E731
        form.call(trader.state.on, kind, call)
    until(lambda: trader.state.proven)
    by_trader.clear()
    by_state.clear()
    form.call(trader.buy, "MNQ", 1)
    until(lambda: trader.state.proven and trader.state.positions)
    cut_off(gateway)
    wanted = {"order", "fill", "position", "unproven", "synced"}
    until(lambda: wanted <= dict(by_state).keys() and by_trader == by_state)
    assert [kind for kind, _ in by_state].count("fill") == 1
    assert doubts
    assert None not in doubts


# ------------------------------------------------------------ bad input


def test_bad_arguments_are_refused_before_anything_is_sent(form, trader, gateway):
    for symbol in ("", 7, None, "M\x1eNQ"):
        for verb in (trader.quotes, trader.market_trades, trader.depth):
            with pytest.raises((InvalidField, WrongFieldType)):
                form.call(verb, symbol)
    for most, kind in ((0, InvalidField), ("1", WrongFieldType), (1.5, WrongFieldType)):
        with pytest.raises(kind, match="most"):
            form.call(trader.market_trades, "MNQ", most=most)
    with pytest.raises(WrongFieldType, match="gaps"):
        form.call(trader.market_trades, "MNQ", gaps="yes")
    with pytest.raises(InvalidField, match="kind must be one of quote, trade"):
        form.call(trader.on, "fills", print)
    with pytest.raises(WrongFieldType, match="callback must be callable"):
        form.call(trader.on, "quote", None, symbol="MNQ")
    with pytest.raises(InvalidField, match="symbol must not come with fill"):
        form.call(trader.on, "fill", print, symbol="MNQ")
    with pytest.raises(UnknownSymbol):
        form.call(trader.on, "quote", print, symbol="ZZZ")
    until(lambda: gateway.hubs.connects)
    assert gateway.hubs.connects == 1


def test_a_contract_that_there_is_not_is_refused(form, gateway):
    trader = form.enter()
    if form.is_async:
        stream = form.call(trader.quotes, "NONE")
        with pytest.raises(UnknownSymbol):
            form.call(stream.__anext__)
    else:
        with pytest.raises(UnknownSymbol):
            trader.quotes("NONE")


def test_without_realtime_there_are_no_streams(form):
    trader = form.enter(realtime=False, symbols=["MNQ"])
    for verb in (trader.quotes, trader.market_trades, trader.depth, trader.quote):
        with pytest.raises(RealtimeUnavailable, match="made with realtime=False"):
            form.call(verb, "MNQ")
    with pytest.raises(RealtimeUnavailable):
        form.call(trader.on, "quote", print)


def test_a_trader_that_was_not_entered_hears_nothing(form):
    trader = form.make()
    with pytest.raises(fastorder.ExecutorMisuse, match="entered first"):
        trader.quotes("MNQ")


def test_a_subscription_that_the_hub_refuses_ends_the_stream(form, trader, gateway):
    gateway.hubs.faults.refuse_calls = "SubscribeContractQuotes"
    stream = form.call(trader.quotes, "MNQ")
    step = stream.__anext__ if form.is_async else stream.__next__
    with pytest.raises(fastorder.errors.SubscriptionRefused, match="due to an error"):
        form.call(step)


def test_both_traders_stream_alike():
    for name in ("quotes", "market_trades", "depth", "quote", "on"):
        ours = inspect.signature(getattr(fastorder.Trader, name))
        theirs = inspect.signature(getattr(fastorder.blocking.Trader, name))
        assert ours == theirs
