"""Prices of zero and below: a contract has them or not, and all verbs judge by that."""

import json
from decimal import Decimal

import pytest
from conftest import ACCOUNT, QUICK
from hypothesis import given
from hypothesis import strategies as st

from fastorder import InvalidField, OrderRequest, Outcome, WrongFieldType, blocking
from fastorder._core.codec.price import TickGrid, price_text
from fastorder._core.codec.request import render_modify, render_place
from fastorder.simulator import Fault

CL = "CON.F.US.CLE.Z26"
MNQ = "CON.F.US.MNQ.Z26"
NG = "CON.F.US.NGE.Z26"
KINDS = {
    "limit": ("limit_price", "limitPrice"),
    "stop": ("stop_price", "stopPrice"),
    "trailing_stop": ("trail_price", "trailPrice"),
}
LOWEST = [
    (-37.63, "-37.63"),
    (-38, "-38"),
    (0, "0"),
    (0.0, "0.0"),
    (-0.0, "0"),
    (Decimal("-37.63"), "-37.63"),
    (Decimal("-0.00"), "0"),
    (Decimal("-1E+1"), "-10"),
    (Decimal("0E-5"), "0.00000"),
    (-1e-7, "-0.0000001"),
]


def order(kind, price):
    return OrderRequest("X", "BUY", 1, 1, kind, **{KINDS[kind][0]: price})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("price", "text"), LOWEST)
def test_what_the_contract_says_is_what_every_price_is_judged_by(kind, price, text):
    name, on_wire = KINDS[kind]
    body = render_place(order(kind, price), "C", "t", None, True)
    assert f'"{on_wire}":{text},'.encode() in body
    assert json.loads(body, parse_float=Decimal)[on_wire] == Decimal(str(price))
    assert f'"{on_wire}":{text}}}'.encode() in render_modify(
        1, 2, **{name: price}, negative_prices=True
    )
    for refused in (
        lambda: render_place(order(kind, price), "C", "t", None),
        lambda: render_modify(1, 2, **{name: price}),
    ):
        with pytest.raises(InvalidField, match="negative_prices=True") as raised:
            refused()
        assert raised.value.field == name
        assert raised.value.rule == "must be positive"
        assert raised.value.value == Decimal(str(price))


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=6))
def test_the_text_of_any_price_is_plain_and_exact(price):
    text = price_text(price)
    assert Decimal(text) == price
    assert set(text.removeprefix("-")) <= set("0123456789.")
    assert text[0] != "-" or price < 0


@given(
    st.sampled_from(["0.01", "0.025", "5", "0.0000005"]),
    st.integers(-(10**8), 10**8),
    st.integers(1, 9),
)
def test_a_grid_goes_on_below_zero(size, number, off):
    grid, tick = TickGrid(size), Decimal(size)
    assert grid.ticks(number * tick) == number
    assert Decimal(grid.text(number)) == number * tick
    with pytest.raises(InvalidField, match="multiple of the tick"):
        grid.ticks(number * tick + tick * off / 10)


def test_the_nearest_prices_below_zero_are_named():
    with pytest.raises(InvalidField, match="the nearest are -37.64 and -37.63"):
        TickGrid("0.01").ticks(-37.635)


@pytest.mark.parametrize("size", [0, -1, "-0.25", Decimal(0), -0.0])
def test_a_tick_is_more_than_zero(size):
    with pytest.raises(InvalidField, match="tick_size must be positive"):
        TickGrid(size)


# ---------------------------------------------------------------- through an executor


@pytest.fixture
def oil(gateway):
    gateway.set_price(CL, "-30")
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.set_token(gateway.token)
        yield executor


def test_crude_oil_is_bought_and_changed_below_zero(oil, gateway):
    oil.load_contract("CL")
    placed = oil.place_limit_order("CL", "BUY", 1, ACCOUNT, -37.63)
    assert placed.success
    assert oil.modify_order(placed.order_id, ACCOUNT, limit_price=-37.62).success
    assert oil.modify_order(placed.order_id, ACCOUNT, limit_price=0).success
    assert oil.place_stop_order("CL", "SELL", 1, ACCOUNT, -40).success


def test_a_change_whose_answer_is_lost_is_read_back_below_zero(oil, gateway):
    oil.load_contract("CL")
    placed = oil.place_limit_order("CL", "BUY", 1, ACCOUNT, -37.63)
    lost = Fault("/api/Order/modify", reply="hang_up")
    gateway.faults.add(lost)
    changed = oil.modify_order(placed.order_id, ACCOUNT, limit_price=-37.5)
    assert changed.success
    (row,) = oil.open_orders(ACCOUNT)
    assert row.limit_price == Decimal("-37.5")


WAYS = [
    (CL, {}, True),
    (CL, {"negative_prices": False}, False),
    ("CON.F.US.MCLE.X26", {"tick_size": "0.01"}, True),
    ("CON.F.US.NQM.X26", {}, True),
    (MNQ, {}, False),
    (MNQ, {"negative_prices": True}, True),
    (NG, {}, False),
    (NG, {"negative_prices": True}, True),
    (12345, {}, False),
    (12345, {"negative_prices": True}, True),
    ("CLE", {}, False),
]


@pytest.mark.parametrize(("contract", "options", "negative"), WAYS)
def test_orders_and_changes_are_judged_alike(oil, gateway, contract, options, negative):
    oil.set_contract_id("X", contract, **options)
    for kind, send in {
        "place": lambda: oil.place_limit_order("X", "BUY", 1, ACCOUNT, -5),
        "modify": lambda: oil.modify_order(1, ACCOUNT, limit_price=-5),
    }.items():
        before = len(gateway.ledger.requests())
        if negative:
            assert isinstance(send().outcome, Outcome), kind
            assert len(gateway.ledger.requests()) > before
        else:
            with pytest.raises(InvalidField, match="must be positive, was -5"):
                send()
            assert len(gateway.ledger.requests()) == before


def test_a_contract_that_is_its_own_symbol_is_judged_by_its_product(oil, gateway):
    assert oil.place_limit_order(CL, "BUY", 1, ACCOUNT, -37.63).success
    with pytest.raises(InvalidField, match="must be positive"):
        oil.place_limit_order(MNQ, "BUY", 1, ACCOUNT, -37.63)


@pytest.mark.parametrize("wrong", [1, "yes", 0])
def test_what_is_no_answer_is_refused(oil, wrong):
    with pytest.raises(WrongFieldType, match="negative_prices"):
        oil.set_contract_id("X", CL, negative_prices=wrong)
