"""Limits tried through a Trader, in both forms, against the simulator."""

import asyncio
import contextlib
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT, held
from plain_http import MNQ
from realtime_scene import until
from test_trader import Form

import fastorder
from fastorder import (
    ConfigurationError,
    Denied,
    InvalidField,
    Outcome,
    RiskDenied,
    RiskLimits,
    RiskState,
)
from fastorder.risk.trading_day import chicago, trading_day
from fastorder.runtime.clock import Clock
from fastorder.simulator import Fault

POSITIONS, TRADES = "/api/Position/searchOpen", "/api/Trade/search"
PLACE, CLOSE = "/api/Order/place", "/api/Position/closeContract"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.leave()
    if form.loop is not None:
        form.loop.close()


@pytest.fixture
def day(form):
    """Enters a trader with these limits."""

    def enter(preset=None, **limits):
        options = {
            name: limits.pop(name)
            for name in ("on_breach", "journal", "max_quantity")
            if name in limits
        }
        risk = RiskLimits(**limits)
        if preset is not None:
            risk = RiskLimits.preset(preset).replace(**limits)
        form.enter(risk=risk, symbols=["MNQ"], **options)
        return form

    return enter


class Moved(Clock):
    """The machine's clock, set forward by hand."""

    def __init__(self, wall_s=None):
        self.ahead_s = 0.0 if wall_s is None else wall_s - Clock().wall_s()

    def monotonic_ns(self):
        return Clock().monotonic_ns() + int(max(self.ahead_s, 0.0) * 1e9)

    def wall_s(self):
        return Clock().wall_s() + self.ahead_s

    def spread(self):
        return 0.0


def risk_of(form):
    return form.trader.executor.risk


def move(form, wall_s=None, by_s=0.0):
    """What the limits see of the time from here on."""
    risk = risk_of(form)
    clock = risk._clock if isinstance(risk._clock, Moved) else Moved(wall_s)
    clock.ahead_s += by_s
    risk._clock = risk._losses._clock = clock
    risk._guard._use_clock(clock)
    return clock


def refused(code, call, *given, **named):
    with pytest.raises(RiskDenied) as told:
        call(*given, **named)
    assert told.value.code is code, told.value
    return str(told.value)


def sent(gateway, path=PLACE):
    return len(gateway.ledger.requests(path))


def set_price(gateway, price):
    gateway.call(lambda: gateway.gateway.set_price(MNQ, Decimal(str(price))))


def last_price(gateway):
    contract = gateway.gateway.contracts[MNQ]
    return gateway.call(lambda: gateway.gateway.exchange.last(contract))


def listed(*sizes):
    """Answers of the list of positions, one after the other."""
    for size in sizes:
        row = {
            "id": 1, "accountId": ACCOUNT, "contractId": MNQ,
            "type": 1 if size > 0 else 2,
            "creationTimestamp": "2026-07-01T12:00:00+00:00",
            "size": abs(size), "averagePrice": 29_500.0,
        }  # fmt: skip
        document = {
            "positions": [row] if size else [], "success": True, "errorCode": 0,
            "errorMessage": None,
        }  # fmt: skip
        yield Fault(POSITIONS, reply="body", body=json.dumps(document).encode())


# ------------------------------------------------------------ lists that are behind


@pytest.mark.parametrize("shown", [(0, 0, 0, 0), (1, 0, 1, 0), (2, 1, 0, 0)])
def test_a_position_list_that_is_behind_makes_no_room(day, gateway, shown):
    form = day(max_position=2)
    for fault in listed(*shown):
        gateway.faults.add(fault)
    for _ in range(4):
        try:
            form.buy("MNQ", 2)
        except RiskDenied as denied:
            assert denied.code is Denied.MAX_POSITION
        form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    assert held(gateway) == 2
    assert risk_of(form).position("MNQ", ACCOUNT) == (2, 2)


@pytest.mark.parametrize(
    "body", [b'{"positions": null, "success": true}', b"[]", b"{}"]
)
def test_a_position_list_that_is_none_is_no_flat_account(day, gateway, body):
    form = day(max_position=2)
    form.buy("MNQ", 2)
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body, times=None))
    with pytest.raises(fastorder.RequestFailed):
        form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    refused(Denied.MAX_POSITION, form.buy, "MNQ", 1)


