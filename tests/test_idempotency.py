"""Which idempotency keys one run remembers, and which it forgets first."""

import pytest
from conftest import ACCOUNT, COMBINE

from fastorder import Outcome
from fastorder.simulator import Fault
from fastorder.submission import idempotency

PLACE = "/api/Order/place"
KEPT = 3


@pytest.fixture
def few(monkeypatch):
    """Only so many keys are kept."""
    monkeypatch.setattr(idempotency, "KEPT_KEYS", KEPT)


def buy(trader, key, account_id=ACCOUNT):
    return trader.place_limit_order(
        "MNQ", "BUY", 1, account_id, 25_000, idempotency_key=key
    )


def is_known(trader, gateway, key, account_id=ACCOUNT):
    """Whether a repeat is answered without asking the gateway."""
    before = len(gateway.ledger.requests(PLACE))
    buy(trader, key, account_id)
    return len(gateway.ledger.requests(PLACE)) == before


def left_open(trader, gateway, key):
    """An order of another account whose outcome stays unknown."""
    gateway.faults.add(Fault(PLACE, effect="none", reply="status", status=400))
    assert buy(trader, key, COMBINE).outcome is Outcome.UNKNOWN


def test_the_oldest_keys_are_forgotten_first(few, trader, gateway):
    for number in range(5):
        assert buy(trader, f"signal-{number}").success
    for number in (2, 3, 4):
        assert is_known(trader, gateway, f"signal-{number}")
    assert not is_known(trader, gateway, "signal-0")
    assert not is_known(trader, gateway, "signal-1")
    assert is_known(trader, gateway, "signal-4")


def test_a_forgotten_key_still_gives_the_first_order(few, trader, gateway):
    first = buy(trader, "signal-0")
    for number in range(1, 5):
        buy(trader, f"signal-{number}")
    again = buy(trader, "signal-0")
    assert (again.outcome, again.order_id) == (Outcome.ACCEPTED, first.order_id)
    assert len(gateway.ledger.placements(first.tag)) == 1


def test_what_is_open_is_not_forgotten(few, trader, gateway):
    left_open(trader, gateway, "open")
    for number in range(12):
        assert buy(trader, f"signal-{number}").success
    assert is_known(trader, gateway, "open", COMBINE)
    assert is_known(trader, gateway, "signal-11")
    assert not is_known(trader, gateway, "signal-0")


def test_what_is_open_leaves_room_for_no_more_than_the_others(few, trader, gateway):
    left_open(trader, gateway, "open")
    for number in range(12):
        assert buy(trader, f"signal-{number}").success
    assert not is_known(trader, gateway, f"signal-{11 - KEPT}")


def test_more_may_be_open_than_are_kept(few, trader, gateway, monkeypatch):
    monkeypatch.setattr(idempotency, "KEPT_KEYS", 0)
    left_open(trader, gateway, "open")
    assert buy(trader, "signal-0").success
    assert buy(trader, "signal-1").success
    assert is_known(trader, gateway, "open", COMBINE)
    assert not is_known(trader, gateway, "signal-0")
