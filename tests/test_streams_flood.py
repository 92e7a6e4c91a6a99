"""A flood does not hold up orders; how much is read in a turn; what it leaves."""

import asyncio
import gc
import os
import threading

import pytest
from realtime_scene import until
from test_realtime_trader import Form

MNQ = "CON.F.US.MNQ.Z26"
PAD = "x" * 2000
RECORD = 2000  # bytes of one, at least
TURN = 16 * 65536


@pytest.fixture
def form(gateway):
    form = Form("async", gateway)
    yield form
    form.end()


def test_orders_have_their_turn_between_the_reads_of_a_flood(form, gateway):
    """The loop is held until much has come; then one turn takes no more than its part.

    An order's answer waits as well: it is taken after one turn of the flood, not after
    all of it.
    """
    trader = form.enter(symbols=["MNQ"])
    counts, at_reply = {"now": 0, "before": 0, "most": 0}, []

    def count(quote):
        counts["now"] += 1

    form.call(trader.on, "quote", count, symbol="MNQ")
    group = ("ContractQuotes", MNQ)
    until(lambda: any(group in c.groups for c in list(gateway.hubs.connections)))
    form.call(trader.buy, "MNQ", 1)  # the connection is warm from here on
    held, sent = threading.Event(), threading.Event()

    async def hold():
        loop = asyncio.get_running_loop()
        ticket = asyncio.ensure_future(trader.buy("MNQ", 1))
        ticket.add_done_callback(lambda done: at_reply.append(counts["now"]))
        held.set()
        assert sent.wait(30)  # nothing is read meanwhile

        def turn():
            counts["most"] = max(counts["most"], counts["now"] - counts["before"])
            counts["before"] = counts["now"]
            if counts["now"] < 1500:
                loop.call_soon(turn)

        turn()
        await ticket

    running = asyncio.run_coroutine_threadsafe(hold(), form.loop)
    assert held.wait(30)

    def flood(first):
        for volume in range(first, first + 100):
            gateway.hubs.quote(MNQ, volume=volume, pad=PAD)

    for first in range(0, 1500, 100):
        gateway.call(lambda first=first: flood(first))
    until(lambda: len(gateway.ledger.requests("/api/Order/place")) == 2)
    sent.set()
    running.result(30)
    until(lambda: counts["now"] == 1500)
    assert 0 < counts["most"] <= TURN // RECORD + 1
    assert at_reply[0] <= 2 * (TURN // RECORD + 1) < 1500


def test_a_flood_leaves_nothing_behind(form, gateway):
    """No descriptor, and no memory that grows with what has come."""
    trader = form.enter(symbols=["MNQ"])
    stream = form.call(trader.quotes, "MNQ")
    group = ("ContractQuotes", MNQ)
    until(lambda: any(group in c.groups for c in list(gateway.hubs.connections)))

    def flood(first):
        for volume in range(first, first + 1000):
            gateway.hubs.quote(MNQ, volume=volume)

    def some(first, count):
        for at in range(first, first + count, 1000):
            gateway.call(lambda at=at: flood(at))
        last = first + count - 1
        until(lambda: trader.quote("MNQ") and trader.quote("MNQ").volume == last)
        gc.collect()
        return len(gc.get_objects()), len(os.listdir("/proc/self/fd"))

    some(0, 10_000)
    objects, descriptors = some(10_000, 10_000)
    objects_later, descriptors_later = some(20_000, 50_000)
    assert objects_later - objects < 5000
    assert descriptors_later == descriptors
    assert stream.merged > 0
