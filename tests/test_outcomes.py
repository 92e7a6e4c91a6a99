"""Every fault of the gateway and of the line, and the outcome that it leads to.

After each, what the client believes is compared with what the gateway's ledger says.
"""

import asyncio
import json
import time

import pytest
from conftest import ACCOUNT, QUICK, bought_elsewhere, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
SEARCH = "/api/Order/search"
MNQ = "CON.F.US.MNQ.Z26"
HASTY = fastorder.Timeouts(connect=10.0, request=1.5)
PATIENT = fastorder.Timeouts(connect=10.0, request=30.0)
SLOW = {"stall", "answer", "trickle"}  # what an answer's limit must end

BOOKED = [
    Fault(PLACE, reply="hang_up"),
    Fault(PLACE, reply="reset"),
    Fault(PLACE, reply="stall"),
    Fault(PLACE, reply="answer", delay_s=4.0),
    Fault(PLACE, reply="trickle", delay_s=0.1),
    Fault(PLACE, reply="status", status=500),
    Fault(PLACE, reply="status", status=502, body=b"<html>bad gateway</html>"),
    Fault(PLACE, reply="status", status=503),
    Fault(PLACE, reply="status", status=504),
    Fault(PLACE, reply="status", status=501),
    Fault(PLACE, reply="status", status=429),
    Fault(PLACE, reply="status", status=401),
    Fault(PLACE, reply="status", status=302, headers={"Location": "/elsewhere"}),
    Fault(PLACE, reply="body", body=b""),
    Fault(PLACE, reply="body", body=b"<html>hello</html>"),
    Fault(PLACE, reply="body", body=b"\xff\xfe\x00"),
    Fault(PLACE, reply="body", body=b'{"orderId":1,"success":tr'),
    Fault(PLACE, reply="body", body=b'{"success":true,"errorCode":0}'),
    Fault(PLACE, reply="body", body=b"[1,2,3]"),
    Fault(PLACE, reply="body", body=b"x" * (2 << 20)),
    Fault(PLACE, reply="cut", cut_at=1),
    Fault(PLACE, reply="cut", cut_at=60),
    Fault(PLACE, reply="cut", cut_at=150),
    Fault(PLACE, reply="cut", cut_at=200, reset=True),
    Fault(PLACE, reply="code", error_code=6),
    Fault(PLACE, reply="code", error_code=7),
    Fault(PLACE, reply="code", error_code=99),
    Fault(PLACE, reply="code", error_code=2, success=True),
    Fault(PLACE, reply="code", error_code=0, success=False),
]


def named(fault):
    return (
        f"{fault.effect}-{fault.reply}-{fault.status}-{fault.cut_at}-{fault.body[:9]}"
    )


@pytest.fixture
def hasty(gateway, request):
    """An executor that waits for an answer no longer than its case needs."""
    case = getattr(request.node, "callspec", None)
    case = case.params if case else {}
    reply = case.get("reply") or getattr(case.get("fault"), "reply", None)
    timeouts = HASTY if reply in SLOW else PATIENT
    with blocking.OrderExecutor(
        gateway.base_url, retry=QUICK, timeouts=timeouts
    ) as executor:
        yield prepared(executor, gateway)


def buy(executor, **options):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, **options)


@pytest.mark.parametrize("fault", BOOKED, ids=named)
def test_an_order_booked_without_a_good_answer_is_found_and_adopted(
    hasty, gateway, fault
):
    hasty.connect()
    gateway.faults.add(fault)
    result = buy(hasty)
    (booked,) = gateway.ledger.placements(result.tag)
    assert result.outcome is Outcome.ACCEPTED
    assert result.order_id == booked.order_id
    assert result.attempts == 1


@pytest.mark.parametrize("fault", BOOKED, ids=named)
def test_the_same_stays_unknown_where_it_cannot_be_looked_up(hasty, gateway, fault):
    hasty.connect()
    gateway.faults.add(fault, Fault(SEARCH, reply="status", effect="none", times=None))
    result = buy(hasty)
    assert len(gateway.ledger.placements(result.tag)) == 1
    assert result.outcome is Outcome.UNKNOWN
    assert result.attempts == 1  # blind, so never sent again
    assert "look-up failed" in result.error


NOT_BOOKED = [
    Fault(PLACE, effect="none", reply="hang_up"),
    Fault(PLACE, effect="none", reply="reset"),
    Fault(PLACE, effect="none", reply="stall"),
    Fault(PLACE, effect="none", reply="status", status=500),
    Fault(PLACE, effect="none", reply="status", status=503),
    Fault(PLACE, effect="none", reply="status", status=429, retry_after="0"),
    Fault(PLACE, effect="none", reply="code", error_code=6),
]


