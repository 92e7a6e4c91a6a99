"""The gateway's logins, its tokens, and who may ask what."""

import base64
import json

import pytest
from plain_http import ACCOUNT, wire_to

from fastorder.simulator import run_in_thread

DAY_S = 86_400


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def login(wire, user="trader1", key="key"):
    return wire.ask("Auth/loginKey", userName=user, apiKey=key)


def works(wire, token):
    wire.token = token
    return wire.ask("Account/search", onlyActiveAccounts=True).status == 200


def test_ping_answers_pong_to_anyone(market):
    with wire_to(market, None) as wire:
        reply = wire.send("Status/ping", method="GET")
    assert (reply.status, reply.raw) == (200, b"pong")
    assert reply.headers["Content-Type"].startswith("text/plain")


def test_a_login_gives_a_token_of_24_hours(market, day):
    with wire_to(market, None) as wire:
        reply = login(wire)
        assert reply.status == 200
        assert set(reply.json) == {"token", "success", "errorCode", "errorMessage"}
        assert (reply["success"], reply.code, reply.text) == (True, 0, None)
        told = claims(reply["token"])
        assert told["iat"] == int(day.now_s())
        assert told["exp"] - told["iat"] == DAY_S
        assert works(wire, reply["token"])


def test_a_user_name_has_no_letter_case(wire):
    assert login(wire, "TRADER1")["success"]


@pytest.mark.parametrize(("user", "key"), [("trader1", "wrong"), ("nobody", "key")])
def test_wrong_credentials_are_an_envelope_and_not_a_401(wire, user, key):
    reply = login(wire, user, key)
    assert reply.status == 200
    assert reply.json == {
        "token": None,
        "success": False,
        "errorCode": 3,
        "errorMessage": None,
    }


@pytest.mark.parametrize("given", [{}, {"userName": "trader1"}, {"apiKey": "key"}])
def test_a_login_that_lacks_a_member_is_a_400(wire, given):
    assert wire.ask("Auth/loginKey", **given).status == 400


def test_a_login_of_an_application_is_not_to_be_had(wire):
    names = ("userName", "password", "deviceId", "appId", "verifyKey")
    reply = wire.ask("Auth/loginApp", **dict.fromkeys(names, "x"))
    assert (reply.status, reply["success"], reply["token"]) == (200, False, None)
    assert wire.ask("Auth/loginApp", userName="x").status == 400


def test_a_token_ends_after_24_hours(wire, day):
    token = login(wire)["token"]
    day.advance(DAY_S - 1)
    assert works(wire, token)
    day.advance(1)
    assert not works(wire, token)


def test_a_new_login_leaves_the_earlier_tokens_valid(wire):
    first, second = login(wire)["token"], login(wire)["token"]
    assert first != second
    assert works(wire, first)
    assert works(wire, second)


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_validate_gives_a_token_that_lives_longer(wire, day, body):
    wire.token = login(wire)["token"]
    day.advance(DAY_S - 10)
    reply = wire.send("Auth/validate", body)
    assert set(reply.json) == {"success", "errorCode", "errorMessage", "newToken"}
    assert (reply["success"], reply.code) == (True, 0)
    day.advance(DAY_S - 10)
    assert works(wire, reply["newToken"])


def test_logout_ends_its_own_token_only(wire):
    kept, ended = wire.token, login(wire)["token"]
    wire.token = ended
    assert wire.send("Auth/logout").json == {
        "success": True,
        "errorCode": 0,
        "errorMessage": None,
    }
    assert not works(wire, ended)
    assert works(wire, kept)


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
@pytest.mark.parametrize(
    "path",
    [
        "Auth/validate",
        "Auth/logout",
        "Account/search",
        "Contract/search",
        "Contract/available",
        "Contract/searchById",
        "History/retrieveBars",
        "Order/place",
        "Order/modify",
        "Order/cancel",
        "Order/search",
        "Order/searchOpen",
        "Order/searchById",
        "Order/v2/query",
        "Position/searchOpen",
        "Position/closeContract",
        "Position/partialCloseContract",
        "Trade/search",
    ],
)
def test_nothing_but_ping_and_login_is_open(wire, path, token):
    wire.token = token
    reply = wire.ask(path, accountId=ACCOUNT)
    assert (reply.status, reply.raw) == (401, b"")


def test_another_scheme_than_bearer_is_a_401(market, wire):
    wire._connection.request(
        "POST", "/api/Auth/validate", b"", {"Authorization": f"Basic {market.token}"}
    )
    assert wire._connection.getresponse().status == 401


def test_an_accepted_token_never_ends(day):
    with run_in_thread(clock=day, accept_tokens=("my-own",)) as simulator:
        day.advance(1000 * DAY_S)
        with wire_to(simulator, "my-own") as wire:
            assert works(wire, "my-own")


def test_a_path_has_no_letter_case(wire):
    assert wire.ask("account/SEARCH", onlyActiveAccounts=True)["success"]


@pytest.mark.parametrize("path", ["Order/cancelAll", "Position/close", "nothing"])
def test_an_unknown_path_is_a_404(wire, path):
    assert wire.ask(path, accountId=ACCOUNT).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "Order/place"), ("PUT", "Order/place"), ("POST", "Status/ping")],
)
def test_another_method_is_a_405(wire, method, path):
    assert wire.send(path, method=method).status == 405
