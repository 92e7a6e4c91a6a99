"""What a gateway repeats of a token or a key is shown nowhere, and no text is long."""

import base64
import json
import logging
import threading
from datetime import datetime, timezone
from functools import cache
from urllib.parse import quote

import pytest
from canary import API_KEY, MARK, Canary
from conftest import ACCOUNT
from hypothesis import given
from hypothesis import strategies as st
from serial_server import SerialServer

from fastorder import (
    FastOrderError,
    OrderRequest,
    OrderResult,
    Outcome,
    RetryPolicy,
    blocking,
    models,
)
from fastorder._base.known_secrets import KEPT, KnownSecrets, without_secrets
from fastorder._base.outside_text import LONGEST, from_outside
from fastorder.runtime import retry_schedule

JWT = f"{MARK}.eyJleHAiOjQxMDI0NDQ4MDB9.T0k_dGhlLXNpZ25hdHVyZS1vZi10aGUtdG9rZW4"
OLDER = f"{MARK}-older-token+with/signs==0123456789"
KEY = f"{API_KEY}+/="
SECRETS = (JWT, OLDER, KEY)
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)

# ---------------------------------------------------------------- how it is written

WRITTEN = {
    "as it is": lambda text: text,
    "in capitals": str.upper,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, small": lambda text: quote(text, safe="").lower(),
    "in JSON": lambda text: json.dumps(text)[1:-1].replace("+", "\\u002B"),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "without its end": lambda text: text[:-9],
    "without its beginning": lambda text: text[9:],
}


SHOWN = 20
"""A run of so many characters of a secret is a leak."""


@cache
def runs_of(secret):
    """Every such run, however the secret is written, in small letters."""
    runs = set()
    for write in WRITTEN.values():
        for before in range(3):  # of base64 there are three
            written = write("-" * before + secret).lower()
            first, last = 4 if before else 0, len(written) - SHOWN
            runs |= {written[at : at + SHOWN] for at in range(first, last + 1)}
    return runs


def leaks(text, *secrets):
    """Whether any run of a secret is in a text."""
    text = text.lower()
    shown = {text[at : at + SHOWN] for at in range(len(text) - SHOWN + 1)}
    return any(shown & runs_of(secret) for secret in secrets)


@pytest.fixture
def known():
    secrets = KnownSecrets()
    for secret in SECRETS:
        secrets.add(secret)
    return secrets


@pytest.mark.parametrize("secret", [JWT, OLDER, KEY], ids=["jwt", "older", "key"])
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("before", ["", "Bearer ", "x", "xy", "<b>", "é"])
def test_a_secret_is_hidden_however_it_is_written(known, secret, written, before):
    text = f"it was [{WRITTEN[written](before + secret)}], said the gateway"
    shown = from_outside(text)
    assert leaks(text, secret) or written == "in capitals"
    assert not leaks(shown, secret)
    assert shown.startswith("it was [")
    assert shown.endswith("], said the gateway")
    assert "***" in shown


@given(
    st.lists(
        st.sampled_from(
            [*JWT[:3], JWT, OLDER, KEY, "x", " ", "\n", "%2B", "é", JWT[20:]]
        )
    ),
    st.sampled_from(list(WRITTEN)),
    st.integers(0, 3000),
)
def test_no_text_made_of_secrets_shows_one(parts, written, filler):
    secrets = KnownSecrets()
    for secret in SECRETS:
        secrets.add(secret)
    text = "." * filler + WRITTEN[written]("".join(parts))
    shown = from_outside(text)
    assert not leaks(shown, *SECRETS)
    assert len(shown) <= LONGEST + 30
    assert shown.isprintable()


@given(st.text(max_size=LONGEST))
def test_a_text_without_a_secret_stays_as_it_is(text):
    secrets = KnownSecrets()
    secrets.add(JWT)
    assert without_secrets(text) == text
    if text.isprintable():
        assert from_outside(text) == text
    del secrets


def test_what_does_not_print_is_written_out(known):
    text = "no\r\nCRITICAL fastorder: all is well\x1b[2J\u202e\ud800"
    assert from_outside(text) == (
        "no\\r\\nCRITICAL fastorder: all is well\\x1b[2J\\u202e\\ud800"
    )


def test_what_is_long_is_cut_and_says_how_long_it_was(known):
    assert from_outside("y" * LONGEST) == "y" * LONGEST
    shown = from_outside("y" * 900_000)
    assert shown == "y" * LONGEST + "... (900000 characters)"