@pytest.mark.parametrize("fault", NOT_BOOKED, ids=named)
def test_an_order_that_was_not_booked_is_sent_again_the_same(hasty, gateway, fault):
    hasty.connect()
    gateway.faults.add(fault)
    result = buy(hasty)
    first, second = gateway.ledger.requests(PLACE)
    assert first.body == second.body
    assert first.custom_tag == result.tag
    assert result.outcome is Outcome.ACCEPTED
    assert result.attempts == 2
    assert len(gateway.ledger.placements()) == 1


def test_between_two_sends_there_is_a_look_up(hasty, gateway):
    gateway.faults.add(Fault(PLACE, effect="none", reply="status", times=3))
    result = buy(hasty)
    asked = [r.endpoint.rsplit("/", 1)[1] for r in gateway.ledger.requests()]
    assert asked == ["place", "search", "place", "search", "place", "search", "place"]
    assert result.attempts == 4


def test_after_the_last_try_the_order_is_looked_up_and_unknown(hasty, gateway):
    gateway.faults.add(Fault(PLACE, effect="none", reply="status", times=None))
    result = buy(hasty)
    assert result.outcome is Outcome.UNKNOWN
    assert result.attempts == 4
    assert gateway.ledger.counts["/api/order/search"] == 4
    with pytest.raises(fastorder.OrderUnknown, match="HTTP 500"):
        result.raise_for_outcome()


def test_an_order_booked_late_is_not_booked_twice(hasty, gateway):
    gateway.faults.add(Fault(PLACE, effect="late", reply="hang_up", delay_s=0.05))
    result = buy(hasty)
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1


def test_a_tag_in_use_is_adopted_and_never_a_rejection(hasty, gateway):
    first = bought_elsewhere(gateway, custom_tag="signal-1")
    second = buy(hasty, custom_tag="signal-1")
    assert second.outcome is Outcome.ACCEPTED
    assert second.order_id == first.order_id
    assert len(gateway.ledger.placements()) == 1


def test_a_tag_of_another_order_is_not_taken_for_ours(hasty, gateway):
    first = bought_elsewhere(gateway, custom_tag="signal-1")
    other = hasty.place_market_order("MNQ", "SELL", 1, ACCOUNT, custom_tag="signal-1")
    assert other.outcome is Outcome.REJECTED
    assert f"another order, {first.order_id}" in other.error


def test_a_tag_in_use_that_is_not_listed_yet_stays_unknown(hasty, gateway):
    assert bought_elsewhere(gateway, custom_tag="signal-1").success
    gateway.faults.add(Fault(SEARCH, reply="lag", delay_s=3600))
    result = buy(hasty, custom_tag="signal-1")
    assert result.outcome is Outcome.UNKNOWN
    assert len(gateway.ledger.placements()) == 1


def test_a_tag_burned_by_a_rejected_order_is_a_rejection(hasty, gateway):
    refused = hasty.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, 25_000, custom_tag="a.1"
    )
    assert refused.success
    hasty.set_contract_id("RAW", "12345")  # MNQ there; no tick known: it goes out
    wrong = {"side": "BUY", "quantity": 1, "account_id": ACCOUNT, "custom_tag": "a.2"}
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as other:
        prepared(other, gateway).set_contract_id("RAW", "12345")
        bad = other.place_limit_order("RAW", limit_price=25_000.1, **wrong)
    again = hasty.place_limit_order("RAW", limit_price=25_000.1, **wrong)
    assert bad.outcome is Outcome.REJECTED
    assert again.outcome is Outcome.REJECTED
    assert again.order_id == bad.order_id


def test_an_expired_token_is_unknown_until_it_can_be_looked_up(hasty, gateway):
    good = hasty.get_token()
    hasty.set_token("expired")
    result = buy(hasty)
    assert result.outcome is Outcome.UNKNOWN
    assert "401" in result.error
    hasty.set_token(good)
    resolved = hasty.resolve(result.tag)
    assert resolved.outcome is Outcome.UNKNOWN
    assert gateway.ledger.placements() == []


def test_an_unknown_order_is_resolved_once_the_gateway_lists_it(hasty, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"),
        Fault(SEARCH, reply="status", effect="none", times=3),
    )
    result = buy(hasty)
    assert result.outcome is Outcome.UNKNOWN
    assert [ticket.tag for ticket in hasty.intents()] == [result.tag]
    resolved = hasty.resolve(result.tag)
    assert resolved.outcome is Outcome.ACCEPTED
    assert hasty.intents() == ()
    assert hasty.resolve(result.tag) == resolved
    assert len(gateway.ledger.placements(result.tag)) == 1


