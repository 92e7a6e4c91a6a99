"""An executor's life: one loop, one thread, one process; nothing is lost at its end."""

import asyncio
import contextlib
import gc
import itertools
import os
import threading
import time
import warnings

import pytest
from canary import TOKEN
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder.journal import read
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault

PLACE = "/api/Order/place"


def buy(executor, **options):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, **options)


def test_without_a_running_loop_it_is_refused(connect, gateway):
    with pytest.raises(fastorder.ExecutorMisuse, match="event loop"):
        buy(connect())
    assert gateway.ledger.requests() == []


def test_another_loop_is_refused(run, connect, gateway):
    executor = connect()

    async def first():
        await buy(executor)

    async def second():
        with pytest.raises(fastorder.ExecutorMisuse, match="another one"):
            buy(executor)

    loop = asyncio.SelectorEventLoop()
    loop.run_until_complete(first())
    run(second())
    loop.run_until_complete(executor.aclose())
    loop.close()
    assert len(gateway.ledger.placements()) == 1


def test_another_thread_is_refused_by_a_blocking_executor(trader, gateway):
    buy(trader)
    errors = []

    def elsewhere():
        try:
            buy(trader)
        except fastorder.ExecutorMisuse as error:
            errors.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "belongs to the thread" in errors[0]
    assert len(gateway.ledger.placements()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_is_refused_and_the_parent_goes_on(trader, gateway):
    assert buy(trader).success
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            buy(trader)
            os.write(writer, b"sent")
        except fastorder.ExecutorMisuse:
            os.write(writer, b"refused")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"refused"
    os.close(reader)
    os.close(writer)
    assert buy(trader).success
    assert len(gateway.ledger.placements()) == 2


def test_token_and_contracts_are_set_from_any_thread_while_orders_fly(
    run, connect, gateway
):
    tokens = [gateway.call(lambda: gateway.gateway.tokens.give("a")) for _ in range(20)]
    stop = threading.Event()

    def swap(executor):
        while not stop.is_set():
            for number, token in enumerate(tokens):
                executor.set_token(token)
                executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
                executor.set_contract_id(f"S{number}", number)
                assert executor.get_token() in tokens

    async def main():
        async with connect() as executor:
            threads = [
                threading.Thread(target=swap, args=(executor,)) for _ in range(3)
            ]
            for thread in threads:
                thread.start()
            try:
                return [await buy(executor) for _ in range(40)]
            finally:
                stop.set()
                for thread in threads:
                    thread.join()

    results = run(main())
    assert all(result.success and result.attempts == 1 for result in results)


def test_closing_twice_is_closing_once_and_use_after_it_is_refused(run, connect):
    async def main():
        executor = connect()
        await buy(executor)
        await executor.aclose()
        await executor.aclose()
        with pytest.raises(fastorder.ExecutorClosed):
            buy(executor)

    run(main())


def test_closing_lets_what_is_on_its_way_end(run, connect, gateway):
    async def main():
        executor = connect()
        gateway.faults.add(Fault(PLACE, delay_s=0.2))
        ticket = buy(executor)
        await executor.aclose()
        return await ticket

    assert run(main()).success


def test_closing_at_once_resolves_every_ticket(run, connect, gateway):
    async def main():
        executor = connect(retry=fastorder.RetryPolicy(base_delay=30))
        await executor.connect()
        gateway.faults.add(
            Fault(PLACE, reply="stall"),
            Fault(PLACE, effect="none", reply="status"),
        )
        stalled, second = buy(executor), buy(executor)
        waiting = asyncio.create_task(stalled)
        await asyncio.sleep(0.2)
        await executor.aclose(drain=0)
        return await waiting, await second

    stalled, second = run(main())
    assert stalled.outcome is Outcome.UNKNOWN
    assert "closed" in stalled.error
    assert second.outcome is Outcome.UNKNOWN


def test_an_order_that_never_left_is_not_sent_at_the_close(run):
    async def main():
        executor = fastorder.OrderExecutor(
            "http://127.0.0.1:9", retry=fastorder.RetryPolicy(base_delay=30)
        )
        executor.set_token(TOKEN)
        ticket = executor.cancel_order(1, ACCOUNT)
        await asyncio.sleep(0.1)
        await executor.aclose(drain=0)
        return await ticket

    assert run(main()).outcome is Outcome.NOT_SENT


def test_a_forgotten_executor_warns_with_where_it_was_made(run, connect):
    async def main():
        executor = connect()
        await buy(executor)
        engine = executor._engine
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del executor
            gc.collect()
        engine.close()
        return [str(warning.message) for warning in caught]

    messages = run(main())
    assert any(
        "conftest.py" in message and "forgotten" in message for message in messages
    )


def test_cancelling_an_await_ends_the_wait_and_not_the_order(run, connect, gateway):
    async def main():
        async with connect() as executor:
            gateway.faults.add(Fault(PLACE, delay_s=0.3))
            ticket = buy(executor)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ticket, 0.05)
            assert executor.intents() == (ticket,)
            result = await executor.resolve(ticket.tag)
            assert executor.intents() == ()
            return result

    result = run(main())
    assert result.success
    assert len(gateway.ledger.placements(result.tag)) == 1


