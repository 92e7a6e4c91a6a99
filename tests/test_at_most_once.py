"""Keys, waits, the interlock and the kill switch: one order for each intent.

``FASTORDER_FULL=1`` runs 10,000 rounds of what ``make test`` runs a few of.
"""

import asyncio
import os
import random
import threading
from decimal import Decimal
from functools import partial

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import DespiteUnknown, Outcome, RetryPolicy, blocking
from fastorder.gateway.order_tags import tag_of
from fastorder.simulator import Fault
from fastorder.simulator.book import Account

PLACE = "/api/Order/place"
SEARCH = "/api/Order/search"
FULL = os.environ.get("FASTORDER_FULL") == "1"
ROUNDS = 10_000 if FULL else 25
CANCELS = 10_000 if FULL else 150
LIMIT_S = 3600 if FULL else 60
TASKS = 64
ORDERS_EACH = 100
"""Of one account; a look-up lists them all, so that more take longer each."""

LOST = ["hang_up", "reset", "cut", "status", "body"]
"""Replies that leave an order in doubt which was booked."""


def buy(executor, account=ACCOUNT, **options):
    return executor.place_market_order("MNQ", "BUY", 1, account, **options)


def accounts(gateway, orders):
    """The account of each of so many orders; it changes every hundred."""
    for number in range(orders):
        account = ACCOUNT + 2 + number // ORDERS_EACH
        if number % ORDERS_EACH == 0:
            opened = Account(account, f"PRAC-{account}", Decimal(150_000), True)
            gateway.call(partial(gateway.gateway.add_account, opened))
        yield account


def blind(gateway, looks=3):
    """The next order is booked and its answer lost; so are some look-ups."""
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"),
        Fault(SEARCH, effect="none", reply="status", times=looks),
    )


# ---------------------------------------------------------------- one key, one order


def test_one_key_from_many_tasks_is_one_order(run, connect, gateway):
    dice = random.Random(7)

    async def main():
        async with connect() as executor:
            await executor.connect(4)
            for number, account in enumerate(accounts(gateway, ROUNDS)):
                if number % 5 == 0:
                    gateway.faults.add(Fault(PLACE, reply=dice.choice(LOST)))
                key = f"signal-{number}"
                tasks = [
                    asyncio.create_task(buy(executor, account, idempotency_key=key))
                    for _ in range(TASKS)
                ]
                results = await asyncio.gather(*tasks)
                (booked,) = gateway.ledger.placements(tag_of(account, key))
                assert {r.order_id for r in results} == {booked.order_id}
                assert all(r.success for r in results)

    run(main(), LIMIT_S)
    assert len(gateway.ledger.placements()) == ROUNDS
    assert len(gateway.ledger.requests(PLACE)) == ROUNDS


def test_one_key_and_other_bytes_are_refused_and_both_are_shown(trader, gateway):
    buy(trader, idempotency_key="signal-1")
    with pytest.raises(fastorder.KeyReused) as raised:
        trader.place_market_order("MNQ", "SELL", 2, ACCOUNT, idempotency_key="signal-1")
    assert '"side":0,"size":1' in raised.value.before
    assert '"side":1,"size":2' in raised.value.now
    assert str(raised.value).endswith(
        "one with side BUY, quantity 1, and this one has side SELL, quantity 2"
    )
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_one_key_in_two_accounts_is_two_orders():
    assert tag_of(1, "signal-1") != tag_of(2, "signal-1")
    assert tag_of(1, "signal-1") != tag_of(1, "signal-2")


def test_a_key_is_the_same_order_in_another_executor(gateway):
    numbers = set()
    for _ in range(2):
        with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            result = buy(prepared(executor, gateway), idempotency_key="signal-1")
        assert result.success
        numbers.add(result.order_id)
    assert len(numbers) == 1
    assert len(gateway.ledger.placements()) == 1


