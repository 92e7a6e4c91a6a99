"""A token that dies is replaced: by one login, and nothing is lost or doubled by it."""

import asyncio
import copy
import logging
import pickle
import time
import traceback
from base64 import urlsafe_b64encode
from json import dumps

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK

import fastorder
from fastorder import (
    AuthLost,
    InvalidField,
    Outcome,
    RequestFailed,
    WrongFieldType,
    blocking,
)
from fastorder.auth.credentials import Credentials
from fastorder.auth.token_expiry import DAY_S, LONGEST_S, lifetime_s
from fastorder.auth.token_store import TokenStore
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault, tokens

KEY = API_KEY
LOGIN = "/api/Auth/loginKey"
ACCOUNTS = "/api/Account/search"
VALIDATE = "/api/Auth/validate"
PLACE = "/api/Order/place"
HOUR_NS = 3_600_000_000_000
SLOW_LOGIN = Fault(LOGIN, delay_s=0.3)


@pytest.fixture
def logged_in(gateway):
    """Makes an async executor that has logged in and may trade."""

    async def make(**options):
        options.setdefault("retry", QUICK)
        executor = fastorder.OrderExecutor(gateway.base_url, **options)
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
        await executor.login("trader1", KEY)
        return executor

    return make


@pytest.fixture
def lone(gateway):
    """A blocking executor that has logged in and may trade."""
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
        executor.login("trader1", KEY)
        yield executor


def kill_token(gateway, executor):
    """The gateway takes the executor's token no more."""
    kill_token_named(gateway, executor.get_token())


def kill_token_named(gateway, token):
    gateway.call(lambda: gateway.gateway.tokens.revoke(token))


def change_key(gateway):
    gateway.call(lambda: gateway.gateway.tokens.keys.update(trader1="another"))


def logins(gateway):
    return len(gateway.ledger.requests(LOGIN))


async def until(holds, what, limit_s=30):
    """Wait until something holds."""
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.005)


async def read_that_waits_for_a_login(executor, gateway, fault=SLOW_LOGIN):
    """A read that got a 401; the login after it is on its way, and strikes a fault."""
    kill_token(gateway, executor)
    gateway.faults.add(fault)
    read = executor.accounts()
    await until(lambda: executor._dispatcher.renewal.holding, "a login")
    return read


# ---------------------------------------------------------------- orders


def test_an_order_is_placed_once_although_its_token_was_dead(lone, gateway):
    kill_token(gateway, lone)
    result = lone.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert result.outcome is Outcome.ACCEPTED
    assert result.attempts == 2
    assert len(gateway.ledger.placements(result.tag)) == 1
    assert len({sent.sha256 for sent in gateway.ledger.requests(PLACE)}) == 1
    assert logins(gateway) == 2


