"""Waiting for a ticket: the answer wakes whoever waits, whatever else is ready."""

import asyncio
import contextvars
import gc
import time
from asyncio.tasks import _PyTask

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder._core.transport.waiter import Waiter, WakeUps
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
LATE = Fault(PLACE, delay_s=0.05, times=None)
"""Late enough that the task is waiting when the answer comes."""


@pytest.fixture
def late(gateway):
    """Every answer to an order comes while its task waits."""
    gateway.faults.add(LATE)


def buy(executor):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)


def test_nothing_that_is_ready_runs_between_an_answer_and_its_task(run, connect, late):
    moments = []

    async def main():
        loop = asyncio.get_running_loop()

        def flood():
            moments.append(time.monotonic_ns())
            loop.call_soon(flood)

        async with connect() as executor:
            await executor.connect()
            flood()
            result = await buy(executor)
            return result.timing.parsed, time.monotonic_ns()

    parsed, woken = run(main())
    assert not [moment for moment in moments if parsed < moment < woken]
    assert len(moments) > 2


def test_everybody_who_waits_for_one_ticket_is_woken(run, connect, late):
    async def main():
        async with connect() as executor:
            ticket = buy(executor)

            async def wait():
                return await ticket

            return await asyncio.gather(*(wait() for _ in range(5)), ticket)

    results = run(main())
    assert len(results) == 6
    assert all(result is results[0] and result.success for result in results)


def test_what_one_task_raises_keeps_no_other_asleep(run, connect, late):
    async def main():
        async with connect() as executor:
            ticket = buy(executor)

            async def fail():
                await ticket
                raise LookupError("of the task's own")

            async def wait():
                return await ticket

            return await asyncio.gather(fail(), wait(), return_exceptions=True)

    error, result = run(main())
    assert isinstance(error, LookupError)
    assert result.success


def test_an_exit_leaves_the_loop_and_the_others_are_woken_later(connect, late):
    loop = asyncio.SelectorEventLoop()
    woken = []

    async def leave(ticket):
        await ticket
        raise SystemExit(3)

    async def wait(ticket):
        woken.append(await ticket)

    async def main():
        ticket = buy(executor)
        await asyncio.wait([loop.create_task(act(ticket)) for act in (leave, wait)])

    executor = connect()
    with pytest.raises(SystemExit):
        loop.run_until_complete(main())
    assert woken == []
    loop.run_until_complete(asyncio.sleep(0))
    assert woken[0].success
    loop.run_until_complete(executor.aclose())
    loop.close()


def test_a_woken_task_places_the_next_order_and_closes(run, connect, gateway, late):
    async def main():
        executor = connect()
        results = [await buy(executor) for _ in range(3)]
        await executor.aclose()
        return results

    assert all(result.success for result in run(main()))
    assert len(gateway.ledger.placements()) == 3


def test_a_cancelled_wait_ends_with_its_message(run, connect, late):
    async def main():
        async with connect() as executor:
            ticket = buy(executor)
            task = asyncio.ensure_future(ticket)
            await asyncio.sleep(0)
            assert "Waiter pending" in repr(task)
            assert task.cancel("no longer wanted")
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert (await ticket).success
            return caught.value

    assert str(run(main())) in ("no longer wanted", "")  # 3.10 keeps it in the chain


def test_a_task_cancelled_by_one_that_was_woken_first_is_cancelled(run, connect, late):
    async def main():
        async with connect() as executor:
            ticket = buy(executor)

            async def wait():
                await ticket

            async def cancel():
                await ticket
                waiting.cancel()

            first = asyncio.create_task(cancel())
            waiting = asyncio.create_task(wait())
            await asyncio.wait([first, waiting])
            return waiting.cancelled()

    assert run(main())


def test_context_variables_outlast_a_wait(run, connect, late):
    name = contextvars.ContextVar("name")

    async def main():
        async with connect() as executor:

            async def wait(value):
                name.set(value)
                await buy(executor)
                return name.get()

            return await asyncio.gather(wait("a"), wait("b"))

    assert run(main()) == ["a", "b"]


def test_a_task_written_in_python_can_wait_too(connect, late):
    loop = asyncio.SelectorEventLoop()
    loop.set_task_factory(lambda loop, coro, **given: _PyTask(coro, loop=loop, **given))

    async def main():
        async with connect() as executor:
            return await buy(executor)

    assert loop.run_until_complete(main()).success
    loop.close()


def test_a_waiter_is_what_asyncio_asks_of_a_future():
    loop = asyncio.SelectorEventLoop()
    waiter = Waiter(WakeUps(loop))
    called = []
    waiter.add_done_callback(called.append)
    waiter.add_done_callback(print)
    assert asyncio.isfuture(waiter)
    assert waiter.get_loop() is loop
    assert waiter.remove_done_callback(print) == 1
    with pytest.raises(asyncio.InvalidStateError):
        waiter.result()
    assert waiter.cancel("why")
    assert not waiter.cancel()
    assert waiter.done()
    assert waiter.cancelled()
    with pytest.raises(asyncio.CancelledError, match="why"):
        waiter.exception()
    waiter.add_done_callback(called.append)
    loop.run_until_complete(asyncio.sleep(0))
    assert called == [waiter, waiter]
    loop.close()


WAYS_TO_STOP = ["cancelled", "timed out", "closed"]


@pytest.mark.parametrize("way", WAYS_TO_STOP)
@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_wait_that_has_ended_is_nothing_to_an_open_ticket(
    run, connect, gateway, way, others
):
    """A program that looks after an order every second may do so for hours."""
    gateway.faults.add(Fault(PLACE, delay_s=3600, times=None))

    async def wait(ticket):
        return await ticket

    async def stop(ticket):
        if way == "timed out":
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ticket, 0)
            return
        if way == "closed":
            steps = ticket.__await__()
            next(steps)
            steps.close()
            return
        task = asyncio.create_task(wait(ticket))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    def waiters():
        gc.collect()
        return sum(type(thing) is Waiter for thing in gc.get_objects())

    async def main():
        async with connect(timeouts=fastorder.Timeouts(request=300)) as executor:
            await executor.connect()
            ticket = buy(executor)
            waiting = [asyncio.create_task(wait(ticket)) for _ in range(others)]
            await asyncio.sleep(0)
            before = waiters()
            for _ in range(100):
                await stop(ticket)
            assert waiters() == before
            await executor.aclose(drain=0)
            for task in waiting:
                assert (await task).outcome is fastorder.Outcome.UNKNOWN

    run(main())