def test_a_thousand_cancelled_awaits_lose_no_order_and_no_handle(run, connect, gateway):
    async def main():
        async with connect(max_connections=20) as executor:
            tags = []
            for number in range(1000):
                ticket = buy(executor)
                tags.append(ticket.tag)
                task = asyncio.create_task(ticket)
                for _ in range(number % 7):
                    await asyncio.sleep(0)
                task.cancel()
            while executor.intents():
                await asyncio.sleep(0.01)
            assert executor._engine.in_flight_count == 0
            results = [await executor.resolve(tag) for tag in tags[-200:]]
            return tags, results

    tags, results = run(main())
    booked = {effect.custom_tag for effect in gateway.ledger.placements()}
    assert booked == set(tags)
    assert all(result.success for result in results)


def test_a_resolve_that_is_refused_leaves_the_order_to_be_resolved(trader, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"),
        Fault("/api/Order/search", reply="status", effect="none", times=3),
    )
    tag = buy(trader).tag
    refused = []

    def elsewhere():
        try:
            trader.resolve(tag)
        except fastorder.ExecutorMisuse as error:
            refused.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(refused) == 1
    (ticket,) = trader.intents()
    assert ticket.done  # not on its way: nobody waits for it without end
    assert trader.resolve(tag).outcome is Outcome.ACCEPTED


def test_resolving_an_unknown_tag_says_so(trader):
    with pytest.raises(fastorder.UnknownTag, match="'nobody'"):
        trader.resolve("nobody")


def test_connect_opens_as_many_connections_as_asked(run, connect, gateway):
    async def main():
        async with connect() as executor:
            before = gateway.connections
            await executor.connect(5)
            opened = gateway.connections - before
            await asyncio.gather(*[buy(executor) for _ in range(5)])
            return opened, gateway.connections - before

    assert run(main()) == (5, 5)


def test_a_lost_idle_connection_is_opened_anew_before_an_order_needs_it(
    run, connect, gateway
):
    async def main():
        async with connect() as executor:
            await executor.connect()
            await buy(executor)
            await asyncio.sleep(1.1)
            before = gateway.connections
            gateway.call(gateway._abort_all)
            await asyncio.sleep(0.3)
            opened = gateway.connections - before
            await buy(executor)
            return opened, gateway.connections - before

    assert run(main()) == (1, 1)


def test_connect_says_why_it_cannot(run, connect):
    refused = (fastorder.InvalidField, fastorder.WrongFieldType)

    async def main():
        async with connect() as executor:
            for wrong in (0, -1, 1.5, True, 65):
                with pytest.raises(refused, match="connections"):
                    await executor.connect(wrong)
        async with fastorder.OrderExecutor("http://127.0.0.1:9") as executor:
            with pytest.raises(fastorder.RequestFailed, match="(?i)connect"):
                await executor.connect()

    run(main())


def test_a_ticket_shows_where_it_stands(run, connect, gateway):
    async def main():
        async with connect(retry=fastorder.RetryPolicy(base_delay=0.3)) as executor:
            gateway.faults.add(Fault(PLACE, effect="none", reply="status"))
            ticket = buy(executor)
            sending = ticket.state
            while ticket.state == sending:
                await asyncio.sleep(0.01)
            in_doubt = ticket.state
            await ticket
            return sending, in_doubt, ticket.state, repr(ticket)

    sending, in_doubt, done, shown = run(main())
    assert "on its way" in sending
    assert "in doubt" in in_doubt
    assert done == "done"
    assert "place" in shown


def test_retries_wait_without_a_task_and_without_polling(run, connect, gateway):
    async def main():
        async with connect(retry=fastorder.RetryPolicy(base_delay=2.0)) as executor:
            await buy(executor)
            gateway.faults.add(Fault(PLACE, effect="none", reply="status", times=20))
            tickets = [buy(executor) for _ in range(20)]
            while executor._engine.waiting_count < 20:
                await asyncio.sleep(0.001)
            alive = len(asyncio.all_tasks())
            await asyncio.gather(*tickets)
            return alive

    assert run(main()) <= 2  # this one, and the one that waits for it


def test_the_pauses_are_those_of_the_policy(gateway):
    policy = fastorder.RetryPolicy(base_delay=0.1)
    with blocking.OrderExecutor(gateway.base_url, retry=policy) as executor:
        prepared(executor, gateway)
        gateway.faults.add(Fault(PLACE, effect="none", reply="status", times=3))
        buy(executor)
    times = [request.time_s for request in gateway.ledger.requests(PLACE)]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert all(
        pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4), strict=True)
    )


