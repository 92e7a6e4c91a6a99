"""What is in doubt: it is listed from the start, and a refusal says what frees it."""

import asyncio

import pytest
from conftest import ACCOUNT, QUICK, bought_elsewhere, prepared

import fastorder
from fastorder import DespiteUnknown, Outcome, blocking
from fastorder.journal import Intent, Journal, read
from fastorder.placement.interlock import Interlock
from fastorder.simulator import Fault
from fastorder.submission.submitter import _in_doubt

MNQ = "CON.F.US.MNQ.Z26"
PLACE, SEARCH = "/api/Order/place", "/api/Order/search"

NOT_BEGUN = "not begun: neither sent nor looked up by this run"


def buy(executor, **options):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, **options)


def left_behind(path, *tags):
    """Intents of a run that was killed before their outcomes were known."""
    with Journal(path) as journal:
        for tag in tags:
            body = (
                f'{{"accountId":{ACCOUNT},"contractId":"{MNQ}","type":2,"side":0,'
                f'"size":1,"customTag":"{tag}"}}'
            ).encode()
            journal.intent(Intent(tag, None, ACCOUNT, MNQ, body, None, 1.78e9))


# ---------------------------------------------------------------- after a restart


@pytest.mark.parametrize("kind", [fastorder.OrderExecutor, blocking.OrderExecutor])
def test_intents_list_at_once_what_an_earlier_run_has_left(gateway, tmp_path, kind):
    """Without a token, without a loop, and nothing is sent or written."""
    path = tmp_path / "orders.db"
    left_behind(path, "fo1-a", "fo1-b")
    heard = []
    executor = kind(gateway.base_url, journal=path, on_unknown=heard.append)
    tickets = executor.intents()
    assert [ticket.tag for ticket in tickets] == ["fo1-a", "fo1-b"]
    for ticket in tickets:
        assert (ticket.done, ticket.settled, ticket.kind) == (True, False, "place")
        assert (ticket.account_id, ticket.state) == (ACCOUNT, NOT_BEGUN)
        assert ticket.result.outcome is Outcome.UNKNOWN
        assert "ended before its outcome was known" in ticket.result.message
    if kind is fastorder.OrderExecutor:
        asyncio.run(executor.aclose())
    else:
        executor.close()
    assert [ticket.result.outcome for ticket in tickets] == [Outcome.UNKNOWN] * 2
    assert executor.intents() == tickets
    assert heard == []
    assert gateway.ledger.requests() == []
    assert [entry.verdicts for entry in read(path)] == [(), ()]


def test_one_of_them_is_resolved_once_there_is_a_token(gateway, tmp_path):
    path = tmp_path / "orders.db"
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    gateway.faults.add(Fault(SEARCH, effect="none", reply="status", times=99))
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK, journal=path) as first:
        unknown = buy(prepared(first, gateway))
    assert unknown.outcome is Outcome.UNKNOWN
    gateway.faults.clear()
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK, journal=path) as trader:
        (ticket,) = trader.intents()
        with pytest.raises(fastorder.TokenMissing):
            trader.resolve(ticket.tag)
        assert trader.intents() == (ticket,)
        prepared(trader, gateway)
        found = trader.resolve(ticket.tag)
        assert found.outcome is Outcome.ACCEPTED
        assert (ticket.result, ticket.settled) == (found, True)
        assert trader.intents() == ()
        assert buy(trader).success
    assert len(gateway.ledger.requests(PLACE)) == 2


def test_a_task_that_awaits_one_hears_what_its_look_up_shows(
    run, gateway, connect, tmp_path
):
    path = tmp_path / "orders.db"

    async def first():
        gateway.faults.add(Fault(PLACE, reply="hang_up"))
        gateway.faults.add(Fault(SEARCH, effect="none", reply="status", times=99))
        async with connect(journal=path) as executor:
            return await buy(executor)

    async def second():
        async with connect(journal=path) as executor:
            (ticket,) = executor.intents()
            before = await ticket
            assert await executor.resolve(ticket.tag) == await ticket
            return before, await ticket

    assert run(first()).outcome is Outcome.UNKNOWN
    gateway.faults.clear()
    before, after = run(second())
    assert (before.outcome, after.outcome) == (Outcome.UNKNOWN, Outcome.ACCEPTED)
    assert len(gateway.ledger.placements()) == 1


# ---------------------------------------------------------------- what frees a contract


def interlocked(executor, **options):
    with pytest.raises(fastorder.Interlocked) as raised:
        buy(executor, **options)
    return raised.value


def test_one_that_is_unknown_is_looked_up_by_resolve(trader, gateway):
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    gateway.faults.add(Fault(SEARCH, effect="none", reply="status", times=4))
    tag = buy(trader).tag
    assert str(interlocked(trader)) == (
        f"account {ACCOUNT} has 1 order of this contract in doubt: {tag}; "
        f"resolve({tag!r}) looks it up; despite=DespiteUnknown(({tag!r},)) trades on "
        "all the same"
    )


def test_one_whose_tag_has_another_owner_is_freed_by_a_waiver_alone(trader, gateway):
    owner = bought_elsewhere(gateway, symbol="MES", custom_tag="mine")
    gateway.faults.add(Fault(PLACE, effect="none", reply="hang_up"))
    assert buy(trader, custom_tag="mine").outcome is Outcome.UNKNOWN
    error = interlocked(trader)
    assert str(error) == (
        f"account {ACCOUNT} has 1 order of this contract in doubt: mine; "
        "no look-up can tell of mine (the tag belongs to another order, "
        f"{owner.order_id}, or this one was changed since it was sent): look at the "
        "account yourself; "
        "despite=DespiteUnknown(('mine',)) trades on all the same"
    )
    assert trader.resolve("mine").outcome is Outcome.UNKNOWN
    assert "resolve(" not in str(interlocked(trader))
    assert buy(trader, despite=DespiteUnknown(error.tags)).success


def memory(**whys):
    interlock = Interlock()
    for tag, why in whys.items():
        interlock.add(5, "C", tag)
        if why:
            interlock.contest(5, "C", tag, why)
    return _in_doubt(5, interlock.of(5, "C"), interlock.contested(5, "C"))


@pytest.mark.parametrize(
    ("whys", "ways"),
    [
        ({"a": ""}, ["1 order of", "resolve('a') looks it up;"]),
        ({"a": "", "b": ""}, ["2 orders of", "resolve(tag) looks one up;"]),
        (
            {"a": "", "b": "two have it"},
            ["2 orders of", "resolve('a') looks it up;", "tell of b (two have it)"],
        ),
        ({"a": "x", "b": "y"}, ["tell of a (x)", "tell of b (y)"]),
    ],
)
def test_each_in_doubt_is_told_with_what_frees_it(whys, ways):
    text = memory(**whys)
    assert all(way in text for way in ways)
    assert ("resolve(" in text) == (not all(whys.values()))
    assert text.endswith(
        f"despite=DespiteUnknown({tuple(whys)!r}) trades on all the same"
    )


def test_one_that_is_known_after_all_is_contested_no_more():
    interlock = Interlock()
    interlock.contest(5, "C", "a", "another has it")
    interlock.clear(5, "C", "a")
    assert (interlock.any, interlock.contested(5, "C")) == (False, {})
