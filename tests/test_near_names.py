"""A name of an argument that there is not is told with the one that was meant."""

import asyncio
import enum
import inspect
import itertools
import traceback

import pytest
from canary import API_KEY
from public_walk import CLASSES, THINGS
from test_public_surface import made

import fastorder
from fastorder import blocking
from fastorder._base import near_names
from fastorder._base.near_names import ELSEWHERE, MEANINGS, OTHER_WORDS, near
from fastorder._core.codec.order import FIELDS
from fastorder.simulator.near_names import near as of_simulator

EXECUTORS = {"async": fastorder.OrderExecutor, "blocking": blocking.OrderExecutor}
SETTINGS = (
    fastorder.Budgets,
    fastorder.DespiteUnknown,
    fastorder.OrderRequest,
    fastorder.RetryPolicy,
    fastorder.Timeouts,
    *EXECUTORS.values(),
)
URL = "http://127.0.0.1:9"


def arguments(call):
    """The names of a call's arguments, without ``self``."""
    if call is fastorder.OrderRequest:
        return list(FIELDS)
    return [name for name in inspect.signature(call).parameters if name != "self"]


def verbs():
    """Every verb with arguments, of both executors."""
    for facade, kind in EXECUTORS.items():
        for name in dir(kind):
            verb = getattr(kind, name)
            if name.startswith("_") or not callable(verb) or not arguments(verb):
                continue
            if inspect.iscoroutinefunction(verb):
                continue  # connect and aclose: one argument each, Python tells of it
            yield facade, name


VERBS = sorted(verbs())


def told(call, **named):
    with pytest.raises(TypeError) as raised:
        call(**named)
    assert type(raised.value) is TypeError
    return str(raised.value)


