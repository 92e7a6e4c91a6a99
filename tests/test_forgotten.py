"""What is forgotten open is collected: its sockets, its timer, its journal's lock."""

import asyncio
import gc
import os
import re
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK, _loop_factories, prepared

import fastorder
from fastorder import DespiteUnknown, Outcome, blocking, errors
from fastorder._core.transport.engine import Engine
from fastorder._core.transport.timer_heap import TimerHeap
from fastorder.journal import Journal, read
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
SEARCH = "/api/Order/search"
STALL = Fault(PLACE, reply="stall", times=None)
LOST = [
    Fault(PLACE, reply="hang_up", times=None),
    Fault(SEARCH, effect="none", reply="status", times=None),
]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def buy(executor, **options):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, **options)


# ---------------------------------------------------------------- what it was doing


async def nothing(executor, gateway):
    """It was made, and never used."""


async def warm(executor, gateway):
    """It keeps connections open."""
    await executor.connect(2)


async def answered(executor, gateway):
    """An order was answered; its outcome may not be committed yet."""
    await buy(executor)


async def on_its_way(executor, gateway):
    """An order has left, and nobody waits."""
    gateway.faults.add(STALL)
    buy(executor)
    await asyncio.sleep(0.05)


async def awaited(executor, gateway):
    """An order has left, and a task waits that nobody cancels."""
    gateway.faults.add(STALL)
    gateway.tasks = [asyncio.ensure_future(buy(executor))]
    await asyncio.sleep(0.05)


async def waiting_for_a_connection(executor, gateway):
    """More orders than connections."""
    gateway.faults.add(STALL)
    for _ in range(70):
        buy(executor)


async def in_doubt(executor, gateway):
    """An order's outcome is unknown, and it is looked up again later."""
    gateway.faults.add(*LOST)
    result = await buy(executor)
    assert result.outcome is Outcome.UNKNOWN


async def wanted_in_spite_of_a_doubt(executor, gateway):
    """An order in doubt, and one more."""
    await in_doubt(executor, gateway)
    tags = tuple(ticket.tag for ticket in executor.intents())
    buy(executor, despite=DespiteUnknown(tags, "a test"))
    await asyncio.sleep(0.05)


async def logged_in(executor, gateway):
    """The token is renewed in time."""
    await executor.login("trader1", API_KEY)


async def retrying(executor, gateway):
    """A read is tried again later."""
    gateway.faults.add(Fault("*", effect="none", reply="status", times=None))
    gateway.tasks = [asyncio.ensure_future(executor.open_orders(ACCOUNT))]
    await asyncio.sleep(0.05)


async def looked_for(executor, gateway):
    """Orders that were told absent are looked for again, late in the day."""
    executor._engine.wake_at(1 << 62, executor._dispatcher.late_arrivals)


SITUATIONS = [
    nothing,
    warm,
    answered,
    on_its_way,
    awaited,
    waiting_for_a_connection,
    in_doubt,
    wanted_in_spite_of_a_doubt,
    logged_in,
    retrying,
    looked_for,
]


def open_files():
    """The descriptors of this process, by what they are."""
    return sorted(
        os.readlink(f"/proc/self/fd/{fd}").split(":")[0]
        for fd in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{fd}")
    )


def own_files(gateway):
    """Those that are not the gateway's ends of connections, in the same process."""
    gateway.call(lambda: None)
    return [name for name in open_files() if name != "socket"]


_earlier = []


@pytest.fixture(autouse=True)
def others():
    """What is there already is left out: pytest keeps what a failed test held."""
    _earlier.extend(alive())
    yield
    _earlier.clear()


def alive():
    return [thing for thing in gc.get_objects() if isinstance(thing, Engine)]


def engines():
    """Those of this test that nothing collects.

    What one collection ends may let go of more, and one is nothing while the gateway's
    thread is at its own: CPython has one at a time.
    """
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        gc.collect()
        found = [each for each in alive() if not any(each is was for was in _earlier)]
        if not found:
            break
        time.sleep(0.01)
    return found


def failing_run(factory, gateway, situation, journal, **options):
    """A program that fails with an executor open; its loop is closed, as by run()."""

    async def main():
        executor = fastorder.OrderExecutor(
            gateway.base_url, retry=QUICK, journal=journal, **options
        )
        prepared(executor, gateway)
        await situation(executor, gateway)
        raise ZeroDivisionError

    loop = factory()
    try:
        loop.run_until_complete(main())
    except ZeroDivisionError:
        pass
    finally:
        loop.close()


