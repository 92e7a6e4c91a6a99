"""The gateway's budgets: 200 requests in 60 s, and 50 in 30 s for history."""

import pytest
from plain_http import ACCOUNT, MNQ, wire_to

from fastorder.simulator import run_in_thread


@pytest.fixture
def budgeted(day):
    with run_in_thread(clock=day) as simulator:
        yield simulator


@pytest.fixture
def wire(budgeted):
    with wire_to(budgeted) as connection:
        yield connection


def general(wire):
    return wire.ask("Position/searchOpen", accountId=ACCOUNT).status


def history(wire):
    return wire.ask(
        "History/retrieveBars",
        contractId=MNQ,
        live=False,
        startTime="2026-08-19T00:00:00Z",
        endTime="2026-08-19T00:00:01Z",
        unit=2,
        unitNumber=1,
        limit=1,
        includePartialBar=False,
    ).status


def test_the_201st_request_in_a_minute_is_a_429(wire, day):
    assert {general(wire) for _ in range(200)} == {200}
    reply = wire.ask("Account/search", onlyActiveAccounts=True)
    assert (reply.status, reply.raw) == (429, b"")
    day.advance(59.9)
    assert general(wire) == 429
    day.advance(0.2)
    assert general(wire) == 200


def test_the_51st_history_request_in_30_s_is_a_429(wire, day):
    assert {history(wire) for _ in range(50)} == {200}
    assert history(wire) == 429
    day.advance(29.9)
    assert history(wire) == 429
    day.advance(0.2)
    assert history(wire) == 200


def test_the_two_budgets_know_nothing_of_each_other(wire):
    assert {history(wire) for _ in range(50)} == {200}
    assert {general(wire) for _ in range(200)} == {200}
    assert (history(wire), general(wire)) == (429, 429)


def test_a_window_slides(wire, day):
    for _ in range(2):
        assert {general(wire) for _ in range(100)} == {200}
        day.advance(30)
    assert {general(wire) for _ in range(100)} == {200}
    assert general(wire) == 429


def test_every_token_has_a_budget_of_its_own(budgeted, wire):
    other = budgeted.call(lambda: budgeted.gateway.tokens.give("trader1"))
    while general(wire) == 200:
        pass
    wire.token = other
    assert general(wire) == 200


def test_a_login_counts(budgeted):
    with wire_to(budgeted, None) as wire:
        given = {"userName": "trader1", "apiKey": "wrong"}
        found = [wire.ask("Auth/loginKey", **given).status for _ in range(201)]
    assert found == [200] * 200 + [429]


def test_a_refused_request_does_nothing(budgeted, wire):
    while general(wire) == 200:
        pass
    assert wire.place(customTag="late").status == 429
    assert budgeted.ledger.placements() == []


def test_a_ping_is_free(wire):
    while general(wire) == 200:
        pass
    assert wire.send("Status/ping", method="GET").status == 200


def test_without_a_limit_there_is_none(market):
    with wire_to(market) as wire:
        assert {general(wire) for _ in range(250)} == {200}
