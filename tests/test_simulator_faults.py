"""Faults on demand: where they strike, what is carried out, and what comes back."""

import json
import socket

import pytest
from plain_http import (
    ACCOUNT,
    LONG_AGO,
    MNQ,
    PRICE,
    eventually,
    exchange_bytes,
    request_bytes,
    wire_to,
)

from fastorder.simulator import Fault, FaultError, load_faults
from fastorder.simulator.endpoints import FIELDS, PATHS
from fastorder.simulator.faults import EFFECTS, REPLIES

PLACE = "/api/Order/place"
LONG_S = 600.0  # longer than any test


def order_bytes(market, **more):
    return request_bytes(
        market,
        "Order/place",
        accountId=ACCOUNT,
        contractId=MNQ,
        type=2,
        side=0,
        size=1,
        **more,
    )


def booked(market):
    return len(market.ledger.placements())


def sent(market, request):
    """A connection over which a request went, and no answer has been read."""
    sock = socket.create_connection((market.host, market.port), 10)
    sock.sendall(request)
    return sock


def assert_silent(sock):
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(1)


# ---------------------------------------------------------------- where they strike


@pytest.mark.parametrize("path", FIELDS)
def test_a_fault_strikes_its_endpoint_once(market, wire, path):
    market.faults.add(Fault(path, reply="status", status=503))
    assert wire.ask("elsewhere").status == 404
    found = [wire.send(path[5:], b"{}").status for _ in range(2)]
    assert found[0] == 503
    assert found[1] != 503


def test_an_endpoint_has_no_letter_case(market, wire):
    market.faults.add(Fault("/API/order/PLACE", reply="status", status=503))
    assert wire.place().status == 503


def test_a_star_strikes_every_request_but_a_ping(market, wire):
    market.faults.add(Fault("*", reply="status", status=503, times=None))
    assert wire.place().status == 503
    assert wire.ask("Account/search", onlyActiveAccounts=True).status == 503
    assert wire.ask("nothing").status == 503
    assert wire.send("Status/ping", method="GET").status == 200


def test_a_ping_is_struck_by_its_path(market, wire):
    market.faults.add(Fault("/api/Status/ping", reply="status", status=503))
    found = [wire.send("Status/ping", method="GET") for _ in range(2)]
    assert [reply.status for reply in found] == [503, 200]
    assert found[1].raw == b"pong"


def test_a_fault_lets_some_pass_and_strikes_some(market, wire):
    market.faults.add(Fault(PLACE, reply="status", status=503, after=2, times=3))
    found = [wire.place().status for _ in range(7)]
    assert found == [200, 200, 503, 503, 503, 200, 200]


def test_a_fault_without_an_end_strikes_until_it_is_cleared(market, wire):
    market.faults.add(Fault(PLACE, reply="status", status=503, times=None))
    assert {wire.place().status for _ in range(20)} == {503}
    market.faults.clear()
    assert wire.place().status == 200


def test_faults_strike_in_the_order_in_which_they_were_added(market, wire):
    market.faults.add(
        Fault(PLACE, reply="status", status=501),
        Fault("*", reply="status", status=502, times=2),
        Fault(PLACE, reply="status", status=503),
    )
    assert [wire.place().status for _ in range(5)] == [501, 502, 502, 503, 200]


# ---------------------------------------------------------------- what is carried out


@pytest.mark.parametrize("reply", [r for r in REPLIES if r not in ("stall", "refuse")])
@pytest.mark.parametrize("effect", EFFECTS)
def test_the_effect_and_the_reply_are_independent(market, reply, effect):
    market.faults.add(Fault(PLACE, reply=reply, effect=effect, delay_s=0.001))
    try:
        with sent(market, order_bytes(market, customTag="t")) as sock:
            sock.recv(1)
    except ConnectionError:
        pass
    if effect == "late":
        eventually(lambda: booked(market) == 1)
    (request,) = market.ledger.requests(PLACE)
    assert request.fault == f"{effect}/{reply}"
    assert booked(market) == (0 if effect == "none" else 1)


def test_a_late_effect_comes_after_the_connection_has_ended(market, wire):
    fault = Fault(PLACE, reply="hang_up", effect="late", delay_s=0.05)
    market.faults.add(fault)
    assert exchange_bytes(market, order_bytes(market)) == b""
    eventually(lambda: booked(market) == 1)
    assert len(wire.orders()) == 1


