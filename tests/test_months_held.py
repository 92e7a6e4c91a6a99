"""An order by "MNQ" while another month is held: the log says so, once, at no cost."""

import logging

import pytest
from canary import API_KEY
from conftest import ACCOUNT, prepared
from realtime_scene import until
from test_risk_trader import roll
from test_rollover_restart import sizes
from test_state_trader import proven
from test_trader import Form

from fastorder import RiskLimits, blocking
from fastorder.trader.months_held import MonthsHeld

OLD, NEW = "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.U26"  # both have a price here
TELLS = (
    f"account {ACCOUNT}: an order by MNQ has left while another month is held: MNQ "
    f"stands for {NEW} alone, and +2 {OLD} is held: name that by its month, MNQZ6, or "
    "by its id"
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    """Two contracts are held of a month that is not in front any more."""
    with blocking.OrderExecutor(gateway.base_url) as executor:
        prepared(executor, gateway)
        assert executor.place_market_order("MNQ", "BUY", 2, ACCOUNT).success
    roll(gateway)
    form = Form(request.param, gateway)
    yield form
    form.leave()
    if form.loop is not None:
        form.loop.close()


def told(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.WARNING and "another month" in record.getMessage()
    ]


@pytest.mark.parametrize("how", [{}, {"limit": 20_000}])
def test_an_order_of_the_new_month_names_the_one_that_is_held(
    form, gateway, caplog, how
):
    form.enter(risk=RiskLimits(max_position=5))
    for _ in range(2):
        assert form.sell("MNQ", 1, **how).success
    assert told(caplog) == [TELLS]
    assert form.trader.executor.get_contract_id("MNQ") == NEW


def test_it_asks_the_gateway_nothing(form, gateway, caplog):
    form.enter(risk=RiskLimits(max_position=5), symbols=["MNQ"])
    seen = len(gateway.ledger.requests())
    form.buy("MNQ", 1)
    assert len(gateway.ledger.requests()) == seen + 1
    assert told(caplog) == [TELLS]


@pytest.mark.parametrize("symbol", ["MNQU6", NEW])
def test_a_month_or_an_id_means_itself(form, caplog, symbol):
    form.enter(risk=RiskLimits(max_position=5))
    assert form.buy(symbol, 1).success
    assert told(caplog) == []


def test_another_product_is_none_of_it(form, caplog):
    form.enter(risk=RiskLimits(max_position=5))
    assert form.buy("MES", 1).success
    assert told(caplog) == []


def test_what_is_not_known_is_not_told(form, gateway, caplog):
    form.enter(risk=False)
    assert form.trader._months is None
    assert form.buy("MNQ", 1).success
    assert told(caplog) == []
    assert sizes(gateway) == {OLD: 2, NEW: 1}


def test_what_may_be_held_is_no_news(form, caplog):
    form.enter(risk=RiskLimits(max_position=5))
    contract = form.trader.executor.risk._exposure.contract_of(ACCOUNT, OLD)
    form.trader.executor.risk._exposure.close_asked(ACCOUNT, OLD, None)
    assert contract.held.low == 0
    assert form.buy("MNQ", 1).success
    assert told(caplog) == []


def test_the_accounts_state_tells_it_too(form, gateway, caplog):
    trader = form.kind(
        gateway.base_url, user_name="trader1", api_key=API_KEY,
        account="PRAC", symbols=["MNQ"], journal=False, risk=False,
    )  # fmt: skip
    form.enter(trader)
    if form.loop is None:
        until(lambda: trader.state.proven, "the proof")
    else:
        form.wait(lambda: proven(trader))
    assert form.buy("MNQ", 1).success
    assert told(caplog) == [TELLS]


def test_a_look_that_fails_hides_no_order(form, caplog, monkeypatch):
    form.enter(risk=RiskLimits(max_position=5))
    monkeypatch.setattr(MonthsHeld, "_held", lambda *given: 1 / 0)
    assert form.buy("MNQ", 1).success
    assert "what is held of other months was not looked at" in caplog.text
