"""What a change or a tag must not lead to once its outcome was told."""

import asyncio
import json
import time

from conftest import ACCOUNT, COMBINE, QUICK, held, prepared
from still import CONTRACT, StillClock, answer, envelope, no_answer, status
from test_changes_in_doubt import (
    BY_ID,
    CLOSE,
    TRADES,
    body,
    order,
    sends,
)

import fastorder
from fastorder import Outcome, RetryPolicy, blocking
from fastorder._core.flow.protocol import Pause, Send, Tell
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import ServerClock
from fastorder.requests.amendment import State
from fastorder.requests.order_change import Cancellation
from fastorder.requests.position_close import PositionClose
from fastorder.simulator import Fault

NO_TRADES = b'{"trades":null,"success":true,"errorCode":0}'


def test_a_close_told_unknown_is_not_sent_again_on_a_loop(run, connect, gateway):
    """The position that is opened after UNKNOWN is another one."""

    async def main():
        async with connect(retry=RetryPolicy(base_delay=0.01, quiet=5)) as executor:
            assert (await executor.place_market_order("MNQ", "BUY", 3, ACCOUNT)).success
            gateway.faults.add(Fault(CLOSE, reply="hang_up"), body(TRADES, NO_TRADES))
            ticket = executor.close_position("MNQ", ACCOUNT)
            first = await ticket
            assert first.outcome is Outcome.UNKNOWN, first
            assert held(gateway) == 0
            assert (await executor.place_market_order("MNQ", "BUY", 2, ACCOUNT)).success
            await asyncio.sleep(3)

    run(main())
    assert sends(gateway, CLOSE) == 1
    assert held(gateway) == 2


def test_a_close_told_unknown_is_not_sent_again_by_a_later_call(trader, gateway):
    assert trader.place_market_order("MNQ", "BUY", 3, ACCOUNT).success
    gateway.faults.add(Fault(CLOSE, reply="hang_up"), body(TRADES, NO_TRADES))
    assert trader.close_position("MNQ", ACCOUNT).outcome is Outcome.UNKNOWN
    assert trader.place_market_order("MNQ", "BUY", 2, ACCOUNT).success
    time.sleep(3)
    for _ in range(10):
        trader.open_orders(ACCOUNT)
    assert sends(gateway, CLOSE) == 1
    assert held(gateway) == 2


def test_a_read_that_is_behind_lets_no_larger_quantity_pass(trader, gateway):
    """Modified to 2 a moment ago; one read shows 5 still."""
    number = trader.place_limit_order("MNQ", "BUY", 5, ACCOUNT, 25_000).order_id
    assert trader.modify_order(number, ACCOUNT, quantity=2).success
    trader.kill("enough")
    shown = {
        "order": {"id": number, "accountId": ACCOUNT, "status": 1, "size": 5},
        "success": True,
        "errorCode": 0,
    }
    gateway.faults.add(body(BY_ID, json.dumps(shown).encode(), 1))
    result = trader.modify_order(number, ACCOUNT, quantity=3)
    assert order(gateway, number).size == 2, result


def test_a_timer_that_a_new_token_replaced_starts_no_second_look():
    clock = StillClock()
    policy = RetryPolicy(jitter=0.0, quiet=30)
    change = Cancellation(5, 7, b"cancel", policy, clock, clock.now_ns)
    told = until_told(change, clock, status(401))
    assert change.state is State.WATCHING
    clock.pass_s(0.1)
    assert isinstance(change.on_new_token(), Send)
    clock.now_ns = told.then.due_ns  # the answer is not there yet
    assert change.on_time() is None


def until_told(change, clock, evidence):
    command = change.start()
    while not isinstance(command, Tell):
        if isinstance(command, Pause):
            clock.now_ns = command.due_ns
            command = change.on_time()
        else:
            assert isinstance(command, Send), command
            command = change.on_evidence(evidence)
    return command