@pytest.fixture(params=["asyncio", "uvloop"])
def factory(request):
    return _loop_factories()[request.param]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_a_forgotten_executor_leaves_nothing_open(
    factory, gateway, situation, tmp_path
):
    failing_run(factory, gateway, nothing, tmp_path / "first.db")
    assert engines() == []
    before = own_files(gateway) if sys.platform.startswith("linux") else None
    failing_run(factory, gateway, situation, tmp_path / "orders.db")
    gateway.tasks = None
    assert engines() == []
    if before is not None:
        assert own_files(gateway) == before
    Journal(tmp_path / "orders.db").close()


@pytest.mark.parametrize("situation", [in_doubt, on_its_way, warm])
def test_its_journal_is_free_once_the_program_has_failed(
    factory, gateway, situation, tmp_path
):
    """Whoever opens it next does not depend on when the collector comes by itself."""
    gc.disable()
    try:
        failing_run(factory, gateway, situation, tmp_path / "orders.db")
        Journal(tmp_path / "orders.db").close()
    finally:
        gc.enable()


def test_one_that_goes_before_its_loop_does_frees_its_journal_for_the_next(
    factory, gateway, tmp_path
):
    """Its loop keeps it until it is closed; after that the next journal has it."""

    async def main():
        executor = fastorder.OrderExecutor(
            gateway.base_url, retry=QUICK, journal=tmp_path / "orders.db"
        )
        await in_doubt(prepared(executor, gateway), gateway)

    gc.disable()
    try:
        loop = factory()
        loop.run_until_complete(main())
        loop.close()
        Journal(tmp_path / "orders.db").close()
    finally:
        gc.enable()


def test_what_is_under_way_goes_on_without_its_executor(run, connect, gateway):
    async def main():
        gateway.faults.add(Fault(PLACE, delay_s=0.1))
        ticket = buy(connect())
        gc.collect()
        return await ticket

    assert run(main()).success


@pytest.mark.parametrize("situation", ["unused", "used", "in doubt"])
def test_a_forgotten_blocking_executor_leaves_nothing_open(
    gateway, situation, tmp_path
):
    def forget():
        executor = prepared(
            blocking.OrderExecutor(
                gateway.base_url, retry=QUICK, journal=tmp_path / "orders.db"
            ),
            gateway,
        )
        if situation == "in doubt":
            gateway.faults.add(*LOST)
        if situation != "unused":
            buy(executor)

    gc.disable()
    try:
        forget()
        Journal(tmp_path / "orders.db").close()
    finally:
        gc.enable()
    assert engines() == []


def test_one_that_another_thread_has_forgotten_is_collected(gateway, tmp_path):
    def forget():
        executor = blocking.OrderExecutor(
            gateway.base_url, retry=QUICK, journal=tmp_path / "orders.db"
        )
        gateway.faults.add(*LOST)
        buy(prepared(executor, gateway))
        kept.append(executor)

    kept = []
    thread = threading.Thread(target=forget)
    thread.start()
    thread.join()
    kept.clear()
    Journal(tmp_path / "orders.db").close()
    assert engines() == []


def test_a_fork_leaves_the_sockets_to_its_parent(gateway, trader):
    assert buy(trader).success
    child = os.fork()
    if child == 0:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trader._engine.__del__()  # as the collector would
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    before = gateway.connections
    assert buy(trader).success
    assert gateway.connections == before


# ---------------------------------------------------------------- closed afterwards


@pytest.mark.parametrize("way", ["aclose", "close"])
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_an_executor_is_closed_once_its_loop_has_ended(
    factory, gateway, situation, way, tmp_path
):
    told = []

    async def main():
        executor = fastorder.OrderExecutor(
            gateway.base_url,
            retry=QUICK,
            journal=tmp_path / "orders.db",
            on_unknown=told.append,
        )
        await situation(prepared(executor, gateway), gateway)
        return executor

    loop = factory()
    executor = loop.run_until_complete(main())
    loop.close()
    under_way = [ticket for ticket in executor.intents() if not ticket.settled]
    if way == "aclose":
        asyncio.run(executor.aclose())
    else:
        executor.close()
    assert executor.closed
    assert all(ticket.settled for ticket in under_way)
    assert {result.tag for result in told} == {
        ticket.tag for ticket in under_way if ticket.result.outcome is Outcome.UNKNOWN
    }
    Journal(tmp_path / "orders.db").close()
    for entry in read(tmp_path / "orders.db"):
        assert entry.outcome is not None  # none was left without a word
    executor.close()  # once more is nothing
    gateway.tasks = None