# ------------------------------------------------------------ legs at the market

MISTAKEN = [
    ("stop_loss_ticks", 29_400, {}),
    ("take_profit_ticks", 28_000, {}),
    ("take_profit_ticks", 60_000, {}),
    ("stop_loss_ticks", 29_400, {"join": True}),
    ("stop_loss_ticks", 29_400, {"custom_tag": "t", "account": ACCOUNT}),
]


@pytest.mark.parametrize(("leg", "ticks", "how"), MISTAKEN, ids=str)
def test_a_price_for_a_distance_is_refused_by_the_last_price(day, leg, ticks, how):
    form = day(max_position=5)
    risk_of(form).note_price("MNQ", 29_400)
    with pytest.raises(InvalidField) as told:
        form.buy("MNQ", 1, **{leg: ticks}, **how)
    assert f"{leg} must be a distance from the last price of 29400" in str(told.value)
    assert "is it a price?" in told.value.hint


def test_so_is_that_of_what_is_opened_the_other_way(day):
    form = day(max_position=5)
    risk_of(form).note_price("MNQ", 29_400)
    with pytest.raises(InvalidField, match="the last price of 29400"):
        form.wait(lambda: form.trader.reverse("MNQ", stop_loss_ticks=29_400))


@pytest.mark.parametrize("price", [None, 120_000, 29_400])
def test_a_wide_leg_passes_where_it_may_be_meant(day, price):
    form = day(max_position=5)
    if price is not None:
        risk_of(form).note_price("MNQ", price)
    ticks = 20_000 if price == 29_400 else 29_400
    assert form.buy("MNQ", 1, stop_loss_ticks=ticks).success


# ------------------------------------------------------------ the collar


def test_a_protective_stop_far_from_the_market_passes_the_collar(day, gateway):
    form = day(price_collar_ticks=20)
    price = float(last_price(gateway))
    risk_of(form).note_price("MNQ", price)
    far = price - 100
    refused(Denied.PRICE_COLLAR, form.sell, "MNQ", 1, stop=far)  # it would open one
    form.buy("MNQ", 1)
    form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    stop = form.sell("MNQ", 1, stop=far)
    assert stop.outcome is Outcome.ACCEPTED
    executor = form.trader.executor
    moved = form.wait(
        lambda: executor.modify_order(stop.order_id, ACCOUNT, stop_price=far - 50)
    )
    assert moved.success
    refused(Denied.PRICE_COLLAR, form.sell, "MNQ", 1, stop=far)  # one more opens
    refused(Denied.PRICE_COLLAR, form.buy, "MNQ", 1, stop=price + 100)


@pytest.mark.parametrize("read", ["open_orders", "orders", "load_exposure"])
def test_the_legs_of_a_bracket_are_known_by_any_read(day, gateway, read):
    form = day(price_collar_ticks=20)
    price = float(last_price(gateway))
    risk_of(form).note_price("MNQ", price)
    form.buy("MNQ", 1, stop_loss_ticks=400)
    executor = form.trader.executor
    since = datetime.now(timezone.utc) - timedelta(hours=1)
    given = (ACCOUNT, since) if read == "orders" else (ACCOUNT,)
    form.wait(lambda: getattr(executor, read)(*given))
    rows = form.wait(lambda: executor.open_orders(ACCOUNT))
    (leg,) = [row for row in rows if row.parent_id]
    assert executor.risk._exposure.find(ACCOUNT, leg.id).group is not None
    moved = form.wait(
        lambda: executor.modify_order(leg.id, ACCOUNT, stop_price=price - 150)
    )
    assert moved.success


# ------------------------------------------------------------ rollover


def roll(gateway):
    def change():
        contracts = gateway.gateway.contracts
        for each in ("Z26", "U26"):
            old = contracts[f"CON.F.US.MNQ.{each}"]
            contracts[old.id] = replace(old, active=not old.active)

    gateway.call(change)