def test_a_ticket_ends_once_whatever_timers_a_new_token_left(run, connect, gateway):
    """Two looks in flight: the second answer comes after the end."""

    async def main():
        async with connect(retry=RetryPolicy(base_delay=0.01, quiet=30)) as executor:
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
            good = executor.get_token()
            executor.set_token("stale")
            ticket = executor.cancel_order(placed.order_id, ACCOUNT)
            assert (await ticket).outcome is Outcome.UNKNOWN
            looks = sends(gateway, BY_ID)
            await executor_cancelled(gateway, placed.order_id)
            slow = {"effect": "now", "delay_s": 3.0}
            gateway.faults.add(Fault(BY_ID, **slow), Fault(BY_ID, **slow))
            executor.set_token(good)
            await asyncio.sleep(2.5)
            in_flight = sends(gateway, BY_ID) - looks
            while not ticket.settled:
                await asyncio.sleep(0.05)
            await asyncio.sleep(3)
            ended = executor._dispatcher.recent()
            return in_flight, ended.count(ticket)

    in_flight, ends = run(main())
    assert (in_flight, ends) == (1, 1)


async def executor_cancelled(gateway, order_id):
    """The order is cancelled in the platform."""
    async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as other:
        prepared(other, gateway)
        assert (await other.cancel_order(order_id, ACCOUNT)).success


WARY = RetryPolicy(base_delay=0.02, quiet=0.1, resend="never")


def absent(executor, gateway, tag):
    """An order under a tag of its own that is told NOT_PLACED."""
    executor._dispatcher.late_arrivals.pauses_ns = (20_000_000,)
    assert executor.place_limit_order("MNQ", "BUY", 1, COMBINE, 20_000).success
    gateway.faults.add(Fault("/api/Order/place", effect="none", reply="hang_up"))
    result = executor.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, 20_000, custom_tag=tag
    )
    while result.outcome is Outcome.UNKNOWN:
        time.sleep(0.2)
        result = executor.resolve(tag)
    assert result.outcome is Outcome.NOT_PLACED, result


def looked(executor):
    for _ in range(6):
        time.sleep(0.05)
        executor.accounts()


def test_a_tag_in_other_letter_case_is_no_late_arrival(gateway):
    """Tags that differ in case alone are two keys, so they are two orders."""
    late = []
    with blocking.OrderExecutor(
        gateway.base_url, retry=WARY, on_late_arrival=late.append
    ) as executor:
        prepared(executor, gateway)
        absent(executor, gateway, "a")
        assert executor.place_limit_order(
            "MNQ", "BUY", 1, ACCOUNT, 20_000, custom_tag="A"
        ).success
        looked(executor)
        assert executor.resolve("a").outcome is Outcome.NOT_PLACED
    assert late == []


def closing(clock, **options):
    """A close without an answer; after it no position is listed."""
    policy = RetryPolicy(jitter=0.0, quiet=0.5, **options)
    close = PositionClose(
        5, CONTRACT, None, policy, clock, clock.now_ns, server_clock=ServerClock(clock)
    )
    close.start()
    return close, close.on_evidence(no_answer())


def asked_for_trades(close, clock, command):
    """The look at the trades, once no position was listed for long enough."""
    while True:
        if isinstance(command, Pause):
            clock.pass_s((command.due_ns - clock.now_ns) / 1e9)
            command = close.on_time()
        elif command.endpoint is Endpoint.SEARCH_TRADES:
            return command
        else:
            flat = answer(envelope(positions=[]), date=clock.date())
            command = close.on_evidence(flat)


def test_trades_hidden_by_a_bad_token_are_looked_at_with_the_next_one():
    clock = StillClock()
    close, command = closing(clock)
    asked_for_trades(close, clock, command)
    told = close.on_evidence(status(401, date=clock.date()))
    assert isinstance(told, Tell)
    assert isinstance(close.on_new_token(), Send)


def test_trades_that_meet_a_rate_limit_are_waited_for():
    clock = StillClock()
    close, command = closing(clock)
    asked_for_trades(close, clock, command)
    pause = close.on_evidence(status(429, date=clock.date()))
    assert isinstance(pause, Pause)
    asked_for_trades(close, clock, pause)