@pytest.fixture(params=SETTINGS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def setting(request):
    return request.param


@pytest.fixture
def verb(request):
    facade, name = request.param
    executor = EXECUTORS[facade](URL)
    yield getattr(executor, name)
    if facade == "async":
        asyncio.run(executor.aclose())
    else:
        executor.close()


def test_no_verb_is_overlooked():
    assert {name for _, name in VERBS} >= {"place_order", "login", "modify_order"}
    assert len(VERBS) > 30


@pytest.mark.parametrize("verb", VERBS, indirect=True, ids="-".join)
def test_a_slip_in_any_argument_of_a_verb_is_told_with_its_name(verb):
    for name in arguments(verb):
        for slip in (name[1:], name + "x", name.title().replace("_", "") + "_"):
            text = told(verb, **{slip: 5})
            assert text.startswith(
                f"OrderExecutor.{verb.__name__}() got an unexpected keyword argument "
                f"'{slip}' (did you mean {name}"
            ), text


def test_a_slip_in_any_setting_is_told_with_its_name(setting):
    for name in arguments(setting):
        text = told(setting, **{name + "x": 5})
        assert text.startswith(
            f"{setting.__name__}() got an unexpected keyword argument '{name}x' "
            f"(did you mean {name}"
        ), text


@pytest.mark.parametrize(
    ("call", "word", "hint"),
    [
        (fastorder.OrderExecutor, "timeout", "did you mean timeouts?"),
        (fastorder.OrderExecutor, "retries", "did you mean retry?"),
        (fastorder.OrderExecutor, "url", "did you mean base_url?"),
        (fastorder.OrderExecutor, "token", "set_token takes it"),
        (fastorder.OrderExecutor, "api_key", "login takes it"),
        (fastorder.RetryPolicy, "retries", "did you mean max_retries?"),
        (fastorder.RetryPolicy, "total", "did you mean max_retries?"),
        (fastorder.Timeouts, "read", "did you mean request?"),
        (fastorder.DespiteUnknown, "tag", "did you mean tags?"),
    ],
)
def test_the_words_of_other_libraries_are_known(call, word, hint):
    assert told(call, **{word: 5}).endswith(f"'{word}' ({hint})")


@pytest.mark.parametrize(
    ("name", "word", "hint"),
    [
        ("place_market_order", "qty", "did you mean quantity?"),
        ("place_market_order", "action", "did you mean side?"),
        ("place_limit_order", "price", "did you mean limit_price?"),
        ("place_limit_order", "limitPrice", "did you mean limit_price?"),
        (
            "modify_order",
            "price",
            "did you mean limit_price, stop_price or trail_price, the price where it "
            "starts?",
        ),
        ("cancel_order", "id", "did you mean order_id or account_id?"),
        ("login", "username", "did you mean user_name?"),
        ("login", "password", "did you mean api_key?"),
        ("search_orders", "start", "did you mean since?"),
        (
            "place_market_order",
            "time_in_force",
            "the gateway knows none; valid_for limits when an order may leave",
        ),
    ],
)
def test_so_are_those_for_a_verb(trader, gateway, name, word, hint):
    text = told(getattr(trader, name), **{word: 5})
    assert text.endswith(f"'{word}' ({hint})")
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize(
    "word", ["stop_loss", "take_profit", "sl", "tp", "trail_ticks"]
)
def test_a_word_for_something_else_is_told_with_what_it_means_here(trader, word):
    """A price of 24,950 that is given for a distance is a stop far away."""
    text = told(trader.place_trailing_stop_order, **{word: 24_950})
    assert (
        "_ticks, a distance in ticks?)" in text or "the price where it starts" in text
    )


def test_one_that_is_near_nothing_has_no_hint(trader):
    assert told(trader.cancel_order, zzz=5).endswith("keyword argument 'zzz'")


def test_what_goes_by_name_alone_is_named_where_too_many_are_given(trader):
    with pytest.raises(TypeError) as raised:
        trader.modify_order(5, 6, 25_000)
    assert str(raised.value).endswith(
        " given (by name alone: quantity, limit_price, stop_price, trail_price)"
    )
    with pytest.raises(TypeError) as raised:
        fastorder.RetryPolicy(*range(12))
    assert str(raised.value) == (
        "RetryPolicy() takes from 0 to 10 positional arguments but 12 were given"
    )


def test_every_word_stands_for_names_that_there_are():
    calls = [getattr(EXECUTORS[facade], name) for facade, name in VERBS]
    calls += [call for call, _ in CALLS.values()]
    known = {name for call in (*SETTINGS, *calls) for name in arguments(call)}
    for word, names in (OTHER_WORDS | dict.fromkeys(ELSEWHERE, ())).items():
        assert word == word.lower().replace("_", "")
        assert set(names) <= known, word
    assert set(MEANINGS) <= known


def test_a_word_of_ours_is_taken_for_no_other():
    for facade, name in VERBS:
        names = arguments(getattr(EXECUTORS[facade], name))
        for each in names:
            assert near(each, names) == (each,)


# ------------------------------------------------------------ all that is public

MADE_BY_US = [
    "Account",
    "ActReport",
    "ActStep",
    "BudgetsLeft",
    "Contract",
    "ContractReport",
    "Denial",
    "Fill",
    "LaneLeft",
    "Order",
    "OrderResult",
    "PartialCloseReport",
    "Placed",
    "PlacedMany",
    "Position",
    "ReverseReport",
    "Ticket",
    "Trade",
    "journal.Entry",
    "journal.Intent",
    "journal.Note",
    "marketdata.Bars",
    "simulator.Effect",
    "simulator.Money",
    "simulator.Request",
    "settings.Found",
    "settings.Settings",
    "store.Bars",
    "store.OrderRecord",
    "store.Session",
    "store.Ticks",
    "strategy.Bar",
    "strategy.Check",
    "strategy.Live",
    "strategy.Order",
    "strategy.Paper",
    "strategy.Result",
    "strategy.Series",
    "strategy.State",
    "strategy.Sweep",
    "strategy.Tick",
]
"""What users are given, and do not make."""

COMPILED = {"Placed", "Ticket", "journal.Journal"}
"""Whose methods tell of names in C; the order's way is theirs."""

AT_EACH_EVENT = {"marketdata.BarBuilder.update", "strategy.Strategy.last"}
"""What is called too often for anything around it."""


class Any:
    """Stands for the object of a verb, which needs none to refuse an argument."""

    def _carry_out(self, start, given, named):
        return start(*given, **named)


def options(call):
    """The names of a call's arguments, where it has options and no open end."""
    found = inspect.signature(call).parameters.values()
    has_options = any(each.default is not each.empty for each in found)
    is_open = any(
        each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in found
    )
    if not has_options or is_open or inspect.iscoroutinefunction(call):
        return []
    return [each.name for each in found if each.name not in ("self", "cls")]


def public_calls():
    """Each public constructor, function and method that takes options."""
    for full, thing in THINGS.items():
        name = full.removeprefix("fastorder.")
        is_class = isinstance(thing, type)
        plain = is_class and not issubclass(thing, (BaseException, tuple, enum.Enum))
        if (
            not callable(thing)
            or name.startswith("matching.")
            or (is_class and not plain)
        ):
            continue
        if thing.__module__ == "fastorder.matching":  # it knows nothing of the package
            continue
        if name not in MADE_BY_US and (
            thing is fastorder.OrderRequest or options(thing)
        ):
            yield name, thing, ()
        if is_class and name not in (*MADE_BY_US, *COMPILED):
            yield from public_methods(name, thing)


def public_methods(name, kind):
    for method in dir(kind):
        call, static = getattr(kind, method), inspect.getattr_static(kind, method)
        if method.startswith("_") or not callable(call) or isinstance(static, type):
            continue
        if options(call) and f"{name}.{method}" not in AT_EACH_EVENT:
            is_bound = isinstance(static, (classmethod, staticmethod))
            yield f"{name}.{method}", call, () if is_bound else (Any(),)


CALLS = {name: (call, given) for name, call, given in public_calls()}


def test_no_public_call_is_overlooked():
    assert len(CALLS) > 150
    assert CALLS.keys() >= {
        *("RiskLimits", "RiskLimits.preset", "Trader.buy", "blocking.Trader.from_env"),
        *("simulator.Fault", "simulator.run_in_thread", "store.Store", "strategy.Firm"),
        *("Trader.modify", "journal.Journal", "store.MarketData", "strategy.backtest"),
    }


@pytest.mark.parametrize("name", CALLS)
def test_a_slip_in_any_argument_of_a_public_call_is_told_with_its_name(name):
    call, given = CALLS[name]
    for argument in arguments(call):
        with pytest.raises(TypeError) as raised:
            call(*given, **{f"{argument}x": 5})
        assert f"argument '{argument}x' (did you mean {argument}" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "word", "hint"),
    [
        ("Trader.buy", "limit_price", "did you mean limit?"),
        ("Trader.sell", "stop_price", "did you mean stop?"),
        ("Trader.buy", "price", "did you mean limit or stop?"),
        ("Trader.modify", "limit_price", "did you mean limit?"),
        ("Trader.modify", "trail_price", "did you mean trail?"),
        ("RiskLimits", "max_lot", "did you mean max_lots?"),
        ("RiskLimits", "max_loss", "did you mean max_daily_loss or trailing_loss?"),
        ("RiskLimits", "maxLoss", "did you mean max_daily_loss or trailing_loss?"),
        ("RiskLimits", "daily_loss_limit", "did you mean max_daily_loss?"),
        ("RiskLimits", "drawdown", "did you mean trailing_loss or max_daily_loss?"),
        ("RiskLimits", "position_limit", "did you mean max_position?"),
        (
            "RiskLimits",
            "max_contracts",
            "did you mean max_lots, max_position or max_order_size?",
        ),
        (
            "RiskLimits",
            "max_orders",
            "did you mean max_open_orders or max_orders_per_second?",
        ),
        ("Trader.buy", "qty", "did you mean quantity?"),
        ("Trader.buy", "size", "did you mean quantity?"),
        ("Trader.buy", "lots", "did you mean quantity?"),
        ("Trader.buy", "contracts", "did you mean quantity?"),
        ("Trader.buy", "sl", "did you mean stop_loss_ticks, a distance in ticks?"),
        ("Trader.buy", "trigger_price", "did you mean stop?"),
        (
            "Trader.buy",
            "client_order_id",
            "did you mean custom_tag or idempotency_key?",
        ),
        ("Trader.buy", "account_id", "did you mean account?"),
        ("Trader.flatten", "timeout", "did you mean deadline?"),
        ("Trader.bars", "timeframe", "did you mean every?"),
        (
            "Trader.orders",
            "days",
            "did you mean since, a moment: datetime.now(timezone.utc) - "
            "timedelta(days=...)?",
        ),
        ("Trader.orders", "start_timestamp", "did you mean since?"),
        ("Trader.orders", "symbol", "query_orders takes one"),
        ("Trader.orders", "contract", "query_orders takes one"),
        ("Trader.orders", "status", "query_orders takes them"),
        ("Trader.open_orders", "contract_id", "query_orders takes one"),
        ("Trader.positions", "ticker", "it gives those of all contracts"),
        ("Trader.close", "qty", "partial_close takes how many"),
        ("Trader.flatten", "contracts", "partial_close takes how many"),
        ("Trader.reverse", "size", "it opens as many as it closes"),
        ("Trader.bars", "unit_number", "did you mean every?"),
        ("Trader.bars", "lookback", "did you mean days or since?"),
        ("Trader.modify", "new_price", "did you mean limit or stop?"),
        ("Trader.modify", "new_qty", "did you mean quantity?"),
        ("Trader.buy", "market", "an order without a price is at the market"),
        (
            "Trader.buy",
            "oco",
            "did you mean stop_loss_ticks, a distance in ticks or take_profit_ticks, "
            "a distance in ticks?",
        ),
        (
            "Trader.buy",
            "post_only",
            "the gateway knows none; join rests at the best bid or ask",
        ),
        (
            "Trader.partial_close",
            "percent",
            "nothing is in percent: contracts and ticks are whole numbers",
        ),
        ("OrderExecutor.flatten", "account", "did you mean account_id?"),
        ("simulator.run_in_thread", "prot", "did you mean port?"),
        ("simulator.Fault", "repli", "did you mean reply?"),
        ("store.Store", "url", "did you mean where?"),
        ("store.Store", "urll", "did you mean where?"),
        ("store.MarketData", "fold", "did you mean folder?"),
        ("journal.Journal", "pat", "did you mean path?"),
        ("blocking.Trader.from_env", "accounts", "did you mean account?"),
    ],
)
def test_the_words_of_newcomers_are_known(name, word, hint):
    call, given = CALLS[name]
    with pytest.raises(TypeError) as raised:
        call(*given, **{word: 5})
    assert str(raised.value).endswith(f"'{word}' ({hint})")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Trader.flatten", "max_contracts"),
        ("Trader.flatten", "max_contract"),
        ("Trader.orders", "count"),
        ("Trader.trades", "max_count"),
        ("Trader.positions", "amount"),
        ("Trader.cancel_all", "contracts"),
        ("Trader.modify", "contract"),
    ],
)
def test_a_word_for_what_a_call_has_not_is_a_slip_of_nothing_else(name, word):
    call, given = CALLS[name]
    with pytest.raises(TypeError) as raised:
        call(*given, **{word: 5})
    assert str(raised.value).endswith(f"argument '{word}'")


