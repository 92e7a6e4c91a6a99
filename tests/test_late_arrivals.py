"""An order that was told NOT_PLACED and comes after all is noticed, for a day."""

import asyncio
import logging
import time
from datetime import datetime, timezone

import orjson
import pytest
from conftest import ACCOUNT, prepared
from plain_http import LONG_AGO, MNQ, wire_to

import fastorder
from fastorder import Outcome, blocking
from fastorder._base.timestamps import time_from
from fastorder.gateway.order_tags import tag_of
from fastorder.journal import Intent, Journal, read
from fastorder.placement.late_arrivals import LIFE_S, PAUSES_NS
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault
from fastorder.submission import idempotency

PLACE = "/api/Order/place"
SEARCH = "/api/Order/search"
SWIFT = fastorder.RetryPolicy(base_delay=0.02, quiet=0.1)
SOON_NS = 20_000_000
KEY = "signal-1"
TAG = tag_of(ACCOUNT, KEY)
MINUTE_S = 60


class Awaited:
    """An async executor and its loop, from plain code."""

    new_loop = asyncio.SelectorEventLoop

    def __init__(self, base_url, options):
        self.loop = self.new_loop()
        self.executor = fastorder.OrderExecutor(base_url, retry=SWIFT, **options)

    def do(self, call):
        async def asked():
            return await call(self.executor)

        return self.loop.run_until_complete(asyncio.wait_for(asked(), 60))

    def pass_time(self):
        self.loop.run_until_complete(asyncio.sleep(0.02))

    def close(self):
        if not self.loop.is_closed():
            self.loop.run_until_complete(self.executor.aclose())
            self.loop.close()


class OnUvloop(Awaited):
    """The same on a loop of uvloop."""

    @staticmethod
    def new_loop():
        return pytest.importorskip("uvloop").new_event_loop()


class Called:
    """A blocking executor; its time passes with each call."""

    def __init__(self, base_url, options):
        self.executor = blocking.OrderExecutor(base_url, retry=SWIFT, **options)

    def do(self, call):
        return call(self.executor)

    def pass_time(self):
        time.sleep(0.02)
        self.executor.accounts()

    def close(self):
        self.executor.close()


@pytest.fixture(
    params=[Awaited, OnUvloop, Called], ids=["asyncio", "uvloop", "blocking"]
)
def trading(request, gateway):
    """Makes executors of each kind that look for late arrivals every 20 ms."""
    made = []

    def make(**options):
        trader = request.param(gateway.base_url, options)
        made.append(trader)
        prepared(trader.executor, gateway)
        hurry(trader.executor)
        return trader

    yield make
    for trader in made:
        trader.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


def hurry(executor, pause_ns=SOON_NS):
    late_arrivals = executor._dispatcher.late_arrivals
    late_arrivals.pauses_ns = (pause_ns,)
    for watch in late_arrivals._watches.values():
        watch.due_ns = min(watch.due_ns, late_arrivals._now_ns() + pause_ns)


def buy(executor, **options):
    return executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000, **options)


def until(trader, holds):
    for _ in range(2_000):
        if holds():
            return
        trader.pass_time()
    raise AssertionError("it never came to hold")


def looks(gateway):
    return gateway.ledger.counts.get(SEARCH.lower(), 0)


def body(tag=TAG, **other):
    fields = {"accountId": ACCOUNT, "contractId": MNQ, "type": 1, "side": 0, "size": 1}
    return orjson.dumps({**fields, "limitPrice": 25_000, "customTag": tag, **other})


def told_absent(path, tag=TAG, key=KEY, ago_s=60.0):
    """A journal with one order that an earlier run has told NOT_PLACED."""
    told_s = time.time() - ago_s
    with Journal(path) as journal:
        journal.intent(Intent(tag, key, ACCOUNT, MNQ, body(tag), None, told_s - 40))
        journal.resolve(tag, "NOT_PLACED", None, "three look-ups", told_s)