def test_an_effect_that_is_too_late_never_comes(market, wire):
    market.faults.add(Fault(PLACE, reply="hang_up", effect="late", delay_s=LONG_S))
    exchange_bytes(market, order_bytes(market))
    assert wire.orders() == []


def test_a_late_effect_reaches_the_tag_check(market, wire):
    """An order that comes late meets the one that was sent again with its tag."""
    market.faults.add(Fault(PLACE, reply="hang_up", effect="late", delay_s=0.05))
    exchange_bytes(market, order_bytes(market, customTag="t"))
    again = wire.place(customTag="t")
    eventually(lambda: booked(market) == 1)
    rows = [row for row in wire.orders() if row["customTag"] == "t"]
    assert len(rows) == 1
    assert again["success"] is (again["orderId"] == rows[0]["id"])


# ---------------------------------------------------------------- what comes back


def test_an_answer_may_be_late(market):
    market.faults.add(
        Fault(PLACE, reply="answer", delay_s=LONG_S),
        Fault(PLACE, reply="answer", delay_s=0.01),
    )
    with sent(market, order_bytes(market)) as sock:
        eventually(lambda: booked(market) == 1)
        assert_silent(sock)
    with wire_to(market) as wire:
        assert wire.place()["success"]


def test_a_hang_up_ends_the_connection_without_a_byte(market):
    market.faults.add(Fault(PLACE, reply="hang_up"))
    assert exchange_bytes(market, order_bytes(market)) == b""


def test_a_reset_resets_the_connection(market):
    market.faults.add(Fault(PLACE, reply="reset"))
    with pytest.raises(ConnectionResetError):
        exchange_bytes(market, order_bytes(market))


def test_a_stall_keeps_the_connection_and_says_nothing(market, wire):
    market.faults.add(Fault(PLACE, reply="stall"))
    with sent(market, order_bytes(market)) as sock:
        eventually(lambda: booked(market) == 1)
        assert len(wire.orders()) == 1  # others are served meanwhile
        assert_silent(sock)


def test_a_status_comes_with_headers_and_a_body(market, wire):
    market.faults.add(
        Fault(
            PLACE,
            reply="status",
            status=429,
            headers={"X-Reason": "too fast"},
            body=b"<html>",
            retry_after="3",
        ),
        Fault(PLACE, reply="status"),
    )
    first, second = wire.place(), wire.place()
    assert (first.status, first.raw) == (429, b"<html>")
    assert first.headers["Retry-After"] == "3"
    assert first.headers["X-Reason"] == "too fast"
    assert (second.status, second.raw) == (500, b"")
    assert "Retry-After" not in second.headers


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"x" * 100_000])
def test_a_body_replaces_the_answers(market, wire, body):
    market.faults.add(Fault(PLACE, reply="body", body=body))
    reply = wire.place()
    assert (reply.status, reply.raw) == (200, body)


def test_a_code_keeps_the_order_id_of_the_true_answer(market, wire):
    market.faults.add(
        Fault(PLACE, reply="code", error_code=6, message="pending"),
        Fault(PLACE, reply="code", error_code=0, success=True, effect="none"),
        Fault("/api/Status/ping", reply="code"),
    )
    assert wire.place().json == {
        "orderId": wire.orders()[0]["id"],
        "success": False,
        "errorCode": 6,
        "errorMessage": "pending",
    }
    assert wire.place().json == {
        "orderId": None,
        "success": True,
        "errorCode": 0,
        "errorMessage": None,
    }
    assert wire.send("Status/ping", method="GET").code == 7


@pytest.mark.parametrize("cut_at", [0, 1, 15, 100])
def test_a_cut_answer_ends_at_its_byte(market, cut_at):
    market.faults.add(Fault(PLACE, reply="cut", cut_at=cut_at))
    found = exchange_bytes(market, order_bytes(market))
    assert len(found) == cut_at
    assert b"HTTP/1.1 200 OK\r\n".startswith(found[:17])


def test_a_cut_after_the_end_is_the_whole_answer(market):
    market.faults.add(Fault(PLACE, reply="cut", cut_at=10_000))
    head, _, body = exchange_bytes(market, order_bytes(market)).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["success"] is True


def test_a_cut_may_reset(market):
    market.faults.add(Fault(PLACE, reply="cut", cut_at=20, reset=True))
    with pytest.raises(ConnectionResetError):
        exchange_bytes(market, order_bytes(market))


