"""Wrong arguments of every verb of a trader: a typed error that says so, nothing sent.

Each verb stands in ``CALLS`` with a call that is right; each of its arguments is then
given each wrong value of its kind. A verb or an argument that is in no table fails.
"""

import copy
import inspect
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT
from test_trader import Form, own_folders  # noqa: F401 (for all tests)

import fastorder
from fastorder import OrderRequest, Side, blocking
from fastorder.trader.base import BaseTrader
from fastorder.trader.entering import EntryVerbs
from fastorder.trader.reading import LookVerbs
from fastorder.trader.trading import TradeVerbs
from fastorder.verbs.order_query import AsyncOrderQuery

NAN, INF = float("nan"), float("inf")
NOW = datetime.now(timezone.utc)
DAY_AGO, AHEAD = NOW - timedelta(days=1), NOW + timedelta(days=1)

SYMBOLS = [5, "", " ", b"MNQ", ["MNQ"], True, {}, Side.BUY]
WHOLE = [0, -1, 1.5, "1", True, NAN, 2**40, [1], b"1"]
PRICES = ["x", "1", NAN, INF, Decimal("sNaN"), True, [], b"1", 20_000.1, 0, -1]
SECONDS = [-1, "x", NAN, INF, True, 1e9, []]
TEXTS = ["", 5, [], b"x", True, "x" * 1000, "a\nb", Side.BUY]
TRUTHS = [1, 0, "x", []]
MOMENTS = [5, "x", datetime(2026, 1, 1), [], True]
WRONG = {
    "symbol": [*SYMBOLS, None],
    "quantity": [*WHOLE, None],
    "limit": PRICES,
    "stop": PRICES,
    "trail": PRICES,
    "price": [*PRICES, None],
    "trail_ticks": WHOLE,
    "stop_loss_ticks": WHOLE,
    "take_profit_ticks": WHOLE,
    "stop_loss": PRICES,
    "take_profit": PRICES,
    "join": [1, 0, False, "x", "BID", [], b"bid", 1.0, Side.BUY],
    "account": [True, 1.0, "", " x", b"x", [], -1, 0, {}, "nobody"],
    "order_id": ["x", "", 0, -1, True, 1.5, 2**70, [], b"5"],
    "deadline": [*SECONDS, None],
    "trailing_stop_loss": [*TRUTHS, None],
    "custom_tag": TEXTS,
    "idempotency_key": ["", 5, [], b"x", True],
    "valid_for": [-1, 0, "x", NAN, True, []],
    "despite": ["x", 5, True, []],
    "orders": [
        None,
        5,
        "x",
        b"x",
        [None],
        [5],
        ["x"],
        OrderRequest("MNQ", "BUY", 1, 1),
    ],
    "order": [None, 5, "x", True, b"x", []],
    "text": [5, [], True, b"x"],
    "accounts": [[], "x", 5, [None], [True], [[1]], [1.5], [ACCOUNT] * 2, ["nobody"]],
    "since": [*MOMENTS, AHEAD],
    "until": MOMENTS,
    "every": [None, 5, "", "x", [], True, "0m"],
    "days": [-1, 0, "x", NAN, INF, True, []],
    "partial": TRUTHS,
    "live": TRUTHS,
    "progress": [5, "x", []],
    "statuses": [5, "x", [None], [True], [], [-1]],
    "newest_first": [*TRUTHS, None],
    "page_size": [0, 1, 101, "5", True, 2.0, None],
}
WRONG_OF = {  # where an argument means something else, or may be left out
    ("flatten", "symbol"): SYMBOLS,
    ("cancel_all", "symbol"): SYMBOLS,
    ("query_orders", "symbol"): SYMBOLS,
    ("bars", "account"): [],
    ("bars", "limit"): WHOLE[:8],
    ("bars", "since"): [5, "x", datetime(2026, 1, 1), [], True, AHEAD],
    ("orders", "since"): [*MOMENTS, AHEAD, None],
    ("trades", "since"): [*MOMENTS, AHEAD, None],
    ("modify", "order_id"): [*WRONG["order_id"], None],
    ("cancel", "order_id"): [*WRONG["order_id"], None],
    ("order", "order_id"): [*WRONG["order_id"], None],
    # of an order that the executor does not know neither tick nor sign is known
    ("modify", "limit"): PRICES[:8],
    ("modify", "stop"): PRICES[:8],
    ("modify", "trail"): PRICES[:8],
}
ENTRY = {"symbol": "MNQ", "quantity": 1}
CALLS = {
    "buy": ENTRY,
    "sell": ENTRY,
    "place_many": {"orders": [OrderRequest("MNQ", "BUY", 1, ACCOUNT)]},
    "modify": {"order_id": 7, "quantity": 1},
    "cancel": {"order_id": 7},
    "move_stop": {"symbol": "MNQ", "price": 20_000},
    "move_target": {"symbol": "MNQ", "price": 20_000},
    "close": {"symbol": "MNQ"},
    "partial_close": ENTRY,
    "reverse": {"symbol": "MNQ"},
    "cancel_all": {},
    "flatten": {},
    "accounts": {},
    "contract": {"symbol": "MNQ"},
    "contracts": {},
    "check": {"order": OrderRequest("MNQ", "BUY", 1, ACCOUNT)},
    "positions": {},
    "open_orders": {},
    "orders": {"since": DAY_AGO},
    "order": {"order_id": 7},
    "trades": {"since": DAY_AGO},
    "bars": {"symbol": "MNQ", "every": "1m"},
    "query_orders": {},
}
WITH = {  # what else an argument needs to be looked at
    "stop_loss": {"limit": 20_000},
    "take_profit": {"limit": 20_000},
    "trailing_stop_loss": {"stop_loss_ticks": 40},
    "valid_for": {},
}
NO_ARGUMENTS = {
    "acts",
    "resume",
    "halted",
    "account",
    "budgets",
    "risk",
    "kill",
    "ping",
}
CHANGES = ("place", "modify", "cancel", "closeContract", "partialCloseContract")


