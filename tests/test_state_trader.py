"""A trader's state against the simulator, in both facades: fills, lives, gaps."""

import asyncio
from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK
from realtime_scene import until

import fastorder
from fastorder import blocking
from fastorder.errors import RealtimeUnavailable
from fastorder.simulator import Fault, corrections

MNQ = "CON.F.US.MNQ.Z26"


def options(gateway, **more):
    given = {
        "user_name": "trader1",
        "api_key": API_KEY,
        "account": ACCOUNT,
        "journal": False,
        "retry": QUICK,
        "symbols": ["MNQ"],
    }
    return {**given, **more}


def entered(gateway, **more):
    trader = fastorder.Trader(gateway.base_url, **options(gateway, **more))
    trader.settle_s = 0
    return trader


def waiting(gateway, **more):
    trader = blocking.Trader(gateway.base_url, **options(gateway, **more))
    trader.settle_s = 0
    return trader


async def proven(trader, limit_s=20):
    end = asyncio.get_running_loop().time() + limit_s
    while not trader.state.proven:
        assert asyncio.get_running_loop().time() < end, trader.state.unproven
        await asyncio.sleep(0.005)


def requests(gateway, path):
    return len(gateway.ledger.requests(path))


def drop(gateway):
    gateway.call(lambda: [each.abort() for each in list(gateway.hubs.connections)])