def book(gateway, request):
    """What some machine on the way has held until now reaches the gateway."""
    with wire_to(gateway) as wire:
        return wire.send("Order/place", request).json["orderId"]


def row(order_id=7, status=1, **other):
    """An order as the gateway lists it."""
    return {
        "id": order_id,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": LONG_AGO,
        "status": status,
        "type": 1,
        "side": 0,
        "size": 1,
        "fillVolume": 0,
        "customTag": TAG,
        **other,
    }


def lists(gateway, *rows):
    """From now on, Order/search lists these."""
    envelope = {"success": True, "errorCode": 0, "errorMessage": None}
    listing = orjson.dumps({"orders": rows, **envelope})
    gateway.faults.add(Fault(SEARCH, reply="body", body=listing, times=None))


def looked(trader, gateway, times=3):
    """So many looks have been answered since."""
    most = looks(gateway) + times
    until(trader, lambda: looks(gateway) > most)


# ---------------------------------------------------------------- it comes late


def told_in_this_run(trader, gateway, **options):
    """An order that was turned away, looked for, and told NOT_PLACED."""
    gateway.faults.add(Fault(PLACE, effect="none", reply="status", status=400))
    first = trader.do(lambda executor: buy(executor, **options))
    assert first.outcome is Outcome.UNKNOWN
    until(trader, lambda: not trader.executor.intents())
    told = trader.do(lambda executor: executor.resolve(first.tag))
    assert told.outcome is Outcome.NOT_PLACED
    return told


