"""The blocking executor: no loop needed, none touched, and Ctrl-C loses nothing."""

import asyncio
import ctypes
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
from functools import partial

import pytest
from canary import API_KEY
from conftest import ACCOUNT, prepared

import fastorder
from fastorder import blocking
from fastorder._core.flow.ticket import DispatcherBase, Ticket
from fastorder._core.transport.poll_engine import PollEngine
from fastorder.journal import Journal
from fastorder.simulator import Fault
from fastorder.verbs.sigint import DeferredSigint, wait_for

PLACE = "/api/Order/place"


def buy(executor):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)


def test_it_works_beside_a_running_loop(trader):
    async def notebook_cell():
        return buy(trader)

    assert asyncio.run(notebook_cell()).success


def test_its_tickets_are_not_awaited(trader):
    buy(trader)
    (ticket,) = trader.recent()

    async def main():
        return await ticket

    assert asyncio.run(main()).success  # done already: nothing to wait for
    ticket.done = False
    with pytest.raises(fastorder.ExecutorMisuse, match="resolve"):
        asyncio.run(main())


def test_other_threads_run_while_it_waits(trader, gateway):
    gateway.faults.add(Fault(PLACE, delay_s=0.3))
    counted = []
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counted.append(time.monotonic())
            time.sleep(0.01)

    thread = threading.Thread(target=count)
    thread.start()
    started = time.monotonic()
    buy(trader)
    ended = time.monotonic()
    stop.set()
    thread.join()
    assert sum(started < moment < ended for moment in counted) >= 5


def test_ctrl_c_ends_the_wait_and_the_order_is_carried_on(trader, gateway):
    gateway.faults.add(Fault(PLACE, delay_s=0.5))
    timer = threading.Timer(0.15, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        buy(trader)
    timer.join()
    (ticket,) = trader.intents()
    result = trader.resolve(ticket.tag)
    assert result.success
    assert result.attempts == 1
    assert len(gateway.ledger.placements(ticket.tag)) == 1


def test_ctrl_c_goes_to_the_programs_own_handler(trader, gateway):
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        gateway.faults.add(Fault(PLACE, delay_s=0.3))
        timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
        timer.start()
        assert buy(trader).success  # the handler does not raise: the wait goes on
        timer.join()
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_real_sigint_from_outside_loses_no_order(gateway):
    program = f"""
        import fastorder
        from fastorder import blocking
        executor = blocking.OrderExecutor({gateway.base_url!r})
        executor.set_token({gateway.token!r})
        executor.set_contract_id("MNQ", 12345)
        executor.connect()
        print("ready", flush=True)
        try:
            executor.place_market_order("MNQ", "BUY", 1, {ACCOUNT})
        except KeyboardInterrupt:
            (ticket,) = executor.intents()
            print(executor.resolve(ticket.tag).outcome.name, ticket.tag, flush=True)
        executor.close()
    """
    gateway.faults.add(Fault(PLACE, delay_s=1.0))
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    while not gateway.ledger.requests(PLACE):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    outcome, tag = child.stdout.readline().split()
    child.stdout.close()
    assert child.wait(10) == 0
    assert outcome == "ACCEPTED"
    assert len(gateway.ledger.placements(tag)) == 1


def test_closing_lets_what_is_on_its_way_end(trader, gateway):
    gateway.faults.add(Fault(PLACE, delay_s=0.4))
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        buy(trader)
    timer.join()
    (ticket,) = trader.intents()
    trader.close()
    assert ticket.result.success
    with pytest.raises(fastorder.ExecutorClosed):
        buy(trader)


def test_a_failed_read_raises_and_the_executor_goes_on(trader, gateway):
    gateway.faults.add(Fault("/api/Account/search", reply="status", status=404))
    with pytest.raises(fastorder.RequestFailed, match="404"):
        trader.accounts()
    assert len(trader.accounts()) == 2


@pytest.mark.parametrize("rows", ["", ',"accounts":null', ',"accounts":[{"id":1}]'])
def test_an_answer_without_its_rows_is_a_failed_read(trader, gateway, rows):
    body = f'{{"success":true,"errorCode":0{rows}}}'.encode()
    gateway.faults.add(Fault("/api/Account/search", reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="cannot be read"):
        trader.accounts()


@pytest.mark.parametrize("token", [None, "a token with blanks"])
def test_a_login_that_fails_leaves_no_secret_in_its_frames(trader, gateway, token):
    body = {"token": token, "success": True, "errorCode": 0, "errorMessage": None}
    gateway.faults.add(
        Fault("/api/Auth/loginKey", reply="body", body=json.dumps(body).encode())
    )
    with pytest.raises(fastorder.FastOrderError) as raised:
        trader.login("trader1", API_KEY)
    ours = [entry.frame.f_locals for entry in raised.traceback[1:]]
    shown = [repr(value) for frame in ours for value in frame.values()]
    assert len(ours) > 1
    assert API_KEY not in "".join(shown)
    assert "with blanks" not in "".join(shown)


def test_ctrl_c_in_a_close_closes_all_the_same(gateway):
    executor = prepared(blocking.OrderExecutor(gateway.base_url), gateway)
    executor.connect()
    gateway.faults.add(Fault(PLACE, reply="stall"))
    ticket = executor._submitter.submit(
        fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT), 1
    )
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        executor.close(drain=float("inf"))
    timer.join()
    assert executor.closed
    assert ticket.result.outcome is fastorder.Outcome.UNKNOWN


def test_a_handler_may_close_the_executor_that_waits(trader, gateway, capfd):
    before = signal.signal(signal.SIGTERM, lambda *_: trader.close(drain=0))
    try:
        gateway.faults.add(Fault(PLACE, reply="stall"))
        timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM])
        timer.start()
        assert buy(trader).outcome is fastorder.Outcome.UNKNOWN
        timer.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capfd.readouterr().err == ""