def parts(name):
    return {part for part in near_names._parts(name) if part}


@pytest.mark.parametrize("name", CALLS)
def test_two_words_of_its_own_are_taken_for_no_name_without_one_of_them(name):
    """Of "max_daily_loss" and "max_lots" comes "max_loss", a slip of neither."""
    call, _ = CALLS[name]
    names = arguments(call)
    own = sorted({part for each in names for part in parts(each)})
    for first, second in itertools.permutations(own, 2):
        word = f"{first}_{second}"
        if near_names.bare(word) in OTHER_WORDS:
            continue
        for found in near(word, names):
            assert {first, second} <= parts(found), word


SIMULATED = [name for name in CALLS if name.startswith("simulator.")]


@pytest.mark.parametrize("name", SIMULATED)
def test_so_it_is_at_the_simulator(name):
    names = tuple(arguments(CALLS[name][0]))
    own = sorted({part for each in names for part in each.split("_")})
    for first, second in itertools.permutations(own, 2):
        found = of_simulator(f"{first}_{second}", names)
        assert not found or {first, second} <= set(found.split("_"))


MAY_SHOW = {"fastorder.journal.Intent", "fastorder.matching.Contract"}
"""Compiled, and what knows nothing of the package."""


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - MAY_SHOW))
def test_nothing_private_is_suggested_for_an_attribute(name, tmp_path):
    kind = CLASSES[name]
    if name == "fastorder.strategy.Strategy":  # its subclasses are users' own
        return
    one = made(name, kind, tmp_path)
    shown = kind if one is None else one
    private = [each for each in dir(shown) if each[:1] == "_" and each[:2] != "__"]
    if isinstance(one, fastorder.journal.Journal):
        one.close()
    is_plain = issubclass(kind, (BaseException, tuple, enum.Enum))
    hides = one is None and kind.__dir__ is not object.__dir__
    assert not private or is_plain or hides


