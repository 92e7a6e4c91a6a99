"""A verb of several requests: one thing to await, and each request's own outcome."""

import asyncio
import gc
import weakref

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import ActStopped, Outcome, blocking
from fastorder.simulator import Fault
from fastorder.verbs.reads import ReadVerbs

CANCEL, OPEN = "/api/Order/cancel", "/api/Order/v2/query"
KEYED = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT, idempotency_key="once")


def cancel_all(executor):
    """A verb as one would write it: a read, then several changes at once."""
    orders = yield ReadVerbs.open_orders.ticket(executor, ACCOUNT)
    results = yield [executor._cancel(order.id, ACCOUNT) for order in orders]
    return {result.order_id: result.outcome for result in results}


def start(executor, steps=cancel_all):
    return executor._group("cancel all", steps(executor))


@pytest.fixture
def resting(trader):
    """The numbers of three limit orders that rest."""
    results = [
        trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000 - i) for i in range(3)
    ]
    return [result.order_id for result in results]


def is_open(gateway, order_id):
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    return gateway.call(lambda: account.by_id[order_id].working)


def test_it_gives_one_result_when_awaited(run, connect, gateway, resting):
    async def main():
        async with connect() as executor:
            group = start(executor)
            assert not group.done
            found = await group
            assert await group is found
            assert group.state == "done"
            assert [ticket.kind for ticket in group.tickets] == [
                "read",
                *["cancel"] * 3,
            ]
            return found

    assert run(main()) == dict.fromkeys(resting, Outcome.ACCEPTED)
    assert not any(is_open(gateway, number) for number in resting)


def test_the_blocking_executor_waits_for_the_same(trader, gateway, resting):
    group = trader._wait(start(trader))
    assert group == dict.fromkeys(resting, Outcome.ACCEPTED)
    assert not any(is_open(gateway, number) for number in resting)


def test_its_requests_are_on_their_way_together(run, connect, gateway, resting):
    gateway.faults.add(Fault(CANCEL, reply="trickle", delay_s=0.003, times=3))

    async def main():
        async with connect() as executor:
            group = start(executor)
            while len(group.tickets) < 4:
                await asyncio.sleep(0.005)
            assert group.state == "1 answered, of 4 requests"
            assert len(executor.intents()) == 3
            await group

    run(main())


def test_it_goes_on_though_nobody_awaits_it(run, connect, gateway, resting):
    async def main():
        async with connect() as executor:
            group = start(executor)
            while not group.done:
                await asyncio.sleep(0.005)

    run(main())
    assert not any(is_open(gateway, number) for number in resting)


def test_a_wait_that_is_cancelled_sends_nothing_more(run, connect, gateway, resting):
    gateway.faults.add(Fault(OPEN, reply="trickle", delay_s=0.003))

    async def main():
        async with connect() as executor:
            group = start(executor)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(group, 0.01)
            assert group.state == "stopped: it had sent no change"
            with pytest.raises(ActStopped, match="it had sent no change"):
                await group

    run(main())
    assert all(is_open(gateway, number) for number in resting)


def test_what_is_on_its_way_is_followed_to_its_outcome(
    run, connect, gateway, resting, caplog
):
    gateway.faults.add(Fault(CANCEL, reply="trickle", delay_s=0.003, times=3))

    async def main():
        async with connect() as executor:
            group = start(executor)
            waits = asyncio.ensure_future(group)
            while len(group.tickets) < 4:
                await asyncio.sleep(0.005)
            waits.cancel()
            await asyncio.wait([waits])
            assert executor.acts() == (group,)
            assert group.state == "stopped, 1 answered, of 4 requests"
            with pytest.raises(ActStopped) as stopped:
                await group
            return stopped.value

    error = run(main())
    assert error.came_to.count("accepted") == 3
    assert "cancel all is stopped: nobody waits for it any more; 3 requests on" in (
        caplog.text
    )
    assert str(error) in caplog.text
    assert not any(is_open(gateway, number) for number in resting)


def test_a_wait_may_be_cancelled_before_it_has_begun(run, connect, gateway, resting):
    gateway.faults.add(Fault(OPEN, reply="trickle", delay_s=0.003))

    async def main():
        async with connect() as executor:
            group = start(executor)
            task = asyncio.ensure_future(group)
            task.cancel()
            await asyncio.wait([task])
            assert group.state == "stopped: it had sent no change"

    run(main())


def test_one_of_two_waits_may_end(run, connect, gateway, resting):
    gateway.faults.add(Fault(OPEN, reply="trickle", delay_s=0.003))

    async def main():
        async with connect() as executor:
            group = start(executor)
            waits = [asyncio.ensure_future(group) for _ in range(2)]
            await asyncio.sleep(0)
            waits[0].cancel()
            assert await waits[1] == dict.fromkeys(resting, Outcome.ACCEPTED)

    run(main())


def test_a_part_is_stopped_with_its_whole(run, connect, gateway, resting):
    gateway.faults.add(Fault(OPEN, reply="trickle", delay_s=0.003))
    parts = []

    def steps(executor):
        parts.append(start(executor))
        yield parts[0]
        yield parts[0]

    async def main():
        async with connect() as executor:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(start(executor, steps), 0.01)
            assert parts[0].state == "stopped: it had sent no change"
            assert not executor._dispatcher.groups

    run(main())
    assert all(is_open(gateway, number) for number in resting)