def test_a_key_gives_the_first_outcome_and_not_another_try(trader, gateway):
    gateway.faults.add(Fault(PLACE, effect="none", reply="code", error_code=5))
    first = buy(trader, idempotency_key="signal-1")
    assert first.outcome is Outcome.REJECTED
    assert buy(trader, idempotency_key="signal-1") == first
    assert len(gateway.ledger.requests(PLACE)) == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"valid_for": 0},
        {"valid_for": -1.0},
        {"valid_for": float("nan")},
        {"idempotency_key": ""},
        {"idempotency_key": "k", "custom_tag": "t"},
        {"idempotency_key": 42},
        {"despite": "the tags"},
    ],
)
def test_terms_that_cannot_be_met_are_refused(trader, gateway, terms):
    with pytest.raises((fastorder.InvalidField, fastorder.WrongFieldType)):
        buy(trader, **terms)
    assert gateway.ledger.requests() == []


def test_resolving_a_tag_that_nobody_knows_is_refused(trader):
    with pytest.raises(fastorder.UnknownTag, match="fo1-none"):
        trader.resolve("fo1-none")


# ---------------------------------------------------------------- waits that end early


def test_waits_that_are_cancelled_lose_no_order(run, connect, gateway):
    dice = random.Random(11)

    async def one(executor, account):
        if dice.random() < 0.2:
            gateway.faults.add(Fault(PLACE, reply=dice.choice(LOST)))
        ticket = buy(executor, account)
        wait = asyncio.ensure_future(ticket)
        for _ in range(dice.choice([0, 0, 1, 2, 5])):
            await asyncio.sleep(0)
        await asyncio.sleep(dice.choice([0, 0, 0.001, 0.005]))
        wait.cancel()
        await asyncio.wait([wait])
        assert ticket.done or ticket in executor.intents()
        return ticket

    async def main():
        policy = RetryPolicy(base_delay=0.01, multiplier=1.0)
        async with connect(retry=policy) as executor:
            tickets = []
            for account in accounts(gateway, CANCELS):
                try:
                    tickets.append(await one(executor, account))
                except fastorder.Interlocked:
                    await asyncio.gather(*executor.intents())
            results = [await ticket for ticket in tickets]
            assert executor.intents() == ()
            engine = executor._engine
            assert (engine.in_flight_count, engine.waiting_count) == (0, 0)
            return results

    results = run(main(), LIMIT_S)
    assert len(results) >= CANCELS // 2
    for result in results:
        (booked,) = gateway.ledger.placements(result.tag)
        assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, booked.order_id)
    assert len(gateway.ledger.placements()) == len(results)
    assert len(gateway.ledger.requests(PLACE)) == len(results)


# ---------------------------------------------------------------- the interlock


def test_while_an_order_is_in_doubt_others_of_the_contract_are_refused(trader, gateway):
    resting = trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
    blind(gateway)
    unknown = buy(trader)
    with pytest.raises(fastorder.Interlocked) as raised:
        buy(trader)
    assert raised.value.tags == (unknown.tag,)
    assert unknown.tag in str(raised.value)
    trader.set_contract_id("MES", "CON.F.US.MES.Z26")
    assert trader.place_market_order("MES", "BUY", 1, ACCOUNT).success
    assert trader.cancel_order(resting.order_id, ACCOUNT).success
    assert trader.close_position("MNQ", ACCOUNT).success
    assert trader.resolve(unknown.tag).outcome is Outcome.ACCEPTED
    assert buy(trader).success


def test_a_waiver_that_names_every_tag_passes(trader, gateway, caplog):
    blind(gateway)
    unknown = buy(trader)
    waiver = DespiteUnknown((unknown.tag,), "seen in the platform")
    assert buy(trader, despite=waiver).success
    assert unknown.tag in caplog.text
    assert "seen in the platform" in caplog.text


def test_a_waiver_does_not_cover_what_came_later(trader, gateway):
    blind(gateway)
    first = buy(trader)
    waiver = DespiteUnknown((first.tag,))
    blind(gateway)
    second = buy(trader, despite=waiver)
    assert second.outcome is Outcome.UNKNOWN
    with pytest.raises(fastorder.Interlocked, match=second.tag):
        buy(trader, despite=waiver)