def test_a_trickle_is_the_whole_answer_byte_by_byte(market):
    market.faults.add(Fault(PLACE, reply="trickle", delay_s=0.0001))
    with socket.create_connection((market.host, market.port), 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(order_bytes(market))
        parts = list(iter(lambda: sock.recv(65536), b""))
    assert len(parts) > 5
    assert json.loads(b"".join(parts).partition(b"\r\n\r\n")[2])["success"] is True


def test_a_slow_trickle_ends_with_its_client(market, wire):
    market.faults.add(Fault(PLACE, reply="trickle", delay_s=LONG_S))
    with sent(market, order_bytes(market)) as sock:
        assert sock.recv(65536) == b"H"
    assert wire.place()["success"]


def test_a_chunked_answer_has_chunks_of_7_bytes(market, wire):
    market.faults.add(Fault(PLACE, reply="chunked", times=2))
    with sent(market, order_bytes(market)) as sock:
        found = b""
        while not found.endswith(b"\r\n0\r\n\r\n"):
            found += sock.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert b"Content-Type: application/json" in head
    assert body.startswith(b"7\r\n")
    assert wire.place()["success"]


def test_a_refusal_ends_every_connection_and_listens_no_more(market, wire):
    assert wire.place()["success"]
    with socket.create_connection((market.host, market.port), 10) as idle:
        market.faults.add(Fault(PLACE, reply="refuse", delay_s=LONG_S))
        assert exchange_bytes(market, order_bytes(market)) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((market.host, market.port), 10)
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionError):
        wire.place()
    assert booked(market) == 2


def test_after_a_refusal_it_listens_where_it_did(market):
    port = market.port
    market.faults.add(Fault(PLACE, reply="refuse", delay_s=0.05, effect="none"))
    assert exchange_bytes(market, order_bytes(market)) == b""

    def answers():
        try:
            with wire_to(market) as wire:
                return wire.place()["success"]
        except ConnectionError:
            return False

    eventually(answers)
    assert market.port == port
    assert booked(market) == 1


def test_a_lag_hides_young_orders_from_a_search(market, wire, day):
    market.faults.add(Fault(PLACE, reply="lag", delay_s=5))
    order = wire.placed(kind=1, limitPrice=PRICE - 50)
    assert wire.orders() == []
    assert wire.status(order) == 1
    day.advance(4.9)
    assert wire.orders() == []
    day.advance(0.2)
    assert [row["id"] for row in wire.orders()] == [order]
    wire.placed()
    assert len(wire.orders()) == 1
    market.faults.add(Fault(PLACE, reply="lag", delay_s=0))
    wire.placed()
    assert len(wire.orders()) == 3


def test_a_fault_does_not_mask_an_expired_token(market, wire):
    market.faults.add(Fault(PLACE, reply="answer"))
    wire.token = "nonsense"
    assert wire.place().status == 401


# ---------------------------------------------------------------- from a file


def written(tmp_path, document):
    path = tmp_path / "faults.json"
    path.write_text(
        document if isinstance(document, str) else json.dumps(document), "utf-8"
    )
    return path


def test_a_file_says_what_python_says(tmp_path):
    path = written(
        tmp_path,
        [
            {"endpoint": "*"},
            {
                "endpoint": PLACE,
                "reply": "status",
                "effect": "none",
                "times": None,
                "after": 2,
                "delay_s": 1,
                "status": 429,
                "headers": {"X": "y"},
                "body": "<é>",
                "retry_after": "3",
            },
            {"endpoint": PLACE, "reply": "cut", "cut_at": 9, "reset": True},
            {
                "endpoint": PLACE,
                "reply": "code",
                "error_code": 2,
                "message": "no",
                "success": False,
            },
        ],
    )
    assert load_faults(path) == [
        Fault("*"),
        Fault(
            PLACE,
            reply="status",
            effect="none",
            times=None,
            after=2,
            delay_s=1,
            status=429,
            headers={"X": "y"},
            body="<é>".encode(),
            retry_after="3",
        ),
        Fault(PLACE, reply="cut", cut_at=9, reset=True),
        Fault(PLACE, reply="code", error_code=2, message="no", success=False),
    ]
    assert load_faults(str(written(tmp_path, []))) == []


@pytest.mark.parametrize("reply", REPLIES)
def test_every_kind_may_stand_in_a_file(tmp_path, reply):
    path = written(tmp_path, [{"endpoint": "*", "reply": reply}])
    assert load_faults(path) == [Fault("*", reply=reply)]


