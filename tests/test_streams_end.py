"""What ends a stream, and what does not: callbacks that exit, refusals, threads."""

import asyncio
import sys
import threading

import pytest
from conftest import bought_elsewhere, held
from realtime_scene import until
from test_state_trader import MNQ, entered, waiting

from fastorder.errors import ExecutorMisuse, RealtimeClosed, SubscriptionRefused

REFUSED = "SubscribeContractQuotes"


def exits(event):
    sys.exit(1)


def interrupts(event):
    raise KeyboardInterrupt


async def is_refused(stream):
    with pytest.raises(SubscriptionRefused):
        await asyncio.wait_for(stream.__anext__(), 20)


def quote(gateway, price):
    row = {"bestBid": price, "bestAsk": price + 1}
    gateway.call(lambda: gateway.hubs.quote(MNQ, **row))


# ------------------------------------------------------------ callbacks


@pytest.mark.parametrize("callback", [exits, interrupts])
def test_a_callback_that_would_end_a_thread_is_counted_and_stops_nobody(
    gateway, callback
):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        gaps, fills = [], []
        trader.on("gap", gaps.append)
        trader.on("fill", callback)
        trader.on("fill", fills.append)
        trader.on("quote", callback, symbol="MNQ")
        with trader.quotes("MNQ") as quotes:
            until(lambda: trader.realtime.market.acknowledged, "the subscription")
            quote(gateway, 29_000)
            assert quotes.get(20).best_bid == 29_000
            trader.buy("MNQ", 1)
            until(lambda: fills, "the fill")
            quote(gateway, 29_001)
            assert quotes.get(20).best_bid == 29_001
        assert gaps == []
        assert trader.callback_failures == {"fill": 1, "quote": 2}
        assert trader.state.positions[MNQ].size == 1


@pytest.mark.parametrize("callback", [exits, interrupts])
def test_a_hubs_own_callback_that_exits_is_counted_and_loses_nothing(gateway, callback):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        gaps, fills = [], []
        trader.on("gap", gaps.append)
        trader.on("fill", fills.append)
        trader.realtime.user.on("event", callback)
        bought_elsewhere(gateway)
        until(lambda: fills, "the fill")
        assert gaps == []
        until(lambda: trader.state.positions, "the position")
        assert trader.realtime.user.counts["callback of Event"] > 0
        assert trader.state.positions[MNQ].size == 1


def test_what_else_is_raised_on_the_thread_is_a_gap_and_is_repaired(gateway):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        gaps, fills = [], []
        trader.on("gap", gaps.append)
        trader.on("fill", fills.append)
        trader.realtime._thread.act(exits)
        until(lambda: gaps, "the gap")
        bought_elsewhere(gateway)
        until(lambda: held(gateway) == 1 and fills, "the fill")
        until(lambda: trader.state.proven, "the proof")
        assert trader.state.positions[MNQ].size == 1


def test_a_thread_that_cannot_go_on_ends_every_stream_with_an_error(gateway):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        quotes, order = trader.quotes("MNQ"), trader.buy("MNQ", 1, limit=20_000)
        ended = []

        def take(items):
            try:
                for _ in items:
                    pass
            except RealtimeClosed as error:
                ended.append(error)

        threads = [threading.Thread(target=take, args=(it,)) for it in (quotes, order)]
        for thread in threads:
            thread.start()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(trader.realtime._thread, "_take_turn", lambda: 1 / 0)
            for thread in threads:
                thread.join(20)
        assert len(ended) == 2, ended
        with pytest.raises(RealtimeClosed):
            trader.quotes("MNQ")


# ------------------------------------------------------------ refusals


def test_a_second_consumer_of_what_was_refused_is_told(gateway):
    gateway.hubs.faults.refuse_calls = REFUSED
    with waiting(gateway) as trader:
        first = trader.quotes("MNQ")
        for stream in (first, trader.quotes("MNQ"), trader.quotes("MNQ")):
            with pytest.raises(SubscriptionRefused):
                until(lambda stream=stream: stream.get(1), "the refusal")


def test_what_is_asked_for_again_is_asked_of_the_hub_again(gateway):
    """The refused stream need not be closed for that: it has ended."""
    gateway.hubs.faults.refuse_calls = REFUSED
    with waiting(gateway) as trader:
        refused = trader.quotes("MNQ")
        with pytest.raises(SubscriptionRefused):
            until(lambda: refused.get(1), "the refusal")
        gateway.hubs.faults.refuse_calls = ""
        with trader.quotes("MNQ") as later:
            until(lambda: trader.realtime.market.acknowledged, "the subscription")
            quote(gateway, 29_000)
            assert later.get(20).best_bid == 29_000
        assert list(refused) == []


def test_what_is_asked_for_again_on_a_loop_is_asked_of_the_hub_again(gateway, run):
    gateway.hubs.faults.refuse_calls = REFUSED

    async def day():
        async with entered(gateway) as trader:
            refused = trader.quotes("MNQ")
            await is_refused(refused)
            gateway.hubs.faults.refuse_calls = ""
            async with trader.quotes("MNQ") as later:
                while not trader.realtime.market.acknowledged:
                    await asyncio.sleep(0.005)
                quote(gateway, 29_000)
                taken = await asyncio.wait_for(later.__anext__(), 20)
                assert taken.best_bid == 29_000

    run(day())


def test_a_second_consumer_on_a_loop_is_told_too(gateway, run):
    gateway.hubs.faults.refuse_calls = REFUSED

    async def day():
        async with entered(gateway) as trader:
            first = trader.quotes("MNQ")
            await is_refused(first)
            second = trader.quotes("MNQ")
            await is_refused(second)

    run(day())


# ------------------------------------------------------------ threads


def test_bars_in_another_thread_are_refused(gateway):
    with waiting(gateway) as trader:
        bars, raised = trader.live_bars("MNQ", "1m", history=2), []

        def loop():
            try:
                next(bars)
            except ExecutorMisuse as error:
                raised.append(error)

        thread = threading.Thread(target=loop)
        thread.start()
        thread.join(20)
        assert raised
        bars.close()
