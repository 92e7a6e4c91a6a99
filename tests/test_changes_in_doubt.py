"""A change whose answer is lost, read back from a gateway that is behind.

After each, what the client believes is compared with what the gateway has.
"""

import asyncio
import json

import pytest
from conftest import ACCOUNT, QUICK, held, prepared

from fastorder import OrderExecutor, OrderStatus, Outcome, RetryPolicy, blocking
from fastorder.simulator import Fault

PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
CANCEL, MODIFY = "/api/Order/cancel", "/api/Order/modify"
CLOSE, PARTIAL = "/api/Position/closeContract", "/api/Position/partialCloseContract"
BY_ID, POSITIONS = "/api/Order/searchById", "/api/Position/searchOpen"
TRADES = "/api/Trade/search"
LOST = {"effect": "none", "reply": "hang_up", "times": None}
GONE = b'{"positions":[],"success":true,"errorCode":0,"errorMessage":null}'
NOT_FOUND = b'{"order":null,"success":false,"errorCode":1,"errorMessage":null}'


@pytest.fixture
def holder(trader):
    assert trader.place_market_order("MNQ", "BUY", 3, ACCOUNT).success
    return trader


@pytest.fixture
def resting(trader):
    return trader.place_limit_order("MNQ", "BUY", 2, ACCOUNT, 25_000).order_id


def order(gateway, order_id):
    def read():
        orders = gateway.gateway.exchange.accounts[ACCOUNT].orders
        return next(order for order in orders if order.id == order_id)

    return gateway.call(read)


def sends(gateway, endpoint):
    return len(gateway.ledger.requests(endpoint))


def body(fault_of, content, times=None):
    return Fault(fault_of, reply="body", body=content, times=times)


# ---------------------------------------------------------------- closes

NEVER_ARRIVED = [
    Fault(CLOSE, **LOST),
    *(
        Fault(CLOSE, effect="none", reply="status", status=number, times=None)
        for number in (403, 408, 400, 404, 401, 500, 502)
    ),
]


@pytest.mark.parametrize("fault", NEVER_ARRIVED, ids=lambda fault: f"{fault.status}")
@pytest.mark.parametrize("behind", [1, 2, 5, None])
def test_a_close_that_never_arrived_is_not_done_whatever_one_list_shows(
    holder, gateway, fault, behind
):
    gateway.faults.add(fault, body(POSITIONS, GONE, behind))
    result = holder.close_position("MNQ", ACCOUNT)
    assert held(gateway) == 3
    assert result.outcome is Outcome.UNKNOWN, result


@pytest.mark.parametrize("behind", [1, 2])
def test_a_close_is_sent_again_once_the_list_is_no_longer_behind(
    holder, gateway, behind
):
    gateway.faults.add(
        Fault(CLOSE, effect="none", reply="hang_up"), body(POSITIONS, GONE, behind)
    )
    result = holder.close_position("MNQ", ACCOUNT)
    assert (result.outcome, held(gateway)) == (Outcome.ACCEPTED, 0)


@pytest.mark.parametrize("verb", ["close_position", "partial_close_position"])
def test_a_close_that_was_done_is_proved_by_its_trades(holder, gateway, verb):
    endpoint = CLOSE if verb == "close_position" else PARTIAL
    gateway.faults.add(Fault(endpoint, reply="hang_up"))
    quantity = () if endpoint == CLOSE else (3,)
    result = getattr(holder, verb)("MNQ", ACCOUNT, *quantity)
    assert (result.outcome, held(gateway)) == (Outcome.ACCEPTED, 0)
    assert "its trades add up to none" in result.proof
    assert sends(gateway, endpoint) == 1


@pytest.mark.parametrize(
    "trades",
    [
        b'{"trades":[],"success":true,"errorCode":0}',
        b'{"trades":null,"success":true,"errorCode":0}',
        b'{"trades":[{"orderId":7,"contractId":"CON.F.US.MNQ.Z26","side":null,"size":3,'
        b'"creationTimestamp":"2100-01-01T00:00:00Z"}],"success":true,"errorCode":0}',
    ],
)
def test_without_its_trades_a_close_is_not_proved(holder, gateway, trades):
    gateway.faults.add(Fault(CLOSE, reply="hang_up"), body(TRADES, trades))
    assert holder.close_position("MNQ", ACCOUNT).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("verb", ["close_position", "partial_close_position"])
def test_a_contract_set_by_number_is_told_apart_from_no_position(gateway, verb):
    number = {"close_position": (), "partial_close_position": (1,)}[verb]
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        prepared(executor, gateway)
        assert executor.place_market_order("MNQ", "BUY", 3, ACCOUNT).success
        executor.set_contract_id("MNQ", 12345)
        gateway.faults.add(Fault(CLOSE, **LOST), Fault(PARTIAL, **LOST))
        result = getattr(executor, verb)("MNQ", ACCOUNT, *number)
    assert result.outcome is Outcome.UNKNOWN
    assert "may be of this contract" in result.error