def test_one_whose_loop_is_open_is_closed_there_alone(run, connect):
    async def main():
        executor = connect()
        await executor.connect()
        with pytest.raises(errors.ExecutorMisuse, match="await aclose"):
            executor.close()
        assert not executor.closed
        await executor.aclose()

    run(main())


def test_one_whose_loop_is_open_is_closed_from_no_other(factory, connect):
    executor = connect()
    loop = factory()
    loop.run_until_complete(executor.connect())
    with pytest.raises(errors.ExecutorMisuse, match="another one"):
        asyncio.run(executor.aclose())
    loop.run_until_complete(executor.aclose())
    loop.close()
    assert executor.closed


def test_one_that_was_never_used_is_closed_anywhere(connect):
    executor = connect()
    executor.close()
    assert executor.closed


def test_a_blocking_one_is_closed_once_its_thread_has_ended(gateway, tmp_path):
    executor = prepared(
        blocking.OrderExecutor(
            gateway.base_url, retry=QUICK, journal=tmp_path / "orders.db"
        ),
        gateway,
    )
    gateway.faults.add(*LOST)
    thread = threading.Thread(target=buy, args=(executor,))
    thread.start()
    thread.join()
    executor.close()
    (ticket,) = executor.intents()
    assert ticket.result.outcome is Outcome.UNKNOWN
    Journal(tmp_path / "orders.db").close()


def test_a_blocking_one_whose_thread_goes_on_is_closed_from_no_other(gateway):
    executor = prepared(blocking.OrderExecutor(gateway.base_url), gateway)
    used, end = threading.Event(), threading.Event()

    def work():
        buy(executor)
        used.set()
        end.wait()
        executor.close()

    thread = threading.Thread(target=work)
    thread.start()
    used.wait()
    with pytest.raises(errors.ExecutorMisuse, match="thread"):
        executor.close()
    assert not executor.closed
    end.set()
    thread.join()
    assert executor.closed


# ---------------------------------------------------------------- the heap


def test_the_collector_sees_what_waits_in_a_timer_heap():
    class Waiting:
        pass

    heap, waiting = TimerHeap(), Waiting()
    for due in range(50):
        heap.add(due, Waiting())
        heap.take_due(due - 10)
    heap.add(7, waiting)
    assert waiting in gc.get_referents(*gc.get_referents(heap))
    while heap.take_due(1000) is not None:
        pass
    assert gc.get_referents(*gc.get_referents(heap)) == [None] * len(
        gc.get_referents(*gc.get_referents(heap))
    )


# ---------------------------------------------------------------- and no more of it

SOURCES = Path(__file__).parent.parent / "fastorder"  # a wheel holds none
OWNERS = {
    "_core/codec/public_name.pxd": "a docstring of a class that never goes",
    "matching/_public_name.pxd": "the same, of the compiled exchange",
    "marketdata/_columns.pyx": "what Arrow is given, until Arrow releases it",
}
"""Where a reference is counted by hand, and what for."""

UNTRACKED = {
    "fastorder._core.codec.market_events.DepthRow",
    "fastorder._core.codec.market_events.MarketRow",
    "fastorder._core.codec.market_events.MarketTrade",
    "fastorder._core.codec.market_events.Quote",
    "fastorder._core.codec.order.OrderRequest",
    "fastorder._core.codec.response.Reply",
    "fastorder._core.flow.classify.Answer",
    "fastorder._core.flow.protocol.Send",
    "fastorder._core.flow.result.OrderResult",
    "fastorder._core.transport.evidence.Evidence",
}
"""They hold values, none of which can lead back to an executor."""


def test_references_are_counted_by_hand_where_the_collector_need_not_look():
    """One in C memory keeps whatever it leads to, and cannot be followed."""
    by_hand = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.p[yx]*")
        if path.suffix in (".py", ".pyx", ".pxd")
        and re.search(r"Py_(INCREF|XINCREF|NewRef)\b", path.read_text())
    }
    assert by_hand == set(OWNERS)


def test_the_collector_is_kept_from_classes_of_values_alone():
    untracked = {
        f"{path.relative_to(SOURCES.parent).with_suffix('').as_posix()}.{name}"
        for path in SOURCES.rglob("*.pyx")
        for name in re.findall(
            r"^@cython\.no_gc\b.*\n(?:@.*\n)*cdef class (\w+)", path.read_text(), re.M
        )
    }
    assert {name.replace("/", ".") for name in untracked} == UNTRACKED