def test_an_order_that_comes_late_is_told_to_everybody(trading, gateway, path, caplog):
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    told = told_in_this_run(trader, gateway, idempotency_key=KEY)
    number = book(gateway, gateway.ledger.requests(PLACE)[0].body)
    until(trader, lambda: heard)

    (late,) = heard
    assert (late.outcome, late.order_id, late.tag) == (Outcome.ACCEPTED, number, TAG)
    proof = f"it came late: Order/search lists order {number} with its tag"
    assert (late.proof, late.error) == (proof, None)
    assert late.attempts == told.attempts == 1
    (line,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert TAG in line.getMessage()
    assert "told NOT_PLACED, has come late" in line.getMessage()
    assert trader.executor.recent()[0].result == late

    with pytest.raises(fastorder.Interlocked) as refused:
        trader.do(buy)
    assert refused.value.tags == (TAG,)
    again = trader.do(lambda executor: buy(executor, idempotency_key=KEY))
    assert again == late
    assert trader.do(lambda executor: executor.resolve(TAG)) == late
    assert trader.do(buy).success

    trader.do(lambda executor: executor.accounts())
    trader.executor._close_journal()
    entry = next(entry for entry in read(path) if entry.intent.tag == TAG)
    outcomes = [verdict.outcome for verdict in entry.verdicts]
    assert outcomes == ["UNKNOWN", "NOT_PLACED", "ACCEPTED"]
    assert (entry.order_id, entry.proof) == (number, late.proof)


@pytest.fixture
def forget(monkeypatch):
    """Forgets what the tags of a trader's orders stand for."""

    def forgotten(trader):
        monkeypatch.setattr(idempotency, "KEPT_KEYS", 0)
        assert trader.do(lambda executor: buy(executor, custom_tag="another")).success

    return forgotten


def test_a_tag_that_is_placed_once_more_is_no_latecomer(trading, gateway, forget):
    heard = []
    trader = trading(on_late_arrival=heard.append)
    told = told_in_this_run(trader, gateway, custom_tag="mine")
    forget(trader)
    placed = trader.do(lambda executor: buy(executor, custom_tag="mine"))
    assert placed.success
    assert told.tag == placed.tag
    until(trader, lambda: not trader.executor._dispatcher.expects_late_arrivals)
    assert heard == []
    assert trader.do(buy).success


def test_nor_is_it_while_the_second_one_is_not_answered(trading, gateway, forget):
    heard = []
    trader = trading(
        on_late_arrival=heard.append, timeouts=fastorder.Timeouts(request=2.0)
    )
    told_in_this_run(trader, gateway, custom_tag="mine")
    forget(trader)
    gateway.faults.add(Fault(PLACE, reply="stall"))
    before = looks(gateway)
    placed = trader.do(lambda executor: buy(executor, custom_tag="mine"))
    assert placed.outcome is Outcome.ACCEPTED
    assert looks(gateway) > before + 1  # of which its own is one
    assert heard == []


# ---------------------------------------------------------------- after a restart


def test_what_an_earlier_run_told_is_looked_for(trading, gateway, path):
    told_absent(path)
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    assert trader.do(buy).success
    looked(trader, gateway)
    assert heard == []
    number = book(gateway, body())
    until(trader, lambda: heard)
    assert [late.order_id for late in heard] == [number]
    late = trader.do(lambda executor: executor.resolve(TAG))
    assert late == heard[0]


def test_recover_begins_it_too(trading, gateway, path):
    told_absent(path)
    book(gateway, body())
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    if isinstance(trader, Awaited):
        trader.loop.run_until_complete(trader.executor.recover())
    else:
        trader.executor.recover()
    until(trader, lambda: heard)


def test_an_arrival_is_told_in_one_run_only(trading, gateway, path):
    told_absent(path)
    book(gateway, body())
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    assert trader.do(buy).success
    until(trader, lambda: heard)
    trader.close()
    second = trading(journal=path, on_late_arrival=heard.append)
    again = second.do(lambda executor: buy(executor, idempotency_key=KEY))
    assert again.order_id == heard[0].order_id
    assert not second.executor._dispatcher.expects_late_arrivals
    assert len(heard) == 1


def test_the_journal_gives_those_that_are_still_absent(path):
    with Journal(path) as journal:
        for number, outcome in enumerate(["NOT_PLACED", "REJECTED", "NOT_PLACED"]):
            tag = f"fo1-{number}"
            journal.intent(Intent(tag, None, ACCOUNT, MNQ, body(tag), None, 1.0))
            journal.resolve(tag, outcome, None, "", 10.0 + number)
        journal.resolve("fo1-1", "NOT_PLACED", None, "", 20.0)
        journal.resolve("fo1-2", "ACCEPTED", 7, "it came late", 21.0)

        def absent(at_s):
            known = journal._told_since("NOT_PLACED", at_s)
            return [entry.intent.tag for entry in known]

        assert absent(0.0) == ["fo1-0", "fo1-1"]
        assert absent(10.0) == ["fo1-0", "fo1-1"]
        assert absent(10.5) == ["fo1-1"]
        assert absent(20.5) == []


def rejected_in_a_run_before(trading, gateway, path, fault):
    """A journal with an order that an earlier run has told REJECTED."""
    earlier = trading(journal=path)
    gateway.faults.add(fault)
    lists(gateway, row(status=5))
    result = earlier.do(lambda executor: buy(executor, idempotency_key=KEY))
    assert result.outcome is Outcome.REJECTED
    earlier.close()
    gateway.faults.clear()


def test_a_rejection_that_an_earlier_run_has_found_is_watched(trading, gateway, path):
    lost = Fault(PLACE, effect="none", reply="hang_up")
    rejected_in_a_run_before(trading, gateway, path, lost)
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    assert trader.do(buy).success
    lists(gateway, row(status=5))
    looked(trader, gateway)
    assert heard == []
    again = trader.do(lambda executor: buy(executor, idempotency_key=KEY))
    assert (again.outcome, again.order_id) == (Outcome.REJECTED, 7)
    gateway.faults.clear()
    lists(gateway, row(status=2))
    until(trader, lambda: heard)
    assert (heard[0].outcome, heard[0].order_id) == (Outcome.ACCEPTED, 7)
    with pytest.raises(fastorder.Interlocked):
        trader.do(buy)


def test_an_only_send_that_was_refused_is_not_looked_for(trading, gateway, path):
    refusal = Fault(PLACE, effect="none", reply="code", error_code=3)
    rejected_in_a_run_before(trading, gateway, path, refusal)
    trader = trading(journal=path)
    assert not trader.executor._dispatcher.expects_late_arrivals


# ---------------------------------------------------------------- what counts


@pytest.fixture
def watching(trading, path):
    """An executor that looks for the order of ``TAG``, and what it has told."""

    def make(gateway):
        told_absent(path)
        heard = []
        trader = trading(journal=path, on_late_arrival=heard.append)
        assert trader.do(buy).success
        looked(trader, gateway, 1)
        return trader, heard

    return make


def test_the_hook_is_called_once_for_each_order(watching, gateway, path, trading):
    told_absent(path, "fo1-other", "signal-2")  # keeps the looks going
    trader, heard = watching(gateway)
    book(gateway, body())
    until(trader, lambda: heard)
    looked(trader, gateway)
    assert len(heard) == 1


def test_a_waiver_passes_the_interlock(watching, gateway):
    trader, heard = watching(gateway)
    book(gateway, body())
    until(trader, lambda: heard)
    waiver = fastorder.DespiteUnknown((TAG,), reason="seen")
    assert trader.do(lambda executor: buy(executor, despite=waiver)).success
    with pytest.raises(fastorder.Interlocked):
        trader.do(buy)


@pytest.mark.parametrize(
    "other",
    [
        {"side": 1},
        {"contractId": "CON.F.US.MES.Z26"},
        {"parentOrderId": 3},
        {"customTag": [TAG]},
        {"customTag": None},
        {"id": "7"},
    ],
    ids=str,
)
def test_a_row_that_is_not_the_order_tells_nothing(watching, gateway, other):
    trader, heard = watching(gateway)
    lists(gateway, row(**other))
    looked(trader, gateway)
    assert heard == []
    assert trader.do(buy).success


def test_a_row_that_cannot_be_read_hides_no_other(watching, gateway):
    trader, heard = watching(gateway)
    lists(gateway, 5, {"id": None}, row(6, customTag=[TAG]), row())
    until(trader, lambda: heard)


def test_one_that_comes_and_is_rejected_is_no_alarm(watching, gateway, path):
    trader, heard = watching(gateway)
    lists(gateway, row(status=5))
    looked(trader, gateway)
    result = trader.do(lambda executor: executor.resolve(TAG))
    assert (result.outcome, result.order_id) == (Outcome.REJECTED, 7)
    assert "as rejected, unfilled" in result.proof
    assert heard == []
    assert trader.do(buy).success
    trader.close()
    outcomes = [verdict.outcome for verdict in read(path)[0].verdicts]
    assert outcomes == ["NOT_PLACED", "REJECTED"]


@pytest.mark.parametrize("other", [{"status": 1}, {"status": 5, "fillVolume": 1}])
def test_one_that_was_listed_as_rejected_may_still_live(watching, gateway, other):
    trader, heard = watching(gateway)
    lists(gateway, row(status=5))
    looked(trader, gateway)
    gateway.faults.clear()
    lists(gateway, row(**other))
    until(trader, lambda: heard)
    assert heard[0].outcome is Outcome.ACCEPTED


def test_a_rejection_that_a_look_up_has_found_is_watched(trading, gateway):
    heard = []
    trader = trading(on_late_arrival=heard.append)
    gateway.faults.add(Fault(PLACE, effect="none", reply="hang_up"))
    lists(gateway, row(status=5))
    result = trader.do(lambda executor: buy(executor, idempotency_key=KEY))
    assert (result.outcome, result.order_id) == (Outcome.REJECTED, 7)
    looked(trader, gateway)
    assert heard == []
    gateway.faults.clear()
    lists(gateway, row(status=2))
    until(trader, lambda: heard)
    with pytest.raises(fastorder.Interlocked):
        trader.do(buy)


def test_several_orders_with_the_tag_shut_the_gate(watching, gateway):
    trader, heard = watching(gateway)
    lists(gateway, row(7), row(8))
    until(trader, lambda: heard)
    assert "lists orders 7, 8 with its tag" in heard[0].proof
    assert "several orders carry the tag" in trader.executor.halted


def test_a_hook_that_raises_is_logged_and_harms_nothing(trading, gateway, path, caplog):
    def raises(result):
        raise RuntimeError("the bell is broken")

    told_absent(path)
    book(gateway, body())
    trader = trading(journal=path, on_late_arrival=raises)
    assert trader.do(buy).success
    until(trader, lambda: "on_late_arrival raised" in caplog.text)
    assert trader.do(lambda executor: executor.resolve(TAG)).success
    assert trader.do(buy).success


# ---------------------------------------------------------------- looks that fail


def warnings(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"reply": "status", "status": 500}, "HTTP 500"),
        ({"reply": "hang_up"}, "/api/Order/search"),
        (
            {"reply": "body", "body": b'{"success":true,"errorCode":0,"orders":null}'},
            "the answer has no orders",
        ),
    ],
    ids=["status", "hang_up", "null"],
)
def test_looks_that_fail_show_nothing_and_are_logged_once(
    watching, gateway, caplog, fault, why
):
    trader, heard = watching(gateway)
    gateway.faults.add(Fault(SEARCH, times=None, **fault))
    looked(trader, gateway, 4)
    assert len(warnings(caplog)) == 1
    assert "no look for orders that were not placed" in warnings(caplog)[0]
    assert why in warnings(caplog)[0]
    assert heard == []
    gateway.faults.clear()
    number = book(gateway, body())
    until(trader, lambda: heard)
    assert heard[0].order_id == number