def verbs():
    return {
        name: verb
        for kind in (BaseTrader, LookVerbs, EntryVerbs, TradeVerbs)
        for name, verb in vars(kind).items()
        if name[0] != "_" and callable(verb)
    }


@pytest.fixture(params=["async", "blocking"])
def day_of(request, gateway):
    form = Form(request.param, gateway)
    form.enter(journal=False, symbols=("MNQ",))
    yield form
    form.leave()
    if form.loop is not None:
        form.loop.close()


def sent(gateway):
    return [
        each
        for each in gateway.ledger.requests()
        if each.endpoint.rsplit("/", 1)[-1] in {name.lower() for name in CHANGES}
    ]


async def nothing():
    """What a query gives to whoever awaits its making."""


def awaitable(made):
    """A query is made at once, and read by a loop over it."""
    return nothing() if isinstance(made, AsyncOrderQuery) else made


def wrong_values(verb, name):
    return WRONG_OF.get((verb, name), WRONG.get(name))


@pytest.mark.parametrize("verb", CALLS)
def test_a_wrong_argument_is_named_and_nothing_is_sent(day_of, gateway, verb):
    method = getattr(day_of.trader, verb)
    believed = []
    for name in inspect.signature(method).parameters:
        for value in wrong_values(verb, name):
            given = CALLS[verb] | WITH.get(name, {}) | {name: value}
            try:
                day_of.wait(lambda given=given: awaitable(method(**given)))
            except fastorder.FastOrderError as error:
                if name.removesuffix("s") not in str(error):
                    believed.append((name, value, str(error)))
            except Exception as error:
                believed.append((name, value, repr(error)))
            else:
                believed.append((name, value, "taken"))
    assert believed == []
    assert sent(gateway) == []


