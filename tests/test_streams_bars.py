"""Live bars of a trader over real sockets: a market with drops, history behind it."""

import asyncio
import random
import threading
import time
from array import array

import pytest
from canary import API_KEY
from realtime_scene import until
from test_realtime_trader import Form

import fastorder
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.marketdata import aggregate_ticks
from fastorder.simulator import ManualClock, run_in_thread

MNQ = "CON.F.US.MNQ.Z26"
SUBSCRIBED = "SubscribeContractTrades"


@pytest.fixture
def market():
    """A gateway whose clock is an hour behind, and moves when it is told to."""
    clock = ManualClock(time.time() // 60 * 60 - 3600 + 20)
    with run_in_thread(rate_limit=False, clock=clock) as simulator:
        simulator.gateway.tokens.keys["trader1"] = API_KEY
        simulator.clock = clock
        yield simulator


@pytest.fixture(params=["async", "blocking"])
def form(request, market):
    form = Form(request.param, market)
    yield form
    form.end()


def trade(market, count=1, apart_s=5.0):
    def some():
        for _ in range(count):
            market.clock.advance(apart_s)
            market.market.trade(MNQ)

    market.call(some)


def is_subscribed(market):
    group = ("ContractTrades", MNQ)
    until(lambda: any(group in each.groups for each in list(market.hubs.connections)))


def all_bars(market, every="1m"):
    """Those of every trade."""
    rows = market.gateway.tapes[MNQ]._rows
    columns = (
        array("q", [round(row[0] * 1_000_000) * 1000 for row in rows]),
        array("d", [float(row[1]) for row in rows]),
        array("q", [row[2] for row in rows]),
    )
    return aggregate_ticks(*columns, every)


def plain(bars):
    return [tuple(bar[:6]) for bar in bars]


def drive(market, seed, drops):
    """An hour of trades; the hubs' connections are cut at random places."""
    random_ = random.Random(seed)
    cut_at = set(random_.sample(range(20, 300), drops))
    is_subscribed(market)
    for i in range(450):
        trade(market, 1, random_.choice([0.5, 5.0, 7.5]))
        if i in cut_at:
            gone = market.hubs.connects
            market.call(lambda: [each.abort() for each in market.hubs.connections])
            trade(market, random_.randrange(1, 30))  # nobody hears these
            until(lambda gone=gone: market.hubs.connects > gone)
            is_subscribed(market)


def drive_on(market, stop):
    """Trades until it is stopped."""
    is_subscribed(market)
    while not stop.is_set():
        trade(market, 2)
        time.sleep(0.002)


def test_bars_are_those_of_all_ticks_whatever_drops(form, market):
    trader = form.enter(symbols=["MNQ"])
    trade(market, 3)
    driver = threading.Thread(target=drive, args=(market, 1, 2))
    driver.start()
    seen = []
    make = lambda: trader.live_bars("MNQ", ["5m", "1m"], history=3)  # noqa: E731
    wanted = 36

    async def take():
        async for bar in make():
            seen.append(bar)
            if len(seen) >= wanted:
                return

    if form.is_async:
        asyncio.run_coroutine_threadsafe(take(), form.loop).result(120)
    else:
        with make() as live:
            for bar in live:
                seen.append(bar)
                if len(seen) >= wanted:
                    break
    driver.join()
    # of two lengths, test_streams_stitching holds the order: this clock leaps
    for every, least in (("1m", 18), ("5m", 2)):
        truth = {bar.time_ns: bar for bar in all_bars(market, every)}
        known = [b for b in seen if b.every == every and b.time_ns >= min(truth)]
        opens = [bar.time_ns for bar in known]
        assert len(known) > least
        assert opens == sorted(opens)
        assert plain(known) == plain([truth[open_ns] for open_ns in opens])
        assert [o for o in truth if opens[0] <= o <= opens[-1]] == opens
    assert not any(bar.partial for bar in seen)
    sources = {bar.source for bar in seen}
    assert {"history", "repair", "ticks"} == sources
    asked = [target for target, _ in market.hubs.calls if "eContract" in target]
    assert {target for target in asked if target[0] == "S"} == {SUBSCRIBED}


def test_bars_are_held_against_the_gateways_when_asked(form, market):
    """And what the callback raises is raised in the loop."""
    trader = form.enter(symbols=["MNQ"])
    compared = []

    def keep(comparison):
        compared.append(comparison)
        raise LookupError("from the check")

    make = lambda: trader.live_bars("MNQ", "1m", check_minutes=0.1, on_check=keep)  # noqa: E731
    stop = threading.Event()
    driver = threading.Thread(target=drive_on, args=(market, stop))
    driver.start()

    async def take():
        return [bar async for bar in make()]

    def take_all():
        if form.is_async:
            return asyncio.run_coroutine_threadsafe(take(), form.loop).result(60)
        return list(make())

    try:
        with pytest.raises(LookupError, match="from the check"):
            take_all()
    finally:
        stop.set()
        driver.join()
    assert compared[0].agrees
    assert compared[0].compared > 5
    assert compared[0].every == "1m"


def test_bad_arguments_of_live_bars_are_refused(form, market):
    trader = form.enter(symbols=["MNQ"])
    bad = [
        ({"every": "7 ticks"}, InvalidField),
        ({"every": "1x"}, InvalidField),
        ({"every": 5}, WrongFieldType),
        ({"every": []}, InvalidField),
        ({"every": ["1m"] * 21}, InvalidField),
        ({"every": ["1m", "5m", "60s"]}, InvalidField),
        ({"every": ["1m", "9 ticks"]}, InvalidField),
        ({"every": ["1m", None]}, WrongFieldType),
        ({"every": ["1m", ["5m"]]}, WrongFieldType),
        ({"history": -1}, InvalidField),
        ({"history": 20_001}, InvalidField),
        ({"history": 1.0}, WrongFieldType),
        ({"history": True}, WrongFieldType),
        ({"check_minutes": 0}, InvalidField),
        ({"check_minutes": float("nan")}, InvalidField),
        ({"check_minutes": "1"}, WrongFieldType),
        ({"on_check": 1}, WrongFieldType),
    ]
    for given, kind in bad:
        with pytest.raises(kind):
            form.call(trader.live_bars, "MNQ", **({"every": "1m"} | given))
    with pytest.raises(fastorder.FastOrderError):
        form.call(trader.live_bars, "", "1m")
    assert not any("Contract" in target for target, _ in market.hubs.calls)
