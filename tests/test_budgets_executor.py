"""An executor with budgets, against a gateway that counts for itself."""

import asyncio
import contextlib
import dataclasses
import logging
import re
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Budgets, Lane, Outcome, blocking
from fastorder._core.transport.evidence import Receiver
from fastorder.gateway.endpoints import Endpoint
from fastorder.journal import Journal
from fastorder.requests.order_change import Modification
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault, limits, run_in_thread

PACKAGE = Path(fastorder.__file__).parent
SMALL = Budgets(requests=10, history_requests=5, kept=0.3)
"""Room for 6 reads, 7 orders and 10 closes in a minute."""

ORDERS = "/api/Order/v2/query"


async def limit_order(executor):
    return await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=100)


def left_of(executor, lane):
    return executor.budgets.lanes[lane].left


@pytest.mark.parametrize("shared", [False, True])
def test_after_200_reads_a_cancel_and_a_close_leave_at_once(
    connect, run, gateway, tmp_path, shared
):
    async def scene():
        budgets = Budgets()
        if shared:
            budgets = Budgets(shared=True, path=tmp_path / "budgets.sqlite")
        async with connect(budgets=budgets) as executor:
            resting = await executor.place_stop_order("MNQ", "BUY", 1, ACCOUNT, 30_000)
            bought = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert bought.outcome is Outcome.ACCEPTED
            reads = [executor.open_orders(ACCOUNT) for _ in range(200)]
            order = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            cancel = executor.cancel_order(resting.order_id, ACCOUNT)
            close = executor.close_position("MNQ", ACCOUNT)
            move = executor.modify_order(resting.order_id, ACCOUNT, stop_price=90)
            assert executor.budgets.lanes[Lane.READS].waiting > 60
            assert (await order).outcome is Outcome.ACCEPTED
            assert (await cancel).outcome is Outcome.ACCEPTED
            assert (await close).outcome is Outcome.ACCEPTED
            assert (await move).outcome is Outcome.REJECTED  # it is cancelled
            return reads

    reads = run(scene())
    assert len(reads) == 200
    assert len(gateway.ledger.requests(ORDERS)) < 141


def test_an_order_without_room_is_not_sent_and_says_why(connect, run, gateway):
    async def scene():
        async with connect(budgets=SMALL) as executor:
            for _ in range(7):
                assert (await limit_order(executor)).success
            return await limit_order(executor)

    result = run(scene())
    assert result.outcome is Outcome.NOT_SENT
    assert result.proof == "not a byte of it left this machine"
    assert re.fullmatch(
        r"the budget is full: 7 of 10 requests in 60 s, 3 of them kept for more urgent "
        r"ones; there is room in \d\d\.\d s",
        result.error,
    )
    assert len(gateway.ledger.placements()) == 7


def test_the_blocking_executor_turns_an_order_away_too(gateway):
    with blocking.OrderExecutor(gateway.base_url, budgets=SMALL) as executor:
        prepared(executor, gateway)
        outcomes = [
            executor.place_limit_order(
                "MNQ", "BUY", 1, ACCOUNT, limit_price=100
            ).outcome
            for _ in range(8)
        ]
        assert outcomes == [Outcome.ACCEPTED] * 7 + [Outcome.NOT_SENT]
        assert left_of(executor, Lane.PLACES) == 0
        assert executor.cancel_order(5, ACCOUNT).outcome is Outcome.REJECTED


def test_its_key_is_as_that_of_any_order_that_was_not_sent(connect, run, tmp_path):
    """The journal has an intent and its end; the same key gives the same result."""
    path = tmp_path / "orders.db"

    async def scene():
        async with connect(budgets=SMALL, journal=path) as executor:
            for _ in range(7):
                await limit_order(executor)
            first = await executor.place_market_order(
                "MNQ", "BUY", 1, ACCOUNT, idempotency_key="a"
            )
            again = await executor.place_market_order(
                "MNQ", "BUY", 1, ACCOUNT, idempotency_key="a"
            )
            return first, again, executor.intents()

    first, again, open_ones = run(scene())
    assert first.outcome is Outcome.NOT_SENT
    assert again == first
    assert open_ones == ()
    with contextlib.closing(Journal(path)) as journal:
        assert journal.by_tag(first.tag).outcome == "NOT_SENT"


