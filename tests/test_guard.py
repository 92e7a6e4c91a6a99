"""The guard: what is dangerous, for how long, and what is done about it, once."""

import asyncio

import pytest
from conftest import ACCOUNT, bought_elsewhere, held
from realtime_scene import until
from test_state_rules import ACCOUNT as MINE
from test_state_rules import MNQ, ORDER, POSITION, TRADE, order, position, trade
from test_state_trader import entered, proven, waiting

import fastorder
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.protection import Watch
from fastorder.simulator import Fault

PLACE, CLOSE = "/api/Order/place", "/api/Position/closeContract"
SECOND = 1_000_000_000


@pytest.fixture
def rows():
    made = AccountRows(MINE)
    made.base = 0
    made.event(TRADE, trade(size=2), 1)
    made.event(POSITION, position(2), 1)
    made.event(ORDER, order(2, 1, size=2, fillVolume=2), 1)
    return made


def stop(number=8, size=2, status=1, side=1, kind=4, **members):
    return order(status, 1, number, type=kind, side=side, size=size, **members)


def told(rows, at_s=10.0):
    watch = Watch(SECOND)
    watch.look(rows, 0, proven=True)
    return [str(each) for each in watch.look(rows, int(at_s * SECOND), proven=True)]


@pytest.mark.parametrize(
    ("leg", "covered"),
    [
        (stop(), 2),
        (stop(kind=5), 2),
        (stop(size=1), 1),
        (stop(status=8), 0),  # suspended
        (stop(status=6), 0),
        (stop(status=3), 0),
        (stop(side=0), 0),
        (stop(kind=1), 0),
        (stop(kind=3), 0),  # may not fill
        (stop(contractId="CON.F.US.EP.Z26"), 0),
    ],
)
def test_what_covers_a_position(rows, leg, covered):
    rows.event(ORDER, leg, 1)
    expected = [] if covered == 2 else [f"{MNQ}: 2 held, stops for {covered}"]
    assert told(rows) == expected


def test_a_danger_is_told_once_after_its_time_and_anew_after_it_was_over(rows):
    watch = Watch(SECOND)
    assert watch.look(rows, 0, proven=True) == []
    assert watch.due_ns == SECOND
    assert watch.look(rows, SECOND - 1, proven=True) == []
    (danger,) = watch.look(rows, SECOND, proven=False)
    assert (danger.since_ns, danger.proven, danger.net) == (0, False, 2)
    assert watch.look(rows, 2 * SECOND, proven=True) == []
    rows.event(ORDER, stop(), 1)
    assert watch.look(rows, 3 * SECOND, proven=True) == []
    assert watch.lasting == {}
    rows.event(ORDER, stop(status=3), 1)
    assert watch.look(rows, 4 * SECOND, proven=True) == []
    assert len(watch.look(rows, 5 * SECOND, proven=True)) == 1


def test_legs_that_outlive_their_position_are_orphans_and_resting_entries_are_not(rows):
    rows.event(ORDER, stop(parentOrderId=7), 1)
    rows.event(ORDER, order(1, 1, 20), 1)  # a resting entry
    rows.event(ORDER, stop(21, parentOrderId=20, status=8), 1)  # its leg
    rows.event(TRADE, trade(2, 2, 2, side=1), 1)
    rows.event(POSITION, position(0), 1)
    assert told(rows) == [f"{MNQ}: flat, and legs work: 8"]


def test_another_contract_is_not_watched(rows):
    watch = Watch(0, frozenset({"CON.F.US.EP.Z26"}))
    assert watch.look(rows, SECOND, proven=True) == []


# ---------------------------------------------------------------- over real sockets


def counted(gateway, path):
    return len(gateway.ledger.requests(path))


async def until_done(guard, count=1):
    async with asyncio.timeout(20) if hasattr(asyncio, "timeout") else Nothing():
        while len(guard.done) < count:
            await asyncio.sleep(0.005)


class Nothing:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *raised):
        return None


def test_it_tells_and_does_nothing_unless_it_may(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            told = []
            guard = trader.protect(within_ms=20, on_alarm=told.append)
            await trader.buy("MNQ", 1)
            while not told:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)
            assert told[0].net == 1
            assert guard.dangers == told
            assert guard.done == []
            assert counted(gateway, CLOSE) == 0

    run(day())


