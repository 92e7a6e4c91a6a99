"""What lessens risk where the request budget is full: its looks have room, too."""

import asyncio
import contextlib
import threading

import pytest
from canary import API_KEY
from conftest import ACCOUNT, held, prepared
from test_acts import Facade, working

import fastorder
from fastorder import Budgets, Lane, Outcome, blocking
from fastorder.simulator import Fault

POSITIONS = "/api/Position/searchOpen"
SMALL = Budgets(requests=40, history_requests=5)
"""Room for 28 reads, 32 orders, 36 look-ups, 39 looks of acts and 40 closes."""


class Budgeted(Facade):
    """One that shows what its budgets have left."""

    def left(self, lane):
        return self.executor.budgets.lanes[lane].left


@pytest.fixture(params=["async", "blocking"])
def open_desk(request, gateway):
    facades = []

    def make(budgets):
        facades.append(Budgeted(request.param, gateway, budgets=budgets))
        return facades[-1]

    yield make
    for facade in facades:
        facade.end()


def resting(desk):
    return desk.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000).order_id


def fill_up(desk, lane):
    """Spend the budget up to what a lane may use, as a day of trading does."""
    numbers = [resting(desk) for _ in range(5 if lane is Lane.LESSENING else 0)]
    while desk.left(Lane.READS):
        desk.positions(ACCOUNT)
    while desk.left(Lane.PLACES):
        numbers.append(resting(desk))
    while desk.left(lane):
        desk.cancel_order(numbers.pop(), ACCOUNT)


@pytest.fixture
def small(open_desk):
    return open_desk(SMALL)


def test_flatten_closes_where_look_ups_have_no_room(small, gateway):
    assert small.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    fill_up(small, Lane.LOOK_UPS)
    report = small.flatten(ACCOUNT, deadline=1)
    assert held(gateway) == 0
    assert [step.result.outcome for step in report.steps] == [Outcome.ACCEPTED]
    assert not report  # the room for three looks is not there
    assert "waited for room in the request budget, " in report.why
    assert "on its way" not in report.why


def test_cancel_all_cancels_where_look_ups_have_no_room(small, gateway):
    resting(small)
    fill_up(small, Lane.LOOK_UPS)
    report = small.cancel_all(ACCOUNT, deadline=1)
    assert working(gateway) == 0
    assert not report
    assert "waited for room in the request budget, " in report.why


def test_looks_leave_room_to_a_close(small, gateway):
    """An act that is in doubt for long takes no close the last of its room."""
    assert small.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    fill_up(small, Lane.LOOK_UPS)
    lists_nothing = b'{"positions":[],"success":true,"errorCode":0}'
    gateway.faults.add(Fault(POSITIONS, reply="body", body=lists_nothing, times=None))
    assert not small.flatten(ACCOUNT, deadline=3)
    assert held(gateway) == 1
    assert small.close_position("MNQ", ACCOUNT).success
    assert held(gateway) == 0


def test_a_look_that_waits_does_not_leave_once_the_act_has_ended(small, gateway):
    fill_up(small, Lane.LESSENING)
    seen = len(gateway.ledger.requests())
    report = small.flatten(ACCOUNT, deadline=0.2)
    assert "waited for room in the request budget, 0." in report.why
    assert not any(each.waiting for each in small.executor.budgets.lanes.values())
    assert len(gateway.ledger.requests()) == seen


def test_a_close_that_waits_for_room_is_told_as_waiting(small, gateway):
    assert small.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    fill_up(small, Lane.LESSENING)
    report = small.close_out("MNQ", ACCOUNT, deadline=0.2)
    (step,) = report.steps
    assert step.result.outcome is Outcome.UNKNOWN
    assert "waiting for room in the request budget for 0." in step.result.error
    assert held(gateway) == 1


def test_a_flatten_is_proved_where_look_ups_have_no_room(open_desk, gateway):
    desk = open_desk(Budgets())
    assert desk.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    fill_up(desk, Lane.LOOK_UPS)
    assert desk.executor.budgets.used == 180
    report = desk.flatten(ACCOUNT, deadline=30)
    assert report.verified, report.why
    assert held(gateway) == 0


