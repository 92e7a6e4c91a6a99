"""Events that are lost without a gap, over real sockets: found, and not relied on."""

import asyncio
import time

import pytest
from test_state_trader import MNQ, entered, proven, waiting

ORDER, TRADE = "GatewayUserOrder", "GatewayUserTrade"
POSITION = "GatewayUserPosition"


def losing(gateway, targets):
    """Events of these targets do not come, until the set is empty."""
    hubs, lost = gateway.hubs, set(targets)
    emit = hubs.emit

    def emit_others(group, target, *given, times=1):
        return 0 if target in lost else emit(group, target, *given, times=times)

    hubs.emit = emit_others
    return lost


LOST = [(TRADE, POSITION), (TRADE, POSITION, ORDER)]


@pytest.mark.parametrize("targets", LOST, ids=["but the order", "all"])
def test_an_order_whose_events_are_lost_is_found_on_a_loop(gateway, run, targets):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            doubts, fills = [], []
            trader.on("unproven", doubts.append)
            trader.on("fill", fills.append)
            lost = losing(gateway, targets)
            order = await trader.buy("MNQ", 1)
            if ORDER not in targets:
                told = [str(step).split(":")[0] async for step in order]
                assert told == ["accepted", "fill", "filled"]
            else:
                fill = await order.filled(timeout=20)
                assert fill.quantity == 1
            lost.clear()
            while not doubts:
                await asyncio.sleep(0.01)
            await proven(trader)
            assert trader.state.positions[MNQ].net == 1
            assert [each.source for each in fills] == ["repair"]

    run(day())


@pytest.mark.parametrize("targets", LOST, ids=["but the order", "all"])
def test_an_order_whose_events_are_lost_is_found_in_plain_code(gateway, targets):
    with waiting(gateway) as trader:
        until_proven(trader)
        doubts = []
        trader.on("unproven", doubts.append)
        lost = losing(gateway, targets)
        order = trader.buy("MNQ", 1)
        assert order
        end = time.monotonic() + 20
        while not doubts:
            assert time.monotonic() < end, "it was not found"
            time.sleep(0.01)
        lost.clear()
        until_proven(trader)
        assert trader.state.positions[MNQ].net == 1
        assert trader.state.order(order.order_id).fill_volume == 1


def until_proven(trader):
    end = time.monotonic() + 20
    while not trader.state.proven:
        assert time.monotonic() < end, trader.state.unproven
        time.sleep(0.005)


def with_arguments(gateway, arguments):
    """Each event of an order, trade or position comes with these arguments."""
    hubs, emit = gateway.hubs, gateway.hubs.emit

    def emit_so(group, target, *given, times=1):
        if target in (ORDER, TRADE, POSITION):
            given = arguments
        return emit(group, target, *given, times=times)

    hubs.emit = emit_so


SHAPES = [(), (None,), ("x",), (5,), ([],), ([[]],), ([None],), (5, None)]


@pytest.mark.parametrize("arguments", SHAPES, ids=repr)
def test_an_event_that_holds_no_row_leaves_the_state_unproven(gateway, run, arguments):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            doubts = []
            trader.on("unproven", doubts.append)
            with_arguments(gateway, arguments)
            await trader.buy("MNQ", 1)
            while not doubts:
                await asyncio.sleep(0.005)
            assert "must hold rows" in doubts[0].why
            while not trader.state.positions:
                await asyncio.sleep(0.005)

    run(day())
