"""A ticket is not its result: whoever takes it for one is told to await it."""

import asyncio
import pickle
import re

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import NotAwaited, Outcome
from fastorder.simulator import Fault

PLACE = "/api/Order/place"

MISUSES = {
    "if ticket": bool,
    "not ticket": lambda ticket: not ticket,
    "ticket or": lambda ticket: ticket or 1,
    "len": len,
    "in": lambda ticket: "success" in ticket,
    "for": list,
    "dict": dict,
    "an item": lambda ticket: ticket["order_id"],
    "the first": lambda ticket: ticket[0],
    "success": lambda ticket: ticket.success,
    "message": lambda ticket: ticket.message,
    "outcome": lambda ticket: ticket.outcome,
    "error": lambda ticket: ticket.error,
    "get": lambda ticket: ticket.get("order_id"),
    "raise_for_outcome": lambda ticket: ticket.raise_for_outcome(),
    "tick_size": lambda ticket: ticket.tick_size,
}


def place(executor, limit_price=25_000):
    return executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=limit_price)


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
@pytest.mark.parametrize(
    "verb",
    [place, lambda executor: executor.open_orders(ACCOUNT)],
    ids=["a place", "a read"],
)
def test_a_ticket_taken_for_its_result_says_to_await_it(run, connect, verb, misuse):
    async def scene():
        async with connect() as executor:
            ticket = verb(executor)
            with pytest.raises(NotAwaited, match="await it first"):
                misuse(ticket)
            await ticket
            with pytest.raises(AttributeError, match="ticket") as raised:
                misuse(ticket)  # refused all the same: it is found at the first run
            assert "await it first" not in str(raised.value)

    run(scene())


def test_the_order_of_such_a_ticket_is_on_its_way(run, connect, gateway):
    async def scene():
        async with connect() as executor:
            ticket = place(executor)
            with pytest.raises(NotAwaited):
                ticket.success  # noqa: B018
            assert (await ticket).success
            assert ticket.result.success

    run(scene())
    assert len(gateway.ledger.placements()) == 1


def test_no_handler_of_what_was_not_sent_takes_it(run, connect):
    not_sent = (
        fastorder.ExecutorMisuse,
        fastorder.ExecutorClosed,
        fastorder.TokenMissing,
        ValueError,
        LookupError,
        RuntimeError,
    )
    assert not issubclass(NotAwaited, not_sent)
    assert isinstance(pickle.loads(pickle.dumps(NotAwaited("why"))), NotAwaited)


def test_the_number_of_a_placed_order_is_there_once_it_is_placed(run, connect):
    async def scene():
        async with connect() as executor:
            ticket = place(executor)
            result = await ticket
            assert ticket.order_id == result.order_id > 0
            change = executor.modify_order(result.order_id, ACCOUNT, quantity=2)
            assert change.order_id == result.order_id  # known from the start
            await change
            read = executor.open_orders(ACCOUNT)
            assert read.order_id is None
            await read

    run(scene())


def test_a_place_that_is_not_awaited_does_not_say_that_it_has_no_number(run, connect):
    async def scene():
        async with connect() as executor:
            ticket = place(executor)
            with pytest.raises(NotAwaited, match="a placed order has no order_id yet"):
                ticket.order_id  # noqa: B018
            await ticket

    run(scene())


def test_an_order_is_changed_while_another_is_being_placed(run, connect, gateway):
    async def scene():
        async with connect() as executor:
            resting = await place(executor)
            gateway.faults.add(Fault(PLACE, delay_s=0.2))
            placing = place(executor, 25_001)
            changed = await executor.modify_order(
                resting.order_id, ACCOUNT, limit_price=25_002
            )
            assert not placing.done
            assert changed.outcome is Outcome.ACCEPTED
            assert await placing

    run(scene())


def test_what_looks_into_objects_finds_nothing_of_the_result(run, connect):
    async def scene():
        asyncio.get_running_loop().set_debug(True)
        names = {"__name__": "asyncio.base_tasks"}  # asks so, from Python 3.12 on
        async with connect() as executor:
            ticket = place(executor)
            assert not hasattr(ticket, "success")
            assert getattr(ticket, "__deepcopy__", None) is None
            task = asyncio.create_task(ticket)
            assert "Ticket" in repr(task)
            assert eval("bool(ticket)", names | {"ticket": ticket})
            assert (await task).success

    run(scene())


AWAITED = re.compile("await it first|not awaited")


def test_a_ticket_that_is_done_is_not_said_to_lack_an_await(run, connect):
    async def scene():
        async with connect() as executor:
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            await ticket
            with pytest.raises(NotAwaited) as of_result:
                ticket.success  # noqa: B018
            with pytest.raises(AttributeError) as of_none:
                ticket.sucess  # noqa: B018
            told = [of_result, of_none]
            for wrong in (bool, len, lambda each: each[0]):
                with pytest.raises(NotAwaited) as raised:
                    wrong(ticket)
                told.append(raised)
            return [each.value for each in told]

    of_result, of_none, *others = run(scene())
    assert not AWAITED.search(" ".join(map(str, [of_result, of_none, *others])))
    for each in (of_result, *others):
        assert str(each).endswith(
            "its result is: ticket.result, or what await ticket gives"
        )
    assert not isinstance(of_none, NotAwaited)
    assert (
        str(of_none) == "neither a ticket nor its result, of OrderResult, has 'sucess'"
    )
    assert isinstance(of_none.obj, fastorder.OrderResult)  # Python suggests of this


def test_one_that_ended_with_an_error_says_so(run, connect, gateway):
    async def scene():
        async with connect() as executor:
            ticket = executor.order(5, ACCOUNT)
            with pytest.raises(fastorder.RequestFailed):
                await ticket
            with pytest.raises(AttributeError) as raised:
                ticket.status  # noqa: B018
            return str(raised.value)

    assert "this one has no result: await it, and its error is raised" in run(scene())
