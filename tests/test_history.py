"""Bars of the past: pages, edges, gaps, and answers that are empty, cut or coded."""

import asyncio
import gzip
import json
import logging
import pickle
from array import array
from datetime import datetime, timedelta, timezone

import pytest
from conftest import ACCOUNT, prepared

import fastorder
from fastorder import blocking
from fastorder.marketdata import Bars, TickCount, Timeframe, globex
from fastorder.requests import bar_pages
from fastorder.simulator import Fault, Hours

BARS = "/api/History/retrieveBars"
MNQ, OLD = "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.U26"
QUICK = fastorder.RetryPolicy(base_delay=0.001)
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
UNTIL = datetime(2026, 8, 19, 20, tzinfo=timezone.utc)


def reader(form, gateway, **options):
    """Reads bars of MNQ in one of both facades."""

    async def awaited(given, named):
        executor = fastorder.OrderExecutor(gateway.base_url, retry=QUICK, **options)
        async with prepared(executor, gateway):
            return await executor.bars(*given, **named)

    def waited(given, named):
        made = blocking.OrderExecutor(gateway.base_url, retry=QUICK, **options)
        with made as executor:
            return prepared(executor, gateway).bars(*given, **named)

    def read(*given, **named):
        if form == "async":
            return asyncio.run(awaited(given, named))
        return waited(given, named)

    return read


@pytest.fixture(params=["async", "blocking"])
def bars(request, gateway):
    """Reads bars of MNQ in either facade."""
    return reader(request.param, gateway)


@pytest.fixture
def patient_bars(gateway):
    """The same, however long the gateway takes to make them."""
    return reader("async", gateway, timeouts=fastorder.Timeouts(request=120.0))


@pytest.fixture
def small_pages(monkeypatch, gateway):
    """Pages of a few bars, as short as a test wants them."""

    def make(asked, given=None):
        monkeypatch.setattr(bar_pages, "MOST_BARS", asked)
        gateway.gateway.most_bars = given or asked

    return make


def window(minutes):
    return {"since": UNTIL - timedelta(minutes=minutes), "until": UNTIL}


def asked(gateway):
    return [json.loads(request.body) for request in gateway.ledger.requests(BARS)]


def test_bars_are_columns_oldest_first(bars, gateway):
    found = bars("MNQ", "1m", **window(60))
    assert isinstance(found, Bars)
    assert str(found.every) == "1m"
    first = int((UNTIL - timedelta(minutes=60)).timestamp()) * SECOND
    assert found.time_ns.tolist() == [first + i * MINUTE for i in range(61)]
    assert found.gaps == ()
    assert found.open.format == "d"
    assert len(asked(gateway)) == 1  # the window's first bar is there: nothing is left


@pytest.mark.parametrize("coded", [False, True])
def test_what_the_gateway_has_is_what_comes(bars, gateway, coded, small_pages):
    small_pages(7)
    gateway.compresses = coded
    found = bars("MNQ", "1m", **window(60))
    gateway.gateway.most_bars = 1000
    whole = bars("MNQ", "1m", **window(60))
    assert len(found) == 61
    assert found == whole


@pytest.mark.parametrize("given", [2, 7, 10])
@pytest.mark.parametrize("minutes", [0, 1, 9, 10, 11, 35])
def test_a_silent_cut_loses_none_and_gives_none_twice(
    bars, small_pages, given, minutes
):
    small_pages(10, given)
    since = UNTIL - timedelta(minutes=minutes + 1)
    times = bars("MNQ", "1m", since=since, until=UNTIL).time_ns.tolist()
    first = int(since.timestamp()) * SECOND
    assert times == [first + i * MINUTE for i in range(minutes + 2)]


def test_more_than_the_gateway_gives_at_once_is_read_page_by_page(
    patient_bars, gateway
):
    seen = []
    found = patient_bars(
        "MNQ",
        "1s",
        since=UNTIL - timedelta(seconds=25_000),
        until=UNTIL,
        progress=lambda count, oldest: seen.append((count, oldest)),
    )
    assert len(found) == 25_001
    assert set(map(int.__sub__, found.time_ns[1:], found.time_ns[:-1])) == {SECOND}
    assert [count for count, _ in seen] == [20_000, 25_001]
    assert seen[1][1] == UNTIL - timedelta(seconds=25_000)
    assert asked(gateway)[0]["limit"] == 20_000