def test_the_newest_secrets_are_known_and_each_once():
    secrets = KnownSecrets()
    for number in range(3 * KEPT):
        secrets.add(f"{MARK}-{number:020}")
    secrets.add(f"{MARK}-{3 * KEPT - 1:020}")
    shown = without_secrets(f"{MARK}-{2 * KEPT:020}, {MARK}-{3 * KEPT - 1:020}")
    assert shown == "***, ***"
    assert "0064" in without_secrets(f"number {64:020}")
    assert repr(secrets) == f"<KnownSecrets: {KEPT}>"


def test_a_short_word_is_no_secret():
    secrets = KnownSecrets()
    secrets.add("key")
    assert from_outside("the key is wrong") == "the key is wrong"
    del secrets


def test_secrets_are_forgotten_with_whoever_had_them():
    secrets = KnownSecrets()
    secrets.add(OLDER)
    assert from_outside(OLDER) == "***"
    del secrets
    assert from_outside(OLDER) == OLDER


def test_threads_may_add_and_search_at_once():
    secrets, failed = KnownSecrets(), []

    def work(number):
        try:
            for turn in range(200):
                secret = f"{MARK}-{number:010}-{turn:010}"
                secrets.add(secret)
                KnownSecrets().add(secret)
                if without_secrets(f"<{secret}>") != "<***>":
                    failed.append(secret)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# ---------------------------------------------------------------- one that repeats

LOGGED_IN = {"token": JWT, "success": True, "errorCode": 0, "errorMessage": None}


def refusal(text):
    return {"success": False, "errorCode": 2, "errorMessage": text, "orderId": text}


def report(text):
    return {"title": text, "status": 400, "detail": text, "errors": {text: [text]}}


def order_row(**more):
    return {
        "id": 7,
        "accountId": ACCOUNT,
        "contractId": "CON.F.US.MNQ.Z26",
        "status": 1,
        "type": 1,
        "side": 0,
        "size": 1,
        **more,
    }


def rows(text):
    """Every kind of list, of one row that holds the text wherever it can."""
    members = (
        "id name description symbolId contractId customTag accountId status type side "
        "size creationTimestamp updateTimestamp orderId parentOrderId price fees "
        "profitAndLoss balance canTrade isVisible tickSize tickValue activeContract "
        "limitPrice fillVolume trailDistance"
    )
    row = dict.fromkeys(members.split(), text)
    lists = ("orders", "trades", "accounts", "contracts", "positions")
    return {name: [row] for name in lists} | {"order": row}


def good_rows(text):
    """The same, and what has to be a number is one."""
    texts = dict.fromkeys(("name", "description", "symbolId", "customTag"), text)
    numbers = {
        "balance": 1.5,
        "canTrade": True,
        "isVisible": True,
        "tickSize": 0.25,
        "tickValue": 0.5,
        "activeContract": True,
        "orderId": 7,
        "price": 1.0,
        "fees": 1.0,
        "profitAndLoss": None,
    }
    row = order_row() | texts | numbers
    lists = ("orders", "trades", "accounts", "positions")
    contract = row | {"id": text}
    return {name: [row] for name in lists} | {"order": row, "contracts": [contract]}


def enveloped(members):
    return {"success": True, "errorCode": 0, "errorMessage": None} | members


def http(body, line="200 OK", *heads):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if not any(head.lower().startswith("content-length") for head in heads):
        heads = (*heads, f"Content-Length: {len(raw)}")
    head = "\r\n".join((f"HTTP/1.1 {line}", *heads))
    return head.encode("latin-1", "replace") + b"\r\n\r\n" + raw


OK = enveloped({"orderId": 7})