def test_a_look_that_the_close_cuts_off_is_no_warning(watching, gateway, caplog):
    trader, _ = watching(gateway)
    gateway.faults.add(Fault(SEARCH, reply="stall", times=None))
    before = looks(gateway)
    until(trader, lambda: looks(gateway) > before)
    trader.close()
    assert warnings(caplog) == []


# ---------------------------------------------------------------- for how long


def test_after_a_day_nobody_looks_any_more(trading, gateway, path):
    told_absent(path, ago_s=LIFE_S - 3.0)
    heard = []
    trader = trading(journal=path, on_late_arrival=heard.append)
    assert trader.do(buy).success
    dispatcher = trader.executor._dispatcher
    until(trader, lambda: not dispatcher.expects_late_arrivals)
    until(trader, lambda: not dispatcher.late_arrivals._queries)  # the last is counted
    before = looks(gateway)
    book(gateway, body())
    for _ in range(10):
        trader.pass_time()
    assert heard == []
    assert looks(gateway) == before


def test_what_was_told_more_than_a_day_ago_is_not_looked_for(trading, path):
    told_absent(path, ago_s=LIFE_S + 1.0)
    trader = trading(journal=path)
    assert not trader.executor._dispatcher.expects_late_arrivals


class ClockOf(Clock):
    """It stands still, but for the seconds that have passed for an executor."""

    def __init__(self, executor):
        self.executor = executor
        self.begin_ns = super().monotonic_ns()

    def monotonic_ns(self):
        return self.begin_ns + self.executor.passed_s * 1_000_000_000


