"""Bodies that do not bind: HTTP 400 with a validation problem, and nothing happens."""

import gzip
import json
import socket
import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_http import ACCOUNT, LONG_AGO, MNQ, PRICE, wire_to

DATE = LONG_AGO
GOOD = {
    "Account/search": {"onlyActiveAccounts": True},
    "Contract/search": {"searchText": "MNQ", "live": False},
    "Contract/available": {"live": False},
    "Contract/searchById": {"contractId": MNQ},
    "Order/place": {
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "type": 2,
        "side": 0,
        "size": 1,
    },
    "Order/modify": {"accountId": ACCOUNT, "orderId": 1},
    "Order/cancel": {"accountId": ACCOUNT, "orderId": 1},
    "Order/search": {"accountId": ACCOUNT, "startTimestamp": DATE},
    "Order/searchOpen": {"accountId": ACCOUNT},
    "Order/searchById": {"accountId": ACCOUNT, "orderId": 1},
    "Order/v2/query": {"filter": {"accountId": ACCOUNT}},
    "Position/searchOpen": {"accountId": ACCOUNT},
    "Position/closeContract": {"accountId": ACCOUNT, "contractId": MNQ},
    "Position/partialCloseContract": {
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "size": 1,
    },
    "Trade/search": {"accountId": ACCOUNT, "startTimestamp": DATE},
}
REQUIRED = [(path, name) for path, members in GOOD.items() for name in members]
OTHER_TYPE = {bool: 1, int: "1", str: 5, dict: []}


def assert_problem(reply, *members):
    assert reply.status == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    problem = reply.json
    assert set(problem) == {"type", "title", "status", "errors", "traceId"}
    assert problem["title"] == "One or more validation errors occurred."
    assert problem["status"] == 400
    for member in members:
        assert f"$.{member}" in problem["errors"]
        assert problem["errors"]["request"] == ["The request field is required."]


def assert_query_problem(reply):
    assert reply.status == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert set(reply.json) == {"type", "title", "status", "detail", "instance"}


def check(path, reply, *members):
    if path == "Order/v2/query":
        assert_query_problem(reply)
    else:
        assert_problem(reply, *members)


@pytest.mark.parametrize("path", GOOD)
def test_the_good_bodies_bind(wire, path):
    assert wire.ask(path, **GOOD[path]).status == 200


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_missing_member_is_a_400(wire, path, name):
    given = {key: value for key, value in GOOD[path].items() if key != name}
    check(path, wire.ask(path, **given), name)


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_null_member_is_a_400(wire, path, name):
    check(path, wire.ask(path, **{**GOOD[path], name: None}), name)


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_member_of_another_type_is_a_400(wire, path, name):
    wrong = OTHER_TYPE[type(GOOD[path][name])]
    check(path, wire.ask(path, **{**GOOD[path], name: wrong}), name)


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"[]", b"5", b"null", b'"text"', b"\xff\xfe\xff"],
)
def test_a_body_that_is_no_object_is_a_400(wire, path, body):
    check(path, wire.send(path, body))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "2"),
        ("type", "Market"),
        ("side", "BUY"),
        ("size", 1.5),
        ("size", 1.0),
        ("size", True),
        ("size", 1 << 31),
        ("accountId", 1 << 40),
        ("limitPrice", "29500"),
        ("stopPrice", True),
        ("trailPrice", []),
        ("limitPrice", 1e29),
        ("limitPrice", 10**400),
        ("customTag", 5),
        ("stopLossBracket", 5),
        ("takeProfitBracket", [1]),
    ],
)
def test_an_orders_member_of_another_type_is_a_400(market, wire, name, value):
    assert_problem(
        wire.ask("Order/place", **{**GOOD["Order/place"], name: value}), name
    )
    assert wire.orders() == []
    assert market.ledger.effects() == []


@pytest.mark.parametrize("leg", ["stopLossBracket", "takeProfitBracket"])
@pytest.mark.parametrize(
    ("inner", "member"),
    [
        ({"ticks": -40}, "type"),
        ({"type": 4}, "ticks"),
        ({"ticks": None, "type": 4}, "ticks"),
        ({"ticks": -4.5, "type": 4}, "ticks"),
        ({"ticks": -40, "type": "Stop"}, "type"),
    ],
)
def test_a_leg_has_both_its_members(wire, leg, inner, member):
    reply = wire.place(**{leg: inner})
    assert_problem(reply, f"{leg}.{member}")
    assert wire.orders() == []


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_in_json_is_a_400(wire, value):
    body = json.dumps({**GOOD["Order/place"], "type": 1, "limitPrice": 0.5})
    reply = wire.send("Order/place", body.replace("0.5", value).encode())
    assert_problem(reply)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_deep_body_is_a_400(wire, opening):
    assert_problem(wire.send("Order/place", opening * 100_000))


def test_an_order_id_has_64_bits(wire):
    assert wire.cancel((1 << 63) - 1).code == 2
    assert_problem(wire.cancel(1 << 63), "orderId")


