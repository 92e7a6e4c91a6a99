"""A call that lacks an argument, or has one too many, is told so by name."""

import asyncio
import functools
import gc
import inspect
import re
import sys

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import OrderRequest, blocking
from fastorder._core.codec import argument_errors
from fastorder._core.codec.order import FIELDS
from fastorder.verbs.options import OrderOptions
from fastorder.verbs.orders import OrderVerbs

ORDER = ("symbol", "side", "quantity", "account_id")
NEEDED = {
    "place_order": ("order",),
    "place_market_order": ORDER,
    "place_limit_order": (*ORDER, "limit_price"),
    "place_stop_order": (*ORDER, "stop_price"),
    "place_stop_limit_order": (*ORDER, "stop_price", "limit_price"),
    "place_trailing_stop_order": (*ORDER, "trail_price"),
    "place_join_order": ORDER,
    "modify_order": ("order_id", "account_id"),
    "cancel_order": ("order_id", "account_id"),
    "close_position": ("symbol", "account_id"),
    "partial_close_position": ("symbol", "account_id", "quantity"),
}
VALUES = {
    "symbol": "MNQ",
    "side": "BUY",
    "quantity": 1,
    "account_id": ACCOUNT,
    "order_id": 5,
    "limit_price": 25_000,
    "stop_price": 35_000,
    "trail_price": 29_400,
    "order": fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT),
}


@pytest.fixture(params=[fastorder.OrderExecutor, blocking.OrderExecutor])
def executor(request, gateway):
    """Either executor; nothing may have been sent in the end."""
    made = request.param(gateway.base_url)
    yield made
    if request.param is fastorder.OrderExecutor:
        asyncio.run(made.aclose())
    else:
        made.close()
    assert gateway.ledger.requests() == []


def told(call, *given, **named):
    """What the TypeError of a call says; no other error will do."""
    with pytest.raises(TypeError) as raised:
        call(*given, **named)
    assert type(raised.value) is TypeError
    return str(raised.value)


def named_in(text, names):
    return [name for name in names if f"'{name}'" in text]


def test_no_verb_that_places_is_left_out():
    placing = {name for name in vars(OrderVerbs) if name.startswith("place_")}
    assert placing == {name for name in NEEDED if name.startswith("place_")}


@pytest.mark.parametrize("verb", NEEDED)
def test_each_missing_argument_is_named_and_no_other(executor, verb):
    needed = NEEDED[verb]
    for count in range(len(needed)):
        given = [VALUES[name] for name in needed[:count]]
        text = told(getattr(executor, verb), *given)
        assert f"{verb}() missing {len(needed) - count} required" in text
        assert named_in(text, needed) == list(needed[count:])


@pytest.mark.parametrize("verb", NEEDED)
def test_the_same_where_the_others_are_given_by_name(executor, verb):
    for missing in NEEDED[verb]:
        others = {name: VALUES[name] for name in NEEDED[verb] if name != missing}
        text = told(getattr(executor, verb), **others)
        assert f"{verb}() missing 1 required" in text
        assert named_in(text, NEEDED[verb]) == [missing]


@pytest.mark.parametrize("verb", NEEDED)
def test_an_argument_that_there_is_not_is_named(executor, verb):
    given = {name: VALUES[name] for name in NEEDED[verb]}
    text = told(getattr(executor, verb), **given, acount_id=5)
    assert f"{verb}() got an unexpected keyword argument 'acount_id'" in text
    hint = " (did you mean account_id?)" if "account_id" in NEEDED[verb] else ""
    assert text.endswith(f"'acount_id'{hint}")


@pytest.mark.parametrize("verb", NEEDED)
def test_one_that_is_given_twice_is_named_and_too_many_are_counted(executor, verb):
    call, first = getattr(executor, verb), NEEDED[verb][0]
    text = told(call, VALUES[first], **{first: VALUES[first]})
    assert f"{verb}() got multiple values for argument '{first}'" in text
    assert f"{verb}() takes " in told(call, *[VALUES[first]] * 20)


def test_the_text_is_pythons_own(executor):
    assert told(executor.place_limit_order, "MNQ", "BUY") == (
        "OrderExecutor.place_limit_order() missing 3 required positional arguments: "
        "'quantity', 'account_id', and 'limit_price'"
    )


def test_it_is_told_however_the_verb_is_called(executor):
    verb = executor.place_market_order
    of_class = functools.partial(type(executor).place_market_order, executor)
    for call in (verb, of_class, functools.partial(verb, "MNQ")):
        assert named_in(told(call, side="BUY"), ["quantity", "account_id"])
    assert "'self'" in told(type(executor).place_market_order)


@pytest.mark.parametrize("verb", [name for name in NEEDED if "place" in name])
def test_an_error_from_behind_the_arguments_stays_as_it_is(executor, verb):
    def broken(order, called_ns):
        raise TypeError("from behind")

    executor._submit = broken
    given = [VALUES[name] for name in NEEDED[verb]]
    assert told(getattr(executor, verb), *given) == "from behind"


