"""Another month of a product is held: no act by the product says it is not."""

import pytest
from conftest import ACCOUNT
from test_acts import Facade, sizes

from fastorder.acts.by_contract import ByContract
from fastorder.acts.other_months import OtherMonths

OLD, NEW = "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.H27"
TELLS = (
    f"MNQ stands for {NEW} alone, and +2 {OLD} is held: "
    "name that by its month, MNQZ6, or by its id"
)


@pytest.fixture(params=["async", "blocking"])
def desk(request, gateway):
    """MNQ stands for a month in which nothing is held."""
    facade = Facade(request.param, gateway)
    facade.executor.set_contract_id("MNQZ6", OLD, tick_size="0.25")
    facade.executor.set_contract_id("MNQ", NEW, tick_size="0.25")
    yield facade
    facade.end()


@pytest.fixture
def held(desk):
    assert desk.place_market_order("MNQZ6", "BUY", 2, ACCOUNT).success
    return desk


def flatten(desk, symbol):
    return desk.flatten(ACCOUNT, symbol=symbol)


def close_out(desk, symbol):
    return desk.close_out(symbol, ACCOUNT)


def cancel_all(desk, symbol):
    return desk.cancel_all(ACCOUNT, symbol=symbol)


@pytest.mark.parametrize("act", [flatten, close_out])
def test_a_product_is_not_flat_while_another_month_is_held(held, gateway, act):
    report = act(held, "MNQ")
    assert not report.verified
    assert report.why == TELLS
    assert "NOT verified" in repr(report)
    (contract,) = report.contracts
    assert (contract.contract_id, contract.verified) == (NEW, True)
    assert report.took_s < 9  # it does not look on until the deadline
    assert sizes(gateway) == {OLD: 2}


@pytest.mark.parametrize("act", [flatten, cancel_all])
def test_an_order_of_another_month_is_named_too(desk, act):
    placed = desk.place_limit_order("MNQZ6", "BUY", 1, ACCOUNT, 20_000)
    report = act(desk, "MNQ")
    assert not report.verified
    assert f"order {placed.order_id} of {OLD} works: name that by its" in report.why


def test_orders_alone_are_the_aim_of_cancel_all(held):
    assert cancel_all(held, "MNQ").verified


@pytest.mark.parametrize("act", [flatten, close_out, cancel_all])
@pytest.mark.parametrize("symbol", ["MNQZ6", OLD])
def test_a_month_and_an_id_mean_that_alone(held, act, symbol):
    held.executor.set_contract_id("MNQH7", NEW, tick_size="0.25")
    assert act(held, {"MNQZ6": "MNQH7", OLD: NEW}[symbol]).verified
    assert act(held, symbol).verified


def test_another_product_is_none_of_it(held):
    assert held.place_limit_order("MNQZ6", "BUY", 1, ACCOUNT, 20_000).success
    assert flatten(held, "MES").verified


def test_named_by_its_month_it_is_closed_and_the_product_is_flat(held, gateway):
    assert flatten(held, "MNQZ6").verified
    assert sizes(gateway) == {}
    assert flatten(held, "MNQ").verified


def test_reverse_names_the_month_that_is_held(held, gateway):
    report = held.reverse("MNQ", ACCOUNT)
    assert not report
    assert report.why == f"no position is held; {TELLS}"
    assert sizes(gateway) == {OLD: 2}


def test_a_partial_close_names_the_month_that_is_held(held, gateway):
    report = held.partial_close_out("MNQ", ACCOUNT, 1)
    assert not report
    assert TELLS in report.why
    assert TELLS in repr(report)
    assert sizes(gateway) == {OLD: 2}
    assert held.partial_close_out("MNQZ6", ACCOUNT, 1).why == ""


class Seen:
    """A look at positions alone."""

    def __init__(self, *held):
        self.positions = ByContract()
        for contract_id in held:
            self.positions.add(contract_id, 1)


@pytest.mark.parametrize(
    ("symbol", "contract_id", "other", "name"),
    [
        ("es", "CON.F.US.EP.Z26", "CON.F.US.EP.H27", "ESH7"),
        ("EP", "CON.F.US.EP.Z26", "CON.F.US.EP.H27", "ESH7"),
        ("F.US.ENQ", "CON.F.US.ENQ.Z26", "con.f.us.enq.u26", "NQU6"),
        ("6E", "CON.F.US.EU6.Z26", "CON.F.US.EU6.H27", "6EH7"),
        ("EU6", "CON.F.US.EU6.Z26", "CON.F.US.EU6.H27", "6EH7"),
    ],
)
def test_every_name_of_a_product_means_all_its_months(symbol, contract_id, other, name):
    told = OtherMonths(symbol, contract_id).left(Seen(contract_id, other))
    assert f"its month, {name}, or" in told


@pytest.mark.parametrize(
    ("symbol", "contract_id", "other"),
    [
        ("MNQ", "CON.F.US.MNQ.Z26", "con.f.us.mnq.z26"),
        ("NQ", "CON.F.US.ENQ.Z26", "CON.F.US.MNQ.Z26"),
        ("MINE", "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.H27"),
        ("MNQZ6", "CON.F.US.MNQ.Z26", "CON.F.US.MNQ.H27"),
        ("MNQ", "12345", "CON.F.US.MNQ.H27"),
        ("MNQ", "CON.F.US.MNQ.Z26", "12345"),
    ],
)
def test_what_is_no_other_month_of_it_is_not_told(symbol, contract_id, other):
    assert OtherMonths(symbol, contract_id).left(Seen(other)) == ""
