"""The session: its token and revisions, who hears of them, clocks that jump, logout."""

import asyncio
import copy
import dataclasses
import gc
import logging
import pickle
import random
import threading
import traceback
from functools import partial

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK

import fastorder
from fastorder import (
    ExecutorClosed,
    Interlocked,
    Outcome,
    RequestFailed,
    TokenMissing,
    blocking,
)
from fastorder.auth.token_store import TokenStore
from fastorder.errors import WrongFieldType
from fastorder.requests.query import Query
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault, run_in_thread

LOGIN = "/api/Auth/loginKey"
LOGOUT = "/api/Auth/logout"
ACCOUNTS = "/api/Account/search"
HOUR_S = 3600.0
HOUR_NS = 3_600_000_000_000


@pytest.fixture
def lone(gateway):
    """A blocking executor that has logged in and may trade."""
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
        executor.login("trader1", API_KEY)
        yield executor


class JumpingClock(Clock):
    """Both clocks, each ahead by so much of what they are."""

    def __init__(self):
        self.sooner_ns = 0
        self.ahead_s = 0.0

    def monotonic_ns(self):
        return super().monotonic_ns() + self.sooner_ns

    def wall_s(self):
        return super().wall_s() + self.ahead_s


def logins(gateway):
    return len(gateway.ledger.requests(LOGIN))


def logged_in(gateway, clock):
    executor = blocking.OrderExecutor(gateway.base_url, retry=QUICK)
    executor._dispatcher.clock = clock
    executor.login("trader1", API_KEY)
    return executor


# ---------------------------------------------------------------- the token of now


def test_current_gives_the_token_and_a_revision_that_grows(trader, gateway):
    first = trader.session.current()
    assert first.reveal() == gateway.token
    trader.set_token("another-token")
    second = trader.session.current()
    assert second.reveal() == "another-token"
    assert second.revision > first.revision
    assert first.reveal() == gateway.token


def test_without_a_token_there_is_none(gateway):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        assert executor.session.current() is None
        assert repr(executor.session) == "<Session: no token>"


def test_a_listener_hears_of_each_new_token_and_of_the_end(lone, gateway):
    heard = []
    stop = lone.session.listen(heard.append)
    assert heard == []
    lone.set_token("a-first-token")
    lone.login("trader1", API_KEY)
    assert [token.reveal() for token in heard] == ["a-first-token", lone.get_token()]
    assert heard[0].revision < heard[1].revision
    lone.validate_token()
    lone.logout()
    assert heard[2].reveal() not in (heard[0].reveal(), heard[1].reveal())
    assert heard[3:] == [None]
    stop()
    lone.set_token("unheard")
    assert len(heard) == 4