def test_every_verb_and_every_argument_is_in_the_tables():
    others = {"from_env", "grid_of", "check_sign"}
    assert set(verbs()) - NO_ARGUMENTS - others == set(CALLS)
    for name in CALLS:
        for argument in inspect.signature(verbs()[name]).parameters:
            if argument != "self":
                assert wrong_values(name, argument) is not None, (name, argument)


@pytest.mark.parametrize("sign", ["BUY", "SELL"])
def test_a_leg_at_zero_or_below_is_refused(day_of, gateway, sign):
    enter = {"BUY": day_of.buy, "SELL": day_of.sell}[sign]
    leg = {"BUY": "stop_loss", "SELL": "take_profit"}[sign]
    for price in (0, -1, -20_000, Decimal("-0.25"), 0.0):
        with pytest.raises(fastorder.InvalidField, match=f"{leg} must be positive"):
            enter("MNQ", 1, limit=100, **{leg: price})
    assert sent(gateway) == []
    day_of.trader.executor.set_contract_id(
        "MCL", "CON.F.US.MCLE.Z26", tick_size="0.01", negative_prices=True
    )
    assert enter("MCL", 1, limit=1, **{leg: -1}) is not None


# ------------------------------------------------------------ constructors

OPTIONS = {
    "user_name": [None, 5, "", " ", b"x", True, []],
    "api_key": [None, 5, "", b"x", True, []],
    "base_url": [None, 5, "", "x", "ftp://a", "http://example.com", b"x", []],
    "account": [True, 1.0, "", " x", b"x", [], -1, 0],
    "symbols": ["MNQ", 5, [5], [""], [None], True],
    "journal": [5, b"", "", [], 1.5],
    "durability": [5, "x", True, [], Side.BUY],
    "ca_file": [5, [], True],
    "retry": [5, "x", [], True],
    "timeouts": [5, "x", [], True],
    "max_connections": [0, -1, "5", True, 1.5, 10**9, []],
    "max_quantity": [0, -1, "5", True, 1.5, 2**40, []],
    "kill_file": [5, [], True],
    "budgets": [5, "x", [], 1.5],
    "risk": [5, "x", [], 1.5, {}],
    "realtime": [5, "x", [], 1.5],
    "store": [5, [], 1.5],
    "on_breach": [5, "x", []],
    "on_unknown": [5, "x", []],
    "on_late_arrival": [5, "x", []],
}


@pytest.mark.parametrize("module", [fastorder, blocking])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_wrong_option_is_named_by_each_constructor(module, option, gateway):
    right = {"base_url": gateway.base_url, "user_name": "a", "api_key": "not-a-key-x"}
    ways = [module.Trader]
    if option not in ("api_key",):  # it is looked for elsewhere
        ways.append(module.Trader.from_env)
    believed = []
    for make in ways:
        for value in OPTIONS[option]:
            given = right | {"journal": False, option: value}
            if make is not module.Trader:
                given.pop("api_key")
            if value is None and make is not module.Trader:
                continue
            try:
                trader = make(**given)
            except fastorder.FastOrderError as error:
                assert "not-a-key-x" not in str(error)
            except Exception as error:
                believed.append((make.__name__, value, repr(error)))
            else:
                believed.append((make.__name__, value, repr(trader)))
    assert believed == []
    assert gateway.ledger.requests() == []


def test_every_option_is_in_the_table():
    for module in (fastorder, blocking):
        assert set(inspect.signature(module.Trader).parameters) == set(OPTIONS)


# ------------------------------------------------------------ copies, half-made ones


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_trader_is_not_copied(day_of, how):
    with pytest.raises(TypeError, match="must stay what it is, not be copied"):
        how(day_of.trader)


@pytest.mark.parametrize("module", [fastorder, blocking])
def test_one_whose_making_failed_can_be_shown(module):
    for kind in (module.Trader, module.OrderExecutor):
        half = kind.__new__(kind)
        assert "not made" in repr(half)
        with pytest.raises(fastorder.FastOrderError):
            half.__init__(
                "ftp://x",
                **({"user_name": "a", "api_key": "b"} if kind is module.Trader else {}),
            )
        assert "not made" in repr(half)