def test_the_limit_keeps_the_newest(bars, small_pages, gateway):
    small_pages(10)
    found = bars("MNQ", "1m", limit=25, until=UNTIL)
    last = int(UNTIL.timestamp()) * SECOND
    assert found.time_ns.tolist() == [last - i * MINUTE for i in range(25)][::-1]
    assert found.gaps == ()
    assert [request["limit"] for request in asked(gateway)] == [10, 10, 7]
    assert len(bars("MNQ", "1m", limit=3, **window(60))) == 3


def test_gaps_are_told(bars, gateway, small_pages):
    start_s = UNTIL.timestamp() - 1800
    spans = [(start_s - 300, start_s), (start_s + 1500, start_s + 1900)]
    gateway.call(lambda: gateway.gateway.open_hours(Hours(spans, daily=False)))
    small_pages(4)
    found = bars("MNQ", "1m", **window(60))
    assert len(found) == 61 - 5 - 6
    hole, end = found.gaps
    assert (hole.start, hole.end, hole.bars) == (
        UNTIL - timedelta(minutes=35),
        UNTIL - timedelta(minutes=30),
        5,
    )
    assert (end.start, end.end, end.bars) == (UNTIL - timedelta(minutes=5), UNTIL, 5)
    assert pickle.loads(pickle.dumps(found)).gaps == found.gaps
    assert found[1:].gaps == ()


def test_a_window_without_bars_is_one_gap_and_is_asked_for_again(bars, gateway, caplog):
    span = (UNTIL.timestamp() - 7200, UNTIL.timestamp() + 60)
    gateway.call(lambda: gateway.gateway.open_hours(Hours([span], daily=False)))
    found = bars("MNQ", "1m", **window(60))
    assert len(found) == 0
    assert [gap.bars for gap in found.gaps] == [60]
    assert len(asked(gateway)) == bar_pages.EMPTY_FIRST
    assert caplog.text.count("asked again after an empty answer") == 2


def test_an_empty_answer_that_was_none_costs_nothing(bars, gateway, small_pages):
    small_pages(10)
    empty = b'{"bars":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(
        Fault(BARS, reply="body", body=empty),
        Fault(BARS, reply="body", body=empty, after=1),
    )
    assert len(bars("MNQ", "1m", **window(60))) == 61


def test_an_old_answer_is_asked_for_again(bars, gateway, small_pages):
    small_pages(10)
    whole = bars("MNQ", "1m", **window(60))
    request = {**asked(gateway)[0], "limit": 10}
    token = gateway.token
    body = json.dumps(request).encode()
    answer = gateway.call(lambda: gateway.gateway.handle(BARS.lower(), token, body))
    old = answer.answer(list(answer.rows)).body
    gateway.faults.add(Fault(BARS, reply="body", body=old, after=1))
    assert bars("MNQ", "1m", **window(60)) == whole


@pytest.mark.parametrize(
    "fault",
    [
        Fault(BARS, reply="hang_up"),
        Fault(BARS, reply="status", status=503),
        Fault(BARS, reply="body", body=b'{"bars":[{"t":'),
        Fault(BARS, reply="body", body=b"<html>"),
        Fault(BARS, reply="status", status=429),
        Fault(BARS, reply="chunked"),
        Fault(BARS, reply="cut", cut_at=400),
    ],
    ids=lambda fault: f"{fault.reply} {fault.status}",
)
def test_what_may_pass_is_asked_for_again(bars, gateway, fault, small_pages):
    small_pages(20)
    gateway.faults.add(fault)
    assert len(bars("MNQ", "1m", **window(60))) == 61