@pytest.mark.parametrize("what", ["flat", "position", "order", "doubt"])
def test_a_rollover_leaves_what_is_held_in_its_contract(day, gateway, what):
    form = day(max_position=3)
    events = []
    form.trader.executor.contract_book.on_rollover(events.append)
    if what == "position":
        form.buy("MNQ", 1)
    elif what == "order":
        form.buy("MNQ", 1, limit=20_000)
    elif what == "doubt":
        form.trader.executor.risk._exposure.close_asked(ACCOUNT, MNQ, None)
        form.trader.executor.risk._exposure.forget_positions(ACCOUNT)
    roll(gateway)
    form.wait(lambda: form.trader.executor.load_contract("MNQ"))
    now = form.trader.executor.get_contract_id("MNQ")
    assert now == ("CON.F.US.MNQ.U26" if what == "flat" else MNQ)
    (event,) = events
    assert event.switched is (what == "flat")


# ------------------------------------------------------------ losses


def losing(form, gateway):
    """A round turn that loses some 50 dollars; the market moves a little meanwhile."""
    price = float(last_price(gateway))
    form.buy("MNQ", 1)
    set_price(gateway, price - 25)
    form.close("MNQ")


def test_a_days_loss_ends_the_day_and_lets_closes_pass(day, gateway):
    form = day(max_daily_loss=20)
    losing(form, gateway)
    assert risk_of(form).state is RiskState.REDUCING
    assert "has lost" in risk_of(form).why
    text = refused(Denied.REDUCING, form.buy, "MNQ", 1)
    assert "the day must lose less than 20 dollars" in text
    assert form.flatten().verified


def test_below_the_limit_the_day_goes_on(day, gateway):
    form = day(max_daily_loss=100)
    losing(form, gateway)
    assert risk_of(form).state is RiskState.ACTIVE
    assert form.buy("MNQ", 1).outcome is Outcome.ACCEPTED


def test_a_trailing_loss_halts_until_resume_over_a_restart(form, gateway, tmp_path):
    journal = tmp_path / "orders.db"
    risk = RiskLimits(trailing_loss=20)
    form.enter(risk=risk, symbols=["MNQ"], journal=journal)
    losing(form, gateway)
    assert risk_of(form).state is RiskState.HALTED
    refused(Denied.HALTED, form.buy, "MNQ", 1)
    form.leave()
    form.enter(risk=risk, symbols=["MNQ"], journal=journal)
    assert risk_of(form).state is RiskState.HALTED
    risk_of(form).resume("seen")
    refused(Denied.TRAILING_LOSS, form.buy, "MNQ", 1)  # it is still breached
    form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    assert risk_of(form).state is RiskState.HALTED


@pytest.mark.parametrize("limit", ["max_daily_loss", "trailing_loss"])
def test_a_breach_flattens(day, gateway, limit):
    form = day(**{limit: 20}, flatten_on_breach=True)
    price = float(last_price(gateway))
    form.buy("MNQ", 1)
    form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    assert held(gateway) == 1
    form.wait(lambda: noted(form, price - 25))
    form.wait(lambda: settled(form, gateway))
    until(lambda: held(gateway) == 0, "the flatten")
    assert sent(gateway, CLOSE) == 1


@pytest.mark.parametrize("is_named_before", [False, True])
def test_a_loss_is_known_where_the_contract_is_loaded_after_the_account(
    form, gateway, is_named_before
):
    with fastorder.blocking.OrderExecutor(gateway.base_url) as executor:
        executor.set_token(gateway.token)
        executor.set_contract_id("MNQ", MNQ)
        executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    form.enter(risk=RiskLimits(max_daily_loss=500))
    if is_named_before:
        form.contract("MNQ")
    assert form.buy("MNQ", 1).outcome is Outcome.ACCEPTED
    assert risk_of(form).daily_loss(ACCOUNT) is not None


def test_an_id_that_was_not_loaded_names_the_verb_that_tells_its_loss(form, gateway):
    form.enter(risk=RiskLimits(max_daily_loss=500))
    text = refused(Denied.LOSS_UNKNOWN, form.buy, MNQ, 1)
    assert f"trader.contract('{MNQ}') gives it" in text
    assert sent(gateway) == 0
    form.contract(MNQ)
    assert form.buy(MNQ, 1).outcome is Outcome.ACCEPTED


def noted(form, price):
    risk_of(form).note_price("MNQ", price)
    return settled_now() if form.loop else None


