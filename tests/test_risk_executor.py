"""Limits of both executors, over sockets: every verb that trades is held to them."""

import ast
import asyncio
import inspect
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import ACCOUNT, QUICK, bought_elsewhere, held, prepared
from plain_http import MNQ

import fastorder
from fastorder import (
    ConfigurationError,
    Denied,
    OrderRequest,
    Outcome,
    RiskDenied,
    RiskLimits,
    RiskState,
    blocking,
)
from fastorder.journal import read
from fastorder.simulator import Fault

PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
MODIFY, CANCEL = "/api/Order/modify", "/api/Order/cancel"
CLOSE = "/api/Position/closeContract"


class Both:
    """An executor of either kind, called in the same way."""

    def __init__(self, kind, gateway, **options):
        self.loop = asyncio.new_event_loop() if kind == "async" else None
        facade = fastorder if kind == "async" else blocking
        options.setdefault("retry", QUICK)
        self.gateway = gateway
        self.executor = facade.OrderExecutor(gateway.base_url, **options)
        prepared(self.executor, gateway)

    def __getattr__(self, name):
        found = getattr(self.executor, name)
        if self.loop is None or not callable(found):
            return found

        def call(*given, **named):
            async def awaited():
                what = found(*given, **named)
                return await what if inspect.isawaitable(what) else what

            return self.loop.run_until_complete(asyncio.wait_for(awaited(), 30))

        return call

    def end(self):
        if self.loop is None:
            self.executor.close()
            return
        self.loop.run_until_complete(self.executor.aclose())
        self.loop.close()

    def requests(self, endpoint):
        return len(self.gateway.ledger.requests(endpoint.lower()))

    def buy(self, size=1, **more):
        return self.place_market_order("MNQ", "BUY", size, ACCOUNT, **more)


@pytest.fixture(params=["async", "blocking"])
def kind(request):
    return request.param


@pytest.fixture
def make(kind, gateway):
    made = []

    def new(loaded=True, options=None, **limits):
        executor = Both(kind, gateway, risk=RiskLimits(**limits), **(options or {}))
        made.append(executor)
        if loaded:
            executor.load_exposure(ACCOUNT)
        return executor

    yield new
    for executor in made:
        executor.end()


# ------------------------------------------------------------ verbs

ORDER = OrderRequest("MNQ", "BUY", 3, ACCOUNT)
FAR = 20_000
PLACING = {
    "place_order": (ORDER,),
    "place_market_order": ("MNQ", "BUY", 3, ACCOUNT),
    "place_limit_order": ("MNQ", "BUY", 3, ACCOUNT, FAR),
    "place_stop_order": ("MNQ", "SELL", 3, ACCOUNT, FAR),
    "place_stop_limit_order": ("MNQ", "SELL", 3, ACCOUNT, FAR, FAR),
    "place_trailing_stop_order": ("MNQ", "SELL", 3, ACCOUNT, FAR),
    "place_join_order": ("MNQ", "BUY", 3, ACCOUNT),
    "place_many": ([ORDER],),
}
CHANGING = {
    "modify_order": (1, ACCOUNT),
    "cancel_order": (1, ACCOUNT),
    "close_position": ("MNQ", ACCOUNT),
    "partial_close_position": ("MNQ", ACCOUNT, 1),
}
SINCE = datetime.now(timezone.utc) - timedelta(hours=1)
OTHERS = {
    "accounts": (), "check": (ORDER,), "connect": (), "get_contract_id": ("MNQ",),
    "get_token": (), "intents": (), "kill": (), "load_contract": ("MNQ",),
    "load_exposure": (ACCOUNT,), "open_orders": (ACCOUNT,), "orders": (ACCOUNT, SINCE),
    "acts": (), "positions": (ACCOUNT,), "recent": (), "recover": (), "resume": (),
    "search_orders": (ACCOUNT, SINCE), "set_contract_id": ("MNQ", MNQ),
    "bars": ("MNQ", "1m"), "contract": ("MNQ",), "contracts": (), "ping": (),
    "trades": (ACCOUNT, SINCE), "order": (1, ACCOUNT), "query_orders": (ACCOUNT,),
}  # fmt: skip
LEFT_ALONE = {
    "aclose", "close", "login", "validate_token", "set_token", "resolve",
    "base_url", "closed", "halted", "risk", "session", "contract_book", "budgets",
    "account", "logout", "roll_contract", "observe",
    # acts, which are made of the verbs above: tests/test_acts.py
    "cancel_all", "flatten", "close_out", "partial_close_out", "reverse",
    "move_stop", "move_target", "filled",
}  # fmt: skip
"""Verbs that send no order, and attributes."""