@pytest.mark.parametrize("verb", NEEDED)
def test_the_signature_shows_what_is_needed(executor, verb):
    parameters = inspect.signature(getattr(executor, verb)).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty]
    assert tuple(needed) == NEEDED[verb]


@pytest.mark.parametrize("verb", [name for name in NEEDED if "place" in name])
def test_the_docstring_explains_every_argument(executor, verb):
    text = inspect.getdoc(getattr(executor, verb))
    section = text.split("Args:\n", 1)[-1]
    for name in inspect.signature(getattr(executor, verb)).parameters:
        assert re.search(
            rf"^    [\w, ]*\b{name}\b[\w, ]*: |``{name}``", section, re.M
        ) or (name in ("order", "join", "order_type")), name


@pytest.mark.parametrize("verb", [name for name in NEEDED if "_order" in name])
def test_a_verb_takes_each_option_of_an_order_request(executor, verb):
    shown = inspect.signature(getattr(executor, verb)).parameters
    options = OrderOptions.__annotations__
    if len(NEEDED[verb]) >= len(ORDER):
        assert options.keys() <= shown.keys()
        assert all(shown[name].annotation for name in options)
    assert tuple(options) == FIELDS[10:]


def test_wrong_calls_keep_nothing(executor):
    symbol = "".join(["M", "NQ"])  # of its own, so that its references are counted
    for _ in range(20):
        told(executor.place_limit_order, symbol)
    gc.collect()
    before = sys.getrefcount(symbol)
    for _ in range(100):
        told(executor.place_limit_order, symbol)
    gc.collect()
    assert sys.getrefcount(symbol) == before


# ---------------------------------------------------------------- OrderRequest

GIVEN = {name: VALUES[name] for name in ORDER}


@pytest.mark.parametrize("count", range(len(ORDER)))
def test_a_request_names_each_argument_that_is_missing_and_no_other(count):
    text = told(OrderRequest, *[VALUES[name] for name in ORDER[:count]])
    assert f"OrderRequest() missing {len(ORDER) - count} required" in text
    assert named_in(text, FIELDS) == list(ORDER[count:])


@pytest.mark.parametrize("missing", ORDER)
def test_a_request_does_where_the_others_are_given_by_name(missing):
    others = {name: value for name, value in GIVEN.items() if name != missing}
    assert told(OrderRequest, **others) == (
        f"OrderRequest() missing 1 required positional argument: '{missing}'"
    )


def test_a_request_names_an_argument_that_there_is_not():
    for call in (
        functools.partial(OrderRequest, **GIVEN),
        OrderRequest(**GIVEN).replace,
    ):
        text = told(call, acount_id=5)
        assert "OrderRequest() got an unexpected keyword argument 'acount_id'" in text
        assert text.endswith("'acount_id' (did you mean account_id?)")


def test_a_request_names_one_that_is_given_twice_and_counts_too_many():
    text = told(OrderRequest, "MNQ", symbol="MNQ")
    assert text == "OrderRequest() got multiple values for argument 'symbol'"
    assert told(OrderRequest, *range(16)) == (
        "OrderRequest() takes from 4 to 15 positional arguments but 16 were given"
    )


def test_a_request_takes_every_name_that_it_tells_of():
    made = OrderRequest(**GIVEN, valid_for=5)
    assert OrderRequest(**{name: getattr(made, name) for name in FIELDS}) == made
    assert OrderRequest(*[getattr(made, name) for name in FIELDS]) == made


def test_an_error_from_behind_the_arguments_of_a_request_stays_as_it_is():
    class Odd(float):
        def __gt__(self, other):
            raise TypeError("from behind")

    assert told(OrderRequest, **GIVEN, valid_for=Odd(5)) == "from behind"
    with pytest.raises(fastorder.WrongFieldType, match="quantity must be a whole"):
        OrderRequest(**{**GIVEN, "quantity": "x"})


def test_wrong_requests_keep_nothing():
    symbol = "".join(["M", "NQ"])  # of its own, so that its references are counted
    before = sys.getrefcount(symbol)
    for _ in range(100):
        told(OrderRequest, symbol)
    gc.collect()
    assert sys.getrefcount(symbol) == before


# ---------------------------------------------------------------- where words fail


def place_market_order_without_account():
    with blocking.OrderExecutor("http://127.0.0.1:9") as executor:
        executor.place_market_order("MNQ", "BUY", 1)


def test_where_no_twin_can_be_made_the_first_error_is_told(monkeypatch):
    monkeypatch.setattr(argument_errors, "twin_of", failing(TypeError("no twin")))
    with pytest.raises(TypeError, match="takes at least"):
        place_market_order_without_account()


def test_a_ctrl_c_while_the_words_are_found_is_not_lost(monkeypatch):
    monkeypatch.setattr(argument_errors, "twin_of", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        place_market_order_without_account()


def failing(error):
    def fail(*_):
        raise error

    return fail