def test_it_closes_what_has_no_stop_once(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect("MNQ", within_ms=20, act="close")
            await asyncio.to_thread(bought_elsewhere, gateway)
            await until_done(guard)
            await proven(trader)
            await asyncio.sleep(0.1)
            assert counted(gateway, CLOSE) == 1
            assert held(gateway) == 0
            assert guard.dangers == []

    run(day())


def test_it_places_a_stop_for_what_is_missing_once(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect(within_ms=20, act="stop", stop_ticks=40)
            order = await trader.buy("MNQ", 3)
            await until_done(guard)
            await asyncio.sleep(0.1)
            (stop,) = [each for each in trader.state.working if each.type == 4]
            entry = trader.state.order(order.order_id).filled_price
            assert (stop.size, entry - stop.stop_price) == (3, 10)
            assert counted(gateway, PLACE) == 2
            assert guard.dangers == []
            await trader.executor.close_position("MNQ", ACCOUNT)
            while not guard.dangers:  # its own stop is left behind
                await asyncio.sleep(0.005)
            assert guard.dangers[0].kind == "orphans"

    run(day())


def test_where_a_stop_is_refused_it_closes(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            await trader.buy("MNQ", 1)
            gateway.faults.add(
                Fault(PLACE, effect="none", reply="code", error_code=2, success=False)
            )
            guard = trader.protect(within_ms=20, act="stop", stop_ticks=40)
            await until_done(guard)
            outcomes = [each.outcome.name for each in guard.done[0].results]
            assert outcomes == ["REJECTED", "ACCEPTED"]
            assert held(gateway) == 0

    run(day())


def test_where_no_stop_may_leave_it_closes(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            await trader.buy("MNQ", 1)
            trader.kill("enough")
            guard = trader.protect(within_ms=20, act="stop", stop_ticks=40)
            await until_done(guard)
            assert [each.action for each in guard.done[0].results] == ["close"]
            assert held(gateway) == 0

    run(day())


def test_a_bracket_is_protection_enough(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect(within_ms=0, act="close")
            await trader.buy("MNQ", 1, stop_loss_ticks=40)
            await asyncio.sleep(0.2)
            assert guard.done == []
            assert held(gateway) == 1

    run(day())


def test_it_cancels_the_legs_of_a_flat_contract(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect(within_ms=20, cancel_orphans=True)
            await trader.buy("MNQ", 1, stop_loss_ticks=40, take_profit_ticks=80)
            await trader.executor.close_position("MNQ", ACCOUNT)
            await until_done(guard)
            assert len(guard.done[0].results) == 2
            await asyncio.sleep(0.05)
            assert trader.state.working == []

    run(day())


def test_it_does_not_act_on_what_a_read_does_not_show(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            gateway.faults.add(
                Fault(
                    "/api/Position/searchOpen",
                    reply="body",
                    body=b'{"positions":[],"success":true,"errorCode":0}',
                    times=None,
                )
            )
            guard = trader.protect(within_ms=20, act="close")
            await trader.buy("MNQ", 1)
            while not guard.dangers:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.1)
            assert guard.done == []
            assert counted(gateway, CLOSE) == 0

    run(day())


def test_a_guard_that_was_stopped_does_nothing(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect(within_ms=20, act="close")
            guard.stop()
            await trader.buy("MNQ", 1)
            await asyncio.sleep(0.1)
            assert guard.done == []
            assert held(gateway) == 1

    run(day())


def test_a_blocking_trader_is_guarded_too(gateway):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        guard = trader.protect(within_ms=20, act="close")
        trader.buy("MNQ", 1)
        until(lambda: guard.done, "the close")
        until(lambda: held(gateway) == 0, "flat")
        assert counted(gateway, CLOSE) == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"within_ms": -1}, InvalidField),
        ({"within_ms": "1"}, WrongFieldType),
        ({"act": "hope"}, InvalidField),
        ({"act": "stop"}, InvalidField),
        ({"stop_ticks": 40}, InvalidField),
        ({"act": "stop", "stop_ticks": 3}, InvalidField),
        ({"act": "stop", "stop_ticks": 40.0}, WrongFieldType),
        ({"on_alarm": 7}, WrongFieldType),
        ({"cancel_orphans": 1}, WrongFieldType),
        ({"symbol": "ZZZ"}, fastorder.errors.UnknownSymbol),
    ],
    ids=str,
)
def test_a_wrong_argument_is_told(gateway, given, error):
    with waiting(gateway) as trader, pytest.raises(error):
        trader.protect(**given)