def test_every_public_verb_stands_in_one_of_the_tables():
    """One that is new has to be held to the limits, or be told to need none."""
    known = {*PLACING, *CHANGING, *OTHERS, *LEFT_ALONE}
    for facade in (fastorder, blocking):
        names = {name for name in dir(facade.OrderExecutor) if name[0] != "_"}
        assert names <= known, names - known


@pytest.mark.parametrize("verb", PLACING)
def test_every_verb_that_places_is_held_to_them(make, verb, tmp_path):
    path = tmp_path / "orders.db"
    executor = make(max_order_size=2, options={"journal": path})
    with pytest.raises(RiskDenied) as told:
        getattr(executor, verb)(*PLACING[verb])
    assert told.value.code is Denied.MAX_ORDER_SIZE
    assert executor.requests(PLACE) == 0
    assert read(path) == []  # no intent of it
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 0)


def test_while_halted_no_verb_sends_an_order_or_a_larger_one(make):
    executor = make(max_position=5)
    order = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, FAR).order_id
    executor.risk.halt("enough")
    for verb, given in {**PLACING, **OTHERS}.items():
        call = getattr(executor, verb)
        try:
            found = call(*given)
            if inspect.isgenerator(found):
                list(found)
        except RiskDenied:
            assert verb in PLACING
        except fastorder.FastOrderError:  # what it asks for is not there
            assert verb not in PLACING
        else:
            assert verb not in PLACING
    with pytest.raises(RiskDenied) as told:
        executor.modify_order(order, ACCOUNT, quantity=2)
    assert told.value.code is Denied.HALTED
    with pytest.raises(RiskDenied) as told:
        executor.modify_order(77, ACCOUNT, quantity=2)
    assert told.value.code is Denied.ORDER_UNKNOWN
    assert executor.requests(PLACE) == 1
    assert executor.requests(MODIFY) == 0
    executor.modify_order(order, ACCOUNT, limit_price=FAR - 1)
    assert executor.cancel_order(order, ACCOUNT).success
    executor.close_position("MNQ", ACCOUNT)
    assert executor.requests(CLOSE) == 1


@pytest.mark.parametrize("state", ["reduce", "halt"])
def test_closes_and_cancels_pass_in_every_state(make, state):
    executor = make(max_position=5)
    executor.buy(2)
    order = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, FAR).order_id
    getattr(executor.risk, state)("a reason")
    assert executor.cancel_order(order, ACCOUNT).success
    assert executor.partial_close_position("MNQ", ACCOUNT, 1).success
    assert executor.close_position("MNQ", ACCOUNT).success
    executor.load_exposure(ACCOUNT)
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 0)


def test_a_modify_is_held_to_what_it_adds_and_to_the_collar(make):
    executor = make(max_position=3, price_collar_ticks=100, max_order_size=3)
    executor.risk.note_price("MNQ", FAR)
    order = executor.place_limit_order("MNQ", "BUY", 2, ACCOUNT, FAR).order_id
    with pytest.raises(RiskDenied) as told:
        executor.modify_order(order, ACCOUNT, quantity=4, limit_price=FAR - 25.25)
    codes = [each.code for each in told.value.denials]
    assert codes == [Denied.MAX_ORDER_SIZE, Denied.MAX_POSITION, Denied.PRICE_COLLAR]
    assert executor.modify_order(order, ACCOUNT, quantity=3).success
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 3)
    assert executor.modify_order(order, ACCOUNT, limit_price=FAR - 25).success
    assert executor.modify_order(order, ACCOUNT, quantity=1).success
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 3)  # until it is read
    executor.load_exposure(ACCOUNT)  # nor while the row may be an old one
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 3)
    with pytest.raises(RiskDenied, match="order 77 must be known"):
        executor.modify_order(77, ACCOUNT, quantity=1)