@pytest.fixture
def clocked(gateway, path):
    """A blocking executor that looks for one order, on a clock that the test moves."""
    told_absent(path, ago_s=0.0)
    made = blocking.OrderExecutor(gateway.base_url, journal=path)
    with made as executor:
        prepared(executor, gateway)
        executor._dispatcher.clock = ClockOf(executor)
        executor.passed_s = 0
        executor.recover()
        yield executor


def look_at(executor, passed_s):
    executor.passed_s = passed_s
    executor._dispatcher.late_arrivals._on_timer()
    executor.accounts()
    while executor._engine.in_flight_count:
        executor._engine.turn(1_000_000)


def test_the_looks_come_fast_at_first_and_then_each_hour(clocked, gateway):
    at = []
    for minute in range(25 * 60):
        before = looks(gateway)
        clocked.passed_s = minute * MINUTE_S + 1
        due = clocked._dispatcher.late_arrivals._planned_ns
        if due <= clocked._dispatcher.clock.monotonic_ns():
            look_at(clocked, clocked.passed_s)
        if looks(gateway) > before:
            at.append(minute)
    assert at[:8] == [1, 2, 4, 8, 15, 30, 90, 150]
    assert len(at) == 29
    assert at[-1] < LIFE_S / MINUTE_S


def test_proofs_that_follow_fast_do_not_put_the_look_off(clocked, gateway):
    late_arrivals = clocked._dispatcher.late_arrivals
    ticket = late_arrivals.find(TAG)
    for passed_s in range(30, 301, 30):
        clocked.passed_s = passed_s
        late_arrivals.expect_again(ticket, MNQ, 0, time.time(), time.time())
        look_at(clocked, passed_s)
    assert looks(gateway) == 5


