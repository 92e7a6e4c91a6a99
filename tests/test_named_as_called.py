"""An error of an argument names it as the signature of the call has it."""

import inspect
import math
from datetime import datetime, timedelta, timezone

import pytest
from conftest import ACCOUNT, prepared
from test_public_surface import VERB_CLASSES, verbs_of

import fastorder
from fastorder import InvalidField, OrderRequest, Side, WrongFieldType, blocking
from fastorder.errors import FastOrderError

WRONG = (object(), -1, math.nan, "?", b"", [], 10**30)
"""Each breaks the rule of some argument."""

FITTING = {
    "symbol": "MNQ",
    "side": "BUY",
    "quantity": 1,
    "account_id": ACCOUNT,
    "order_id": 5,
    "orders": [],
    "price": 24_000,
    "limit_price": 24_000,
    "stop_price": 24_000,
    "trail_price": 24_000,
    "since": datetime.now(timezone.utc) - timedelta(minutes=1),
    "every": "1m",
    "kind": "quote",
    "callback": print,
    "tag": "t",
    "reason": "r",
    "connections": 1,
    "contract_id": "CON.F.US.MNQ.Z26",
    "token": "t",
    "user_name": "trader1",
    "api_key": "k",
    "order": OrderRequest("MNQ", "BUY", 1, ACCOUNT),
    "name": "price",
    "account": ACCOUNT,
    "text": "MNQ",
    "observer": print,
    "symbols": ["MNQ"],
    "placed": fastorder.OrderResult(fastorder.Outcome.REJECTED),
}
"""What an argument can be that has no default."""

WITHOUT = {"close", "shutdown", "login", "logout", "set_token"}
"""Ends what the next call needs; the others are of ``shutdown`` for a trader."""

OUTSIDE = {"load_contract", "set_contract_id"}
"""What names more than its own arguments: the parts of a contract."""


def given_to(verb):
    """Arguments of a verb that fit, as far as it has no defaults for them."""
    return {
        name: FITTING[name]
        for name, each in inspect.signature(verb).parameters.items()
        if name != "self" and each.default is each.empty
    }


def told_of(call, given):
    """The field that a call names; None where it names none."""
    try:
        call(**given)
    except (InvalidField, WrongFieldType) as error:
        return error.field
    except (FastOrderError, TypeError, ValueError, AssertionError):
        return None
    return None


def faults_of(one, kind):
    """What any verb of an object names that its signature does not have."""
    skipped = WITHOUT - ({"close"} if kind is blocking.Trader else set())
    for name, verb in verbs_of(kind).items():
        if name in skipped | OUTSIDE or inspect.isclass(verb):
            continue
        names = set(inspect.signature(verb).parameters)
        for argument in names - {"self"}:
            for wrong in WRONG:
                given = given_to(verb) | {argument: wrong}
                field = told_of(getattr(one, name), given)
                if field is not None and field.partition("[")[0] not in names:
                    yield f"{name}({argument}={wrong!r}) names {field}"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Some of what is wrong is a file's name, and the file is made."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def day_trader(gateway):
    with blocking.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key=gateway.gateway.tokens.keys["trader1"],
        account=ACCOUNT,
        symbols=["MNQ"],
        journal=False,
        budgets=False,
        realtime=False,
    ) as trader:
        yield trader


def test_each_verb_of_a_trader_names_its_own_arguments(day_trader):
    assert not list(faults_of(day_trader, blocking.Trader))


def test_each_verb_of_an_executor_names_its_own_arguments(gateway):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        prepared(executor, gateway)
        assert not list(faults_of(executor, blocking.OrderExecutor))


def test_the_verb_classes_are_those_of_users():
    assert VERB_CLASSES["fastorder.blocking.Trader"] is blocking.Trader


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("buy", {"limit": "x"}, "limit"),
        ("sell", {"stop": -1}, "stop"),
        ("buy", {"limit": 24_000.1}, "limit"),
        ("sell", {"stop": 24_000.1}, "stop"),
    ],
)
def test_a_price_of_an_entry_is_named_as_it_was_given(day_trader, verb, given, field):
    with pytest.raises((InvalidField, WrongFieldType)) as raised:
        getattr(day_trader, verb)("MNQ", 1, **given)
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field} must be ")
    assert raised.value.args[0] == field