def test_the_same_from_an_event_loop(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            kill_token(gateway, executor)
            return await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

    result = run(main())
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1
    assert logins(gateway) == 2


def test_a_login_that_takes_longer_than_the_pause_costs_no_second_401(lone, gateway):
    kill_token(gateway, lone)
    gateway.faults.add(SLOW_LOGIN)
    result = lone.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert (result.outcome, result.attempts) == (Outcome.ACCEPTED, 2)
    assert logins(gateway) == 2


def test_orders_wait_for_a_login_that_is_on_its_way(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            read = await read_that_waits_for_a_login(executor, gateway)
            result = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert len(await read) == 2
            return result

    result = run(main())
    assert (result.outcome, result.attempts) == (Outcome.ACCEPTED, 1)
    assert logins(gateway) == 2


def test_what_waits_for_a_login_has_an_end_when_the_executor_closes(
    run, logged_in, gateway
):
    async def main():
        executor = await logged_in()
        stalled = Fault(LOGIN, reply="stall", effect="none")
        read = await read_that_waits_for_a_login(executor, gateway, stalled)
        order = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        await executor.aclose(drain=0)
        with pytest.raises(RequestFailed, match="closed"):
            await read
        return await order

    assert run(main()).outcome is Outcome.NOT_SENT
    assert gateway.ledger.requests(PLACE) == []


def test_an_order_that_waits_past_its_time_does_not_leave(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            read = await read_that_waits_for_a_login(executor, gateway)
            order = executor.place_market_order(
                "MNQ", "BUY", 1, ACCOUNT, valid_for=0.05
            )
            await read
            return await order

    assert run(main()).outcome is Outcome.NOT_SENT
    assert gateway.ledger.requests(PLACE) == []


# ---------------------------------------------------------------- reads and changes


def test_a_thousand_401s_at_once_make_one_login(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            kill_token(gateway, executor)
            gateway.faults.add(SLOW_LOGIN)
            return await asyncio.gather(*(executor.accounts() for _ in range(1000)))

    assert [len(accounts) for accounts in run(main())] == [2] * 1000
    assert logins(gateway) == 2
    # one that had not left when the new token came did not leave twice
    assert 1000 < len(gateway.ledger.requests(ACCOUNTS)) <= 2000


def test_a_401_to_an_older_token_asks_for_no_login(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            gateway.faults.add(Fault(ACCOUNTS, reply="status", status=401, delay_s=0.2))
            read = executor.accounts()
            good = gateway.call(lambda: gateway.gateway.tokens.give("trader1"))
            executor.set_token(good)
            assert len(await read) == 2

    run(main())
    assert logins(gateway) == 1


def test_a_modify_and_a_cancel_are_repeated_once_with_the_new_token(lone, gateway):
    placed = lone.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=20_000)
    kill_token(gateway, lone)
    modified = lone.modify_order(placed.order_id, ACCOUNT, limit_price=20_001)
    assert (modified.outcome, modified.attempts) == (Outcome.ACCEPTED, 2)
    assert logins(gateway) == 2
    lone._dispatcher.clock = LaterClock(HOUR_NS)
    kill_token(gateway, lone)
    cancelled = lone.cancel_order(placed.order_id, ACCOUNT)
    assert (cancelled.outcome, cancelled.attempts) == (Outcome.ACCEPTED, 2)
    assert logins(gateway) == 3


def test_a_cancel_that_did_its_work_behind_a_401_is_not_called_rejected(lone, gateway):
    placed = lone.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=20_000)
    gateway.faults.add(
        Fault("/api/Order/cancel", reply="status", status=401, effect="now")
    )
    cancelled = lone.cancel_order(placed.order_id, ACCOUNT)
    assert cancelled.outcome is Outcome.ACCEPTED


def test_a_position_is_closed_once_with_the_new_token(lone, gateway):
    lone.place_market_order("MNQ", "BUY", 2, ACCOUNT).raise_for_outcome()
    kill_token(gateway, lone)
    closed = lone.close_position("MNQ", ACCOUNT)
    assert closed.outcome is Outcome.ACCEPTED
    assert logins(gateway) == 2


def test_a_modify_that_waits_for_a_login_gives_way_to_a_newer_one(
    run, logged_in, gateway
):
    async def main():
        async with await logged_in() as executor:
            placed = await executor.place_limit_order(
                "MNQ", "BUY", 1, ACCOUNT, limit_price=20_000
            )
            read = await read_that_waits_for_a_login(executor, gateway)
            older, newer = (
                executor.modify_order(placed.order_id, ACCOUNT, limit_price=price)
                for price in (20_001, 20_002)
            )
            await read
            results = await older, await newer
            (order,) = await executor.open_orders(ACCOUNT)
            return *results, order

    older, newer, order = run(main())
    assert (older.outcome, newer.outcome) == (Outcome.NOT_SENT, Outcome.ACCEPTED)
    assert len(gateway.ledger.requests("/api/Order/modify")) == 1
    assert order.limit_price == 20_002


class LaterClock(Clock):
    """A monotonic clock that is ahead by so much."""

    def __init__(self, ahead_ns):
        self.ahead_ns = ahead_ns

    def monotonic_ns(self):
        return super().monotonic_ns() + self.ahead_ns


# ---------------------------------------------------------------- which token wins


@pytest.mark.parametrize("is_renewal", [False, True])
def test_a_token_that_is_set_during_a_login_stays(run, logged_in, gateway, is_renewal):
    async def main():
        async with await logged_in() as executor:
            if is_renewal:
                ticket = await read_that_waits_for_a_login(executor, gateway)
            else:
                gateway.faults.add(SLOW_LOGIN)
                ticket = executor.login("trader1", KEY)
            mine = gateway.call(lambda: gateway.gateway.tokens.give("trader1"))
            executor.set_token(mine)
            assert len(await executor.accounts()) == 2
            await ticket
            await until(lambda: not executor._engine.in_flight_count, "the login's end")
            return mine, executor.get_token()

    mine, used = run(main())
    assert used == mine
    assert logins(gateway) == 2


def test_an_older_token_never_takes_the_place_of_a_newer_one():
    store = TokenStore()
    older, newer = store.draw(), store.draw()
    assert store.put("newer", newer) is None
    assert store.put("older", older) is None
    assert (store.get(), store.number) == ("newer", newer)


# ---------------------------------------------------------------- when there is none


def test_wrong_credentials_are_told_and_not_kept(gateway):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        with pytest.raises(RequestFailed, match="InvalidCredentials") as raised:
            executor.login("trader1", "wrong")
        assert raised.value.error_name == "InvalidCredentials"
        executor.set_token("dead")
        with pytest.raises(AuthLost):
            executor.accounts()
    assert logins(gateway) == 1


def test_credentials_that_are_refused_are_asked_once_and_no_more(
    run, logged_in, gateway, caplog
):
    async def main():
        async with await logged_in() as executor:
            kill_token(gateway, executor)
            change_key(gateway)
            reads = [executor.accounts() for _ in range(50)]
            first = await asyncio.gather(*reads, return_exceptions=True)
            executor._dispatcher.clock = LaterClock(HOUR_NS)
            reads = [executor.accounts() for _ in range(50)]
            return first + await asyncio.gather(*reads, return_exceptions=True)

    errors = run(main())
    assert {type(error) for error in errors} == {AuthLost}
    assert {error.http_status for error in errors} == {401}
    assert "takes no token" in str(errors[0])
    assert logins(gateway) == 2
    assert "InvalidCredentials (3)" in caplog.text


def test_a_gateway_that_takes_no_token_is_not_flooded_with_logins(lone, gateway):
    gateway.faults.add(Fault(ACCOUNTS, reply="status", status=401, times=None))
    for _ in range(50):
        with pytest.raises(AuthLost):
            lone.accounts()
    assert logins(gateway) == 2


def test_a_login_that_fails_for_now_is_tried_again_by_a_later_401(lone, gateway):
    kill_token(gateway, lone)
    gateway.faults.add(Fault(LOGIN, reply="status", effect="none", status=503))
    with pytest.raises(AuthLost):
        lone.accounts()
    with pytest.raises(AuthLost):
        lone.accounts()
    assert logins(gateway) == 2
    lone._dispatcher.clock = LaterClock(HOUR_NS)
    assert len(lone.accounts()) == 2
    assert logins(gateway) == 3


def test_an_order_that_gets_a_second_401_says_why(lone, gateway):
    gateway.faults.add(Fault(PLACE, reply="status", status=401, effect="none", times=2))
    with blocking.OrderExecutor(
        gateway.base_url, retry=fastorder.RetryPolicy(base_delay=0.02, max_retries=2)
    ) as executor:
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        executor.login("trader1", KEY)
        result = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert (result.outcome, result.attempts) == (Outcome.UNKNOWN, 2)
    assert "twice HTTP 401: the gateway takes no token" in result.error
    assert gateway.ledger.placements() == []


def test_a_token_that_was_only_set_is_not_renewed(trader, gateway):
    kill_token(gateway, trader)
    with pytest.raises(AuthLost):
        trader.accounts()
    assert logins(gateway) == 0


def test_an_order_with_a_dead_token_says_that_it_is_the_token(trader, gateway):
    kill_token(gateway, trader)
    result = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert result.outcome is Outcome.UNKNOWN
    assert result.error.count("HTTP 401 (the token is not taken)") == 2  # look-up too
    assert gateway.ledger.placements() == []


def test_a_login_without_renewal_keeps_nothing(lone, gateway):
    lone.login("trader1", KEY, renew=False)
    kill_token(gateway, lone)
    with pytest.raises(AuthLost):
        lone.accounts()
    assert logins(gateway) == 2


# ---------------------------------------------------------------- before its end


def test_a_token_is_renewed_before_it_ends(run, logged_in, gateway, monkeypatch):
    monkeypatch.setattr(tokens, "LIFETIME_S", 1)

    async def main():
        async with await logged_in() as executor:
            first = executor.get_token()
            await until(lambda: executor.get_token() != first, "another token")

    run(main())
    assert logins(gateway) == 2


def test_the_blocking_executor_renews_at_the_next_request(lone, gateway):
    first = lone.get_token()
    lone._dispatcher.clock = LaterClock(21 * HOUR_NS)
    lone.accounts()
    assert logins(gateway) == 1
    lone._dispatcher.clock = LaterClock(22 * HOUR_NS)
    lone.accounts()
    lone.accounts()
    assert logins(gateway) == 2
    assert lone.get_token() != first


def test_a_token_that_was_set_after_a_login_is_left_alone(lone, gateway):
    lone.set_token(gateway.token)
    lone._dispatcher.clock = LaterClock(22 * HOUR_NS)
    lone.accounts()
    assert logins(gateway) == 1


def jwt(claims):
    text = claims if isinstance(claims, bytes) else dumps(claims).encode()
    return f"head.{urlsafe_b64encode(text).rstrip(b'=').decode()}.signature"


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        (jwt({"exp": 1600, "iat": 1000}), 600),
        (jwt({"exp": 1600}), 100),
        (jwt({"exp": 1600.5, "iat": None}), 100.5),
        (jwt({"exp": 10**12, "iat": 0}), LONGEST_S),
        (jwt({"exp": 1400}), DAY_S),
        (jwt({"exp": True}), DAY_S),
        (jwt({"exp": "soon"}), DAY_S),
        (jwt({"iat": 1000}), DAY_S),
        (jwt([1]), DAY_S),
        (jwt(b"no json"), DAY_S),
        (jwt(b"\xff\xfe"), DAY_S),
        ("a.b", DAY_S),
        ("..", DAY_S),
        ("a.a.a", DAY_S),
        ("plain", DAY_S),
    ],
)
def test_a_token_says_how_long_it_lasts(token, seconds):
    assert lifetime_s(token, now_s=1500) == seconds


# ---------------------------------------------------------------- secrets

SECRETS = ("the-very-secret-key", "the-user")


def test_credentials_show_themselves_to_nobody():
    kept = Credentials(SECRETS[1], SECRETS[0])
    shown = f"{kept!r} {kept} {kept:}"
    assert not any(secret in shown for secret in SECRETS)
    for take in (pickle.dumps, copy.copy, copy.deepcopy, lambda c: c.__getstate__()):
        with pytest.raises(TypeError, match="not be copied") as raised:
            take(kept)
        assert not any(secret in str(raised.value) for secret in SECRETS)
    with pytest.raises(TypeError):
        vars(kept)


def traced(raised):
    """A traceback as tools print it that show local variables, but for the test's."""
    return "".join(
        traceback.TracebackException(
            raised.type, raised.value, raised.tb.tb_next, capture_locals=True
        ).format()
    )


SECRET = SECRETS[0]
SECRET_BYTES = SECRET.encode()
UNWRITABLE = f"{SECRET}\udc80"


@pytest.mark.parametrize(
    ("name", "key", "renew", "error", "told"),
    [
        (None, SECRET, True, WrongFieldType, "user_name must be text, was NoneType"),
        (SECRET_BYTES, "n", True, WrongFieldType, "user_name must be text, was bytes"),
        ("n", SECRET_BYTES, True, WrongFieldType, "api_key must be text, was bytes"),
        ("n", [SECRET], True, WrongFieldType, "api_key must be text, was list"),
        ("n", None, True, WrongFieldType, "api_key must be text, was NoneType"),
        (
            "n",
            UNWRITABLE,
            True,
            WrongFieldType,
            "user_name, api_key must be text that UTF-8 can write, was str",
        ),
        ("", SECRET, True, InvalidField, "user_name must not be empty, was ''"),
        ("n", "", True, InvalidField, "api_key must not be empty, was ''"),
        ("n", SECRET, 1, WrongFieldType, "renew must be True or False, was int"),
        (
            "n",
            SECRET,
            None,
            WrongFieldType,
            "renew must be True or False, was NoneType",
        ),
        ("n", SECRET, "no", WrongFieldType, "renew must be True or False, was str"),
    ],
)
@pytest.mark.parametrize("kind", [fastorder.OrderExecutor, blocking.OrderExecutor])
def test_a_wrong_login_is_told_without_the_key_and_not_sent(
    gateway, kind, name, key, renew, error, told
):
    executor = kind(gateway.base_url)
    with pytest.raises(error) as raised:
        executor.login(name, key, renew=renew)
    if kind is blocking.OrderExecutor:
        executor.close()
    else:
        asyncio.run(executor.aclose())
    assert str(raised.value) == told
    assert raised.value.field == told.split(" must")[0]
    assert SECRET not in f"{traced(raised)} {raised.value!r}"
    assert gateway.ledger.requests() == []


def test_no_secret_is_in_a_log_a_repr_or_a_traceback(lone, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    gateway.call(lambda: gateway.gateway.tokens.keys.update(trader1=SECRETS[0]))
    lone.login("trader1", SECRETS[0])
    change_key(gateway)
    kill_token(gateway, lone)
    token = lone.get_token()
    with pytest.raises(AuthLost) as raised:
        lone.accounts()
    with pytest.raises(RequestFailed) as refused:
        lone.login("trader1", SECRETS[0])
    tracebacks = [traced(raised), traced(refused)]
    renewal = lone._dispatcher.renewal
    shown = [caplog.text, *tracebacks, repr(lone), repr(vars(lone)), repr(renewal)]
    assert "InvalidCredentials" in caplog.text
    for secret in (SECRETS[0], token):
        assert not any(secret in text for text in shown)


# ---------------------------------------------------------------- asked about


def test_a_token_that_was_set_is_replaced_by_one_that_lasts_longer(trader, gateway):
    before = trader.get_token()
    assert trader.validate_token() is None
    after = trader.get_token()
    assert after != before
    kill_token_named(gateway, before)
    assert len(trader.accounts()) == 2
    assert logins(gateway) == 0


def test_an_await_of_it_does_the_same(run, logged_in):
    async def main():
        async with await logged_in() as executor:
            before = executor.get_token()
            assert await executor.validate_token() is None
            return before, executor.get_token()

    before, after = run(main())
    assert before != after


def test_a_dead_token_is_told_and_stays(trader, gateway):
    before = trader.get_token()
    kill_token(gateway, trader)
    with pytest.raises(AuthLost) as raised:
        trader.validate_token()
    assert before not in "".join(traceback.format_exception(raised.value))
    assert trader.get_token() == before


def test_after_a_login_a_dead_token_is_replaced_by_another_login(lone, gateway):
    kill_token(gateway, lone)
    lone.validate_token()
    assert len(lone.accounts()) == 2
    assert logins(gateway) == 2


def test_a_token_from_it_is_renewed_before_its_end_as_one_from_a_login(lone, gateway):
    lone.validate_token()
    lone._dispatcher.clock = LaterClock(23 * HOUR_NS)
    lone.accounts()
    assert logins(gateway) == 2


def test_an_answer_without_a_token_leaves_the_old_one(trader, gateway, monkeypatch):
    monkeypatch.setattr(
        gateway.gateway.tokens, "give", lambda name, *others: None, raising=True
    )
    before = trader.get_token()
    trader.validate_token()
    assert trader.get_token() == before


def test_a_token_that_is_set_meanwhile_stays(run, logged_in, gateway):
    async def main():
        async with await logged_in() as executor:
            gateway.faults.add(Fault(VALIDATE, delay_s=0.3))
            ticket = executor.validate_token()
            mine = gateway.call(lambda: gateway.gateway.tokens.give("trader1"))
            executor.set_token(mine)
            await ticket
            return mine, executor.get_token()

    mine, used = run(main())
    assert used == mine


def test_without_a_token_there_is_nothing_to_ask_about(gateway):
    with (
        blocking.OrderExecutor(gateway.base_url) as executor,
        pytest.raises(fastorder.TokenMissing),
    ):
        executor.validate_token()