def test_a_renewal_is_heard_on_the_loop(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            heard = []
            executor.session.listen(lambda token: heard.append(threading.get_ident()))
            await executor.login("trader1", API_KEY)
            token = executor.get_token()
            gateway.call(lambda: gateway.gateway.tokens.revoke(token))
            assert len(await executor.accounts()) == 2
            return heard

    assert run(main()) == [threading.get_ident()] * 2


def test_a_listener_that_fails_is_logged_without_the_token(lone, caplog):
    heard = []

    def fail(token):
        raise ValueError(f"no use for {token.reveal()}")

    lone.session.listen(fail)
    lone.session.listen(heard.append)
    lone.set_token("a-token-that-is-long-enough")
    assert len(heard) == 1
    assert "a listener of the token has failed: ValueError" in caplog.text
    assert "long-enough" not in caplog.text


def test_a_listener_may_set_a_token_and_nobody_hears_of_the_older_one_later(lone):
    heard = []

    def replace(token):
        if token.reveal() == "first":
            lone.set_token("second")

    lone.session.listen(replace)
    lone.session.listen(heard.append)
    lone.set_token("first")
    revisions = [token.revision for token in heard]
    assert revisions == sorted(set(revisions))
    assert heard[-1].reveal() == "second"


def test_after_a_stop_in_a_listener_the_next_change_is_told(lone):
    heard = []

    def interrupt(token):
        heard.append(token.reveal())
        if len(heard) == 1:
            raise KeyboardInterrupt

    lone.session.listen(interrupt)
    with pytest.raises(KeyboardInterrupt):
        lone.set_token("first")
    lone.set_token("second")
    assert heard == ["first", "second"]


@pytest.mark.parametrize("listener", [None, 5, "print"])
def test_a_listener_has_to_be_callable(trader, listener):
    with pytest.raises(WrongFieldType, match="listener must be callable"):
        trader.session.listen(listener)


# ---------------------------------------------------------------- from several threads


def test_from_many_threads_an_older_token_never_replaces_a_newer_one():
    store = TokenStore()
    heard = []
    store.listeners.add(heard.append)
    seen = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def put(mine, seed):
        order = random.Random(seed)
        start.wait()
        for _ in range(300):
            numbers = [store.draw() for _ in range(3)]
            order.shuffle(numbers)
            for number in numbers:
                if order.random() < 0.1:
                    store.clear(number)
                else:
                    assert store.put(f"token-{number}", number) is None
                mine.append(store.state())

    threads = [
        threading.Thread(target=put, args=(mine, seed))
        for seed, mine in enumerate(seen)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mine in seen:
        revisions = [number for number, _ in mine]
        assert revisions == sorted(revisions)
        for number, token in mine:
            assert token is None or token.reveal() == f"token-{number}"
    told = [token.revision for token in heard if token is not None]
    assert told == sorted(set(told))
    newest, token = store.state()
    assert newest == 8 * 300 * 3
    last = heard[-1]
    assert (last and last.revision) == (token and token.revision)


def test_set_token_from_threads_and_a_login_end_with_one_newest_token(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            heard = []
            executor.session.listen(heard.append)
            tickets = [executor.login("trader1", API_KEY) for _ in range(5)]
            await asyncio.gather(
                *(asyncio.to_thread(executor.set_token, f"t{i}") for i in range(20))
            )
            await asyncio.gather(*tickets)
            revisions = [token.revision for token in heard]
            assert revisions == sorted(set(revisions))
            assert heard[-1].reveal() == executor.get_token()
            assert executor.get_token().startswith("t")

    run(main())


# ---------------------------------------------------------------- in mid-flight


def test_a_token_that_ends_in_mid_flight_costs_a_read_one_login(day):
    with run_in_thread(clock=day, rate_limit=False) as gateway:
        gateway.gateway.tokens.keys["trader1"] = API_KEY
        with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            executor.login("trader1", API_KEY)
            first = executor.session.current()
            assert len(executor.accounts()) == 2
            gateway.call(lambda: day.advance(25 * HOUR_S))
            assert len(executor.accounts()) == 2
            assert executor.session.current().revision > first.revision
        assert logins(gateway) == 2
        assert len(gateway.ledger.requests(ACCOUNTS)) == 3


def test_a_thousand_reads_with_a_token_that_has_ended_cost_one_login(run, day):
    with run_in_thread(clock=day, rate_limit=False) as gateway:
        gateway.gateway.tokens.keys["trader1"] = API_KEY

        async def main():
            async with fastorder.OrderExecutor(
                gateway.base_url, retry=QUICK
            ) as executor:
                await executor.login("trader1", API_KEY)
                gateway.call(lambda: day.advance(25 * HOUR_S))
                reads = [executor.accounts() for _ in range(1000)]
                return await asyncio.gather(*reads)

        assert [len(rows) for rows in run(main())] == [2] * 1000
        assert logins(gateway) == 2


# ---------------------------------------------------------------- clocks that jump


def test_it_is_renewed_at_nine_tenths_of_its_life_and_not_before(gateway):
    clock = JumpingClock()
    with logged_in(gateway, clock) as executor:
        clock.sooner_ns = int(21.59 * HOUR_NS)
        executor.accounts()
        assert logins(gateway) == 1
        clock.sooner_ns = int(21.61 * HOUR_NS)
        executor.accounts()
        assert logins(gateway) == 2


def test_a_machine_that_slept_renews_although_the_monotonic_clock_stood_still(gateway):
    clock = JumpingClock()
    with logged_in(gateway, clock) as executor:
        clock.ahead_s = 22 * HOUR_S
        executor.accounts()
        executor.accounts()
        assert logins(gateway) == 2


def test_a_wall_clock_that_is_set_back_puts_nothing_off(gateway):
    clock = JumpingClock()
    with logged_in(gateway, clock) as executor:
        clock.ahead_s = -400 * HOUR_S
        clock.sooner_ns = 22 * HOUR_NS
        executor.accounts()
        assert logins(gateway) == 2


def test_a_wall_clock_that_jumps_about_makes_one_login_for_each_jump_at_most(gateway):
    clock = JumpingClock()
    with logged_in(gateway, clock) as executor:
        clock.ahead_s = 1000 * HOUR_S
        for _ in range(20):
            executor.accounts()
        assert logins(gateway) == 2
        clock.ahead_s = 0.0
        for _ in range(20):
            executor.accounts()
        assert logins(gateway) == 2


def test_on_a_loop_the_wall_clock_is_looked_at_between_calls(run, gateway, monkeypatch):
    from fastorder.auth import renewal

    monkeypatch.setattr(renewal, "LOOK_NS", 20_000_000)

    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            clock = executor._dispatcher.clock = JumpingClock()
            await executor.login("trader1", API_KEY)
            renewed = asyncio.Event()
            executor.session.listen(lambda token: renewed.set())
            clock.ahead_s = 22 * HOUR_S
            await asyncio.wait_for(renewed.wait(), 30)

    run(main())
    assert logins(gateway) == 2


# ---------------------------------------------------------------- held for a login


def test_an_interrupt_while_the_waiting_go_on_stops_none_of_the_others(
    run, gateway, monkeypatch
):
    """As a signal's handler would: in the middle of those that waited for a login."""
    hit = []

    class Stopped(BaseException):
        pass

    def after_hold(protocol, command):
        if protocol in hit:
            raise Stopped
        return command

    monkeypatch.setattr(Query, "after_hold", after_hold, raising=False)

    async def main():
        loop = asyncio.get_running_loop()
        told = []
        loop.set_exception_handler(lambda loop, context: told.append(context))
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            await executor.login("trader1", API_KEY)
            renewal = executor._dispatcher.renewal
            dead = executor.get_token()
            gateway.call(lambda: gateway.gateway.tokens.revoke(dead))
            gateway.faults.add(Fault(LOGIN, delay_s=0.3))
            first = executor.accounts()
            while not renewal.holding:
                await asyncio.sleep(0.005)
            waiting = [executor.accounts() for _ in range(3)]
            hit.append(waiting[1]._protocol)
            done = await asyncio.gather(first, *waiting, return_exceptions=True)
            return done, executor._dispatcher.open_tickets()

    done, still_open = run(main())
    assert [type(each) for each in done] == [list, list, RequestFailed, list]
    assert "stopped before it left" in str(done[2])
    assert still_open == ()


# ---------------------------------------------------------------- logout


def test_after_a_logout_there_is_no_token_and_no_renewal(lone, gateway):
    token = lone.get_token()
    lone.logout()
    assert lone.get_token() is None
    assert lone.session.current() is None
    assert not gateway.call(lambda: gateway.gateway.tokens.valid(token))
    with pytest.raises(TokenMissing):
        lone.accounts()
    with pytest.raises(TokenMissing):
        lone.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    lone.set_token(token)  # which is dead; nothing renews it
    with pytest.raises(fastorder.AuthLost):
        lone.accounts()
    assert logins(gateway) == 1


def test_an_awaited_logout_does_the_same(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            await executor.login("trader1", API_KEY)
            assert await executor.logout() is None
            assert executor.get_token() is None
            await executor.login("trader1", API_KEY)
            assert len(await executor.accounts()) == 2

    run(main())


def test_a_logout_that_is_not_confirmed_forgets_the_token_and_says_so(lone, gateway):
    gateway.faults.add(Fault(LOGOUT, reply="status", status=500, times=None))
    with pytest.raises(RequestFailed, match="the token is forgotten here"):
        lone.logout()
    assert lone.get_token() is None


def test_a_dead_token_has_nothing_to_log_out(lone, gateway):
    token = lone.get_token()
    gateway.call(lambda: gateway.gateway.tokens.revoke(token))
    lone.logout()
    assert lone.get_token() is None
    assert logins(gateway) == 1


def test_without_a_token_a_logout_says_so_and_still_forgets_the_credentials(gateway):
    with (
        blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor,
        pytest.raises(TokenMissing),
    ):
        executor.logout()


def test_a_login_from_before_brings_no_token_after_the_logout(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            await executor.login("trader1", API_KEY)
            gateway.faults.add(Fault(LOGIN, delay_s=0.4))
            slow = executor.login("trader1", API_KEY)
            await executor.logout()
            await slow
            assert executor.get_token() is None
            executor.set_token("dead")
            with pytest.raises(fastorder.AuthLost):
                await executor.accounts()

    run(main())
    assert logins(gateway) == 2


def test_a_token_that_is_set_during_a_logout_stays(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            await executor.login("trader1", API_KEY)
            gateway.faults.add(Fault(LOGOUT, delay_s=0.3))
            ticket = executor.logout()
            executor.set_token(gateway.token)
            await ticket
            assert len(await executor.accounts()) == 2

    run(main())


def test_a_logout_waits_for_orders_in_doubt_unless_it_is_forced(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
            await executor.login("trader1", API_KEY)
            gateway.faults.add(Fault("/api/Order/place", reply="stall"))
            order = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            with pytest.raises(Interlocked, match="1 change") as raised:
                executor.logout()
            assert raised.value.tags == (order.tag,)
            assert len(await executor.accounts()) == 2
            await executor.logout(force=True)
            result = await asyncio.wait_for(asyncio.ensure_future(order), 30)
            assert result.outcome is Outcome.UNKNOWN
            await executor.login("trader1", API_KEY)
            found = await asyncio.wait_for(
                asyncio.ensure_future(executor.resolve(order.tag)), 30
            )
            assert found.outcome is Outcome.ACCEPTED

    run(main())
    assert len(gateway.ledger.placements()) == 1


def test_a_closed_executor_says_so_and_a_wrong_force_is_refused(gateway):
    executor = blocking.OrderExecutor(gateway.base_url)
    with pytest.raises(WrongFieldType, match="force must be True or False"):
        executor.logout(force=1)
    executor.close()
    with pytest.raises(ExecutorClosed):
        executor.logout()


# ---------------------------------------------------------------- secrets


def secret_keepers(executor):
    dispatcher = executor._dispatcher
    return [
        executor,
        executor.session.current(),
        dispatcher.tokens,
        dispatcher.tokens.secrets,
    ]


def test_what_has_a_secret_is_neither_pickled_nor_copied(lone):
    for keeper in secret_keepers(lone):
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="must stay in its process") as raised:
                take(keeper)
            assert lone.get_token() not in str(raised.value)
        assert not dataclasses.is_dataclass(keeper)


def test_no_repr_and_no_vars_shows_a_secret(lone):
    secrets = (lone.get_token(), API_KEY)
    for keeper in secret_keepers(lone):
        shown = repr(keeper) + str(keeper)
        if hasattr(keeper, "__dict__"):
            shown += repr(vars(keeper))
        assert not any(secret in shown for secret in secrets)


def test_no_traceback_with_locals_shows_a_secret(lone, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = (lone.get_token(), API_KEY)
    unusable = f"a token {API_KEY} with blanks"

    def fail(token):
        raise ValueError("a listener")

    lone.session.listen(fail)
    told = []
    gateway.faults.add(Fault(LOGOUT, reply="status", status=503, times=None))
    for call in (
        partial(lone.set_token, unusable),
        lone.logout,
        lone.accounts,
    ):
        with pytest.raises(fastorder.FastOrderError) as raised:
            call()
        told.append(raised)
    shown = "".join(
        "".join(
            traceback.TracebackException(
                each.type, each.value, each.tb.tb_next, capture_locals=True
            ).format()
        )
        for each in told
    )
    for secret in (*secrets, unusable):
        assert secret not in shown + caplog.text


def test_a_forgotten_listener_keeps_no_executor(gateway):
    import weakref

    executor = blocking.OrderExecutor(gateway.base_url)
    executor.session.listen(lambda token, kept=executor: kept)
    kept = weakref.ref(executor)
    executor.close()
    del executor
    gc.collect()
    assert kept() is None