def test_a_modify_that_is_refused_adds_nothing(make, gateway):
    executor = make(max_position=3)
    order = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, FAR).order_id
    gateway.faults.add(Fault(MODIFY, effect="none", reply="code", error_code=3))
    assert executor.modify_order(order, ACCOUNT, quantity=3).outcome is Outcome.REJECTED
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 1)


# ------------------------------------------------------------ what is known


def test_what_was_opened_elsewhere_is_known_once_it_is_read(make, gateway):
    bought_elsewhere(gateway, stop_loss_ticks=200)
    executor = make(loaded=False, max_position=2)
    with pytest.raises(RiskDenied) as told:
        executor.buy()
    assert told.value.code is Denied.EXPOSURE_UNKNOWN
    executor.load_exposure(ACCOUNT)
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 1)
    assert executor.risk.open_orders(ACCOUNT) == 1
    assert executor.buy().success
    with pytest.raises(RiskDenied) as told:
        executor.buy()
    assert told.value.code is Denied.MAX_POSITION


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(PLACE, effect="none", reply="code", error_code=2), Outcome.REJECTED),
        (Fault(PLACE, reply="code", effect="none", error_code=5), Outcome.REJECTED),
    ],
)
def test_what_a_refused_order_has_taken_up_is_free_again(make, gateway, fault, outcome):
    executor = make(max_position=1)
    gateway.faults.add(fault)
    assert executor.buy().outcome is outcome
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 0)
    assert executor.buy().success


def test_an_order_that_was_not_sent_takes_up_nothing(make):
    executor = make(max_position=1)
    executor.kill("for a test")
    with pytest.raises(fastorder.Halted):
        executor.buy()
    executor.resume()
    assert executor.risk.position("MNQ", ACCOUNT) == (0, 0)


def test_without_a_token_nothing_is_taken_up(kind, gateway, tmp_path):
    for journal in (None, tmp_path / "orders.db"):
        limits = RiskLimits(max_order_size=5)
        executor = Both(kind, gateway, risk=limits, journal=journal)
        fresh = (fastorder if kind == "async" else blocking).OrderExecutor(
            gateway.base_url, risk=limits
        )
        executor.end()
        executor = Both.__new__(Both)
        executor.executor, executor.gateway = fresh, gateway
        executor.loop = asyncio.new_event_loop() if kind == "async" else None
        fresh.set_contract_id("MNQ", MNQ)
        with pytest.raises(fastorder.TokenMissing):
            executor.buy()
        assert fresh.risk._exposure.contract_of(ACCOUNT, MNQ).possible == (0, 0)
        executor.end()


def test_an_order_in_doubt_counts_as_filled_over_a_restart(make, gateway, tmp_path):
    path = tmp_path / "orders.db"
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    gateway.faults.add(Fault(SEARCH, effect="none", reply="status", times=99))
    executor = make(
        loaded=False, max_order_size=5, options={"journal": path, "retry": QUICK}
    )
    assert executor.buy(2).outcome is Outcome.UNKNOWN
    contract = executor.risk._exposure.contract_of(ACCOUNT, MNQ)
    assert contract.possible == (0, 2)
    executor.end()
    gateway.faults.clear()
    again = make(loaded=False, max_position=3, options={"journal": path})
    contract = again.risk._exposure.contract_of(ACCOUNT, MNQ)
    assert contract.possible == (0, 2)
    again.positions(ACCOUNT)  # it may be in there or not
    assert contract.possible == (0, 2)
    again.recover()
    again.load_exposure(ACCOUNT)
    assert again.risk.position("MNQ", ACCOUNT) == (2, 2)
    assert held(gateway) == 2
    executor.loop = None
    executor.executor = type("Closed", (), {"close": lambda self: None})()