def test_the_first_look_is_a_minute_after_the_proof():
    assert PAUSES_NS[0] == 60_000_000_000


def test_one_look_asks_for_all_orders_since_the_oldest(trading, gateway, path):
    told_absent(path, "fo1-old", "signal-2", ago_s=3_600.0)
    told_absent(path, ago_s=60.0)
    trader = trading(journal=path)
    assert trader.do(buy).success
    looked(trader, gateway)
    for request in gateway.ledger.requests(SEARCH):
        asked = orjson.loads(request.body)
        assert asked["accountId"] == ACCOUNT
        since = time_from(asked["startTimestamp"]).timestamp()
        assert since <= time.time() - 3_640.0 - 86_400.0


# ------------------------------------------------------------ by an event


def event_row(**other):
    """An order as an event of the user hub shows it, made now."""
    return row(creationTimestamp=time_text(time.time()), **other)


def time_text(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def shown(trader, gateway, shows):
    """An order that was told NOT_PLACED, its event, and what the hook heard."""
    told_in_this_run(trader, gateway, idempotency_key=KEY)
    hurry(trader.executor, MINUTE_S * 1_000_000_000)

    async def event(executor):
        executor._dispatcher.witness(TAG, shows)

    trader.do(event)


@pytest.fixture
def on_a_loop(gateway):
    heard = []
    trader = Awaited(gateway.base_url, {"on_late_arrival": heard.append})
    prepared(trader.executor, gateway)
    yield trader, heard
    trader.close()


def test_an_event_tells_of_an_arrival_without_a_look(on_a_loop, gateway):
    trader, heard = on_a_loop
    shown(trader, gateway, event_row())
    assert [late.order_id for late in heard] == [7]
    assert heard[0].proof.startswith("it came late: an event of the user hub shows")
    with pytest.raises(fastorder.errors.Interlocked):
        trader.do(buy)
    assert trader.do(lambda executor: executor.resolve(TAG)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "other",
    [
        {"side": 1},
        {"contractId": "CON.F.US.MES.Z26"},
        {"parentOrderId": 3},
        {"accountId": ACCOUNT + 1},
        {"creationTimestamp": LONG_AGO},
        {"creationTimestamp": None},
        {"customTag": None},
        {"id": "7"},
        {"status": 5},
        {"status": None},
    ],
    ids=str,
)
def test_an_event_of_another_order_tells_of_none(on_a_loop, gateway, other):
    trader, heard = on_a_loop
    shown(trader, gateway, {**event_row(), **other})
    assert heard == []
