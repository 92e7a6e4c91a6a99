"""Ticks, prices and money of every contract: exact, whatever the tick."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastorder import Contract, InvalidField, WrongFieldType
from fastorder.errors import FastOrderError
from fastorder.simulator.contracts import listed
from fastorder.ticks import dollars

CONTRACTS = [
    Contract.from_wire(contract.to_wire())
    for contract in listed().values()
    if contract.active
]
BY_NAME = {contract.name[:-2]: contract for contract in CONTRACTS}
some_contract = st.sampled_from(CONTRACTS)
some_ticks = st.integers(-(10**9), 10**9)


def test_all_contracts_of_the_gateway_are_looked_at():
    assert len(CONTRACTS) == 51
    assert all(contract.tick_micros > 0 for contract in CONTRACTS)


@given(some_contract, some_ticks)
def test_a_price_of_ticks_has_these_ticks(contract, ticks):
    price = contract.price(ticks)
    assert Fraction(price) == ticks * Fraction(contract.tick_size)
    assert contract.ticks(price) == ticks
    for how in ("nearest", "down", "up"):
        assert contract.round_to_tick(price, how) == price


@given(some_contract, st.decimals(-(10**7), 10**7, places=9))
def test_rounding_goes_where_it_is_told(contract, price):
    tick = Fraction(contract.tick_size)
    down = contract.round_to_tick(price, "down")
    up = contract.round_to_tick(price, "up")
    nearest = contract.round_to_tick(price, "nearest")
    assert Fraction(down) <= Fraction(price) <= Fraction(up)
    assert Fraction(up) - Fraction(down) in (0, tick)
    assert nearest in (down, up)
    assert abs(Fraction(nearest) - Fraction(price)) <= tick / 2
    for each in (down, up, nearest):
        contract.ticks(each)


@given(some_contract, some_ticks, st.integers(-1000, 1000))
def test_money_is_exact(contract, ticks, quantity):
    micros = contract.money(ticks, quantity)
    exact = Fraction(contract.tick_value) * ticks * quantity
    assert Fraction(micros, 10**6) == exact
    assert Fraction(dollars(micros)) == exact


@given(some_contract, some_ticks)
def test_a_float_on_the_grid_is_taken_for_what_it_shows(contract, ticks):
    price = float(contract.price(ticks))
    if Decimal(repr(price)) == contract.price(ticks):
        assert contract.ticks(price) == ticks


@pytest.mark.parametrize(
    ("name", "price", "ticks", "dollars_each"),
    [
        ("ZN", "112.015625", 7169, "15.625"),
        ("6J", "0.0068005", 13601, "6.25"),
        ("ZT", "103.99609375", 26623, "7.8125"),
        ("ES", "7730.25", 30921, "12.5"),
        ("CL", "-37.63", -3763, "10"),
    ],
)
def test_what_people_know(name, price, ticks, dollars_each):
    contract = BY_NAME[name]
    assert contract.ticks(Decimal(price)) == ticks
    assert contract.price(ticks) == Decimal(price)
    assert dollars(contract.money(1)) == Decimal(dollars_each)


def test_half_way_is_up_and_below_zero_too():
    es = BY_NAME["ES"]
    assert es.round_to_tick(100.125, "nearest") == Decimal("100.25")
    assert es.round_to_tick(-100.125, "nearest") == Decimal("-100.00")
    assert es.round_to_tick(-100.1, "down") == Decimal("-100.25")
    assert es.round_to_tick(-100.1, "up") == -100


def test_a_number_of_many_digits_stays_exact():
    penny = Contract("C", "C", "", Decimal("1E-9"), Decimal(1), True, "")
    assert penny.ticks(Decimal("123456789.123456789")) == 123456789123456789


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (
            lambda c: c.ticks(100.1),
            InvalidField,
            "price must be a multiple of the tick",
        ),
        (
            lambda c: c.ticks("100"),
            WrongFieldType,
            "price must be an int, a float or a",
        ),
        (
            lambda c: c.ticks(float("nan")),
            InvalidField,
            "price must be a finite number",
        ),
        (lambda c: c.round_to_tick(1, "floor"), InvalidField, "how must be"),
        (lambda c: c.round_to_tick(1, None), InvalidField, "how must be"),
        (lambda c: c.round_to_tick(None, "up"), WrongFieldType, "price must be an int"),
        (lambda c: c.price(1.0), WrongFieldType, "ticks must be a whole number"),
        (lambda c: c.price(True), WrongFieldType, "ticks must be a whole number"),
        (lambda c: c.price(2**70), InvalidField, "ticks must have at most 63 bits"),
        (lambda c: c.money(1, 0.5), WrongFieldType, "quantity must be a whole number"),
    ],
)
def test_bad_input_is_told(call, error, told):
    with pytest.raises(error, match=told):
        call(BY_NAME["ES"])


def test_a_tick_of_less_than_a_micro_dollar_is_told():
    odd = Contract("C", "C", "", Decimal(1), Decimal("1E-7"), True, "")
    with pytest.raises(FastOrderError, match="must be whole micro-dollars"):
        odd.money(1)
