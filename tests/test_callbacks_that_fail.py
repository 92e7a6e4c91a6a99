"""What follows from a ticket ends too where the client fails at it, and says so."""

import asyncio

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import Outcome
from fastorder._core.flow.ticket import Ticket
from fastorder.simulator import Fault
from fastorder.trader.placed import placed_or_placing
from fastorder.verbs.reads import ReadVerbs

OWN = "a fault of the client's own"
ORDER = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
FAILED = "the client itself failed"


class Unreadable(Ticket):
    """A ticket whose result cannot be worked with."""

    def _value(self):
        raise RuntimeError(OWN)


def fail(_ticket):
    raise RuntimeError(OWN)


def said(caplog):
    """The failures that the log has, each with its error."""
    return [
        (record.getMessage(), str(record.exc_info[1]))
        for record in caplog.records
        if FAILED in record.getMessage()
    ]


async def outcome_of(ticket):
    return await asyncio.wait_for(ticket, 20)


def test_an_order_that_cannot_be_shown_ends_its_wait_with_the_error(
    run, connect, caplog
):
    async def main():
        async with connect() as executor:
            sent = Unreadable(executor._dispatcher, None, "place")
            placing = placed_or_placing(None, ACCOUNT, sent, ORDER)
            waits = asyncio.ensure_future(outcome_of(placing))
            await asyncio.sleep(0)
            sent._settle_with(None)
            with pytest.raises(RuntimeError, match=OWN):
                await waits
            assert placing.settled

    run(main())
    assert [why for _, why in said(caplog)] == [OWN]
    assert "place" in said(caplog)[0][0]


def broken_group(executor, broken):
    """A read of the open orders that fails at one of the group's own methods."""

    def steps():
        return (yield ReadVerbs.open_orders.ticket(executor, ACCOUNT))

    group = executor._group("look", steps())
    setattr(group, broken, lambda *_: fail(group))
    return group


def check_ended(group, executor, caplog):
    assert group.settled
    assert group not in executor._dispatcher.groups
    assert (f"{group!r}: {FAILED}", OWN) in said(caplog)


methods = pytest.mark.parametrize("broken", ["_answers", "_finish"])


@methods
def test_a_verb_of_several_requests_ends_with_the_clients_error(
    run, connect, caplog, broken
):
    async def main():
        async with connect() as executor:
            group = broken_group(executor, broken)
            with pytest.raises(RuntimeError, match=OWN):
                await outcome_of(group)
            check_ended(group, executor, caplog)

    run(main())


@methods
def test_the_blocking_executor_raises_the_same(trader, caplog, broken):
    group = broken_group(trader, broken)
    with pytest.raises(RuntimeError, match=OWN):
        trader._wait(group)
    check_ended(group, trader, caplog)


def test_one_callback_that_fails_keeps_nobody_else_from_hearing(run, connect, caplog):
    heard = []

    async def main():
        async with connect() as executor:
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            placing = placed_or_placing(None, ACCOUNT, ticket, ORDER)
            for callback in (fail, heard.append, fail, heard.append):
                ticket._call_when_done(callback)
            result, placed = await asyncio.gather(
                outcome_of(ticket), outcome_of(placing)
            )
            assert result.outcome is Outcome.ACCEPTED
            assert placed.result is result
            assert heard == [ticket, ticket]
            assert executor.intents() == ()

    run(main())
    assert len(said(caplog)) == 2


def test_an_order_in_doubt_is_proved_though_a_callback_fails(
    run, connect, gateway, caplog
):
    gateway.faults.add(Fault("/api/Order/place", reply="hang_up"))

    async def main():
        async with connect() as executor:
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            ticket._call_when_done(fail)
            assert (await outcome_of(ticket)).outcome is Outcome.ACCEPTED

    run(main())
    assert len(said(caplog)) == 1


def test_a_ticket_without_a_request_ends_with_what_its_timer_raises(
    run, connect, caplog
):
    class Late(Ticket):
        def _on_timer(self):
            fail(self)

    async def main():
        async with connect() as executor:
            late = Late(executor._dispatcher, None, "wait")
            executor._dispatcher.engine.wake_at(1, late)
            with pytest.raises(RuntimeError, match=OWN):
                await outcome_of(late)

    run(main())
    assert len(said(caplog)) == 1


def test_a_wait_that_is_interrupted_ends_with_an_ordinary_error(run, connect):
    async def main():
        async with connect() as executor:
            wait = Ticket(executor._dispatcher, None, "wait")
            wait._on_error(KeyboardInterrupt())
            with pytest.raises(fastorder.FastOrderError, match="wait was stopped by"):
                await outcome_of(wait)

    run(main())