def test_a_modify_of_the_size_does_not_wait_and_one_of_the_price_does(connect, run):
    async def scene():
        async with connect(budgets=SMALL) as executor:
            order = await limit_order(executor)
            for _ in range(6):
                await limit_order(executor)
            larger = executor.modify_order(order.order_id, ACCOUNT, quantity=2)
            assert (await larger).outcome is Outcome.NOT_SENT
            moved = executor.modify_order(order.order_id, ACCOUNT, limit_price=101)
            assert not moved.done
            assert executor.budgets.lanes[Lane.MODIFIES].waiting == 1
            await executor.aclose(drain=0)
            return await moved

    result = run(scene())
    assert result.outcome is Outcome.NOT_SENT
    assert result.error == "the executor was closed"


@pytest.mark.parametrize(
    ("wanted", "lane"),
    [
        ({"stopPrice": 5}, Lane.LESSENING),
        ({"trailPrice": 5}, Lane.LESSENING),
        ({"stopPrice": 5, "limitPrice": 5}, Lane.MODIFIES),
        ({"stopPrice": 5, "size": 5}, Lane.MODIFIES),
        ({"limitPrice": 5}, Lane.MODIFIES),
    ],
)
def test_a_modify_that_moves_a_stop_alone_is_in_the_first_lane(wanted, lane):
    change = Modification(1, 2, b"", QUICK, Clock(), 0, wanted=wanted)
    assert change.lane == lane


def test_each_endpoint_has_its_lane():
    assert {endpoint.name: endpoint.lane.name for endpoint in Endpoint} == {
        **dict.fromkeys((each.name for each in Endpoint), "READS"),
        **dict.fromkeys(
            ("LOGIN", "CANCEL", "CLOSE_POSITION", "PARTIAL_CLOSE"), "LESSENING"
        ),
        "PLACE": "PLACES",
        "MODIFY": "MODIFIES",
        **{
            each.name: "HISTORY"
            for each in Endpoint
            if each.path.startswith("/api/History/")
        },
    }


# ---------------------------------------------------------------- waiting


def test_a_read_waits_and_ends_with_the_executor(connect, run):
    async def scene():
        async with connect(budgets=SMALL) as executor:
            reads = [executor.open_orders(ACCOUNT) for _ in range(8)]
            await asyncio.gather(*reads[:5])  # a ping may have taken one
            assert not reads[7].done
            await executor.aclose(drain=0)
            with pytest.raises(fastorder.RequestFailed, match="was closed"):
                await reads[7]

    run(scene())


def test_a_read_that_nobody_waits_for_any_more_never_leaves(connect, run, gateway):
    async def scene():
        async with connect(budgets=SMALL) as executor:
            reads = [executor.open_orders(ACCOUNT) for _ in range(9)]
            await asyncio.gather(*reads[:5])  # a ping may have taken one
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(reads[6], 0.01)
            with pytest.raises(fastorder.RequestFailed, match="it waited for room"):
                await reads[6]
            first, second = (
                asyncio.ensure_future(reads[7]),
                asyncio.ensure_future(reads[7]),
            )
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
            assert executor.budgets.lanes[Lane.READS].waiting == 2  # one still waits
            second.cancel()
            await asyncio.sleep(0)
            assert executor.budgets.lanes[Lane.READS].waiting == 1

    run(scene())
    assert len(gateway.ledger.requests(ORDERS)) == 6


def test_a_blocking_read_waits_until_there_is_room(gateway):
    budgets = Budgets(requests=10, seconds=0.3, history_requests=5)
    with blocking.OrderExecutor(gateway.base_url, budgets=budgets) as executor:
        prepared(executor, gateway)
        for _ in range(15):
            executor.open_orders(ACCOUNT)
    assert len(gateway.ledger.requests(ORDERS)) == 15


def test_a_blocking_read_ends_after_its_longest_wait(gateway):
    budgets = Budgets(requests=10, history_requests=5, longest_wait=0.05)
    with blocking.OrderExecutor(gateway.base_url, budgets=budgets) as executor:
        prepared(executor, gateway)
        for _ in range(7):
            executor.open_orders(ACCOUNT)
        with pytest.raises(fastorder.RequestFailed, match=r"no room within 0.05 s"):
            executor.open_orders(ACCOUNT)