def test_one_that_is_refused_hides_no_other(run, connect, gateway, resting):
    gateway.faults.add(Fault(CANCEL, reply="code", error_code=3, effect="none"))

    async def main():
        async with connect() as executor:
            return list((await start(executor)).values())

    outcomes = run(main())
    assert outcomes.count(Outcome.ACCEPTED) == 2
    assert outcomes.count(Outcome.REJECTED) == 1


def test_a_read_that_fails_is_its_error(run, connect, gateway, caplog):
    gateway.faults.add(Fault(OPEN, reply="status", status=404, times=9))

    async def main():
        async with connect() as executor:
            group = start(executor)
            for _ in range(2):
                with pytest.raises(fastorder.RequestFailed, match="404"):
                    await group

    run(main())
    assert "has failed" not in caplog.text  # it has been raised


def test_an_error_that_nobody_hears_of_is_logged(run, connect, gateway, caplog):
    gateway.faults.add(Fault(OPEN, reply="status", status=404, times=9))

    async def main():
        async with connect() as executor:
            group = start(executor)
            while not group.done:
                await asyncio.sleep(0.005)
            del group
            gc.collect()

    run(main())
    assert caplog.text.count("cancel all has failed, unheard") == 1


def test_its_steps_may_handle_such_an_error(run, connect, gateway):
    gateway.faults.add(Fault(OPEN, reply="status", status=404, times=1))

    def steps(executor):
        try:
            yield ReadVerbs.open_orders.ticket(executor, ACCOUNT)
        except fastorder.RequestFailed:
            orders = yield ReadVerbs.open_orders.ticket(executor, ACCOUNT)
            return f"{len(orders)} at the second try"

    async def main():
        async with connect() as executor:
            return await start(executor, steps)

    assert run(main()) == "0 at the second try"


def test_a_step_of_no_requests_is_no_wait(run, connect):
    def steps(executor):
        nothing = yield []
        return nothing

    async def main():
        async with connect() as executor:
            group = start(executor, steps)
            assert group.done
            return await group

    assert run(main()) == []


def test_a_close_waits_for_the_whole_of_it(run, connect, gateway, resting):
    async def main():
        executor = connect()
        group = start(executor)
        await executor.aclose()
        return await group

    assert run(main()) == dict.fromkeys(resting, Outcome.ACCEPTED)
    assert not any(is_open(gateway, number) for number in resting)


def test_a_close_that_does_not_wait_ends_it(run, connect, gateway, resting):
    gateway.faults.add(Fault(OPEN, reply="stall"))

    async def main():
        executor = connect()
        group = start(executor)
        await executor.aclose(drain=0)
        with pytest.raises(fastorder.FastOrderError, match="closed"):
            await group

    run(main())
    assert all(is_open(gateway, number) for number in resting)


def test_a_blocking_close_waits_for_it_too(gateway, trader, resting):
    executor = prepared(blocking.OrderExecutor(gateway.base_url, retry=QUICK), gateway)
    group = start(executor)
    executor.close()
    assert group.done
    assert not any(is_open(gateway, number) for number in resting)


def test_a_closed_executor_starts_none(trader):
    trader.close()
    with pytest.raises(fastorder.ExecutorClosed):
        start(trader)


def test_nothing_is_left_of_it(run, connect, resting):
    async def main():
        async with connect() as executor:
            group = executor._group("cancel all", cancel_all(executor), changes=False)
            await group
            assert not executor._dispatcher.groups
            seen = weakref.ref(group)
            del group
            gc.collect()
            assert seen() is None

    run(main())


def test_two_groups_may_wait_for_one_ticket(run, connect, gateway):
    def steps(executor):
        return (yield executor.place_order(KEYED))

    async def main():
        async with connect() as executor:
            groups = [start(executor, steps) for _ in range(3)]
            return [await group for group in groups]

    assert len({result.order_id for result in run(main())}) == 1


def test_a_ticket_that_is_yielded_twice_is_waited_for_once(run, connect):
    def steps(executor):
        ticket = ReadVerbs.open_orders.ticket(executor, ACCOUNT)
        return (yield [ticket, ticket])

    async def main():
        async with connect() as executor:
            return await start(executor, steps)

    assert run(main()) == [[], []]


@pytest.mark.parametrize("wrong", [None, (), 5, "ticket", [None]])
def test_a_step_of_something_else_ends_it(run, connect, wrong):
    def steps(executor):
        yield ReadVerbs.open_orders.ticket(executor, ACCOUNT)
        yield wrong

    async def main():
        async with connect() as executor:
            group = start(executor, steps)
            with pytest.raises(TypeError, match="a step must yield a ticket"):
                await group
            assert group.state == "done"
            assert not executor._dispatcher.groups

    run(main())


@pytest.mark.parametrize("kind", [GeneratorExit, KeyboardInterrupt, SystemExit])
def test_a_step_that_is_stopped_leaves_nobody_waiting(trader, kind):
    def steps(executor):
        yield ReadVerbs.open_orders.ticket(executor, ACCOUNT)
        raise kind

    group = start(trader, steps)
    with pytest.raises(kind):
        trader._wait(group)
    assert group.done
    with pytest.raises(fastorder.FastOrderError, match=f"was stopped: {kind.__name__}"):
        trader._wait(group)


def test_what_a_failing_step_has_started_is_not_hidden(run, connect, resting):
    def steps(executor):
        yield [executor._cancel(number, ACCOUNT) for number in [*resting, "x"]]

    async def main():
        async with connect() as executor:
            group = start(executor, steps)
            assert [ticket.kind for ticket in group.tickets] == ["cancel"] * 3
            with pytest.raises(fastorder.InvalidField):
                await group
            results = [await ticket for ticket in group.tickets]
            assert all(result.success for result in results)

    run(main())
