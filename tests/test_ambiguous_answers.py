"""An answer that says two things, or is coded, decides nothing, and is left."""

import gzip
import json

import pytest
from conftest import ACCOUNT, QUICK, prepared
from serial_server import read_head
from test_engine import EXCHANGES, Server, route_to
from test_http_answer import PLACED, by_length, chunked

import fastorder
from fastorder import Outcome, blocking
from fastorder._base.answer_kind import AnswerKind
from fastorder._core.flow.classify import classify
from fastorder._core.transport.evidence import Evidence
from fastorder.config import RetryPolicy
from fastorder.simulator import Fault

REJECTED = b'{"success":false,"errorCode":2,"errorMessage":"no"}'
BOTH = b'{"orderId":1,"success":true,"success":false,"errorCode":2}'


class Saying(Server):
    """Answers the first request with these bytes, and the others as it should."""

    def __init__(self, said):
        self.said, self.connections, self._current = said, 0, None
        super().__init__()

    def _answered(self, connection, stream):
        if connection is not self._current:
            self.connections += 1
            self._current = connection
        if self.answers or not stream.peek(1):
            return super()._answered(connection, stream)
        head = read_head(stream)
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        stream.read(size)
        connection.sendall(self.said)
        self.answers += 1
        return True


WIRES = {
    "two answers": by_length(PLACED) + by_length(REJECTED),
    "two answers in chunks": chunked([PLACED]) + chunked([REJECTED]),
    "a bare CR": by_length(PLACED, b"A: b\rContent-Length: 0"),
    "two lengths": by_length(PLACED, b"Content-Length: 0"),
    "a length and chunks": chunked([PLACED]).replace(
        b"\r\n", b"\r\nContent-Length: 5\r\n", 1
    ),
}


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("said", WIRES.values(), ids=WIRES)
def test_bytes_that_say_two_things_are_no_answer_and_are_left(run, said, exchange):
    server = Saying(said)
    try:
        first, second = exchange(run, route_to(server.url), [b"{}", b"[]"])
    finally:
        server.close()
    assert classify(first, RetryPolicy()).kind is AnswerKind.NO_ANSWER
    assert "refused" in first.curl_error
    assert (second.curl_code, second.http_status) == (0, 200)
    assert server.connections == 2


@pytest.mark.parametrize("status", range(300, 600))
def test_a_success_beside_another_status_decides_nothing(status):
    evidence = Evidence(http_status=status, body=PLACED)
    answer = classify(evidence, RetryPolicy(statuses=frozenset({503})))
    assert answer.kind is AnswerKind.NO_ANSWER
    assert "at odds" in answer.reason


@pytest.mark.parametrize("status", [200, 400, 429, 503])
def test_a_coded_body_is_not_read_and_its_coding_is_named(status):
    """Not even where it is labelled falsely: then there are two ways to read it."""
    for body in (gzip.compress(PLACED), PLACED, REJECTED):
        plain = classify(Evidence(http_status=status), RetryPolicy())
        coded = classify(
            Evidence(http_status=status, body=body, coding=b"gzip"), RetryPolicy()
        )
        assert coded.kind is plain.kind
        assert "coded (gzip)" in coded.reason
        assert coded.reply.success is None


def coded(body):
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return Fault("/api/Order/place", "status", status=200, headers=headers, body=body)


@pytest.mark.parametrize(
    "fault",
    [
        coded(gzip.compress(REJECTED)),
        coded(REJECTED),
        Fault("/api/Order/place", "body", body=BOTH),
        Fault("/api/Order/place", "status", status=400, body=PLACED),
    ],
    ids=["gzip", "labelled gzip", "success twice", "HTTP 400 and success"],
)
def test_an_order_is_looked_up_after_an_answer_that_decides_nothing(gateway, fault):
    gateway.faults.add(fault)
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        trader = prepared(executor, gateway)
        result = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    (booked,) = gateway.ledger.placements()
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, booked.order_id)
    assert len(gateway.ledger.requests("/api/Order/search")) >= 1


def test_a_read_whose_answer_is_coded_names_the_coding(gateway):
    body = gzip.compress(json.dumps({"accounts": []}).encode())
    headers = {"Content-Encoding": "gzip"}
    gateway.faults.add(
        Fault(
            "/api/Account/search",
            "status",
            status=200,
            headers=headers,
            body=body,
            times=None,
        )
    )
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        trader = prepared(executor, gateway)
        with pytest.raises(fastorder.RequestFailed, match=r"coded \(gzip\)"):
            trader.accounts()