def test_two_orders_at_the_same_instant_do_not_pass_the_limit_together(gateway):
    async def scene():
        limits = RiskLimits(max_position=1)
        async with fastorder.OrderExecutor(gateway.base_url, risk=limits) as executor:
            prepared(executor, gateway)
            await executor.load_exposure(ACCOUNT)
            first = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            with pytest.raises(RiskDenied) as told:
                executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert told.value.code is Denied.MAX_POSITION
            assert (await first).success

    asyncio.run(scene())
    assert held(gateway) == 1


def test_a_close_under_way_is_not_taken_for_one_that_has_ended(gateway):
    async def scene():
        limits = RiskLimits(max_position=2)
        async with fastorder.OrderExecutor(gateway.base_url, risk=limits) as executor:
            prepared(executor, gateway)
            await executor.load_exposure(ACCOUNT)
            await executor.place_market_order("MNQ", "BUY", 2, ACCOUNT)
            await executor.load_exposure(ACCOUNT)
            close = executor.close_position("MNQ", ACCOUNT)
            assert executor.risk.position("MNQ", ACCOUNT) == (0, 2)
            with pytest.raises(RiskDenied):
                executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            await close
            await executor.load_exposure(ACCOUNT)
            assert executor.risk.position("MNQ", ACCOUNT) == (0, 0)

    asyncio.run(scene())


def test_a_repeat_of_a_key_is_answered_whatever_the_limits_say(make):
    executor = make(max_position=1)
    first = executor.buy(idempotency_key="signal-1")
    assert executor.buy(idempotency_key="signal-1") == first
    with pytest.raises(RiskDenied):
        executor.buy(idempotency_key="signal-2")


# ------------------------------------------------------------ check, load, options


def test_check_tells_all_refusals_and_sends_nothing(make):
    executor = make(loaded=False, max_order_size=2, max_position=2)
    found = executor.check(ORDER)
    assert [each.code for each in found] == [
        Denied.MAX_ORDER_SIZE,
        Denied.EXPOSURE_UNKNOWN,
    ]
    assert executor.requests(PLACE) == 0
    executor.load_exposure(ACCOUNT)
    small = ORDER.replace(quantity=2)
    assert executor.check(small) == () == executor.check(small)
    with pytest.raises(fastorder.WrongFieldType, match="must be a whole OrderRequest"):
        executor.check("MNQ")
    with pytest.raises(fastorder.UnknownSymbol):
        executor.check(ORDER.replace(symbol="ES"))


def test_without_limits_there_is_nothing_to_check_or_to_load(kind, gateway):
    executor = Both(kind, gateway)
    assert executor.executor.risk is None
    assert executor.check(ORDER) == ()
    assert executor.load_exposure(ACCOUNT) is None
    assert gateway.ledger.requests() == []
    executor.end()


def test_a_load_that_fails_leaves_nothing_known(make, gateway):
    executor = make(loaded=False, max_position=2)
    gateway.faults.add(
        Fault("/api/Position/searchOpen", effect="none", reply="status", times=99)
    )
    with pytest.raises(fastorder.RequestFailed):
        executor.load_exposure(ACCOUNT)
    with pytest.raises(RiskDenied) as told:
        executor.buy()
    assert told.value.code is Denied.EXPOSURE_UNKNOWN


def test_the_days_loss_is_that_of_the_gateway(make, gateway):
    executor = make(loaded=False, max_daily_loss=10, trailing_loss=2_000)
    executor.load_contract("MNQ")
    executor.load_exposure(ACCOUNT)
    balance = executor.accounts()[0].balance
    executor.buy(1)
    executor.close_position("MNQ", ACCOUNT)
    executor.load_exposure(ACCOUNT)
    lost = balance - executor.accounts()[0].balance
    commissions = Decimal("0.50")  # of both sides, which the simulator does not take
    assert executor.risk.daily_loss(ACCOUNT) == lost + commissions
    assert executor.risk.state is RiskState.ACTIVE