def test_a_bad_body_is_unknown_until_it_is_proved_that_it_is_not_listed(gateway):
    gateway.faults.add(Fault(PLACE, effect="none", reply="status", status=400))
    policy = fastorder.RetryPolicy(base_delay=0.02, quiet=0.1)
    with blocking.OrderExecutor(gateway.base_url, retry=policy) as executor:
        result = buy(prepared(executor, gateway))
        assert result.outcome is Outcome.UNKNOWN
        assert result.http_status == 400
        assert gateway.ledger.counts["/api/order/search"] == 1
        while not result.proof:
            time.sleep(0.2)
            result = executor.resolve(result.tag)
    assert result.outcome is Outcome.NOT_PLACED
    assert result.attempts == 1
    with pytest.raises(fastorder.OrderNotPlaced, match="HTTP 400"):
        result.raise_for_outcome()


def test_nothing_listens_and_nothing_was_sent(gateway):
    with blocking.OrderExecutor("http://127.0.0.1:9", retry=QUICK) as executor:
        result = buy(prepared(executor, gateway))
    assert result.outcome is Outcome.NOT_SENT
    assert result.attempts == 0
    assert result.timing.written is None
    with pytest.raises(fastorder.OrderNotSent):
        result.raise_for_outcome()


def test_a_gateway_that_comes_back_takes_the_order_once(hasty, gateway):
    hasty.connect()
    gateway.faults.add(
        Fault("/api/order/cancel", effect="none", reply="refuse", delay_s=0.05)
    )
    hasty.cancel_order(1, ACCOUNT)
    result = buy(hasty)
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
@pytest.mark.parametrize("effect", ["now", "none"])
def test_a_cancel_is_repeated_on_a_busy_gateway(hasty, gateway, status, effect):
    order_id = hasty.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000).order_id
    gateway.faults.add(
        Fault("/api/Order/cancel", effect=effect, reply="status", status=status)
    )
    result = hasty.cancel_order(order_id, ACCOUNT)
    assert result.outcome is Outcome.ACCEPTED
    assert hasty.open_orders(ACCOUNT) == []


@pytest.mark.parametrize("effect", ["now", "none"])
@pytest.mark.parametrize("reply", ["hang_up", "reset", "stall", "body", "code"])
def test_a_cancel_in_doubt_is_read_back(hasty, gateway, effect, reply):
    order_id = hasty.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000).order_id
    gateway.faults.add(
        Fault("/api/Order/cancel", effect=effect, reply=reply, error_code=5)
    )
    result = hasty.cancel_order(order_id, ACCOUNT)
    assert result.outcome is Outcome.ACCEPTED
    assert hasty.open_orders(ACCOUNT) == []


@pytest.mark.parametrize("effect", ["now", "none"])
@pytest.mark.parametrize("reply", ["hang_up", "status", "body", "code"])
def test_a_modify_in_doubt_is_read_back(hasty, gateway, effect, reply):
    order_id = hasty.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000).order_id
    gateway.faults.add(
        Fault("/api/Order/modify", effect=effect, reply=reply, error_code=5)
    )
    result = hasty.modify_order(order_id, ACCOUNT, limit_price=25_001.5, quantity=3)
    assert result.outcome is Outcome.ACCEPTED
    (order,) = hasty.open_orders(ACCOUNT)
    assert (float(order.limit_price), order.size) == (25_001.5, 3)


def test_a_cancel_of_a_filled_order_in_doubt_is_rejected_with_the_reason(
    hasty, gateway
):
    filled = buy(hasty)
    gateway.faults.add(Fault("/api/Order/cancel", reply="hang_up"))
    result = hasty.cancel_order(filled.order_id, ACCOUNT)
    assert result.outcome is Outcome.REJECTED
    assert "filled" in result.error


def test_a_cancel_that_stays_in_doubt_is_unknown(hasty, gateway):
    order_id = hasty.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000).order_id
    gateway.faults.add(
        Fault("/api/Order/cancel", reply="hang_up"),
        Fault("/api/Order/searchById", effect="none", reply="hang_up", times=None),
    )
    assert hasty.cancel_order(order_id, ACCOUNT).outcome is not Outcome.REJECTED


def test_a_read_is_repeated_and_then_fails_with_the_reason(hasty, gateway):
    gateway.faults.add(Fault("/api/Order/v2/query", reply="status", times=2))
    assert hasty.open_orders(ACCOUNT) == []
    gateway.faults.add(Fault("/api/Order/v2/query", reply="status", times=None))
    with pytest.raises(fastorder.RequestFailed, match="HTTP 500") as raised:
        hasty.open_orders(ACCOUNT)
    assert raised.value.http_status == 500
    assert gateway.ledger.counts["/api/order/v2/query"] == 3 + 4


def test_a_retry_after_is_heeded(gateway):
    policy = fastorder.RetryPolicy(base_delay=0.01, max_retry_after=0.4)
    with blocking.OrderExecutor(gateway.base_url, retry=policy) as executor:
        prepared(executor, gateway)
        gateway.faults.add(
            Fault(PLACE, effect="none", reply="status", status=429, retry_after="1")
        )
        buy(executor)
    asked = gateway.ledger.requests()
    assert asked[1].time_s - asked[0].time_s >= 0.4


