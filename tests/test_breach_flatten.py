"""The flatten after a breach: begun by whoever sees it, tried until it is verified."""

import logging
import threading

import pytest
from conftest import ACCOUNT, COMBINE, bought_elsewhere, held
from realtime_scene import until
from test_realtime_trader import Form
from test_risk_trader import (
    CLOSE,
    MNQ,
    POSITIONS,
    last_price,
    move,
    refused,
    sent,
    set_price,
)

from fastorder import Denied, RiskLimits, RiskState
from fastorder.acts.desk import Desk
from fastorder.blocking import OrderExecutor
from fastorder.budgets.lanes import Lane
from fastorder.simulator import Fault
from fastorder.trader import breach_act
from fastorder.trader.breach_thread import ApartDesk

OUTAGE = {"effect": "none", "reply": "status", "times": None}
LIMITS = {
    "max_daily_loss": (Denied.REDUCING, RiskState.REDUCING),
    "trailing_loss": (Denied.HALTED, RiskState.HALTED),
}


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.end()


@pytest.fixture
def quick(monkeypatch):
    """Short attempts and pauses: the tests are of their order."""
    monkeypatch.setattr(breach_act, "DEADLINE_S", 0.5)
    monkeypatch.setattr(breach_act, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(breach_act, "LONGEST_PAUSE_S", 0.05)


@pytest.fixture(autouse=True)
def logged(caplog):
    caplog.set_level(logging.INFO, "fastorder")
    return caplog


def enter(form, limit="max_daily_loss", dollars=20, **options):
    options = {"realtime": False} | options
    flattens = options.pop("flatten_on_breach", True)
    risk = RiskLimits(**{limit: dollars}, flatten_on_breach=flattens)
    return form.enter(risk=risk, symbols=["MNQ"], **options)


def load(form, account=ACCOUNT):
    form.call(form.trader.executor.load_exposure, account)


def hold(form, size=1):
    form.call(form.trader.buy, "MNQ", size)
    load(form)


def breach(form, gateway, below=25):
    """A price that breaches the limit, told where the trader is used."""
    form.call(form.trader.risk.note_price, "MNQ", last_price(gateway) - below)


def told(logged, text, level=logging.ERROR):
    return [
        each.getMessage()
        for each in list(logged.records)
        if text in each.getMessage() and each.levelno == level
    ]


def verified(logged):
    return told(logged, "flatten after a breach: <flatten of account", logging.WARNING)


def is_flat(gateway, account=ACCOUNT):
    positions = gateway.gateway.exchange.accounts[account].positions
    until(
        lambda: gateway.call(lambda: not any(each.size for each in positions.values())),
        f"the flatten of {account}",
    )


# ------------------------------------------------------------ whatever the state


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("state", ["reduce", "halt"])
def test_a_breach_in_any_state_flattens(form, gateway, limit, state, logged):
    trader = enter(form, limit)
    hold(form)
    form.call(getattr(trader.risk, state), "a lunch break")
    breach(form, gateway)
    is_flat(gateway)
    until(lambda: verified(logged))
    for _ in range(3):
        load(form)
        breach(form, gateway)
    assert len(told(logged, "is being flattened")) == 1
    assert sent(gateway, CLOSE) == 1


@pytest.mark.parametrize("limit", LIMITS)
def test_a_second_account_is_flattened_too(form, gateway, limit):
    trader = enter(form, limit)
    hold(form)
    load(form, COMBINE)
    form.call(trader.executor.place_market_order, "MNQ", "BUY", 1, COMBINE)
    load(form, COMBINE)
    breach(form, gateway)
    is_flat(gateway)
    is_flat(gateway, COMBINE)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("hears", [True, False])
def test_what_a_restart_finds_breached_and_open_is_flattened(
    form, gateway, limit, hears, tmp_path, logged
):
    """The program of before has ended between the breach and the flatten."""
    journal = tmp_path / "orders.db"
    enter(form, limit, journal=journal, flatten_on_breach=False)
    price = last_price(gateway)
    hold(form, 2)
    set_price(gateway, price - 25)
    form.call(form.trader.partial_close, "MNQ", 1)
    load(form)
    assert form.trader.risk.state is LIMITS[limit][1]
    form.leave()
    form.trader = None
    assert held(gateway) == 1
    trader = enter(form, limit, journal=journal, realtime=hears)
    is_flat(gateway)
    until(lambda: verified(logged))
    assert trader.risk.state is LIMITS[limit][1]
    refused(LIMITS[limit][0], form.call, trader.buy, "MNQ", 1)
    form.leave()
    form.trader = None
    logged.clear()
    enter(form, limit, journal=journal, realtime=hears)
    load(form)
    assert not told(logged, "is being flattened")  # it is flat


# ------------------------------------------------------------ a gateway that is away


def outage(gateway, *paths):
    gateway.faults.add(*(Fault(path, **OUTAGE) for path in paths or (POSITIONS,)))


@pytest.mark.parametrize("paths", [(POSITIONS,), (POSITIONS, CLOSE), (CLOSE,)])
def test_it_is_tried_until_it_is_verified(form, gateway, quick, logged, paths):
    enter(form)
    hold(form)
    outage(gateway, *paths)
    breach(form, gateway)
    failed = until(lambda: told(logged, "may not be flat: attempt 3 at the flatten"))
    assert "NOT verified" in failed[0]
    assert held(gateway) == 1
    assert not verified(logged)
    gateway.faults.clear()
    is_flat(gateway)
    breach_act.DEADLINE_S = 10  # the proof takes two seconds
    until(lambda: verified(logged))
    assert held(gateway) == 0


def test_pauses_grow_up_to_a_longest_one():
    attempts = breach_act.Attempts(ACCOUNT, float("inf"), Endless())
    pauses = [attempts.pause_s(ValueError("no"), False) for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


class Endless:
    """Limits whose clock stands still."""

    @property
    def _clock(self):
        return self

    def wall_s(self):
        return 0.0


@pytest.mark.parametrize("drain", [0, None])
def test_the_close_of_the_trader_ends_it_and_says_so(
    form, gateway, quick, logged, drain
):
    trader = enter(form)
    hold(form)
    outage(gateway)
    breach(form, gateway)
    until(lambda: told(logged, "attempt 1 at the flatten"))
    form.call(trader.aclose if form.is_async else trader.shutdown, drain=drain)
    (end,) = until(lambda: told(logged, "is given up after"))
    assert "as the trader was closed" in end
    assert "NOT verified" in end
    until(lambda: "fastorder-flatten" not in {t.name for t in threading.enumerate()})


def test_the_end_of_the_day_ends_it_and_says_so(form, gateway, quick, logged):
    enter(form)
    hold(form)
    outage(gateway)
    breach(form, gateway)
    until(lambda: told(logged, "attempt 1 at the flatten"))
    form.call(move, form, by_s=86_400)
    (end,) = until(lambda: told(logged, "is given up after"))
    assert "as the trading day of the breach has ended" in end


def test_a_breach_while_a_flatten_goes_on_begins_no_other(form, gateway, quick, logged):
    trader = enter(form)
    hold(form)
    outage(gateway)
    breach(form, gateway)
    until(lambda: told(logged, "attempt 1 at the flatten"))
    form.call(trader.risk.resume, "I know better")
    breach(form, gateway, below=50)
    until(lambda: told(logged, "is being flattened already"))
    gateway.faults.clear()
    breach_act.DEADLINE_S = 10
    until(lambda: verified(logged))
    assert len(verified(logged)) == 1
    assert sent(gateway, CLOSE) == 1


# ------------------------------------------------------------ whatever the product


@pytest.mark.parametrize("limit", LIMITS)
def test_a_product_whose_commission_nobody_tells_is_flattened(
    form, gateway, limit, logged
):
    trader = enter(form, limit, dollars=300)
    form.call(trader.buy, "ES", 1)
    load(form)
    price = price_of(gateway, ES)
    form.call(trader.risk.note_price, "ES", price - 2)  # 100 dollars
    assert trader.risk.state is RiskState.ACTIVE
    form.call(trader.risk.note_price, "ES", price - 10)  # 500 dollars
    is_flat(gateway)
    (warned,) = told(logged, "the commission of EP is not known", logging.WARNING)
    assert "2.50 dollars for each contract and side" in warned


ES = "CON.F.US.EP.Z26"


def price_of(gateway, contract_id):
    contract = gateway.gateway.contracts[contract_id]
    return gateway.call(lambda: gateway.gateway.exchange.last(contract))


@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_held_and_was_not_loaded_is_flattened_after_a_restart(
    form, gateway, limit
):
    bought_elsewhere(gateway, symbol=ES)
    risk = RiskLimits(**{limit: 300}, flatten_on_breach=True)
    trader = form.enter(risk=risk, realtime=False)
    assert trader.risk.daily_loss(ACCOUNT) is not None
    form.call(trader.risk.note_price, ES, price_of(gateway, ES) - 10)
    is_flat(gateway)


def test_what_another_program_has_opened_is_flattened(form, gateway):
    risk = RiskLimits(max_daily_loss=300, flatten_on_breach=True)
    trader = form.enter(risk=risk)
    until(lambda: trader.realtime.user.is_live)
    bought_elsewhere(gateway, symbol=ES)
    losses = trader.risk._losses
    until(lambda: losses.held(ES) and not losses.unvalued(ACCOUNT), "its tick's value")
    form.call(trader.risk.note_price, ES, price_of(gateway, ES) - 10)
    is_flat(gateway)


# ------------------------------------------------------------ whichever the thread


def elsewhere(function, *given):
    """Called in a thread where the trader is not used."""
    thread = threading.Thread(target=function, args=given)
    thread.start()
    thread.join()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("hears", [True, False])
def test_a_price_that_another_thread_tells_flattens(form, gateway, limit, hears):
    trader = enter(form, limit, realtime=hears)
    hold(form)
    elsewhere(trader.risk.note_price, "MNQ", last_price(gateway) - 25)
    is_flat(gateway)
    assert trader.risk.state is LIMITS[limit][1]
    assert sent(gateway, CLOSE) == 1


def test_no_call_of_the_program_is_needed(form, gateway):
    """A blocking program may be busy with something else, or wait."""
    enter(form)
    hold(form)
    breach(form, gateway)
    is_flat(gateway)


def test_an_exit_of_ones_own_opens_nothing_after_it(form, gateway, logged):
    """The limits know no position any more that was closed beside the program."""
    trader = enter(form)
    hold(form)
    breach(form, gateway)
    until(lambda: verified(logged))
    refused(Denied.REDUCING, form.call, trader.sell, "MNQ", 1)
    assert held(gateway) == 0


def test_an_act_apart_knows_the_orders_of_the_trader(gateway):
    """Also in the lanes in which it reads."""
    with (
        OrderExecutor(gateway.base_url) as placer,
        OrderExecutor(gateway.base_url) as own,
    ):
        placer.set_token(gateway.token)
        placer.set_contract_id("MNQ", MNQ)
        placed = placer.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        desk = ApartDesk(own, ACCOUNT, placer).in_lane(Lane.ACT_LOOKS)
        assert desk.placed_within(60) == {placed.order_id}
        assert Desk(own, ACCOUNT).placed_within(60) == frozenset()


# ------------------------------------------------------------ what is said


def test_the_log_says_what_comes_and_then_what_came_of_it(form, gateway, logged):
    enter(form)
    hold(form)
    gateway.faults.add(Fault(POSITIONS, effect="none", reply="status"))
    breach(form, gateway)
    until(lambda: verified(logged))
    (begun,) = told(logged, f"account {ACCOUNT} is being flattened: MAX_DAILY_LOSS: ")
    assert "the limit is 20" in begun
    assert ": verified, " in verified(logged)[0]
    assert "is flattened" not in logged.text
