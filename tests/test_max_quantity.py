"""A guard against fat fingers: no order of more contracts than the executor allows."""

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import ConfigurationError, InvalidField, OrderRequest, blocking

PRICES = {
    "place_market_order": (),
    "place_limit_order": (20_000,),
    "place_stop_order": (40_000,),
    "place_stop_limit_order": (40_000, 40_001),
    "place_trailing_stop_order": (20_000,),
    "place_join_order": (),
}


def calls(executor, quantity):
    """Each way to ask for so many contracts."""
    for verb, prices in PRICES.items():
        yield lambda verb=verb, prices=prices: getattr(executor, verb)(
            "MNQ", "BUY", quantity, ACCOUNT, *prices
        )
    order = OrderRequest("MNQ", "BUY", quantity, ACCOUNT)
    yield lambda: executor.place_order(order)
    yield lambda: executor.place_many([order])
    yield lambda: executor.modify_order(5, ACCOUNT, quantity=quantity)


def test_no_verb_that_places_is_left_out():
    placing = {name for name in dir(fastorder.OrderExecutor) if name[:6] == "place_"}
    assert placing == {*PRICES, "place_order", "place_many"}


def test_every_way_to_too_many_is_refused_and_nothing_is_sent(trader, gateway):
    for call in calls(trader, 101):
        with pytest.raises(InvalidField) as refused:
            call()
        assert str(refused.value) == (
            "quantity must be at most 100, the executor's max_quantity, was 101"
        )
    assert not gateway.ledger.requests("/api/Order/place")
    assert not gateway.ledger.requests("/api/Order/modify")


def test_swapped_arguments_are_caught(trader):
    with pytest.raises(InvalidField, match="quantity must be at most 100"):
        trader.place_market_order("MNQ", "BUY", ACCOUNT, 1)


def test_as_many_as_are_allowed_pass(trader, gateway):
    for call in calls(trader, 100):
        assert call() is not None
    sent = gateway.ledger.requests("/api/Order/place")
    assert len(sent) == len(PRICES) + 2


def test_a_limit_of_ones_own_holds_in_both_facades(run, gateway):
    with blocking.OrderExecutor(gateway.base_url, max_quantity=2) as executor:
        prepared(executor, gateway)
        assert executor.place_market_order("MNQ", "BUY", 2, ACCOUNT).success
        with pytest.raises(InvalidField, match="at most 2, the executor's"):
            executor.place_market_order("MNQ", "BUY", 3, ACCOUNT)

    async def main():
        executor = fastorder.OrderExecutor(
            gateway.base_url, retry=QUICK, max_quantity=500
        )
        async with prepared(executor, gateway):
            return await executor.place_market_order("MNQ", "BUY", 500, ACCOUNT)

    assert run(main()).success


@pytest.mark.parametrize("most", [0, -1, 2**31, 1.0, "100", True, None])
def test_a_limit_that_is_none_is_refused(most):
    with pytest.raises(ConfigurationError, match="max_quantity must be a whole"):
        fastorder.OrderExecutor("http://127.0.0.1:1", max_quantity=most)


def test_a_repeat_is_answered_whatever_the_limit_is_by_now(gateway, tmp_path):
    def executor(most):
        made = blocking.OrderExecutor(
            gateway.base_url, journal=tmp_path / "orders.db", max_quantity=most
        )
        return prepared(made, gateway)

    order = OrderRequest("MNQ", "BUY", 40, ACCOUNT, idempotency_key="signal-1")
    with executor(50) as before:
        first = before.place_order(order)
    with executor(10) as after:
        assert after.place_order(order).order_id == first.order_id
    assert len(gateway.ledger.requests("/api/Order/place")) == 1


def test_a_number_that_changes_as_it_is_read_does_not_get_round_it(trader, gateway):
    class Growing:
        def __init__(self):
            self.values = [1, 60, 600]

        def __index__(self):
            return self.values.pop(0)

    trader.modify_order(5, ACCOUNT, quantity=Growing())
    (sent,) = gateway.ledger.requests("/api/Order/modify")
    assert b'"size":1}' in sent.body