@pytest.mark.parametrize("size", [None, "3", -3, 1.5, True, 1 << 40])
def test_a_position_whose_size_cannot_be_read_is_not_gone(holder, gateway, size):
    row = {
        "id": 1,
        "accountId": ACCOUNT,
        "contractId": "CON.F.US.MNQ.Z26",
        "size": size,
    }
    shown = {"positions": [row], "success": True, "errorCode": 0}
    gateway.faults.add(
        Fault(CLOSE, **LOST), body(POSITIONS, json.dumps(shown).encode())
    )
    result = holder.close_position("MNQ", ACCOUNT)
    assert result.outcome is Outcome.UNKNOWN
    assert sends(gateway, CLOSE) == 1


def test_a_close_is_not_sent_again_unseen(holder, gateway):
    gateway.faults.add(
        Fault(CLOSE, reply="hang_up"), Fault(POSITIONS, reply="hang_up", times=None)
    )
    assert holder.close_position("MNQ", ACCOUNT).outcome is Outcome.UNKNOWN
    assert sends(gateway, CLOSE) == 1


# ---------------------------------------------------------------- cancels, modifies


def test_an_order_that_was_accepted_is_not_missing_because_one_read_is_behind(
    trader, gateway, resting
):
    gateway.faults.add(Fault(CANCEL, **LOST), body(BY_ID, NOT_FOUND))
    result = trader.cancel_order(resting, ACCOUNT)
    assert order(gateway, resting).status == OrderStatus.OPEN
    assert result.outcome is Outcome.UNKNOWN


def test_a_value_that_the_order_had_before_proves_no_modify(trader, gateway, resting):
    assert trader.modify_order(resting, ACCOUNT, limit_price=25_001).success
    shown = {
        "order": {
            "id": resting,
            "accountId": ACCOUNT,
            "contractId": "CON.F.US.MNQ.Z26",
            "status": 1,
            "limitPrice": 25_000,
        },
        "success": True,
        "errorCode": 0,
    }
    gateway.faults.add(Fault(MODIFY, **LOST), body(BY_ID, json.dumps(shown).encode()))
    result = trader.modify_order(resting, ACCOUNT, limit_price=25_000)
    assert float(order(gateway, resting).limit_price) == 25_001
    assert result.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "status",
    [300, 302, 307, *range(400, 432), 451, 460, 499, *range(500, 512), 520, 599],
)
def test_no_status_is_a_refusal_of_a_cancel(trader, gateway, resting, status):
    """408, 425, 429 and 5xx least of all: whatever came of it, it is not REJECTED."""
    gateway.faults.add(
        Fault(CANCEL, effect="none", reply="status", status=status, times=1)
    )
    result = trader.cancel_order(resting, ACCOUNT)
    is_open = order(gateway, resting).status == OrderStatus.OPEN
    assert result.outcome is (Outcome.UNKNOWN if is_open else Outcome.ACCEPTED)


@pytest.mark.parametrize("status", [408, 421, 425, 429, 460, 499, 500, 502, 503, 504])
def test_a_cancel_is_repeated_where_it_may_be(trader, gateway, resting, status):
    gateway.faults.add(Fault(CANCEL, effect="none", reply="status", status=status))
    assert trader.cancel_order(resting, ACCOUNT).outcome is Outcome.ACCEPTED
    assert order(gateway, resting).status == OrderStatus.CANCELLED


def test_a_cancel_that_is_refused_says_what_the_order_is(trader, gateway, resting):
    filled = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT).order_id
    assert trader.cancel_order(resting, ACCOUNT).success
    told = {
        "the order is filled already": trader.cancel_order(filled, ACCOUNT),
        "the order is cancelled": trader.cancel_order(resting, ACCOUNT),
        "no order with this number is shown": trader.cancel_order(77, ACCOUNT),
    }
    for why, result in told.items():
        assert result.outcome is Outcome.REJECTED
        assert result.error_name == "OrderNotFound"
        assert why in result.error


WATCHED = RetryPolicy(base_delay=0.01, quiet=0.1, watch=6.0)
LOST_ANSWERS = {
    "hung up": {"reply": "hang_up"},
    "500": {"reply": "status", "status": 500},
}