@pytest.fixture
def on_signal():
    """Sets handlers that are taken back at the end."""
    before = {}

    def set_handler(number, handler):
        earlier = signal.signal(number, handler)
        before.setdefault(number, earlier)

    yield set_handler
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_handler_that_gives_its_place_up_has_given_it_up(trader, gateway, on_signal):
    def once(number, frame):
        assert signal.getsignal(signal.SIGINT) is once  # as without an executor
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    on_signal(signal.SIGINT, once)
    gateway.faults.add(Fault(PLACE, delay_s=0.3))
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    assert buy(trader).success
    timer.join()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


class Alarm(Exception):
    pass


def test_ctrl_c_is_heard_again_where_another_signal_raises(on_signal):
    def alarm(number, frame):
        raise Alarm

    on_signal(signal.SIGTERM, alarm)
    before = signal.getsignal(signal.SIGINT)
    sigint = DeferredSigint()
    sigint.defer()
    come = partial(ctypes.CDLL(None)["raise"], int(signal.SIGTERM))
    steps = [come, sigint.restore]  # Python runs no handler in between
    with pytest.raises(Alarm):
        list(map(partial.__call__, map(partial, steps)))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_is_not_lost_where_the_wait_fails():
    class Failing(PollEngine):
        def turn(self, longest_ns):
            signal.raise_signal(signal.SIGINT)
            raise Alarm

    with pytest.raises(KeyboardInterrupt) as raised:
        wait_for(Ticket(DispatcherBase(), None, "read"), Failing())
    assert isinstance(raised.value.__context__, Alarm)


def test_ctrl_c_while_it_closes_leaves_nothing_open(gateway, tmp_path):
    executor = prepared(
        blocking.OrderExecutor(
            gateway.base_url,
            journal=tmp_path / "orders.db",
            on_unknown=lambda result: signal.raise_signal(signal.SIGINT),
        ),
        gateway,
    )
    executor.connect()
    gateway.faults.add(Fault(PLACE, reply="stall", times=3))
    order = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    tickets = [executor._submitter.submit(order, 1) for _ in range(3)]
    with pytest.raises(KeyboardInterrupt):
        executor.close(drain=0)
    assert all(ticket.settled for ticket in tickets)
    with Journal(tmp_path / "orders.db") as journal:  # it was given up
        assert len(journal.since(0)) == 3


def test_ctrl_c_between_the_journal_and_the_send_loses_no_order(
    gateway, tmp_path, monkeypatch
):
    written = Journal.intent

    def interrupted(journal, intent):
        written(journal, intent)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Journal, "intent", interrupted)
    with prepared(
        blocking.OrderExecutor(gateway.base_url, journal=tmp_path / "orders.db"),
        gateway,
    ) as executor:
        with pytest.raises(KeyboardInterrupt):
            buy(executor)
        (ticket,) = executor.intents() or executor.recent()
        assert executor.resolve(ticket.tag).success


@pytest.mark.parametrize("kind", [fastorder.OrderExecutor, blocking.OrderExecutor])
@pytest.mark.parametrize(
    "order", [None, {}, "MNQ", fastorder.OrderRequest.__new__(fastorder.OrderRequest)]
)
def test_what_is_no_whole_order_is_refused(gateway, kind, order):
    executor = prepared(kind(gateway.base_url), gateway)
    with pytest.raises(fastorder.WrongFieldType, match="whole OrderRequest") as raised:
        executor.place_order(order)
    assert raised.value.field == "order"