def test_what_stays_broken_is_told_with_how_far_it_came(bars, gateway, small_pages):
    small_pages(20)
    gateway.faults.add(Fault(BARS, reply="body", body=b"<html>", after=1, times=None))
    with pytest.raises(
        fastorder.RequestFailed, match=r"HTML or XML .* \(after 20 bars\)"
    ):
        bars("MNQ", "1m", **window(60))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"bars":null,"success":true,"errorCode":0}', "bars must be a list"),
        (b'{"success":true,"errorCode":0}', "bars must be a list"),
        (b'{"bars":[{}],"success":true,"errorCode":0}', "a bar must have t"),
        (b'{"bars":[],"success":true,"errorCode":1}', "are at odds"),
        (
            b'{"bars":[],"bars":[],"success":true,"errorCode":0}',
            "a member stands twice",
        ),
    ],
)
def test_an_answer_that_lists_none_is_not_empty(bars, gateway, body, why):
    gateway.faults.add(Fault(BARS, reply="body", body=body, times=None))
    with pytest.raises(fastorder.RequestFailed, match=why):
        bars("MNQ", "1m", **window(60))


def test_a_refusal_is_told_by_name_and_not_asked_again(bars, gateway):
    with pytest.raises(fastorder.RequestFailed, match=r"ContractNotFound \(1\)"):
        bars("CON.F.US.NOPE.Z26", "1m", **window(60))
    assert len(asked(gateway)) == 1


def coded(body, coding="gzip"):
    return Fault(
        BARS,
        reply="status",
        status=200,
        body=body,
        headers={"Content-Encoding": coding, "Content-Type": "application/json"},
        times=None,
    )


BOMB = gzip.compress(b'{"bars":[' + b" " * (17 << 20))
GOOD = gzip.compress(b'{"bars":[],"success":true,"errorCode":0,"errorMessage":null}')


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (coded(BOMB), "must not be larger than 16777216 bytes unpacked"),
        (coded(GOOD[:-9]), "its gzip data are cut"),
        (coded(b"no gzip"), "its gzip data are broken"),
        (coded(GOOD + b"x"), "more came behind"),
        (coded(GOOD, "br"), "must be gzip or none"),
        (coded(GOOD[:-8] + b"12345678"), "its gzip data are broken"),
    ],
    ids=["bomb", "cut", "none", "more", "brotli", "checksum"],
)
def test_what_cannot_be_unpacked_is_refused(bars, gateway, fault, why):
    gateway.faults.add(fault)
    with pytest.raises(fastorder.RequestFailed, match=why):
        bars("MNQ", "1m", **window(60))


def test_orders_are_never_asked_for_in_another_coding(trader, gateway):
    heads = []
    inner = gateway._response

    def watched(request, answer):
        heads.append((request.path, request.headers["Accept-Encoding"]))
        return inner(request, answer)

    gateway._response = watched
    gateway.compresses = True
    trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    trader.positions(ACCOUNT)
    trader.bars("MNQ", "1m", limit=1)
    codings = dict(heads)
    assert codings.pop(BARS) == "gzip"
    assert set(codings.values()) == {"identity"}


@pytest.mark.parametrize(
    ("every", "unit"),
    [
        ("30s", (1, 30)),
        ("5m", (2, 5)),
        ("1h", (3, 1)),
        ("1d", (4, 1)),
        ("1w", (5, 1)),
        ("1mo", (6, 1)),
        (Timeframe(4, "h"), (3, 4)),
    ],
)
def test_every_unit_of_the_gateway_can_be_had(bars, gateway, every, unit):
    found = bars("MNQ", every, days=200, until=UNTIL, limit=3)
    (request,) = asked(gateway)
    assert (request["unit"], request["unitNumber"]) == unit
    assert len(found) == 3