PLACES = {
    "a refusal": lambda text: http(refusal(text)),
    "a refusal in other letters": lambda text: http(refusal(text + "é")),
    "a long refusal": lambda text: http(refusal(f"{text} " * 3000)),
    "a refusal with an unlisted code": lambda text: http(
        refusal(text) | {"errorCode": 77}
    ),
    "a pending code": lambda text: http(refusal(text) | {"errorCode": 7}),
    "the code of a failure": lambda text: http(refusal(text) | {"errorCode": 1}),
    "the message of an accepted one": lambda text: http(OK | {"errorMessage": text}),
    "codes that are at odds": lambda text: http(refusal(text) | {"errorCode": 0}),
    "an order's number": lambda text: http(OK | {"orderId": text}),
    "another member": lambda text: http(OK | {text: text}),
    "a problem report": lambda text: http(report(text), "400 Bad Request"),
    "a problem report of a server": lambda text: http(report(text), "500 Oh"),
    "a reason": lambda text: http(refusal(text), f"403 {text}"),
    "a reason of a proxy": lambda text: http(text.encode(), f"502 {text}"),
    "no such page": lambda text: http(text.encode(), f"404 {text}"),
    "no such token": lambda text: http(report(text), f"401 {text}"),
    "no such token, in a head": lambda text: http(
        b"", "401 No", f"WWW-Authenticate: Bearer {text}"
    ),
    "too many": lambda text: http(report(text), f"429 {text}", f"Retry-After: {text}"),
    "another place": lambda text: http(b"", "307 There", f"Location: /{text}"),
    "a page": lambda text: http(f"<html>{text}</html>".encode()),
    "JSON that is cut": lambda text: http(json.dumps(refusal(text)).encode()[:-3]),
    "a text": lambda text: http(json.dumps(text).encode()),
    "a date": lambda text: http(OK, "200 OK", f"Date: {text}"),
    "a coding": lambda text: http(OK, "200 OK", f"Content-Encoding: {text}"),
    "a transfer coding": lambda text: http(OK, "200 OK", f"Transfer-Encoding: {text}"),
    "a length": lambda text: http(OK, "200 OK", f"Content-Length: {text}"),
    "a head that is none": lambda text: http(OK, "200 OK", f"{text}"),
    "a head's name": lambda text: http(OK, "200 OK", f"{text}: 1"),
    "no HTTP": lambda text: text.encode() + b"\r\n\r\n",
    "another version": lambda text: f"HTTP/{text} 200 OK\r\n\r\n".encode(),
    "a status": lambda text: f"HTTP/1.1 {text} OK\r\n\r\n".encode(),
    "rows": lambda text: http(enveloped(rows(text))),
    "rows that can be read": lambda text: http(enveloped(good_rows(text))),
}


class Parrot(SerialServer):
    """Repeats what requests have shown it, in a place and a writing of the test's."""

    def __init__(self):
        self.place = self.written = None
        self.heard = ""
        super().__init__()

    def _answered(self, connection, stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        heads = dict(
            line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line
        )
        body = stream.read(int(heads.get("Content-Length", 0)))
        if self.place is None:
            connection.sendall(http(LOGGED_IN))
            return True
        if b"loginKey" in head:
            self.heard = json.loads(body)["apiKey"]
        said = heads.get("Authorization", "Bearer ").removeprefix("Bearer ")
        text = f"({self.written(said)}) ({self.written(KEY)}) ({self.written(OLDER)})"
        connection.sendall(self.place(text))
        return False


@pytest.fixture
def parrot():
    server = Parrot()
    yield server
    server.close()


LOCAL = (
    "base_url budgets check closed close contract_book risk session get_contract_id "
    "get_token acts observe "
    "set_contract_id set_token halted kill resume intents recent recover place_order "
    "place_market_order "
    "place_stop_order place_stop_limit_order place_trailing_stop_order "
    "place_join_order"
)
"""They ask nothing of the gateway, or place as ``place_limit_order`` does."""

ORDER = OrderRequest("MNQ", "BUY", 1, ACCOUNT)
VERBS = {
    "place_limit_order": lambda it: it.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, 25_000
    ),
    "modify_order": lambda it: it.modify_order(7, ACCOUNT, quantity=2),
    "cancel_order": lambda it: it.cancel_order(7, ACCOUNT),
    "close_position": lambda it: it.close_position("MNQ", ACCOUNT),
    "partial_close_position": lambda it: it.partial_close_position("MNQ", ACCOUNT, 1),
    "accounts": lambda it: it.accounts(),
    "account": lambda it: it.account("PRAC"),
    "bars": lambda it: it.bars("MNQ", "1m", days=1),
    "contract": lambda it: it.contract("MNQ"),
    "contracts": lambda it: it.contracts(),
    "ping": lambda it: it.ping(),
    "load_contract": lambda it: it.load_contract("MNQ"),
    "roll_contract": lambda it: it.roll_contract("MNQ"),
    "logout": lambda it: it.logout(force=True),
    "open_orders": lambda it: it.open_orders(ACCOUNT),
    "search_orders": lambda it: it.search_orders(ACCOUNT, LONG_AGO),
    "orders": lambda it: it.orders(ACCOUNT, LONG_AGO),
    "order": lambda it: it.order(7, ACCOUNT),
    "query_orders": lambda it: list(it.query_orders(ACCOUNT)),
    "positions": lambda it: it.positions(ACCOUNT),
    "trades": lambda it: it.trades(ACCOUNT, LONG_AGO),
    "validate_token": lambda it: it.validate_token(),
    "login": lambda it: it.login("trader1", KEY),
    "connect": lambda it: it.connect(2),
    "resolve": lambda it: [it.resolve(each.tag) for each in it.intents() if each.tag],
    "cancel_all": lambda it: it.cancel_all(ACCOUNT, deadline=0),
    "flatten": lambda it: it.flatten(ACCOUNT, symbol="MNQ", deadline=0.1),
    "close_out": lambda it: it.close_out("MNQ", ACCOUNT, deadline=0.1),
    "partial_close_out": lambda it: it.partial_close_out("MNQ", ACCOUNT, 1),
    "reverse": lambda it: it.reverse("MNQ", ACCOUNT, deadline=0.1),
    "move_stop": lambda it: it.move_stop("MNQ", ACCOUNT, 25_000),
    "move_target": lambda it: it.move_target("MNQ", ACCOUNT, 25_000),
    "place_many": lambda it: it.place_many([ORDER]),
    "filled": lambda it: it.filled(
        OrderResult(Outcome.ACCEPTED, order_id=7), ACCOUNT, 0
    ),
    "load_exposure": lambda it: it.load_exposure(ACCOUNT),
    "what is open": lambda it: [it.intents(), it.recent(), it.acts(), it],
}
ONCE = RetryPolicy(max_retries=0, base_delay=0.01, quiet=0.01, watch=0.02)