def test_a_fill_is_told_by_event_and_nothing_is_read(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            order = await trader.buy("MNQ", 2)
            asked = requests(gateway, "/api/Order/searchById")
            fill = await order.filled(timeout=20)
            assert fill.quantity == 2
            assert fill.state.name == "FILLED"
            assert requests(gateway, "/api/Order/searchById") == asked
            assert trader.state.positions[MNQ].size == 2
            assert trader.state.order(order.order_id).fill_volume == 2

    run(day())


def test_a_life_is_told_to_its_end_with_the_legs(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            order = await trader.buy("MNQ", 1, stop_loss_ticks=40, take_profit_ticks=80)
            told, price = [], None
            async for step in order:
                told.append(str(step).split(":")[0])
                if (
                    told.count("filled")
                    and {"stop working", "target working"} <= set(told)
                    and price is None
                ):
                    price = (
                        step.order.limit_price
                        or trader.state.legs(order.order_id)[1].limit_price
                    )
                    await asyncio.to_thread(gateway.set_price, MNQ, price + 10)
            assert told[0] == "accepted"
            assert set(told) == {
                "accepted",
                "fill",
                "filled",
                "stop working",
                "target working",
                "target fill",
                "target filled",
                "stop cancelled",
            }
            assert len(told) == 8
            assert trader.state.positions == {}

    run(day())


def test_what_happens_in_a_gap_is_told_once_it_is_over(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            before = await trader.buy("MNQ", 1)  # its events are heard after the proof
            await before.filled(timeout=20)
            gaps, synced, fills = [], [], []
            trader.state.on_gap(gaps.append)
            trader.state.on_synced(synced.append)
            trader.state.on("fill", fills.append)
            gateway.hubs.faults.refuse = 503
            await asyncio.to_thread(drop, gateway)
            while not gaps:
                await asyncio.sleep(0.005)
            order = await trader.buy("MNQ", 1)
            fill = await order.filled(timeout=20)
            assert fill.quantity == 1
            assert not trader.state.proven
            assert fills == []
            gateway.hubs.faults.refuse = 0
            asked = len(gateway.ledger.requests())
            await proven(trader)
            assert (
                len(gateway.ledger.requests()) - asked == 5
            )  # at once: one round trip
            assert [each.source for each in fills] == ["repair"]
            assert [each.order_id for each in synced[-1].missed_fills] == [
                order.order_id
            ]
            assert trader.state.positions[MNQ].size == 2

    run(day())


def test_an_order_in_doubt_is_resolved_by_its_event(gateway, run):
    async def day():
        retry = fastorder.RetryPolicy(base_delay=30)
        async with entered(gateway, retry=retry) as trader:
            await proven(trader)
            gateway.faults.add(Fault("/api/Order/place", reply="reset"))
            order = await asyncio.wait_for(trader.buy("MNQ", 1), 20)
            assert order.success
            assert "an event of the user hub shows" in order.result.proof

    run(day())


def test_without_realtime_an_order_is_read(gateway, run):
    async def day():
        async with entered(gateway, realtime=False) as trader:
            order = await trader.buy("MNQ", 1)
            assert (await order.filled(timeout=20)).quantity == 1
            with pytest.raises(RealtimeUnavailable, match="realtime must be on"):
                _ = trader.state
            with pytest.raises(RealtimeUnavailable):
                aiter(order)

    run(day())


def test_open_and_realised_results_are_exact(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            before = trader.state.realised
            bought = await (await trader.buy("MNQ", 2)).filled(20)
            await proven(trader)
            price = bought.average_price + Decimal("2.5")
            assert trader.open_result("MNQ", price) == 10 * Decimal("0.5") * 2
            fees = sum(each.fees for each in trader.state.trades)
            assert trader.state.realised < before
            assert trader.state.realised <= before - fees

    run(day())


def test_a_blocking_trader_has_the_same(gateway):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        order = trader.buy("MNQ", 1, stop_loss_ticks=40, take_profit_ticks=80)
        assert order.filled(timeout=20).quantity == 1
        told = []
        for step in order:
            told.append(str(step).split(":")[0])
            if len(told) == 5:
                target = trader.state.legs(order.order_id)[1].limit_price
                gateway.set_price(MNQ, target + 10)
        assert told[-1] in ("stop cancelled", "target filled")
        assert len(told) == 8
        drop(gateway)
        until(lambda: not trader.state.proven, "the gap")
        until(lambda: trader.state.proven, "the proof again")


def test_a_subscription_that_is_refused_leaves_the_state_unproven(gateway, run):
    async def day():
        trader = entered(gateway)
        async with trader:
            await proven(trader)
            trader.state.refused(
                fastorder.realtime.events.Refused(
                    fastorder.realtime.events.Subscription(
                        "SubscribeOrders", (ACCOUNT,)
                    ),
                    "no",
                )
            )
            assert "SubscribeOrders was refused: no" in trader.state.unproven.why

    run(day())


def test_a_burst_of_unreadable_events_does_not_use_up_the_budget(gateway):
    row = {"id": 7, "accountId": ACCOUNT, "contractId": MNQ, "size": "x"}
    with waiting(gateway) as trader:
        until(lambda: trader.state.live and trader.state.proven)
        for _ in range(200):
            gateway.call(lambda: gateway.hubs.user("Order", ACCOUNT, 1, row))
        until(lambda: trader.state.rows.counts["rows that could not be read"] >= 200)
        assert trader.buy("MNQ", 1).result.success


def fill_part(gateway, order_id):
    """One contract of an order that works is filled."""

    def fill():
        exchange = gateway.gateway.exchange
        account = exchange.accounts[ACCOUNT]
        corrections.fill_part(
            exchange, account, account.working[order_id], 1, Decimal(29500)
        )

    gateway.call(fill)


@pytest.mark.parametrize("timeout", [0, 0.1])
def test_an_order_that_works_when_its_time_is_over_is_told_so(gateway, run, timeout):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            order = await trader.buy("MNQ", 3, limit=20_000)
            fill = await order.filled(timeout=timeout)
            assert (fill.state.name, fill.quantity, fill.why) == ("WORKING", 0, "")
            await asyncio.to_thread(fill_part, gateway, order.order_id)
            while not trader.state.trades_of(order.order_id):
                await asyncio.sleep(0.005)
            await proven(trader)
            fill = await order.filled(timeout=timeout)
            assert (fill.state.name, fill.quantity) == ("PARTLY_FILLED", 1)

    run(day())


@pytest.mark.parametrize("timeout", [0, 0.1])
def test_an_order_of_plain_code_that_works_is_told_so(gateway, timeout):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven)
        order = trader.buy("MNQ", 3, limit=20_000)
        fill = order.filled(timeout=timeout)
        assert (fill.state.name, fill.quantity, fill.why) == ("WORKING", 0, "")
        fill_part(gateway, order.order_id)
        until(lambda: trader.state.trades_of(order.order_id))
        until(lambda: trader.state.proven)
        fill = order.filled(timeout=timeout)
        assert (fill.state.name, fill.quantity) == ("PARTLY_FILLED", 1)


def test_an_order_that_no_event_has_told_yet_is_read_when_its_time_is_over(
    gateway, run
):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            gateway.hubs.emit = lambda *_given, **_times: 0
            order = await trader.buy("MNQ", 1, limit=20_000)
            fill = await order.filled(timeout=0)
            assert (fill.state.name, fill.why) == ("WORKING", "")

    run(day())