def test_bars_of_ticks_are_those_of_the_gateway(bars, gateway):
    """Of several pages too: the simulator has a trade in each quarter of a second."""
    gateway.gateway.most_bars = 400
    found = bars("MNQ", TickCount(50), **window(200))
    request = asked(gateway)[0]
    assert (request["unit"], request["unitNumber"]) == (7, 50)
    times = found.time_ns.tolist()
    begin = int((UNTIL - timedelta(minutes=200)).timestamp()) * SECOND
    length = 50 * SECOND // 4
    first = -(-begin // length) * length
    assert times == list(range(first, times[-1] + 1, length))
    assert int(UNTIL.timestamp()) * SECOND - times[-1] < 2 * length
    assert len(asked(gateway)) == 3


def test_a_bar_in_the_making_is_marked(bars):
    assert bars("MNQ", "1h", days=1, partial=True).last_partial
    assert not bars("MNQ", "1h", days=1).last_partial
    assert not bars("MNQ", "1h", until=UNTIL, days=1, partial=True).last_partial


def test_a_contract_that_has_rolled_has_bars_of_its_own(bars):
    old, new = (bars(name, "1m", **window(30)) for name in (OLD, MNQ))
    assert len(old) == len(new) == 31
    assert old != new


def test_a_token_that_ends_between_two_pages_is_renewed(gateway, small_pages):
    small_pages(20)
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        key = gateway.gateway.tokens.keys["trader1"]
        executor.login("trader1", key)
        gateway.call(lambda: gateway.gateway.tokens.expire_after(2))
        assert len(executor.bars(MNQ, "1m", **window(60))) == 61
    assert len(gateway.ledger.requests("/api/Auth/loginKey")) == 2


NAIVE = datetime(2026, 1, 1)
AHEAD = datetime(2100, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"days": 2, "since": UNTIL}, "days must not be given beside since, was 2"),
        ({"since": AHEAD}, "since must not be in the future"),
        ({"since": UNTIL, "until": UNTIL}, "since must be before until"),
        ({"since": NAIVE}, "since must be aware .* astimezone"),
        ({"until": NAIVE, "days": 1}, "until must be aware"),
        ({"since": "2026"}, "since must be a datetime, .*fromisoformat"),
        ({}, "since must be given, or days, or limit"),
        ({"limit": 0}, "limit must be from 1 to 10000000, was 0"),
        ({"limit": 1.0}, "limit must be a whole number"),
        ({"limit": True}, "limit must be a whole number"),
        ({"days": 0}, "days must be above 0"),
        ({"days": float("nan")}, "days must be above 0"),
        ({"days": "2"}, "days must be a number of days"),
        ({"days": 1, "partial": 1}, "partial must be True or False"),
        ({"days": 1, "live": None}, "live must be True or False"),
        ({"days": 1, "progress": 5}, "progress must be callable"),
        ({"days": 1, "every": "5x"}, "every must be of seconds to months"),
        ({"days": 1, "every": "10 range"}, "every must be of seconds to months"),
        ({"days": 1, "every": 5}, "every must be of seconds to months"),
        ({"days": 1, "every": "32d"}, "every must be of seconds to months"),
        (
            {
                "days": 1,
                "every": Timeframe(1, "d", sessions=globex("2026-08-17", "2026-08-19")),
            },
            "every must be of seconds to months",
        ),
        ({"days": 1, "symbol": "NOPE"}, "must have a contract id"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    bars, gateway, given, why
):
    given = {"symbol": "MNQ", "every": "1m", **given}
    with pytest.raises(fastorder.FastOrderError, match=why):
        bars(given.pop("symbol"), given.pop("every"), **given)
    assert not gateway.ledger.requests()


def test_an_error_of_the_callers_own_is_the_callers(bars):
    def progress(count, oldest):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        bars("MNQ", "1m", limit=1, progress=progress)


def test_columns_go_to_arrow_without_a_copy(bars):
    pyarrow = pytest.importorskip("pyarrow")
    found = bars("MNQ", "1m", **window(10))
    table = pyarrow.table(found)
    assert table.num_rows == 11
    column = table.column("close").chunk(0)
    address = memoryview(found.close)
    assert column.buffers()[1].address == array("d", address).buffer_info()[0] or (
        column.to_pylist() == address.tolist()
    )


def test_history_warns_in_the_log_alone(caplog, bars, gateway):
    caplog.set_level(logging.WARNING, "fastorder")
    gateway.faults.add(Fault(BARS, reply="hang_up"))
    bars("MNQ", "1m", limit=2)
    assert "asked again" in caplog.text
