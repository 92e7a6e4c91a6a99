"""Changes that never arrived, read back as rows with a member that nobody can read.

Of an order, of a leg of a bracket and of a position, each member is made what it cannot
be. The gateway has done nothing: nothing may be told to be done, or refused.
"""

import json

import pytest
from conftest import ACCOUNT, bought_elsewhere, held
from plain_http import wire_to

from fastorder import Outcome, RetryPolicy, blocking
from fastorder.simulator import Fault

CANCEL, MODIFY = "/api/Order/cancel", "/api/Order/modify"
CLOSE, PARTIAL = "/api/Position/closeContract", "/api/Position/partialCloseContract"
BY_ID, POSITIONS = "/api/Order/searchById", "/api/Position/searchOpen"
AT_ONCE = RetryPolicy(max_retries=1, base_delay=0.002, quiet=0.004, watch=0.01)
MISSING = object()
UNREADABLE = [None, "0", -1, 2**70, [], MISSING]
STOP = 4


@pytest.fixture
def hasty(gateway):
    with blocking.OrderExecutor(gateway.base_url, retry=AT_ONCE) as executor:
        executor.set_token(gateway.token)
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
        yield executor


def spoiled(row):
    """The row with one member made what it cannot be, for each of them."""
    for member in row:
        for value in UNREADABLE:
            if value is MISSING:
                yield {name: row[name] for name in row if name != member}
            else:
                yield row | {member: value}


def rows(gateway, kind):
    with wire_to(gateway) as wire:
        return getattr(wire, kind)()


def lost(gateway, path, read, document):
    """The change is lost, and this is what every look shows."""
    answer = {"success": True, "errorCode": 0, "errorMessage": None}
    gateway.faults.clear()
    gateway.faults.add(
        Fault(path, effect="none", reply="hang_up", times=None),
        Fault(
            read, reply="body", body=json.dumps(document | answer).encode(), times=None
        ),
    )


def assert_nothing_is_claimed(result, row):
    assert result.outcome is Outcome.UNKNOWN, (row, result)
    assert result.attempts <= 2


@pytest.mark.parametrize("which", ["an order", "a leg"])
def test_an_order_that_was_not_changed(gateway, hasty, which):
    hasty.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
    hasty.place_market_order("MNQ", "BUY", 1, ACCOUNT, stop_loss_ticks=40)
    resting = [row for row in rows(gateway, "orders") if row["status"] == 1]
    (row,) = (row for row in resting if (row["type"] == STOP) == (which == "a leg"))
    price = "stopPrice" if which == "a leg" else "limitPrice"
    argument = "stop_price" if which == "a leg" else "limit_price"
    other = {argument: row[price] - 5}
    for shown in spoiled(row):
        lost(gateway, CANCEL, BY_ID, {"order": shown})
        assert_nothing_is_claimed(hasty.cancel_order(row["id"], ACCOUNT), shown)
        lost(gateway, MODIFY, BY_ID, {"order": shown})
        result = hasty.modify_order(row["id"], ACCOUNT, **other)
        assert_nothing_is_claimed(result, shown)
    assert rows(gateway, "orders")[-1]["status"] == 1


def test_a_position_that_was_not_closed(gateway, hasty):
    bought_elsewhere(gateway)
    bought_elsewhere(gateway)
    (row,) = rows(gateway, "positions")
    for shown in spoiled(row):
        lost(gateway, CLOSE, POSITIONS, {"positions": [shown]})
        assert_nothing_is_claimed(hasty.close_position("MNQ", ACCOUNT), shown)
        lost(gateway, PARTIAL, POSITIONS, {"positions": [shown]})
        result = hasty.partial_close_position("MNQ", ACCOUNT, 1)
        assert_nothing_is_claimed(result, shown)
    assert held(gateway) == 2