@pytest.mark.parametrize("document", ["", "{", "[1,]", "nonsense"])
def test_a_file_that_is_not_json_is_named(tmp_path, document):
    path = written(tmp_path, document)
    with pytest.raises(FaultError, match="a JSON file was expected") as caught:
        load_faults(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path):
    path = tmp_path / "nothing.json"
    with pytest.raises(FaultError, match=r"nothing\.json: a JSON file was expected"):
        load_faults(path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(FaultError, match=r"nothing\.json: a JSON file was expected"):
        load_faults(path)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"endpoint": "*"}, "a list was expected, found dict"),
        (None, "a list was expected, found NoneType"),
        ([5], "entry 0: an object with an endpoint was expected"),
        ([{}], "entry 0: an object with an endpoint was expected"),
        ([{"endpoint": "*"}, {"endpoint": "*", "replay": "cut"}], "entry 1: unknown"),
        ([{"endpoint": "*", "x": 1, "a": 1}], "entry 0: unknown a, x; known are after"),
    ],
)
def test_a_file_of_another_shape_says_what_was_expected(tmp_path, document, why):
    with pytest.raises(FaultError) as caught:
        load_faults(written(tmp_path, document))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("endpoint", 5),
        ("endpoint", "Order/place"),
        ("endpoint", "/"),
        ("endpoint", "/api/order/*"),
        ("endpoint", "/api/Order/plaec"),
        ("reply", "explode"),
        ("reply", []),
        ("effect", "later"),
        ("times", 0),
        ("times", 1.5),
        ("times", True),
        ("after", -1),
        ("after", None),
        ("delay_s", -1),
        ("delay_s", "1"),
        ("delay_s", float("nan")),
        ("delay_s", float("inf")),
        ("delay_s", None),
        ("status", "500"),
        ("status", 99),
        ("status", 1000),
        ("headers", ["X"]),
        ("headers", {"X": 5}),
        ("headers", {"X": "a\r\nY: b"}),
        ("body", 5),
        ("body", None),
        ("retry_after", 3),
        ("cut_at", -1),
        ("cut_at", "end"),
        ("reset", 1),
        ("error_code", "2"),
        ("error_code", None),
        ("message", 5),
        ("success", "yes"),
    ],
)
def test_a_wrong_member_is_named_with_what_was_found(tmp_path, member, value):
    fault = {"endpoint": "*", member: value}
    with pytest.raises(FaultError) as caught:
        load_faults(written(tmp_path, [fault]))
    assert f"entry 0: {member} must be" in str(caught.value)
    assert str(caught.value).endswith(f"was {value!r}")
    with pytest.raises(FaultError, match=f"^{member} must be"):
        Fault(**fault)


def test_a_path_that_the_gateway_does_not_have_is_told_with_those_it_has(tmp_path):
    path = "/api/Order/plaec"
    with pytest.raises(FaultError) as raised:
        Fault(path, reply="hang_up")
    told = str(raised.value)
    assert all(known in told for known in (*PATHS, "*", path))
    file = written(tmp_path, [{"endpoint": "*"}, {"endpoint": path}])
    with pytest.raises(FaultError) as raised:
        load_faults(file)
    assert str(raised.value) == f"{file}: entry 1: {told}"


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_known_is_one_that_the_gateway_has(market, wire, path):
    method = "GET" if path == "/api/status/ping" else "POST"
    assert wire.send(path[5:], b"{}", method=method).status != 404


def test_the_faults_of_one_endpoint_leave_the_others_alone(market, wire):
    market.faults.add(Fault("/api/Trade/search", reply="hang_up", times=None))
    assert wire.place()["success"]
    with pytest.raises(ConnectionError):
        wire.ask("Trade/search", accountId=ACCOUNT, startTimestamp=LONG_AGO)


@pytest.mark.parametrize("reply", ["body", "status"])
@pytest.mark.parametrize("body", ['{"a":"\u00fc"}', '{"a":"\u00fc"}'.encode()])
def test_a_body_is_text_or_bytes(market, wire, reply, body):
    market.faults.add(Fault(PLACE, reply=reply, status=400, body=body))
    assert wire.place().raw == '{"a":"\u00fc"}'.encode()


@pytest.mark.parametrize("body", [5, None, {}, bytearray(b"x"), "\ud800"])
def test_a_body_that_cannot_be_sent_is_told(body):
    with pytest.raises(FaultError, match="body must be a text that UTF-8 can write"):
        Fault(PLACE, reply="body", body=body)