@pytest.mark.parametrize("lost", LOST_ANSWERS)
@pytest.mark.parametrize("verb", ["cancel", "modify"])
def test_a_refusal_of_a_repeat_says_nothing_of_the_send_before(
    run, gateway, verb, lost
):
    """The first had its effect; every look for as long as it is watched is behind."""
    path = {"cancel": CANCEL, "modify": MODIFY}[verb]

    async def change():
        async with OrderExecutor(gateway.base_url, retry=WATCHED) as executor:
            prepared(executor, gateway)
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
            row = {"id": placed.order_id, "accountId": ACCOUNT, "status": 1, "size": 1,
                   "contractId": "CON.F.US.MNQ.Z26", "limitPrice": 25_000}  # fmt: skip
            behind = {"order": row, "success": True, "errorCode": 0}
            gateway.faults.add(
                Fault(path, effect="now", **LOST_ANSWERS[lost]),
                Fault(path, effect="none", reply="code", error_code=2, times=None),
                body(BY_ID, json.dumps(behind).encode()),
            )
            if verb == "cancel":
                ticket = executor.cancel_order(placed.order_id, ACCOUNT)
            else:
                ticket = executor.modify_order(
                    placed.order_id, ACCOUNT, limit_price=25_001
                )
            await ticket
            while not ticket.settled:
                await asyncio.sleep(0.01)
            return placed.order_id, ticket.result

    order_id, result = run(change())
    there = order(gateway, order_id)
    done = there.status == OrderStatus.CANCELLED or there.limit_price == 25_001
    assert done
    assert result.outcome in (Outcome.UNKNOWN, Outcome.ACCEPTED), result


def test_a_refusal_that_cannot_be_explained_is_a_refusal(trader, gateway):
    gateway.faults.add(Fault(BY_ID, reply="hang_up", times=None))
    result = trader.cancel_order(77, ACCOUNT)
    assert (result.outcome, result.error_name) == (Outcome.REJECTED, "OrderNotFound")


def test_a_limit_is_waited_out_by_what_lessens_risk(trader, gateway, resting):
    limit = {"effect": "none", "reply": "status", "status": 429}
    gateway.faults.add(*(Fault(path, times=6, **limit) for path in (CANCEL, CLOSE)))
    assert trader.place_market_order("MNQ", "BUY", 3, ACCOUNT).success
    assert trader.cancel_order(resting, ACCOUNT).success
    assert trader.close_position("MNQ", ACCOUNT).success
    assert (sends(gateway, CANCEL), sends(gateway, CLOSE)) == (7, 7)


def test_a_larger_quantity_does_not_wait_for_a_limit(trader, gateway, resting):
    gateway.faults.add(
        Fault(MODIFY, effect="none", reply="status", status=429, times=None)
    )
    result = trader.modify_order(resting, ACCOUNT, quantity=3)
    assert result.outcome is Outcome.UNKNOWN
    assert sends(gateway, MODIFY) == 4


# ---------------------------------------------------------------- once it lasts

LASTING = RetryPolicy(base_delay=0.01, quiet=0.2)


def ended(run, connect, start):
    """What an executor says first, and in the end."""

    async def main():
        async with connect(retry=LASTING) as executor:
            ticket = await start(executor)
            first = await ticket
            assert ticket in executor.intents()
            for _ in range(200):
                if ticket.settled:
                    break
                await asyncio.sleep(0.05)
            assert ticket not in executor.intents()
            return first, ticket.result

    return run(main())


def test_what_a_refused_cancel_left_is_told_once_it_lasts(run, connect, gateway):
    async def start(executor):
        placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
        gateway.faults.add(
            Fault(CANCEL, effect="none", reply="status", status=403, times=None)
        )
        return executor.cancel_order(placed.order_id, ACCOUNT)

    first, last = ended(run, connect, start)
    assert (first.outcome, last.outcome) == (Outcome.UNKNOWN, Outcome.REJECTED)
    assert "3 look-ups in a row" in last.proof


def test_a_modify_that_lasts_was_done(run, connect, gateway):
    async def start(executor):
        placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
        gateway.faults.add(Fault(MODIFY, reply="hang_up", times=None))
        return executor.modify_order(placed.order_id, ACCOUNT, limit_price=25_001)

    first, last = ended(run, connect, start)
    assert (first.outcome, last.outcome) == (Outcome.UNKNOWN, Outcome.ACCEPTED)
    assert "the order shows it" in last.proof


def test_a_new_token_lets_it_look_at_once(run, connect, gateway):
    async def main():
        async with connect(retry=QUICK) as executor:
            good = executor.get_token()
            executor.set_token("stale")
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert (await ticket).outcome is Outcome.UNKNOWN
            looks = sends(gateway, SEARCH)
            executor.set_token(good)
            await asyncio.sleep(0)
            while sends(gateway, SEARCH) == looks:
                await asyncio.sleep(0.01)
            return ticket.state

    assert "unknown" in run(main()).lower()


# ---------------------------------------------------------------- the kill switch


@pytest.mark.parametrize("quantity", [1, 2, 3])
def test_a_shut_gate_holds_every_quantity_and_lets_prices_pass(
    trader, gateway, resting, quantity
):
    """What the order has by now could be read only from a copy that may be behind."""
    trader.kill("enough")
    result = trader.modify_order(resting, ACCOUNT, quantity=quantity)
    assert result.outcome is Outcome.NOT_SENT
    assert "enough" in result.error
    assert order(gateway, resting).size == 2
    assert trader.modify_order(resting, ACCOUNT, limit_price=25_001).success
    assert trader.cancel_order(resting, ACCOUNT).success
