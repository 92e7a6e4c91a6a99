"""The seams between rooms: what is one contract, account or price is one everywhere."""

from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK, held

import fastorder
from fastorder import InvalidField, Outcome, RiskLimits, UnknownSymbol, blocking

NQ = "CON.F.US.ENQ.Z26"
PRODUCT = ("NQ", "ENQ")
MONTH = ("NQZ6", "NQZ26", "ENQZ26", NQ)
NAMES = (*PRODUCT, *MONTH)
PLACE, MODIFY = "/api/Order/place", "/api/Order/modify"
BY_NAME = [(loaded, used) for loaded in PRODUCT for used in NAMES]
BY_MONTH = [(loaded, used) for loaded in MONTH for used in MONTH]


@pytest.fixture
def executor(gateway):
    with blocking.OrderExecutor(
        gateway.base_url, retry=QUICK, risk=RiskLimits(max_position=3)
    ) as made:
        made.set_token(gateway.token)
        made.load_exposure(ACCOUNT)
        yield made


@pytest.fixture
def trader(gateway):
    with blocking.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key=API_KEY,
        account="PRAC",
        journal=False,
        retry=QUICK,
    ) as made:
        yield made


def sent(gateway, path=PLACE):
    return len(gateway.ledger.requests(path))


@pytest.mark.parametrize(("loaded", "used"), BY_NAME + BY_MONTH)
def test_each_name_of_a_contract_is_that_contract(executor, gateway, loaded, used):
    """Loaded by one of its names, each verb finds it by each other one."""
    executor.contract(loaded)
    for name in (used, used.lower()):
        assert executor.get_contract_id(name) == NQ
    with pytest.raises(InvalidField, match="limit_price must be a multiple"):
        executor.place_limit_order(used, "BUY", 1, ACCOUNT, 20_000.1)
    assert sent(gateway) == 0
    placed = executor.place_limit_order(used, "BUY", 1, ACCOUNT, 20_000)
    with pytest.raises(InvalidField, match="limit_price must be a multiple"):
        executor.modify_order(placed.order_id, ACCOUNT, limit_price=20_000.1)
    assert sent(gateway, MODIFY) == 0
    moved = executor.modify_order(str(placed.order_id), ACCOUNT, limit_price=20_001)
    assert moved.success
    assert executor.cancel_order(placed.order_id, ACCOUNT).success
    assert executor.place_market_order(used, "BUY", 2, ACCOUNT).success
    executor.load_exposure(ACCOUNT)
    assert executor.risk.position(used, ACCOUNT) == executor.risk.position(NQ, ACCOUNT)
    order = fastorder.OrderRequest(used, "BUY", 2, ACCOUNT)
    assert [each.code for each in executor.check(order)] == [
        fastorder.Denied.MAX_POSITION
    ]
    (position,) = executor.positions(ACCOUNT)
    assert position.contract_id == NQ
    assert executor.partial_close_position(used, ACCOUNT, 1).success
    assert held(gateway) == 1
    assert executor.flatten(ACCOUNT, symbol=used)
    assert held(gateway) == 0


@pytest.mark.parametrize("loaded", MONTH)
def test_a_month_stands_for_no_product(executor, loaded):
    """Another month may be in front: only who asks for the product learns which."""
    executor.contract(loaded)
    with pytest.raises(UnknownSymbol):
        executor.get_contract_id("NQ")


@pytest.mark.parametrize("used", NAMES)
def test_a_trader_loads_a_contract_by_any_of_its_names(trader, gateway, used):
    """An off-tick price is refused at the first use of an id too."""
    with pytest.raises(InvalidField, match="limit must be a multiple"):
        trader.buy(used, 1, limit=20_000.1)
    assert sent(gateway) == 0
    placed = trader.buy(used, 1, limit=20_000, stop_loss=19_990)
    assert placed.success
    with pytest.raises(InvalidField, match="limit must be a multiple"):
        trader.modify(placed.order_id, limit=20_000.1)
    assert trader.modify(placed.order_id, limit=20_000.25).success
    assert trader.cancel(placed.order_id).success
    assert trader.buy(used, 1, stop_loss_ticks=40).success
    stop = min(
        order.stop_price
        for order in trader.open_orders()
        if order.stop_price is not None
    )
    with pytest.raises(InvalidField, match="price must be a multiple"):
        trader.move_stop(used, float(stop) - 0.1)
    assert trader.move_stop(used, stop - 1).success
    assert trader.close(used)


def test_several_names_in_several_verbs_are_one_position(trader, gateway):
    assert trader.buy("NQ", 1).success
    assert trader.buy(NQ, 1).success
    many = trader.place_many(
        [
            fastorder.OrderRequest(name, "BUY", 1, ACCOUNT, custom_tag=f"of-{name}")
            for name in ("ENQ", "NQZ6")
        ]
    )
    assert [each.outcome for each in many.results] == [Outcome.ACCEPTED] * 2
    assert held(gateway) == 4
    assert trader.reverse("NQZ26")
    assert held(gateway) == -4
    assert trader.flatten(NQ)
    assert held(gateway) == 0


@pytest.mark.parametrize("account", [ACCOUNT, str(ACCOUNT), "PRAC", "prac-v2", None])
def test_each_name_of_an_account_is_that_account(trader, gateway, account):
    assert trader.buy("MNQ", 1, account=account).success
    assert held(gateway) == 1
    assert [each.account_id for each in trader.positions(account=account)] == [ACCOUNT]
    assert trader.open_orders(account=account) == []
    assert trader.flatten(account=account)
    assert held(gateway) == 0


@pytest.mark.parametrize(
    "price", [20_000.25, Decimal("20000.25"), Decimal("20000.2500"), 20_000, 20_001.0]
)
def test_a_price_is_the_same_in_whatever_type(trader, price):
    """Placed, read back and modified: one price, exactly."""
    placed = trader.buy("MNQ", 1, limit=price)
    assert trader.order(placed.order_id).limit_price == Decimal(str(price))
    assert trader.modify(placed.order_id, limit=19_000).success
    assert trader.modify(placed.order_id, limit=price).success
    assert trader.order(placed.order_id).limit_price == Decimal(str(price))
    contract = trader.contract("MNQ")
    assert contract.price(contract.ticks(price)) == Decimal(str(price))


def test_what_is_set_of_a_contract_is_known_by_each_of_its_symbols(gateway):
    """One contract has one tick, whichever symbol it was given for, in any order."""
    with blocking.OrderExecutor(gateway.base_url) as made:
        made.set_token(gateway.token)
        made.set_contract_id("A", NQ)
        made.set_contract_id("B", NQ, tick_size="0.25", negative_prices=True)
        made.set_contract_id("C", NQ)
        for name in ("A", "B", "C", NQ):
            with pytest.raises(InvalidField, match="multiple of the tick"):
                made.place_limit_order(name, "BUY", 1, ACCOUNT, -0.1)
