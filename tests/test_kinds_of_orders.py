"""A price that an order of its type does not have is refused before it is sent."""

import pytest
from conftest import ACCOUNT, prepared

from fastorder import (
    ConfigurationError,
    InvalidField,
    RequestFailed,
    RiskLimits,
    blocking,
)

MODIFY = "/api/Order/modify"
PLACED = {
    "limit": ("place_limit_order", {"limit_price": 100}),
    "stop": ("place_stop_order", {"stop_price": 90_000}),
    "trail": ("place_trailing_stop_order", {"trail_price": 90_000}),
}
"""Orders that rest, by the price that they have."""

REFUSED = [("limit", "stop"), ("limit", "trail"), ("stop", "limit"), ("stop", "trail")]


def placed(trader, which):
    verb, price = PLACED[which]
    result = getattr(trader, verb)("MNQ", "BUY", 1, ACCOUNT, **price)
    assert result.success, result
    return result.order_id


@pytest.mark.parametrize(("has", "given"), REFUSED)
def test_a_price_that_its_type_lacks_is_refused_by_name(trader, gateway, has, given):
    order_id = placed(trader, has)
    with pytest.raises(InvalidField) as raised:
        trader.modify_order(order_id, ACCOUNT, **{f"{given}_price": 100})
    told = f"order {order_id}: a {has.upper()} order has none"
    assert raised.value.field == f"{given}_price"
    assert told in str(raised.value)
    assert gateway.ledger.requests(MODIFY) == []


@pytest.mark.parametrize("has", ["limit", "stop"])
def test_one_that_it_has_is_changed(trader, has):
    order_id = placed(trader, has)
    price = {"limit": 101, "stop": 90_001}[has]
    assert trader.modify_order(order_id, ACCOUNT, **{f"{has}_price": price})


def test_of_an_order_that_was_read_the_type_is_known_too(trader, gateway):
    order_id = placed(trader, "limit")
    with blocking.OrderExecutor(gateway.base_url) as other:
        prepared(other, gateway)
        assert other.modify_order(order_id, ACCOUNT, stop_price=100)  # not known yet
        other.open_orders(ACCOUNT)
        with pytest.raises(InvalidField, match="a LIMIT order has none"):
            other.modify_order(order_id, ACCOUNT, stop_price=100)
    assert len(gateway.ledger.requests(MODIFY)) == 1


def test_an_order_that_is_not_there_is_named(trader):
    with pytest.raises(RequestFailed, match=f"asked for order 5 of account {ACCOUNT}"):
        trader.order(5, ACCOUNT)


def test_an_account_by_its_name_is_refused_with_what_is_expected():
    with pytest.raises(ConfigurationError) as raised:
        RiskLimits(accounts=["PRAC"])
    assert str(raised.value) == (
        "each of accounts must be an account's number, which accounts() lists beside "
        "its name, was a text of 4 characters"
    )