class Searcher(Canary):
    """Searches what a verb shows for any run of a secret."""

    def __init__(self):
        super().__init__()
        self.longest = 0

    def search(self, text, where):
        self.longest = max(self.longest, len(text))
        if leaks(text, *SECRETS):
            self.found[where] = text

    def search_result(self, value, where):
        self.search(repr(value), where)
        self.search(str(value), where)
        if isinstance(value, list | tuple):
            for each in value:
                self.search_result(each, where)
        for name in ("error", "proof", "message", "error_name", "result", *MEMBERS):
            if name not in MEMBERS or isinstance(value, MODELS):
                inner = getattr(value, name, None) if is_shown(value) else None
                self.search(str(inner), f"{where}.{name}")


MODELS = (
    models.Order,
    models.Trade,
    models.Account,
    models.Contract,
    models.Position,
)
MEMBERS = sorted({name for kind in MODELS for name in kind.__slots__})


def is_shown(value):
    return isinstance(value, MODELS) or hasattr(type(value), "raise_for_outcome")


def test_every_verb_is_asked():
    public = {name for name in dir(blocking.OrderExecutor) if name[0] != "_"}
    assert public == set(LOCAL.split()) | set(VERBS) - {"what is open"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("written", ["as it is", "in a URL", "in base64"])
def test_nothing_that_is_left_shows_what_the_gateway_repeats(
    parrot, place, written, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(retry_schedule, "LIMIT_WINDOW_NS", 0)  # a 429 takes a minute
    caplog.set_level(logging.DEBUG)
    searcher = Searcher()
    journal = tmp_path / "orders.db"
    with blocking.OrderExecutor(
        parrot.url,
        retry=ONCE,
        journal=journal,
        on_unknown=lambda result: searcher.search_result(result, "on_unknown"),
    ) as executor:
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        executor.set_token(OLDER)
        executor.login("trader1", KEY)
        assert executor.get_token() == JWT
        parrot.place, parrot.written = PLACES[place], WRITTEN[written]
        for name, verb in VERBS.items():
            try:
                searcher.search_result(verb(executor), name)
            except FastOrderError as error:
                searcher.search_error(error, name)
        assert parrot.heard == KEY
        executor.close(drain=0)  # what is in doubt stays so
    for record in caplog.records:
        searcher.emit(record)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert searcher.found == {}
    assert not leaks(left.decode("latin-1"), *SECRETS)
    assert len(left) < 200_000


def test_a_key_that_is_not_kept_is_hidden_while_its_login_lasts(parrot):
    parrot.place, parrot.written = PLACES["a refusal"], WRITTEN["as it is"]
    with blocking.OrderExecutor(parrot.url, retry=ONCE) as executor:
        executor.set_token(OLDER)
        with pytest.raises(FastOrderError) as failed:
            executor.login("trader1", KEY, renew=False)
    assert parrot.heard == KEY
    assert str(failed.value).endswith("() (***) (***)")
