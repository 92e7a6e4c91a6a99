"""After a restart: one look an account, and nothing waits for it."""

import asyncio
import json

import pytest
from conftest import ACCOUNT, COMBINE, prepared

import fastorder
from fastorder import DespiteUnknown, Interlocked, Outcome, RetryPolicy, blocking
from fastorder.journal import Intent, Journal, read
from fastorder.simulator import Fault

PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
CANCEL = "/api/Order/cancel"
SWIFT = RetryPolicy(base_delay=0.02, quiet=0.1)
OTHER = {"symbol": "MNQ", "side": "SELL", "quantity": 1, "limit_price": 40_000}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


def leave(gateway, path, monkeypatch, count, accounts=(ACCOUNT,)):
    """Orders that are booked, and whose outcome no journal holds; their tags."""
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "resolve", lambda *outcome: None)
        with blocking.OrderExecutor(gateway.base_url, journal=path) as executor:
            prepared(executor, gateway)
            for account in accounts:
                for number in range(count):
                    price = 20_000 + number % 50
                    executor.place_limit_order("MNQ", "BUY", 1, account, price)
    assert all(entry.outcome is None for entry in read(path))


def add_lost(path, number, created_s):
    """An intent that never became an order."""
    body = {
        "accountId": ACCOUNT,
        "contractId": "CON.F.US.MNQ.Z26",
        "type": 1,
        "side": 0,
        "size": 1,
        "limitPrice": 20_000,
        "customTag": f"lost-{number}",
    }
    with Journal(path) as journal:
        text = json.dumps(body).encode()
        intent = Intent(
            f"lost-{number}", None, ACCOUNT, body["contractId"], text, None, created_s
        )
        journal.intent(intent)


def looks(gateway):
    return len(gateway.ledger.requests(SEARCH))


async def until(holds):
    for _ in range(6_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


@pytest.mark.parametrize("accounts", [(ACCOUNT,), (ACCOUNT, COMBINE)])
def test_one_look_an_account_shows_all_that_are_there(
    run, connect, gateway, path, monkeypatch, accounts
):
    leave(gateway, path, monkeypatch, 100, accounts)

    async def main():
        async with connect(journal=path, retry=SWIFT) as executor:
            assert len(executor.intents()) == 100 * len(accounts)
            return await executor.recover()

    results = run(main())
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert len({result.order_id for result in results}) == 100 * len(accounts)
    assert looks(gateway) == len(accounts)
    booked = {
        effect.custom_tag: effect.order_id for effect in gateway.ledger.placements()
    }
    for entry in read(path):
        assert (entry.outcome, entry.order_id) == (
            "ACCEPTED",
            booked[entry.intent.tag],
        )


def test_a_blocking_executor_looks_once_too(gateway, path, monkeypatch):
    leave(gateway, path, monkeypatch, 60)
    with blocking.OrderExecutor(
        gateway.base_url, journal=path, retry=SWIFT
    ) as executor:
        results = prepared(executor, gateway).recover()
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert looks(gateway) == 1


def test_what_the_list_does_not_show_is_proved_by_itself(
    run, connect, gateway, path, monkeypatch
):
    leave(gateway, path, monkeypatch, 20)
    with Journal(path) as journal:
        created_s = journal.since(0.0)[0].intent.created_s
    for number in range(3):
        add_lost(path, number, created_s)

    async def main():
        async with connect(journal=path, retry=SWIFT) as executor:
            await executor.recover()
            await until(lambda: not executor.intents())

    run(main(), limit_s=120)
    outcomes = {entry.intent.tag: entry.outcome for entry in read(path)}
    for tag, outcome in outcomes.items():
        expected = "NOT_PLACED" if tag.startswith("lost-") else "ACCEPTED"
        assert outcome == expected, tag
    assert len(gateway.ledger.placements()) == 20


@pytest.mark.parametrize("reply", ["hang_up", "status", "body"])
def test_a_list_that_is_not_read_tells_nothing_of_any(
    run, connect, gateway, path, monkeypatch, reply
):
    leave(gateway, path, monkeypatch, 12)
    gateway.faults.add(Fault(SEARCH, reply=reply, effect="none", body=b"{}"))

    async def main():
        async with connect(journal=path, retry=SWIFT) as executor:
            await executor.recover()
            await until(lambda: not executor.intents())

    run(main())
    assert {entry.outcome for entry in read(path)} == {"ACCEPTED"}


def test_neither_a_new_order_nor_a_cancel_waits_for_it(
    run, connect, gateway, path, monkeypatch
):
    """The list is not answered; what is asked meanwhile is."""
    leave(gateway, path, monkeypatch, 200)
    gateway.faults.add(Fault(SEARCH, reply="stall", times=None))

    async def main():
        async with connect(journal=path, retry=SWIFT, max_connections=2) as executor:
            placed = await executor.place_limit_order(
                "MNQ", "SELL", 1, COMBINE, 40_000, valid_for=30
            )
            cancelled = await executor.cancel_order(placed.order_id, COMBINE)
            asked = looks(gateway)
            await executor.aclose(drain=0)
            return placed, cancelled, asked

    placed, cancelled, asked = run(main())
    assert (placed.outcome, cancelled.outcome) == (Outcome.ACCEPTED,) * 2
    assert asked == 1


def test_what_was_not_looked_up_before_the_close_is_unknown(
    run, connect, gateway, path, monkeypatch
):
    leave(gateway, path, monkeypatch, 30)
    gateway.faults.add(Fault(SEARCH, reply="stall", times=None))

    async def main():
        executor = connect(journal=path, retry=SWIFT)
        wait = asyncio.ensure_future(executor.recover())
        await until(lambda: looks(gateway) == 1)
        await executor.aclose(drain=0)
        return await wait

    assert {result.outcome for result in run(main())} == {Outcome.UNKNOWN}
    assert not any(entry.resolved for entry in read(path))


def test_the_interlock_holds_until_the_list_is_there(
    run, connect, gateway, path, monkeypatch
):
    leave(gateway, path, monkeypatch, 10)

    async def main():
        async with connect(journal=path, retry=SWIFT) as executor:
            with pytest.raises(fastorder.Interlocked):
                executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
            await until(lambda: not executor.intents())
            again = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
            return await again

    assert run(main()).success
    assert len(gateway.ledger.placements()) == 11


def test_a_refusal_names_a_few_of_many_orders_in_doubt(gateway, path, monkeypatch):
    """Its attribute has them all, and the way on that it names can be typed."""
    leave(gateway, path, monkeypatch, 200)
    gateway.faults.add(Fault(SEARCH, reply="stall", times=None))
    with blocking.OrderExecutor(gateway.base_url, journal=path, retry=SWIFT) as trader:
        prepared(trader, gateway)
        with pytest.raises(Interlocked) as caught:
            trader.place_limit_order("MNQ", "SELL", 1, ACCOUNT, 40_000)
        error = caught.value
        assert "and 195 more" in str(error)
        assert "DespiteUnknown(error.tags)" in str(error)
        assert len(str(error)) < 500
        assert len(error.tags) == 200
        despite = DespiteUnknown(error.tags, "a test")
        trader.place_limit_order("MNQ", "SELL", 1, ACCOUNT, 40_000, despite=despite)
