"""The guard beside the program: it sends nothing while an order is on its way."""

import asyncio
import threading

import pytest
from conftest import ACCOUNT, held
from realtime_scene import until
from test_guard import CLOSE, PLACE, counted
from test_state_trader import entered, proven, waiting

from fastorder.acts.looks import look
from fastorder.simulator import Fault
from fastorder.trader import guarding

SLOW = {"delay_s": 0.5}
"""So that an answer is not there yet when the guard looks; an early look is no harm."""


def own_stop(trader):
    return trader.executor.place_stop_order(
        "MNQ", "SELL", 1, ACCOUNT, stop_price=20_000
    )


async def until_safe(guard, reasons):
    """Until the guard has waited at least once, and the danger is over."""
    end = asyncio.get_running_loop().time() + 20
    while not reasons or guard.dangers:
        assert asyncio.get_running_loop().time() < end, (reasons, guard.done)
        await asyncio.sleep(0.005)


def waits(guard, monkeypatch):
    """Why the guard has sent nothing, as it comes to it."""
    reasons, ended = [], guard._ended

    def heard(danger, ticket):
        if not ticket._value().results:
            reasons.append(ticket._value().why)
        ended(danger, ticket)

    monkeypatch.setattr(guard, "_ended", heard)
    return reasons


@pytest.mark.parametrize("act", ["stop", "close"])
@pytest.mark.parametrize("is_answered", [False, True])
def test_an_order_that_leaves_while_the_guard_reads_is_waited_for(
    gateway, run, monkeypatch, act, is_answered
):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            mine = []

            def read_then_place(desk, until_ns):
                sight = yield from look(desk, until_ns)
                if not mine:
                    mine.append(own_stop(trader))
                    if is_answered:
                        yield mine[0]
                return sight

            monkeypatch.setattr(guarding, "look", read_then_place)
            await trader.buy("MNQ", 1)
            gateway.faults.add(Fault(PLACE, **SLOW))
            ticks = {"stop_ticks": 40} if act == "stop" else {}
            guard = trader.protect("MNQ", within_ms=20, act=act, **ticks)
            reasons = waits(guard, monkeypatch)
            await until_safe(guard, reasons)
            await mine[0]
            assert guard.done == []
            assert counted(gateway, PLACE) == 2
            assert counted(gateway, CLOSE) == 0
            assert held(gateway) == 1
            (stop,) = trader.state.working
            assert stop.id == mine[0].order_id

    run(day())


def test_no_close_follows_a_refused_stop_while_another_one_is_on_its_way(
    gateway, run, monkeypatch
):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            await trader.buy("MNQ", 1)
            refused = {"effect": "none", "reply": "code", "error_code": 2}
            gateway.faults.add(Fault(PLACE, **refused), Fault(PLACE, **SLOW))
            guard = trader.protect("MNQ", within_ms=20, act="stop", stop_ticks=40)
            reasons, mine = waits(guard, monkeypatch), []
            place_stop = guard._place_stop

            def place_both(*given):
                ticket = place_stop(*given)
                if not mine:
                    mine.append(own_stop(trader))
                return ticket

            monkeypatch.setattr(guard, "_place_stop", place_both)
            await until_safe(guard, reasons)
            assert (await mine[0]).success
            assert guard.done == []
            assert counted(gateway, CLOSE) == 0
            assert held(gateway) == 1

    run(day())


def test_no_stop_is_placed_while_a_close_is_on_its_way(gateway, run, monkeypatch):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            await trader.buy("MNQ", 1)
            mine = []

            def read_then_close(desk, until_ns):
                sight = yield from look(desk, until_ns)
                if not mine:
                    mine.append(trader.executor.close_position("MNQ", ACCOUNT))
                return sight

            monkeypatch.setattr(guarding, "look", read_then_close)
            gateway.faults.add(Fault(CLOSE, **SLOW))
            guard = trader.protect("MNQ", within_ms=20, act="stop", stop_ticks=40)
            await until_safe(guard, waits(guard, monkeypatch))
            await mine[0]
            assert guard.done == []
            assert counted(gateway, PLACE) == 1
            assert trader.state.working == []

    run(day())


def test_the_guard_of_a_blocking_trader_waits_for_the_programs_order(
    gateway, monkeypatch
):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        has_read = threading.Event()

        def read_then_wait(desk, until_ns):
            sight = yield from look(desk, until_ns)
            if not has_read.is_set():
                has_read.set()
                until(lambda: trader.executor.intents() or counted(gateway, PLACE) > 1)
            return sight

        monkeypatch.setattr(guarding, "look", read_then_wait)
        trader.buy("MNQ", 1)
        gateway.faults.add(Fault(PLACE, **SLOW))
        guard = trader.protect("MNQ", within_ms=20, act="stop", stop_ticks=40)
        reasons = waits(guard, monkeypatch)
        assert has_read.wait(20)
        mine = own_stop(trader)
        until(lambda: reasons and not guard.dangers, "the guard's wait")
        assert guard.done == []
        assert [each.id for each in trader.state.working] == [mine.order_id]
        assert counted(gateway, PLACE) == 2