@pytest.mark.parametrize("name", ["startTimestamp", "endTimestamp"])
@pytest.mark.parametrize("path", ["Order/search", "Trade/search"])
def test_a_bad_moment_is_a_400_that_names_it(wire, path, name):
    reply = wire.ask(path, **{**GOOD[path], name: "yesterday"})
    assert_problem(reply, name)


def test_a_query_without_a_filter_says_so(wire):
    reply = wire.ask("Order/v2/query", pageSize=5)
    assert_query_problem(reply)
    assert reply["detail"] == (
        "SearchOrdersQueryRequest was missing required properties including: 'filter'"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"accountId": None},
        {"accountId": "1"},
        {"accountId": []},
        {"accountId": {}},
        {"accountId": ACCOUNT, "statuses": 1},
        {"accountId": ACCOUNT, "statuses": ["Open"]},
        {"accountId": ACCOUNT, "createdAfter": "yesterday"},
        {"accountId": ACCOUNT, "createdBefore": 5},
    ],
)
def test_a_filter_that_does_not_bind_is_a_400(wire, wanted):
    assert_query_problem(wire.ask("Order/v2/query", filter=wanted))


def test_unknown_members_are_ignored(wire):
    assert wire.place(somethingNew={"a": [1]}, stopprice=PRICE)["success"]


def test_a_null_for_what_may_be_null_is_nothing(wire):
    nothing = dict.fromkeys(
        (
            "limitPrice",
            "stopPrice",
            "trailPrice",
            "customTag",
            "stopLossBracket",
            "takeProfitBracket",
        )
    )
    assert wire.place(**nothing)["success"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/json",
        "application/vnd.api+json",
    ],
)
def test_json_has_several_names(wire, content_type):
    body = json.dumps(GOOD["Order/place"]).encode()
    assert wire.send("Order/place", body, content_type=content_type).status == 200


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded"]
)
def test_another_content_type_is_a_415(market, wire, content_type):
    body = json.dumps(GOOD["Order/place"]).encode()
    assert wire.send("Order/place", body, content_type=content_type).status == 415
    assert market.ledger.effects() == []


def test_a_body_of_several_megabytes_is_a_413(wire):
    assert wire.send("Order/place", b" " * (3 << 20)).status == 413


# ---------------------------------------------------------------- codings and heads

PLACED = json.dumps(GOOD["Order/place"]).encode()
CODED = {
    "gzip": gzip.compress(PLACED),
    "x-gzip": gzip.compress(PLACED),
    "deflate": zlib.compress(PLACED),
    "br": b"\x8b\x00\x80\x03",
    "zstd": b"\x28\xb5\x2f\xfd",
    "identity, gzip": gzip.compress(PLACED),
    "GZIP": gzip.compress(PLACED),
    "nonsense": PLACED,
}


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("kind", ["true", "plain", "cut", "broken"])
def test_a_coded_body_is_a_415_whatever_it_holds(market, wire, coding, kind):
    coded = CODED[coding]
    body = {
        "true": coded,
        "plain": PLACED,
        "cut": coded[: len(coded) // 2],
        "broken": coded[:12] + b"\xff" * 20,
    }[kind]
    assert wire.send("Order/place", body, **{"Content-Encoding": coding}).status == 415
    assert market.ledger.effects() == []
    assert wire.place()["success"]  # the connection lives


def test_a_body_that_is_said_to_have_no_coding_is_taken(wire):
    reply = wire.send("Order/place", PLACED, **{"Content-Encoding": "identity"})
    assert reply.json["success"]


HEADS = [
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Authorization",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Cookie",
    "Expect",
    "If-Match",
    "If-Modified-Since",
    "Origin",
    "Range",
    "TE",
    "Upgrade",
    "X-Forwarded-For",
]


@given(
    st.sampled_from(HEADS),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
    | st.sampled_from(["gzip", "br", "application/json; charset=utf-16", "bytes=0-"]),
    st.binary(max_size=40) | st.sampled_from([PLACED, gzip.compress(PLACED)]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_head_and_no_body_is_the_gateways_own_failure(market, name, value, body):
    with wire_to(market) as fresh:
        assert 200 <= fresh.send("Order/place", body, **{name: value}).status < 500


# ---------------------------------------------------------------- half a request

LINES = (
    b"POST /api/Order/place HTTP/1.1\r\n"
    b"Host: gateway\r\n"
    b"Content-Type: application/json\r\n"
)
HALVES = {
    "nothing": b"",
    "of a head": LINES,
    "of a body": LINES + b"Content-Length: 200\r\n\r\n" + PLACED,
    "no body": LINES + b"Content-Length: 200\r\n\r\n",
    "of a chunk": LINES + b"Transfer-Encoding: chunked\r\n\r\n50\r\n" + PLACED[:20],
    "of its chunks": LINES + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


@pytest.mark.parametrize("resets", [False, True], ids=["end", "reset"])
def test_a_client_that_leaves_in_the_middle_is_no_failure(market, wire, resets, caplog):
    for half in HALVES.values():
        with socket.create_connection(("127.0.0.1", market.port)) as client:
            client.sendall(half)
            wire.place()  # by then it has been read
            if resets:
                client.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
        assert wire.place()["success"]
    assert len(market.ledger.placements()) == 2 * len(HALVES)
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