async def settled_now():
    await asyncio.sleep(0)


def settled(form, gateway):
    """Until what the breach has started is done."""
    executor = form.trader.executor
    if form.loop is None:
        for _ in range(50):
            executor.ping()
            if not executor._dispatcher.groups:
                break
        return None

    async def ended():
        while executor._dispatcher.groups:
            await asyncio.sleep(0.01)

    return ended()


def test_a_hook_of_ones_own_goes_before_the_traders(day, gateway):
    heard = []
    form = day(
        max_daily_loss=20,
        flatten_on_breach=True,
        on_breach=lambda *what: heard.append(what),
    )
    losing(form, gateway)
    ((code, account, text),) = heard
    assert (code, account) == (Denied.MAX_DAILY_LOSS, ACCOUNT)
    assert "the limit is 20" in text


def test_an_old_loss_is_read_again_by_itself_before_an_order(day, gateway):
    form = day(max_daily_loss=1_000)
    before = sent(gateway, TRADES)
    assert form.buy("MNQ", 1).outcome is Outcome.ACCEPTED
    assert sent(gateway, TRADES) == before  # it is young
    form.flatten()
    before = sent(gateway, TRADES)
    move(form, by_s=31)
    assert form.buy("MNQ", 1).outcome is Outcome.ACCEPTED
    assert sent(gateway, TRADES) > before


def test_an_old_loss_that_cannot_be_read_refuses(day, gateway):
    form = day(max_daily_loss=1_000)
    move(form, by_s=61)
    gateway.faults.add(Fault(TRADES, effect="none", reply="status", times=None))
    with pytest.raises(fastorder.RequestFailed):
        form.buy("MNQ", 1)
    order = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    (denial,) = form.trader.executor.check(order)
    assert denial.code is Denied.LOSS_UNKNOWN
    assert "it was read 61 s ago, 60 s are believed" in denial.text
    assert sent(gateway) == 0


# ------------------------------------------------------------ what a refusal names


def named_call(form, text):
    """The call that a refusal names, as it is written there."""
    (call,) = re.findall(r"(?:await )?trader\.executor\.load_exposure\(\d+\)", text)
    assert call.startswith("await ") is (form.loop is not None)
    assert text.count("load_exposure") == 1
    return lambda: eval(call.removeprefix("await "), {"trader": form.trader})


def test_a_refusal_names_what_a_traders_user_can_call(day):
    form = day(max_position=1)
    form.buy("MNQ", 1, limit=20_000)
    text = refused(Denied.MAX_POSITION, form.buy, "MNQ", 1, limit=20_000)
    form.wait(named_call(form, text))


def test_so_does_one_for_a_loss_that_is_not_known(day, gateway):
    form = day(max_daily_loss=1_000)
    move(form, by_s=61)
    order = fastorder.OrderRequest("MNQ", "BUY", 1, ACCOUNT)
    (denial,) = form.trader.check(order)
    assert denial.code is Denied.LOSS_UNKNOWN
    form.wait(named_call(form, denial.text))
    assert form.trader.check(order) == ()


# ------------------------------------------------------------ the time of day


def chicago_at(text):
    return datetime.fromisoformat(text).replace(tzinfo=chicago()).timestamp()


@pytest.mark.parametrize("date", ["2026-12-01", "2027-03-15", "2027-11-08"])
def test_from_flat_by_on_only_what_lessens_leaves(day, gateway, date):
    form = day(flat_by="15:08")
    move(form, wall_s=chicago_at(f"{date}T15:07:59"))
    form.buy("MNQ", 1)
    form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    move(form, by_s=2)
    refused(Denied.FLAT_BY, form.buy, "MNQ", 1)
    assert form.sell("MNQ", 1).outcome is Outcome.ACCEPTED
    assert held(gateway) == 0
    move(form, by_s=7_200)
    assert form.buy("MNQ", 1).outcome is Outcome.ACCEPTED


# ------------------------------------------------------------ presets, options


