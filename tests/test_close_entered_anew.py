"""A close that may be sent again, and orders of its contract that were sent after it.

What they have opened is not closed by it; a stop that protects does not keep it open.
"""

import asyncio
import json
from types import SimpleNamespace

import pytest
from conftest import ACCOUNT, held
from still import CONTRACT, StillClock, order_since

import fastorder
from fastorder import OrderType, Outcome, Side
from fastorder._core.flow.protocol import Pause
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import ServerClock
from fastorder.requests.position_close import OVERTAKEN, PositionClose
from fastorder.simulator import Fault

CLOSE, PLACE = "/api/Position/closeContract", "/api/Order/place"
SLOW = fastorder.RetryPolicy(base_delay=0.4, quiet=1)
LIMITED = {"reply": "status", "status": 429, "retry_after": "1"}
ASKED = 0.2  # so long after the close the next order is sent


def entered_anew(gateway, fault, orders):
    """A close of one long contract that meets a fault, and orders sent after it."""

    async def day():
        async with fastorder.OrderExecutor(gateway.base_url, retry=SLOW) as executor:
            executor.set_token(gateway.token)
            executor.set_contract_id("MNQ", CONTRACT, tick_size="0.25")
            assert (await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)).success
            gateway.faults.add(fault)
            closing = executor.close_position("MNQ", ACCOUNT)
            await asyncio.sleep(ASKED)
            for order in orders:
                assert (await order(executor)).success
            return await closing

    return asyncio.run(day())


def buy(quantity):
    return lambda executor: executor.place_market_order("MNQ", "BUY", quantity, ACCOUNT)


def sell(quantity):
    return lambda executor: executor.place_market_order(
        "MNQ", "SELL", quantity, ACCOUNT
    )


def stop_below(executor):
    return executor.place_stop_order("MNQ", "SELL", 1, ACCOUNT, 29000)


@pytest.mark.parametrize(
    ("fault", "orders", "left"),
    [
        (Fault(CLOSE, reply="hang_up"), [buy(2)], 2),
        (Fault(CLOSE, reply="hang_up"), [sell(2)], -2),
        (Fault(CLOSE, effect="none", **LIMITED), [sell(1), sell(3)], -3),
        (Fault(CLOSE, effect="none", **LIMITED), [buy(1)], 2),
        (Fault(CLOSE, effect="none", reply="status"), [sell(1), buy(3)], 3),
        (Fault(CLOSE, effect="none", reply="status"), [sell(3)], -2),
        (Fault(CLOSE, effect="none", **LIMITED), [sell(1)], 0),
    ],
)
def test_what_was_opened_after_a_close_is_not_closed_by_it(
    gateway, fault, orders, left
):
    result = entered_anew(gateway, fault, orders)
    assert held(gateway) == left
    assert len(gateway.ledger.requests(CLOSE)) == 1
    if left:
        assert result.outcome is Outcome.UNKNOWN
        assert OVERTAKEN in result.error


NOT_DONE = [
    Fault(CLOSE, effect="none", **LIMITED),
    Fault(CLOSE, effect="none", reply="hang_up"),
    Fault(CLOSE, effect="none", reply="status"),
]


@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_stop_that_protects_it_does_not_keep_a_position_open(gateway, fault):
    result = entered_anew(gateway, fault, [stop_below])
    assert result.success
    assert held(gateway) == 0
    assert len(gateway.ledger.requests(CLOSE)) == 2


@pytest.mark.parametrize("fault", NOT_DONE)
def test_an_order_that_came_to_nothing_does_not_keep_a_position_open(gateway, fault):
    async def refused(executor):
        gateway.faults.add(Fault(PLACE, reply="code", effect="none", error_code=2))
        result = await buy(1)(executor)
        assert result.outcome is Outcome.REJECTED
        return SimpleNamespace(success=True)

    result = entered_anew(gateway, fault, [refused])
    assert result.success
    assert held(gateway) == 0


# ------------------------------------------------------------ by itself


@pytest.mark.parametrize("kind", OrderType.__members__)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("shown", [None, *Side])
def test_a_stop_of_the_other_side_protects_and_any_other_order_opens(kind, side, shown):
    since = order_since(kind, side)
    protects = kind in ("STOP", "TRAILING_STOP") and shown is not side
    assert since.may_have_opened(shown) is not protects