def test_python_suggests_what_is_for_users(trader):
    with pytest.raises(AttributeError) as raised:
        trader.cancel  # noqa: B018
    text = "".join(traceback.format_exception(raised.value))
    assert "'_" not in text.rpartition("Did you mean")[2]
    assert "_cancel" not in dir(trader)


def test_a_maker_of_traders_names_the_class_that_was_called():
    for kind in (fastorder.Trader, blocking.Trader):
        assert told(kind.from_env, accounts=5).startswith("Trader.from_env() got")


def test_what_is_near_nothing_is_told_as_of_its_class():
    assert told(THINGS["fastorder.strategy.Firm"], x=5).startswith("Firm() got")


def test_an_object_in_the_place_of_its_number_is_told_where_another_is_missing():
    result = fastorder.OrderResult(fastorder.Outcome.ACCEPTED, order_id=7)
    for kind in EXECUTORS.values():
        with pytest.raises(TypeError) as raised:
            kind.cancel_order(Any(), result)
        assert str(raised.value).endswith("'account_id' (order_id: pass its order_id)")


class Trader(blocking.OrderExecutor):
    """A caller's own."""

    def __init__(self, timeout):
        super().__init__(URL, timeout=timeout)


def test_it_is_told_as_of_the_class_that_was_called():
    assert told(Trader, timeout=5).startswith("OrderExecutor() got")
    assert told(Trader, timeouts=5).startswith("Trader.__init__() got")


def test_an_error_from_behind_the_arguments_stays_as_it_is():
    @near_names.with_near_names
    def verb(quantity):
        return int(quantity, qty=5)

    with pytest.raises(TypeError) as pythons:
        int("5", qty=5)
    assert told(verb, quantity="5") == str(pythons.value)
    assert told(verb, qty=5).endswith("(did you mean quantity?)")


def test_what_was_given_is_in_no_local_variable_of_ours(trader):
    for wrong in ({"password": API_KEY}, {"api_key": API_KEY, "renew": 5}):
        try:
            trader.login(**{"user_name": "trader1", **wrong})
        except TypeError as error:
            frames = list(traceback.walk_tb(error.__traceback__))[1:]
            assert frames
            assert all(API_KEY not in repr(frame.f_locals) for frame, _ in frames)