# ---------------------------------------------------------------- on_unknown


def test_on_unknown_is_called_once_for_each_order(run, connect, gateway):
    heard = []

    async def main():
        async with connect(on_unknown=heard.append) as executor:
            blind(gateway, looks=6)
            first = await buy(executor)
            for _ in range(2):
                await executor.resolve(first.tag)
            result = await executor.resolve(first.tag)
            while not result.success:
                result = await executor.resolve(first.tag)
            assert (await buy(executor)).success
            return first

    first = run(main())
    assert [result.tag for result in heard] == [first.tag]
    assert heard[0].outcome is Outcome.UNKNOWN


def test_an_order_that_was_told_unknown_is_settled_by_itself(run, connect, gateway):
    async def main():
        async with connect() as executor:
            blind(gateway)
            first = await buy(executor)
            (ticket,) = executor.intents()
            while executor.intents():
                await asyncio.sleep(0.01)
            return first, ticket.result

    first, last = run(main())
    assert first.outcome is Outcome.UNKNOWN
    assert (last.outcome, last.tag) == (Outcome.ACCEPTED, first.tag)


def test_a_hook_that_raises_harms_nothing(gateway, caplog):
    def fail(result):
        raise ValueError("my own bug")

    with blocking.OrderExecutor(
        gateway.base_url, retry=QUICK, on_unknown=fail
    ) as executor:
        prepared(executor, gateway)
        blind(gateway)
        result = buy(executor)
        assert result.outcome is Outcome.UNKNOWN
        assert executor.resolve(result.tag).success
    assert "my own bug" in caplog.text


# ---------------------------------------------------------------- the kill switch


def test_after_a_kill_from_any_thread_nothing_new_leaves(run, connect, gateway):
    async def main():
        async with connect() as executor:
            await executor.connect()
            assert (await buy(executor)).success
            killer = threading.Thread(target=executor.kill, args=("by hand",))
            killer.start()
            killer.join()
            assert executor.halted == "by hand"
            with pytest.raises(fastorder.Halted, match="by hand"):
                buy(executor)
            executor.resume()
            assert executor.halted is None
            assert (await buy(executor)).success

    run(main())
    assert len(gateway.ledger.requests(PLACE)) == 2


def test_a_kill_stops_the_resend_of_an_order_in_doubt(run, connect, gateway):
    async def main():
        async with connect(retry=RetryPolicy(base_delay=0.1)) as executor:
            gateway.faults.add(Fault(PLACE, effect="none", reply="status", times=None))
            ticket = buy(executor)
            while "in doubt" not in ticket.state:
                await asyncio.sleep(0.005)
            executor.kill()
            return await ticket

    result = run(main())
    assert result.outcome is Outcome.UNKNOWN
    assert "the gate is shut" in result.error
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_while_a_kill_file_is_there_nothing_new_leaves(gateway, tmp_path):
    switch = tmp_path / "kill"
    with blocking.OrderExecutor(
        gateway.base_url, retry=QUICK, kill_file=switch
    ) as executor:
        prepared(executor, gateway)
        assert buy(executor).success
        switch.touch()
        with pytest.raises(fastorder.Halted, match="kill is there"):
            buy(executor)
        with pytest.raises(fastorder.Halted):
            executor.resume()
        switch.unlink()
        assert buy(executor).success
    assert len(gateway.ledger.requests(PLACE)) == 2


def test_after_a_kill_a_new_quantity_is_held_back_and_the_rest_passes(trader, gateway):
    order_id = trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000).order_id
    trader.kill("enough")
    larger = trader.modify_order(order_id, ACCOUNT, quantity=2)
    assert larger.outcome is Outcome.NOT_SENT
    assert "enough" in larger.error
    assert trader.modify_order(order_id, ACCOUNT, limit_price=25_001).success
    assert trader.cancel_order(order_id, ACCOUNT).success
    assert len(gateway.ledger.requests("/api/Order/modify")) == 1