def test_a_429_closes_the_budget_until_it_may_be_asked_again(
    connect, run, gateway, caplog
):
    gateway.faults.add(
        Fault(ORDERS, effect="none", reply="status", status=429, retry_after="1")
    )

    async def scene():
        async with connect(budgets=Budgets()) as executor:
            order = await limit_order(executor)
            read = executor.open_orders(ACCOUNT)
            while not executor.budgets.closed_s:
                await asyncio.sleep(0.001)
            turned_away = await limit_order(executor)
            began_s = time.monotonic()
            cancelled = await executor.cancel_order(order.order_id, ACCOUNT)
            assert (await read) is not None
            return turned_away, cancelled, time.monotonic() - began_s

    turned_away, cancelled, took_s = run(scene())
    assert turned_away.outcome is Outcome.NOT_SENT
    assert "the gateway has asked to be left alone (HTTP 429)" in turned_away.error
    assert cancelled.outcome is Outcome.ACCEPTED
    assert took_s > 0.8
    assert "HTTP 429: the budget is closed to all requests for 1.0 s" in caplog.text


# ---------------------------------------------------------------- every request


def test_every_request_that_the_gateway_saw_was_counted(connect, run, gateway):
    """Logins, pings, look-ups, read-backs, re-sends: whatever the client does."""
    for path in ("/api/Order/place", "/api/Order/cancel", "/api/Order/modify"):
        gateway.faults.add(Fault(path, reply="hang_up"))
        gateway.faults.add(Fault(path, effect="none", reply="status", status=503))
    gateway.faults.add(Fault(ORDERS, effect="none", reply="status", status=401))

    async def scene():
        async with connect(budgets=Budgets()) as executor:
            await executor.login("trader1", API_KEY)
            order = await limit_order(executor)
            for verb in (
                lambda: limit_order(executor),
                lambda: executor.modify_order(order.order_id, ACCOUNT, limit_price=101),
                lambda: executor.cancel_order(order.order_id, ACCOUNT),
                lambda: executor.cancel_order(order.order_id, ACCOUNT),
                lambda: executor.close_position("MNQ", ACCOUNT),
                lambda: executor.open_orders(ACCOUNT),
                executor.validate_token,
                lambda: executor.load_contract("MNQ"),
            ):
                await verb()
            return executor.budgets.used

    used = run(scene())
    assert used == len(gateway.ledger.requests()) > 12


def test_pings_count(connect, run):
    async def scene():
        async with connect(budgets=Budgets()) as executor:
            await executor.connect(3)
            return executor.budgets.used

    assert run(scene()) == 3


def test_nothing_goes_to_the_engine_but_through_the_budget():
    """The two ways to the engine stand in the dispatcher, behind the question."""
    calls = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"engine\.submit\(", text)
        if found and "marketdata" not in path.parts:
            calls[path.relative_to(PACKAGE).as_posix()] = len(found)
    hub = calls.pop("realtime/driver.py")  # a hub's connection is no request
    assert (hub, calls) == (1, {"session/dispatcher.py": 3})
    text = (PACKAGE / "session" / "dispatcher.py").read_text(encoding="utf-8")
    for name, question in (
        ("look", "if self.budget is None:"),
        ("dispatch", "if self.budget is not None:"),
        ("_submit_counted", "self.budget.admits("),
    ):
        body = text.split(f"    def {name}(", 1)[1].split("\n    def ", 1)[0]
        assert body.index(question) < body.index("engine.submit("), name