def test_an_executor_shows_no_token(trader):
    trader.set_token("top-secret")
    shown = [repr(trader), repr(trader._dispatcher.tokens), repr(vars(trader))]
    assert "top-secret" not in "".join(shown)


def test_a_timeout_before_the_request_leaves_is_not_sent():
    import socket

    # a listener whose backlog is full takes no further connection
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        time.sleep(0.1)
        with blocking.OrderExecutor(
            f"http://127.0.0.1:{address[1]}",
            retry=fastorder.RetryPolicy(max_retries=0),
            timeouts=fastorder.Timeouts(connect=0.2, request=0.4),
        ) as executor:
            executor.set_token(TOKEN)
            result = executor.cancel_order(1, ACCOUNT)
        for filler in fillers:
            filler.close()
    assert result.outcome is Outcome.NOT_SENT
    assert QUICK.max_retries == 3


class FailingClock(Clock):
    """As where a handler of a signal raises inside it."""

    failing = True

    def spread(self):
        if self.failing:
            raise TimeoutError("raised by a handler of a signal")
        return super().spread()


def test_a_failure_of_the_client_itself_leaves_the_order_to_be_resolved(
    trader, gateway
):
    clock = trader._dispatcher.clock = FailingClock()
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    result = buy(trader)
    assert result.outcome is Outcome.UNKNOWN
    assert "raised by a handler" in result.error
    assert [ticket.tag for ticket in trader.intents()] == [result.tag]
    clock.failing = False
    assert trader.resolve(result.tag).outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1


class FaultyLoop(asyncio.SelectorEventLoop):
    """A loop of which one method raises, at one of its calls after it is armed."""

    def __init__(self, where, call, error):
        super().__init__()
        self.left = None
        method = getattr(self, where)

        def faulty(*args, **named):
            if self.left is not None:
                self.left -= 1
                if self.left == 0:
                    raise error
            return method(*args, **named)

        setattr(self, where, faulty)
        self._call = call

    def arm(self):
        self.left = self._call

    def watch_no_descriptor_as_a_timer(self):
        """So that an engine takes a timer of the loop's own."""

        def refused(*args):
            del self.add_reader
            raise OSError(28, "no space for one more descriptor")

        self.add_reader = refused

    def disarm(self):
        self.left = None


WATCHES = [("add_reader", 1), ("add_reader", 2), ("add_writer", 1)]
"""Where an order on a new connection first registers something with its loop."""


@pytest.mark.parametrize(("where", "call"), WATCHES)
def test_an_order_whose_socket_cannot_be_watched_is_placed_once(
    connect, gateway, where, call
):
    async def main():
        async with connect() as executor:
            asyncio.get_running_loop().arm()
            ticket = buy(executor)
            assert executor.intents() == (ticket,)
            return await asyncio.wait_for(ticket, 10)

    loop = FaultyLoop(where, call, OSError(28, "no space for one more socket"))
    result = loop.run_until_complete(main())
    assert loop.left <= 0  # it was refused
    loop.close()
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements()) == 1


def test_a_close_that_is_cancelled_closes_all_the_same(run, connect, gateway):
    async def main():
        executor = connect()
        await executor.connect()
        gateway.faults.add(Fault(PLACE, reply="stall"))
        ticket = buy(executor)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(executor.aclose(), 0.1)
        assert executor.closed
        return await ticket

    assert run(main()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("where", "call"), [*WATCHES, ("call_later", 1)])
@pytest.mark.parametrize("journaled", [False, True])
def test_ctrl_c_in_the_middle_of_a_place_loses_no_order(
    connect, gateway, tmp_path, where, call, journaled
):
    """Whatever leaves after it is in the book, and nothing is told that is not so."""
    journal = tmp_path / "orders.db" if journaled else None

    async def main():
        executor = connect(journal=journal)
        loop = asyncio.get_running_loop()
        loop.arm()
        with contextlib.suppress(KeyboardInterrupt):
            buy(executor)
        assert loop.left <= 0  # it was interrupted
        loop.disarm()
        tickets = (*executor.intents(), *executor.recent())
        await asyncio.sleep(0.2)
        await executor.aclose(drain=0.2)
        return tickets

    loop = FaultyLoop(where, call, KeyboardInterrupt())
    if where == "call_later":
        loop.watch_no_descriptor_as_a_timer()
    tickets = loop.run_until_complete(main())
    loop.close()
    if not tickets:  # it came before there was an order
        assert not gateway.ledger.placements()
        assert not (journaled and read(journal))
        return
    (ticket,) = tickets
    booked = len(gateway.ledger.placements(ticket.tag))
    outcome = ticket.result.outcome
    assert outcome in (Outcome.ACCEPTED, Outcome.NOT_SENT, Outcome.UNKNOWN)
    assert booked == 1 if outcome is Outcome.ACCEPTED else booked <= 1
    if outcome is Outcome.NOT_SENT:
        assert booked == 0
    if journaled:
        (entry,) = read(journal)
        assert entry.outcome == outcome.name