# ------------------------------------------------------------ before all that waits

QUERY, READ = "/api/Order/v2/query", "/api/Account/search"
CLOSE, CANCEL = "/api/Position/closeContract", "/api/Order/cancel"
FIRST = {POSITIONS.lower(), QUERY.lower()}
"""What a flatten asks first."""
DONE = {CLOSE.lower(), CANCEL.lower()}


def trader_of(kind, gateway, budgets):
    """A trader without limits, so that it reads nothing of its own."""
    return kind(
        gateway.base_url, user_name="trader1", api_key=API_KEY, account="PRAC",
        symbols=["MNQ"], journal=False, realtime=False, risk=False, budgets=budgets,
    )  # fmt: skip


def queued(executor):
    """Reads until none has room, and 200 more, which wait."""
    left = executor.budgets.lanes[Lane.READS].left
    reads = [executor.accounts() for _ in range(left + 200)]
    assert executor.budgets.lanes[Lane.READS].waiting == 200
    return reads


async def ended(reads):
    await asyncio.gather(*(ended_one(read) for read in reads))


async def ended_one(read):
    with contextlib.suppress(fastorder.FastOrderError):
        await read


async def until_seen(gateway, reads):
    while len(gateway.ledger.requests(READ)) < reads:
        await asyncio.sleep(0.005)


@contextlib.contextmanager
def others_reads(gateway, budgets):
    """Another executor's reads on the same budget, from a loop in a thread."""
    waiting, done = threading.Event(), threading.Event()

    async def scene():
        executor = fastorder.OrderExecutor(gateway.base_url, budgets=budgets)
        seen = len(gateway.ledger.requests(READ))
        reads = queued(prepared(executor, gateway))
        await until_seen(gateway, seen + len(reads) - 200)
        waiting.set()
        while not done.is_set():
            await asyncio.sleep(0.005)
        still = executor.budgets.lanes[Lane.READS].waiting
        await executor.aclose(drain=0)
        await ended(reads)
        assert still == 200

    thread = threading.Thread(target=lambda: asyncio.run(scene()))
    thread.start()
    try:
        assert waiting.wait(60)
        yield
    finally:
        done.set()
        thread.join()


def came_first(gateway, seen):
    """What came after so many requests: the looks, then what they call for."""
    later = [each.endpoint for each in gateway.ledger.requests()[seen:]]
    assert set(later[:2]) == FIRST
    assert set(later[2:4]) == DONE
    assert READ.lower() not in later


def test_a_flatten_goes_before_200_reads_that_wait(gateway):
    async def scene():
        budgets = Budgets(seconds=600)  # none gets room while the test lasts
        async with trader_of(fastorder.Trader, gateway, budgets) as trader:
            assert await trader.buy("MNQ", 1)
            assert await trader.buy("MNQ", 1, limit=20_000)
            before = len(gateway.ledger.requests(READ))
            reads = queued(trader.executor)
            await until_seen(gateway, before + len(reads) - 200)
            seen = len(gateway.ledger.requests())
            report = await trader.flatten(deadline=5)
            assert trader.executor.budgets.lanes[Lane.READS].waiting == 200
            came_first(gateway, seen)
            assert {each.result.outcome for each in report.steps} == {Outcome.ACCEPTED}
            await trader.aclose(drain=0)
            await ended(reads)

    asyncio.run(scene())
    assert held(gateway) == 0


def test_a_blocking_flatten_goes_before_200_reads_that_wait(gateway, tmp_path):
    """A blocking trader has no reads that wait beside it: those of another program."""
    budgets = Budgets(seconds=600, shared=True, path=tmp_path / "budgets.sqlite")
    with trader_of(blocking.Trader, gateway, budgets) as trader:
        assert trader.buy("MNQ", 1)
        assert trader.buy("MNQ", 1, limit=20_000)
        with others_reads(gateway, budgets):
            seen = len(gateway.ledger.requests())
            report = trader.flatten(deadline=5)
            came_first(gateway, seen)
    assert {each.result.outcome for each in report.steps} == {Outcome.ACCEPTED}
    assert held(gateway) == 0