SWAPPED = "are the two swapped?"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (("BUY", "MNQ", 1, ACCOUNT), SWAPPED),
        ((Side.SELL, "MNQ", 1, ACCOUNT), SWAPPED),
        (("MNQ", 1, "buy", ACCOUNT), SWAPPED),
        (("MNQ", 1, Side.BUY, ACCOUNT), SWAPPED),
    ],
)
def test_swapped_arguments_of_an_order_are_told(trader, given, hint):
    with pytest.raises((InvalidField, WrongFieldType)) as raised:
        trader.place_market_order(*given)
    assert raised.value.hint.endswith(hint)
    assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ((1, "MNQ"), SWAPPED),
        (("1", "MNQ"), SWAPPED),
        (("MNQ", "BUY"), "buy and sell are the side"),
        ((Side.BUY, "MNQ"), "buy and sell are the side"),
        (("MNQ", "sell"), "buy and sell are the side"),
    ],
)
def test_so_are_those_of_an_entry(day_trader, given, hint):
    with pytest.raises((InvalidField, WrongFieldType)) as raised:
        day_trader.buy(*given)
    assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("move_stop", (29_500, "MNQ")),
        ("move_target", (29_500.25, "6E")),
        ("partial_close", (1, "MNQ")),
    ],
)
def test_so_are_those_of_what_is_held(day_trader, verb, given):
    with pytest.raises(WrongFieldType) as raised:
        getattr(day_trader, verb)(*given)
    assert raised.value.hint.endswith(SWAPPED)


@pytest.mark.parametrize("verb", ["flatten", "cancel_all"])
@pytest.mark.parametrize("word", ["all", "ALL", "*"])
def test_a_word_for_all_contracts_is_told_that_none_is_given(
    day_trader, gateway, verb, word
):
    asked = len(gateway.ledger.requests())
    with pytest.raises(InvalidField, match="without a symbol it is of all contracts"):
        getattr(day_trader, verb)(word)
    assert len(gateway.ledger.requests()) == asked


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("29,500", "29500"),
        ("29,500.25", "29500.25"),
        ("29_500", "29500"),
        ("29500.25", "29500.25"),
        ("29.500,25", "29500.25"),
        ("29500,25", "29500.25"),
        (" $29500", "29500"),
        ("1,234,500", "1234500"),
        ("-37.63", "-37.63"),
        ("MNQ", None),
        ("29,50,0", None),
        ("", None),
    ],
)
@pytest.mark.parametrize(
    ("verb", "given", "name"),
    [
        ("buy", ("MNQ", 1), "limit"),
        ("sell", ("MNQ", 1), "stop"),
        ("modify", (5,), "trail"),
        ("move_stop", ("MNQ",), "price"),
    ],
)
def test_a_text_for_a_price_is_told_with_its_number(
    day_trader, verb, given, name, typed, meant
):
    with pytest.raises(WrongFieldType) as raised:
        getattr(day_trader, verb)(*given, **{name: typed})
    assert raised.value.field == name
    hint = f"did you mean {meant}, as a number?" if meant else ""
    assert (raised.value.hint, raised.value.args[3]) == (hint, hint)


def test_an_event_loop_s_trader_names_them_too(run, gateway):
    async def scene():
        async with fastorder.Trader(
            gateway.base_url,
            user_name="trader1",
            api_key=gateway.gateway.tokens.keys["trader1"],
            account=ACCOUNT,
            journal=False,
            realtime=False,
        ) as trader:
            with pytest.raises(InvalidField) as raised:
                await trader.buy("MNQ", 1, limit=24_000.1)
            return raised.value.field

    assert run(scene()) == "limit"