@pytest.mark.parametrize(
    "kind", ["combine-50k", "combine-100k", "combine-150k", "funded-50k"]
)
def test_a_preset_holds_its_lots(day, gateway, kind):
    form = day(kind, flat_by=None, max_quantity=200)
    lots = RiskLimits.preset(kind).max_lots
    micros = int(lots) * 10
    refused(Denied.MAX_LOTS, form.buy, "MNQ", micros + 1)
    assert form.buy("MNQ", micros).outcome is Outcome.ACCEPTED
    refused(Denied.MAX_LOTS, form.buy, "MNQ", 1)


def test_the_largest_order_is_told_in_one_place(form):
    trader = form.make(journal=False)
    limits = trader.executor.risk.limits
    assert limits.max_order_size is None  # it is max_quantity that holds
    with pytest.raises(ConfigurationError) as told:
        form.make(journal=False, risk=RiskLimits(max_order_size=101))
    assert str(told.value) == (
        "max_order_size must be at most the executor's max_quantity, which is 100, "
        "was 101"
    )
    form.make(journal=False, risk=RiskLimits(max_order_size=101), max_quantity=101)


@pytest.mark.parametrize("risk", ["x", 5, {"max_position": 2}])
def test_limits_that_are_none_are_refused(form, risk):
    with pytest.raises(ConfigurationError, match="risk must be RiskLimits or False"):
        form.make(risk=risk)


def test_a_hook_is_told_what_it_is_called_with(form):
    with pytest.raises(ConfigurationError) as told:
        form.make(risk=RiskLimits(max_daily_loss=1), on_breach=5)
    assert str(told.value) == (
        "on_breach must be callable with a code, an account and a text, was int"
    )


def test_the_day_of_the_tests_has_a_start():
    assert trading_day(Clock().wall_s()).start_s < Clock().wall_s()


# ------------------------------------------------------------ no way around them

MAY_ADD = {
    "buy": ("MNQ", 3),
    "sell": ("MNQ", 3),
    "place_many": ([fastorder.OrderRequest("MNQ", "BUY", 3, ACCOUNT)],),
    "reverse": ("MNQ",),
    "modify": (1,),
}
LESSEN = {
    "cancel": (1,), "cancel_all": (), "close": ("MNQ",), "flatten": (),
    "partial_close": ("MNQ", 1), "move_stop": ("MNQ", 20_000),
    "move_target": ("MNQ", 30_000),
}  # fmt: skip
ASK = {
    "account", "accounts", "aclose", "bars", "budgets", "contract", "from_env",
    "check", "contracts", "ping",
    "grid_of", "halted", "kill", "open_orders", "order", "orders", "positions",
    "query_orders", "resume", "risk", "trades", "shutdown", "acts", "check_sign",
}  # fmt: skip
HEAR = {
    "callback_failures", "depth", "live_bars", "market", "market_trades", "on",
    "open_result", "quote", "quotes", "realtime", "record", "settle_s", "state",
    "store",
}  # fmt: skip
WATCH = {"protect"}
"""It sends what lessens risk alone: a stop, a close, cancels; tests/test_guard.py."""


def test_every_verb_of_a_trader_stands_in_a_table(form):
    names = {name for name in dir(form.kind) if name[0] != "_"}
    known = {*MAY_ADD, *LESSEN, *ASK, *HEAR, *WATCH}
    assert names - known <= OTHER_ROOMS, names - known


OTHER_ROOMS = frozenset({"executor"})
"""Attributes that are no verbs."""


@pytest.mark.parametrize("state", ["reduce", "halt"])
@pytest.mark.parametrize("verb", [*MAY_ADD, *LESSEN])
def test_no_verb_of_a_trader_adds_exposure_in_either_state(day, gateway, verb, state):
    form = day(max_position=5)
    form.buy("MNQ", 2, stop_loss_ticks=400, take_profit_ticks=400)
    form.wait(lambda: form.trader.executor.load_exposure(ACCOUNT))
    placed = sent(gateway)
    getattr(risk_of(form), state)("for a test")
    given = {**MAY_ADD, **LESSEN}[verb]
    more = {"quantity": 5} if verb == "modify" else {}
    with contextlib.suppress(fastorder.FastOrderError):
        form.wait(lambda: getattr(form.trader, verb)(*given, **more))
    assert sent(gateway) == placed
    assert held(gateway) <= 2
    if verb in ("close", "flatten"):
        assert held(gateway) == 0