def test_an_order_is_found_in_a_list_of_more_than_a_mebibyte(hasty, gateway):
    rows = [
        {"id": number, "customTag": "x" * 200, "contractId": MNQ, "side": 0}
        for number in range(1, 5000)
    ]
    mine = {"id": 7000, "customTag": "mine", "contractId": MNQ, "side": 0, "status": 1}
    rows.append(mine)
    body = json.dumps({"orders": rows, "success": True, "errorCode": 0}).encode()
    assert len(body) > 1 << 20
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"), Fault(SEARCH, reply="body", body=body)
    )
    result = buy(hasty, custom_tag="mine")
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, 7000)


def test_a_chunked_answer_is_read(hasty, gateway):
    gateway.faults.add(Fault(PLACE, reply="chunked"))
    result = buy(hasty)
    assert (result.outcome, result.attempts) == (Outcome.ACCEPTED, 1)


def test_the_async_executor_adopts_and_repeats_in_the_same_way(run, connect, gateway):
    async def main():
        results = []
        async with connect() as executor:
            await executor.connect()
            for fault in (*BOOKED[5:9], *NOT_BOOKED[:2], *NOT_BOOKED[3:5]):
                gateway.faults.add(fault)
                results.append(await buy(executor))
        return results

    results = run(main())
    assert all(result.success for result in results)
    assert len(gateway.ledger.placements()) == len(results)


READ_BACK = "/api/Order/searchById"


def read_back(**row):
    body = {"success": True, "errorCode": 0, "errorMessage": None, "order": row}
    return Fault(READ_BACK, reply="body", body=json.dumps(body).encode(), times=None)


@pytest.mark.parametrize("status", [[], {}, "3", True, None, 99])
def test_a_cancel_in_doubt_survives_a_status_that_is_none(hasty, gateway, status):
    gateway.faults.add(
        Fault("/api/Order/cancel", effect="none", reply="hang_up", times=None),
        read_back(id=77, status=status),
    )
    assert hasty.cancel_order(77, ACCOUNT).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("size", [True, "3", None, [], 1e308])
def test_a_modify_in_doubt_survives_a_size_that_is_none(hasty, gateway, size):
    gateway.faults.add(
        Fault("/api/Order/modify", effect="none", reply="hang_up", times=None),
        read_back(id=77, status=1, size=size),
    )
    assert hasty.modify_order(77, ACCOUNT, quantity=3).outcome is Outcome.UNKNOWN


def test_another_order_read_back_says_nothing_of_a_cancel(hasty, gateway):
    gateway.faults.add(
        Fault("/api/Order/cancel", effect="none", reply="hang_up", times=None),
        read_back(id=78, status=3),
    )
    result = hasty.cancel_order(77, ACCOUNT)
    assert result.outcome is Outcome.UNKNOWN
    assert "does not hold the order" in result.error


def modified_twice(run, connect, gateway, first, second):
    """Two modifies; the first is refused by a busy gateway, and rests meanwhile."""

    async def main():
        async with connect(retry=fastorder.RetryPolicy(base_delay=0.2)) as executor:
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
            gateway.faults.add(
                Fault("/api/Order/modify", effect="none", reply="status")
            )
            older = executor.modify_order(placed.order_id, ACCOUNT, **first)
            while older.state.startswith("on its way"):
                await asyncio.sleep(0.01)
            newer = await executor.modify_order(placed.order_id, ACCOUNT, **second)
            older = await older
            (order,) = await executor.open_orders(ACCOUNT)
            return older, newer, order

    return run(main())


def test_a_repeated_modify_does_not_undo_a_newer_one(run, connect, gateway):
    older, newer, order = modified_twice(
        run, connect, gateway, {"limit_price": 25_001}, {"limit_price": 25_002}
    )
    assert newer.outcome is Outcome.ACCEPTED
    assert order.limit_price == 25_002
    assert older.outcome is Outcome.UNKNOWN
    assert "a newer modify has taken its place" in older.error


def test_a_modify_of_something_else_is_repeated(run, connect, gateway):
    older, newer, order = modified_twice(
        run, connect, gateway, {"limit_price": 25_001}, {"quantity": 2}
    )
    assert (order.limit_price, order.size) == (25_001, 2)
    assert older.outcome is newer.outcome is Outcome.ACCEPTED


def test_a_list_of_orders_that_is_null_is_not_an_empty_one(hasty, gateway):
    body = b'{"orders":null,"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(Fault("/api/Order/v2/query", reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="orders must be a list"):
        hasty.open_orders(ACCOUNT)