class EndsIdleConnections(threading.Thread):
    """Answers the first request of a connection, and ends it at the second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.count = 0

    def run(self):
        body = b'{"orders":[],"success":true,"errorCode":0,"errorMessage":null}'
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        with self.listener:
            for answers in (1, 1):
                line, _ = self.listener.accept()
                with line:
                    for _ in range(answers):
                        line.recv(65536)
                        self.count += 1
                        line.sendall(head + body)
                    if self.count == 1:
                        line.recv(65536)
                        self.count += 1


def test_a_read_that_leaves_a_second_time_counts_twice():
    server = EndsIdleConnections()
    server.start()
    with blocking.OrderExecutor(server.base_url, budgets=Budgets()) as executor:
        executor.set_token("abc")
        executor.open_orders(ACCOUNT)
        executor.open_orders(ACCOUNT)
        server.join(10)
        assert executor.budgets.used == server.count == 3


def test_a_receiver_may_begin_anew_unless_it_says_otherwise():
    assert Receiver()._may_begin_anew()


def test_without_budgets_there_are_none(connect, run):
    async def scene():
        async with connect() as executor:
            return executor.budgets

    assert run(scene()) is None


def test_the_log_is_told_of_a_wait(connect, run, caplog):
    caplog.set_level(logging.WARNING)
    budgets = Budgets(requests=10, seconds=1.2, history_requests=5)

    async def scene():
        async with connect(budgets=budgets) as executor:
            await asyncio.gather(*(executor.open_orders(ACCOUNT) for _ in range(9)))

    run(scene())
    assert "reads: 2 requests wait for room" in caplog.text


# ---------------------------------------------------------------- a strict gateway


def test_a_gateway_that_counts_never_answers_429(monkeypatch, run, caplog):
    monkeypatch.setattr(limits, "BUDGETS", {"history": (10, 0.5), "general": (20, 0.5)})
    budgets = Budgets(
        requests=20, seconds=0.5, history_requests=10, history_seconds=0.5
    )

    async def scene(gateway):
        executor = fastorder.OrderExecutor(gateway.base_url, budgets=budgets)
        async with prepared(executor, gateway):
            await asyncio.gather(*(executor.open_orders(ACCOUNT) for _ in range(60)))

    with run_in_thread() as gateway:
        run(scene(gateway))
        assert len(gateway.ledger.requests(ORDERS)) == 60
    assert "429" not in caplog.text


# ---------------------------------------------------------------- in between


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent there")
def test_a_blocking_read_that_ctrl_c_has_ended_never_leaves(gateway):
    with blocking.OrderExecutor(gateway.base_url, budgets=SMALL) as executor:
        prepared(executor, gateway)
        for _ in range(6):
            executor.open_orders(ACCOUNT)
        main = threading.main_thread().ident
        timer = threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            executor.open_orders(ACCOUNT)
        assert executor.budgets.lanes[Lane.READS].waiting == 0
    assert len(gateway.ledger.requests(ORDERS)) == 6


def test_a_file_that_cannot_be_used_leaves_no_journal_open(gateway, tmp_path):
    path = tmp_path / "orders.db"
    budgets = Budgets(shared=True, path=tmp_path / "no" / "budgets")
    with pytest.raises(fastorder.ConfigurationError, match="path must be"):
        blocking.OrderExecutor(gateway.base_url, budgets=budgets, journal=path)
    Journal(path).close()  # nobody has its lock


def test_look_ups_after_a_restart_count(gateway, tmp_path):
    path = tmp_path / "orders.db"
    gateway.faults.add(Fault("/api/Order/place", reply="hang_up", times=None))
    quick = fastorder.RetryPolicy(base_delay=0.02, max_retries=0)
    with blocking.OrderExecutor(gateway.base_url, retry=quick, journal=path) as first:
        prepared(first, gateway)
        gateway.faults.add(Fault("/api/Order/search", reply="stall", times=None))
        for symbol in ("MNQ", "MES"):
            first.set_contract_id(symbol, f"CON.F.US.{symbol}.Z26")
            with contextlib.suppress(fastorder.FastOrderError):
                first.place_market_order(symbol, "BUY", 1, ACCOUNT)
        first.close(drain=0)
    gateway.faults.clear()
    before = len(gateway.ledger.requests())
    budgets = Budgets(shared=True, path=tmp_path / "budgets.sqlite")  # counted apart
    with blocking.OrderExecutor(
        gateway.base_url, retry=quick, journal=path, budgets=budgets
    ) as second:
        prepared(second, gateway)
        assert len(second.recover()) == 2
        seen = len(gateway.ledger.requests()) - before
        assert second._dispatcher.budget.meter.used(0) >= seen > 0


def test_the_page_has_every_setting_and_its_default():
    page = Path(__file__).parent.parent / "docs" / "guide" / "budgets.md"
    if not page.exists():
        pytest.skip("not in a checkout")
    text = page.read_text(encoding="utf-8")
    for setting in dataclasses.fields(Budgets):
        assert f"| `{setting.name}` | {setting.default} |" in text, setting.name
    for lane, most in zip(Lane, Budgets()._most_by_lane, strict=True):
        assert re.search(rf"^\| `{lane.name}` \| .* \| {most} \|$", text, re.M), lane
