"""Where several reasons refuse a call, the one is told that has to be mended first."""

import asyncio
import inspect
import itertools
import threading
from datetime import datetime, timezone

import pytest
from canary import API_KEY, TOKEN
from conftest import ACCOUNT

import fastorder
from fastorder import blocking
from fastorder.gateway.order_tags import tag_of
from fastorder.journal import Intent, Journal

MNQ = "CON.F.US.MNQ.Z26"
PRECEDENCE = {
    "argument": (fastorder.InvalidField, "quantity must be at least 1"),
    "too many": (fastorder.InvalidField, "quantity must be at most"),
    "closed": (fastorder.ExecutorClosed, "it is closed"),
    "misuse": (fastorder.ExecutorMisuse, "used it first"),
    "symbol": (fastorder.UnknownSymbol, "must have a contract id"),
    "tick": (fastorder.InvalidField, "limit_price must be a multiple"),
    "key": (fastorder.KeyReused, "idempotency_key 'signal-1' must stand for one order"),
    "tag": (fastorder.KeyReused, "custom_tag 'mine-1' must stand for one order"),
    "halted": (fastorder.Halted, "kill"),
    "token": (fastorder.TokenMissing, "a token must be set"),
    "interlock": (fastorder.Interlocked, "in doubt"),
}
"""Of an order: the first of these that is true is told."""

GIVEN = {
    "argument": {"quantity": 0},
    "too many": {"quantity": ACCOUNT},
    "symbol": {"symbol": "ES"},
    "tick": {"limit_price": 25_000.3},
    "key": {"idempotency_key": "signal-1"},
    "tag": {"custom_tag": "mine-1"},
}
ORDER = {
    "symbol": "MNQ",
    "side": "BUY",
    "quantity": 1,
    "account_id": ACCOUNT,
    "limit_price": 25_000,
}


def exclude(one, other):
    """Reasons of which only one can be given in a call."""
    same = (
        {"argument", "too many"},
        {"key", "tag"},
        {"key", "too many"},
        {"tag", "too many"},
    )
    return {one, other} in same


PAIRS = [pair for pair in itertools.combinations(PRECEDENCE, 2) if not exclude(*pair)]


def body(tag):
    return (
        f'{{"accountId":{ACCOUNT},"contractId":"{MNQ}","type":2,"side":0,"size":3,'
        f'"customTag":"{tag}"}}'
    ).encode()


def earlier_run(path, reasons):
    """What a run before has left in the journal."""
    with Journal(path) as journal:
        ended = {tag_of(ACCOUNT, "signal-1"): "signal-1", "mine-1": None}
        for number, (tag, key) in enumerate(ended.items(), 1):
            journal.intent(Intent(tag, key, ACCOUNT, MNQ, body(tag), None, 1.78e9))
            journal.resolve(tag, "ACCEPTED", number, "answered so", 1.78e9)
        if "interlock" in reasons:
            tag = "fo1-open"
            journal.intent(Intent(tag, None, ACCOUNT, MNQ, body(tag), None, 1.78e9))


class Blocking:
    """How a call of a blocking executor is refused for a reason."""

    kind = blocking.OrderExecutor

    def bind(self, executor):
        executor._engine.check()

    def close(self, executor):
        executor.close()

    def elsewhere(self, call):
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    def here(self, call):
        call()


class Async:
    """The same of one for an event loop."""

    kind = fastorder.OrderExecutor

    def __init__(self):
        self.loop = asyncio.SelectorEventLoop()

    def _in(self, loop, call):
        async def on_loop():
            return call()

        return loop.run_until_complete(on_loop())

    def bind(self, executor):
        self._in(self.loop, executor._engine.check)

    def close(self, executor):
        self.loop.run_until_complete(executor.aclose())

    def elsewhere(self, call):
        other = asyncio.SelectorEventLoop()
        self._in(other, call)
        other.close()

    def here(self, call):
        self._in(self.loop, call)


@pytest.fixture(params=[Blocking, Async])
def facade(request):
    made = request.param()
    yield made
    if isinstance(made, Async):
        made.loop.close()


def refused(facade, call, reasons):
    """The error of a call, made where the reasons want it."""
    errors_seen = []

    def guarded():
        try:
            call()
        except Exception as error:
            errors_seen.append(error)

    (facade.elsewhere if "misuse" in reasons else facade.here)(guarded)
    return errors_seen[0] if errors_seen else None


def executor_with(facade, gateway, path, reasons):
    executor = facade.kind(gateway.base_url, journal=path)
    facade.bind(executor)
    if "token" not in reasons:
        executor.set_token(gateway.token)
    executor.set_contract_id("MNQ", MNQ, tick_size="0.25")
    if "halted" in reasons:
        executor.kill()
    if "closed" in reasons:
        facade.close(executor)
    return executor