@pytest.mark.parametrize("outcome", [None, *Outcome])
def test_what_was_refused_or_never_left_opens_nothing(outcome):
    opens = outcome not in (Outcome.REJECTED, Outcome.NOT_SENT)
    for side in (None, *Side):
        assert order_since(outcome=outcome).may_have_opened(side) is opens
        assert not order_since(outcome=outcome, left=False).may_have_opened(side)
        assert not order_since(outcome=outcome, held=True).may_have_opened(side)


LONG = {"id": 1, "accountId": ACCOUNT, "contractId": CONTRACT, "size": 2, "type": 1}
SHORT = {**LONG, "type": 2}


def begun():
    clock = StillClock()
    closing = PositionClose(
        ACCOUNT,
        CONTRACT,
        None,
        fastorder.RetryPolicy(),
        clock,
        clock.now_ns,
        server_clock=ServerClock(clock),
    )
    return closing, clock, closing.start()


def never_left():
    closing, clock, _ = begun()
    evidence = Evidence(curl_code=7, starts=0, curl_error="no connection")
    assert isinstance(closing.on_evidence(evidence), Pause)
    clock.pass_s(60)
    return closing


SINCE = [
    ([], True),
    ([order_since()], False),
    ([order_since(side="SELL")], False),
    ([order_since("STOP")], True),
    ([order_since("STOP"), order_since("LIMIT")], False),
    ([order_since(left=False)], True),
    ([order_since(held=True)], True),
    ([order_since(outcome=Outcome.REJECTED)], True),
    ([order_since(outcome=Outcome.UNKNOWN)], False),
]


@pytest.mark.parametrize(("since", "is_sent"), SINCE)
@pytest.mark.parametrize("waited", ["to try again", "for room"])
def test_a_close_that_has_not_left_yet_closes_nothing_newer(since, is_sent, waited):
    if waited == "for room":
        closing, _, send = begun()
        closing.orders_since += since
        command = closing.after_hold(send)
    else:
        closing = never_left()
        closing.orders_since += since
        command = closing.on_time()
    if is_sent:
        assert command.endpoint is Endpoint.CLOSE_POSITION
        return
    assert command.value.outcome is Outcome.NOT_SENT
    assert OVERTAKEN in command.value.error


SHOWN = [
    ([LONG], [], True),
    ([LONG], [order_since("STOP", "SELL")], True),
    ([LONG], [order_since("STOP", "BUY")], False),
    ([SHORT], [order_since("STOP", "BUY")], True),
    ([SHORT], [order_since("STOP", "SELL")], False),
    ([{**LONG, "type": 7}], [order_since("STOP", "BUY")], True),
    ([LONG], [order_since("MARKET", "SELL")], False),  # on its way yet, or looked past
    ([LONG], [order_since("MARKET", "BUY", Outcome.REJECTED)], True),
]


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize(("rows", "since", "is_sent"), SHOWN)
def test_a_close_in_doubt_is_sent_again_where_nothing_newer_is_held(
    rows, since, is_sent, hold
):
    closing, clock, _ = begun()
    closing.on_evidence(Evidence(curl_code=52, curl_error="no answer"))
    clock.pass_s(60)
    assert closing.on_time().endpoint is Endpoint.SEARCH_POSITIONS
    if not hold:
        closing.orders_since += since
    command = closing.on_evidence(positions(*rows))
    if hold:  # it waits for room, and the orders are sent meanwhile
        assert command.endpoint is Endpoint.CLOSE_POSITION
        closing.orders_since += since
        command = closing.after_hold(command)
        if command.endpoint is Endpoint.SEARCH_POSITIONS:
            command = closing.on_evidence(positions(*rows))
            assert not is_sent
        else:
            assert is_sent or since[0].may_have_opened(None) is False
            return
    is_resent = getattr(command, "endpoint", None) is Endpoint.CLOSE_POSITION
    assert is_resent is is_sent


def positions(*rows):
    body = {"positions": rows, "success": True, "errorCode": 0, "errorMessage": None}
    return Evidence(body=json.dumps(body).encode())
