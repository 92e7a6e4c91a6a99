"""Stop-limit orders: how they leave, are matched, changed, and refused."""

import pytest
from conftest import ACCOUNT

from fastorder import OrderRequest, Outcome, Side
from fastorder._core.codec.order import order_from_body
from fastorder._core.codec.request import render_place
from fastorder.simulator.book import Kind

MNQ = "CON.F.US.MNQ.Z26"


@pytest.fixture
def taking(gateway, trader):
    """A gateway that takes them, and an executor for it."""
    gateway.gateway.order_entry.kinds.add(Kind.STOP_LIMIT)
    return gateway, trader


def row(gateway, order_id):
    return gateway.call(
        lambda: gateway.gateway.exchange.accounts[ACCOUNT].by_id[order_id].to_wire()
    )


@pytest.mark.parametrize(("side", "way"), [("BUY", 1), ("SELL", -1)])
def test_it_waits_for_its_stop_and_then_for_its_limit(taking, side, way):
    gateway, executor = taking
    price = 29_000
    gateway.set_price(MNQ, price)
    stop, limit = price + way * 20, price + way * 22
    placed = executor.place_stop_limit_order("MNQ", side, 2, ACCOUNT, stop, limit)
    assert placed.success
    shown = row(gateway, placed.order_id)
    assert (shown["type"], shown["size"]) == (3, 2)
    assert (shown["stopPrice"], shown["limitPrice"]) == (stop, limit)
    gateway.set_price(MNQ, price + way * 40)  # past both: it rests at its limit
    assert row(gateway, placed.order_id)["status"] == 1
    gateway.set_price(MNQ, price + way * 10)  # back below the stop, at a good price
    filled = row(gateway, placed.order_id)
    assert filled["status"] == 2
    assert way * filled["filledPrice"] <= way * limit


def test_both_of_its_prices_can_be_changed(taking):
    gateway, executor = taking
    gateway.set_price(MNQ, 29_000)
    placed = executor.place_stop_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, 29_020, 29_022, stop_loss_ticks=40
    )
    executor.modify_order(
        placed.order_id, ACCOUNT, stop_price=29_030, limit_price=29_033.25
    ).raise_for_outcome()
    shown = row(gateway, placed.order_id)
    assert (shown["stopPrice"], shown["limitPrice"]) == (29_030, 29_033.25)


def test_a_gateway_that_takes_none_is_quoted(trader):
    result = trader.place_stop_limit_order("MNQ", "BUY", 1, ACCOUNT, 31_000, 31_001)
    assert result.outcome is Outcome.REJECTED
    assert "Invalid order type" in result.message
    assert result.attempts == 1


def test_it_is_read_back_from_its_bytes():
    order = OrderRequest(
        MNQ, Side.SELL, 1, ACCOUNT, "stop_limit", 28_999.75, 29_000, custom_tag="t"
    )
    body = render_place(order, MNQ, "t", None)
    assert b'"limitPrice":28999.75,"stopPrice":29000,' in body
    assert order_from_body(body) == order


def test_an_off_tick_price_of_either_is_refused(taking):
    gateway, executor = taking
    for stop, limit in [(29_020.1, 29_022), (29_020, 29_022.1)]:
        with pytest.raises(ValueError, match="_price must be"):
            executor.place_stop_limit_order("MNQ", "BUY", 1, ACCOUNT, stop, limit)
    assert not gateway.ledger.requests("/api/Order/place")