@pytest.mark.parametrize("reasons", PAIRS, ids=" and ".join)
def test_of_two_reasons_the_first_is_told(facade, gateway, tmp_path, reasons):
    path = tmp_path / "orders.db"
    earlier_run(path, reasons)
    executor = executor_with(facade, gateway, path, reasons)
    order = dict(ORDER)
    for reason in reasons:
        order |= GIVEN.get(reason, {})
    error = refused(facade, lambda: executor.place_limit_order(**order), reasons)
    kind, text = PRECEDENCE[reasons[0]]
    assert type(error) is kind, repr(error)
    assert text in str(error)
    facade.close(executor)
    assert gateway.ledger.placements() == []


def test_with_no_reason_it_leaves(facade, gateway, tmp_path):
    earlier_run(tmp_path / "orders.db", ())
    executor = executor_with(facade, gateway, tmp_path / "orders.db", ())
    assert refused(facade, lambda: executor.place_limit_order(**ORDER), ()) is None
    facade.close(executor)
    assert len(gateway.ledger.placements()) == 1


# ---------------------------------------------------------------- every other verb

SENDS_NOTHING = {
    "budgets",
    "close",
    "aclose",
    "closed",
    "base_url",
    "check",
    "contract_book",
    "get_contract_id",
    "get_token",
    "halted",
    "intents",
    "kill",
    "observe",
    "acts",
    "recent",
    "recover",
    "resume",
    "risk",
    "session",
    "set_contract_id",
    "set_token",
}
VALUES = {
    **ORDER,
    "every": "1m",
    "symbol": "ES",  # unknown: that is told after what stands before it
    "order": fastorder.OrderRequest("ES", "BUY", 1, ACCOUNT),
    "order_id": 5,
    "orders": [fastorder.OrderRequest("ES", "BUY", 1, ACCOUNT)],
    "placed": fastorder.OrderResult(fastorder.Outcome.ACCEPTED, order_id=5),
    "price": 35_000,
    "stop_price": 35_000,
    "trail_price": 29_400,
    "since": datetime.now(timezone.utc),
    "tag": "fo1-none",
    "user_name": "trader1",
    "api_key": API_KEY,
}
OPTIONAL = {"modify_order": {"limit_price": 25_000}, "bars": {"days": 1}}
NO_TOKEN_NEEDED = {"login", "connect", "ping"}


def sending():
    names = (name for name in dir(blocking.OrderExecutor) if name[0] != "_")
    return sorted(set(names) - SENDS_NOTHING)


@pytest.mark.parametrize("verb", sending())
def test_a_closed_executor_is_told_before_all_that_it_lacks(verb, gateway):
    executor = blocking.OrderExecutor(gateway.base_url)
    executor.close()
    with pytest.raises(fastorder.ExecutorClosed):
        getattr(executor, verb)(**given(executor, verb))


@pytest.mark.parametrize("verb", sending())
def test_so_is_another_thread(verb, gateway):
    facade = Blocking()
    executor = blocking.OrderExecutor(gateway.base_url)
    executor._engine.check()
    call = getattr(executor, verb)
    error = refused(facade, lambda: call(**given(executor, verb)), {"misuse"})
    assert type(error) is fastorder.ExecutorMisuse
    executor.close()
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize("verb", sorted(set(sending()) - NO_TOKEN_NEEDED))
def test_a_token_that_is_missing_is_told_by_every_verb_that_needs_one(verb, gateway):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        executor.set_contract_id("ES", "CON.F.US.EP.Z26")
        wanted = (fastorder.TokenMissing, fastorder.UnknownTag)
        with pytest.raises(wanted) as raised:
            getattr(executor, verb)(**given(executor, verb))
        assert (verb == "resolve") == (type(raised.value) is fastorder.UnknownTag)
    assert gateway.ledger.requests() == []


def given(executor, verb):
    parameters = inspect.signature(getattr(executor, verb)).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty]
    return {name: VALUES[name] for name in needed} | OPTIONAL.get(verb, {})


# ---------------------------------------------------------------- what is told of it


def test_a_known_outcome_is_told_by_a_closed_executor(trader):
    result = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    trader.close()
    assert trader.resolve(result.tag) == result


def halted_text(executor):
    executor.set_token(TOKEN)
    executor.set_contract_id("MNQ", MNQ)
    with executor, pytest.raises(fastorder.Halted) as raised:
        executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    return str(raised.value)


def test_the_kill_switch_says_what_lifts_it(gateway):
    executor = blocking.OrderExecutor(gateway.base_url)
    executor.kill("drawdown")
    assert halted_text(executor) == (
        "no new exposure may leave: drawdown (resume() lifts the kill switch)"
    )


def test_a_kill_file_says_that_it_is_one(gateway, tmp_path):
    file = tmp_path / "halt"
    file.touch()
    text = halted_text(blocking.OrderExecutor(gateway.base_url, kill_file=file))
    assert text == (
        f"no new exposure may leave: the file {file} is there (as long as it is there)"
    )


def test_a_gate_that_is_shut_for_good_offers_no_resume(gateway):
    executor = blocking.OrderExecutor(gateway.base_url)
    executor._dispatcher.halt("the journal failed: disk full")
    assert halted_text(executor) == (
        "no new exposure may leave: the journal failed: disk full (for good: once that "
        "is mended, a new executor is needed)"
    )