def test_a_contract_that_was_set_and_not_loaded_is_not_entered_with_a_loss_limit(make):
    executor = make(max_daily_loss=1_000)
    with pytest.raises(
        RiskDenied, match=r"MNQ.Z26 is not known: .*load_contract"
    ) as no:
        executor.buy()
    assert no.value.code is Denied.LOSS_UNKNOWN
    with pytest.raises(RiskDenied, match=rf"load_contract\('{MNQ}'\) gives it"):
        executor.place_market_order(MNQ, "BUY", 1, ACCOUNT)
    assert executor.requests(PLACE) == 0
    executor.load_contract("MNQ")
    assert executor.buy().success


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"risk": 5}, "risk must be a RiskLimits, was int"),
        ({"on_breach": print}, "on_breach must come with risk, was without"),
        (
            {"risk": RiskLimits(max_daily_loss=1, flatten_on_breach=True)},
            "flatten_on_breach must come with on_breach, was without",
        ),
        ({"risk": RiskLimits(), "on_breach": 5}, "on_breach must"),
    ],
)
@pytest.mark.parametrize("facade", [fastorder, blocking])
def test_options_that_cannot_be_used_are_refused(facade, options, text):
    with pytest.raises((ConfigurationError, TypeError), match=text):
        facade.OrderExecutor("http://127.0.0.1:1", **options)


# ------------------------------------------------------------ no way around it

ROOT = Path(fastorder.__file__).parent
MAKES_ORDERS = {
    "placement_of": {"submission/submitter.py", "submission/idempotency.py"},
    "Modification": {"verbs/base.py"},
}
"""What makes a request that may add exposure, and who may call it."""


def calls(name):
    """Where a function or a class is called, by file and enclosing function."""
    for path in sorted(ROOT.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if name not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef):
                continue
            for each in ast.walk(node):
                called = getattr(each, "func", None)
                if name in (getattr(called, "id", ""), getattr(called, "attr", "")):
                    yield path.relative_to(ROOT).as_posix(), node.name


@pytest.mark.parametrize("name", MAKES_ORDERS)
def test_orders_and_modifies_are_made_in_one_place_each(name):
    assert {file for file, _ in calls(name)} == MAKES_ORDERS[name]


def test_every_ticket_of_an_order_is_made_behind_the_check():
    assert set(calls("placement_of")) == {
        ("submission/submitter.py", "_ticket"),
        ("submission/idempotency.py", "_recall"),  # looked up, never sent
    }
    assert {where for where in calls("_ticket") if where[0].startswith("sub")} == {
        ("submission/submitter.py", "submit")
    }
    source = (ROOT / "submission" / "submitter.py").read_text(encoding="utf-8")
    body = source[source.index("def submit") : source.index("def _launch_guarded")]
    assert body.index("_guard.admit(") < body.index("self._ticket(")
    assert body.index("self._ticket(") < body.index(".launch(")


def test_every_modify_is_made_in_the_verb_that_asks_the_check():
    assert set(calls("Modification")) == {("verbs/base.py", "_modify")}
    assert set(calls("_admit_change")) == {("verbs/base.py", "_modify")}
    source = (ROOT / "verbs" / "base.py").read_text(encoding="utf-8")
    body = source[source.index("def _modify(") : source.index("def cancel_order")]
    assert body.index("_admit_change(") < body.rindex("self._amend(")


MEANS_AN_ORDER = re.compile(r"Endpoint\.(?:PLACE|MODIFY)\b")
NAME_IT = {
    "placement/base.py",  # the protocol of an order: made by the submitter alone
    "requests/order_change.py",  # that of a modify: made by the verb alone
    "session/dispatcher.py",  # to know an order on its way
}


def naming(files):
    return {name for name, text in files.items() if MEANS_AN_ORDER.search(text)}


def test_nothing_else_knows_where_an_order_is_sent():
    """A new room that sent one by itself would stand here, compiled or not."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in [*ROOT.rglob("*.py"), *ROOT.rglob("*.pyx")]
        if "simulator" not in path.parts
    }
    assert naming(files) == NAME_IT
    around = {"acts/new.py": "Send(Endpoint.PLACE, body)"}
    assert naming({**files, **around}) == {*NAME_IT, "acts/new.py"}
