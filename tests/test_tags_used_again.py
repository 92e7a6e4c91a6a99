"""A custom tag is a key, not a label: it stands for one order of its account."""

from itertools import combinations

import pytest
from conftest import ACCOUNT, COMBINE, bought_elsewhere, prepared

import fastorder
from fastorder import OrderRequest, OrderType, Outcome, Side, blocking, errors
from fastorder._core.codec.request import render_place
from fastorder.placement.bracket_legs import same_brackets
from fastorder.simulator import Fault

PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
FIRST = {"symbol": "MNQ", "side": "BUY", "quantity": 1, "account_id": ACCOUNT}
ANOTHER = [
    {"quantity": 3},
    {"side": "SELL"},
    {"limit_price": 21_000},
    {"symbol": "MES"},
]
"""Another order of the same account."""


@pytest.fixture
def limits(trader):
    """Places a limit order tagged "a"; what is not said is as in the first."""
    trader.set_contract_id("MES", "CON.F.US.MES.Z26")

    def place(executor=trader, **other):
        order = {"limit_price": 20_000, **FIRST, **other}
        return executor.place_limit_order(custom_tag="a", **order)

    return place


def test_every_member_of_an_order_that_differs_is_told_in_words():
    """No JSON: what the caller has written, by the names that the caller knows."""
    plain = order_body()
    for change in (
        {"quantity": 2},
        {"side": "SELL"},
        {"account_id": COMBINE},
        {"order_type": "stop_limit", "stop_price": 20_000},
        {"limit_price": 20_000.25},
        {"stop_loss_ticks": 20},
        {"stop_loss_ticks": 20, "trailing_stop_loss": True},
        {"take_profit_ticks": 30},
    ):
        text = str(fastorder.KeyReused("k", plain, order_body(**change)))
        assert not set(text) & set('{}"'), text
        for name, value in change.items():
            is_trailing = name == "trailing_stop_loss"
            told = "trailing" if is_trailing else f"{name} {value}"
            assert told.lower() in text.lower()
            assert text.count(name) == 0 if is_trailing else 2


def order_body(**change):
    """The request of an order, as it goes on the wire."""
    given = {"limit_price": 20_000, "order_type": "limit", **change}
    order = OrderRequest(
        **{"symbol": "MNQ", "side": "BUY", "quantity": 1, "account_id": ACCOUNT} | given
    )
    return render_place(order, "CON.F.US.MNQ.Z26", "t", None).decode()


def test_types_and_sides_are_called_as_they_are_elsewhere():
    assert {each: each.name for each in OrderType} == errors.TYPE_NAMES
    assert {each: each.name for each in Side} == errors.SIDE_NAMES


@pytest.mark.parametrize("other", ANOTHER, ids=str)
def test_the_tag_of_another_order_is_refused_with_both(limits, gateway, other):
    assert limits().success
    with pytest.raises(fastorder.KeyReused) as raised:
        limits(**other)
    assert raised.value.is_tag
    assert raised.value.key == "a"
    assert raised.value.before != raised.value.now
    assert "custom_tag 'a' must stand for one order" in str(raised.value)
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_the_same_order_once_more_is_the_first_one_and_says_so(limits, gateway, caplog):
    first = limits()
    told = "nothing is sent: the custom_tag 'a' stands for an order already"
    assert told not in caplog.text
    assert limits() == first
    assert told in caplog.text
    assert len(gateway.ledger.requests(PLACE)) == 1


@pytest.mark.parametrize("journal", [None, "orders.db"])
def test_a_tag_stands_for_one_order_of_all_accounts(limits, gateway, tmp_path, journal):
    """As resolve asks by the tag alone, and a journal has each tag once."""
    path = None if journal is None else tmp_path / journal
    with blocking.OrderExecutor(gateway.base_url, journal=path) as executor:
        prepared(executor, gateway)
        assert limits(executor).success
        with pytest.raises(fastorder.KeyReused):
            limits(executor, account_id=COMBINE)
    assert len(gateway.ledger.requests(PLACE)) == 1


@pytest.mark.parametrize("other", ANOTHER, ids=str)
def test_what_another_program_used_it_for_is_named(limits, gateway, other):
    """The only send was refused: nothing is in doubt, and the contract stays open."""
    with blocking.OrderExecutor(gateway.base_url) as executor:
        executor.set_token(gateway.token)
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        executor.set_contract_id("MES", "CON.F.US.MES.Z26")
        owner = limits(executor, **other)
    result = limits()
    assert result.outcome is Outcome.REJECTED
    assert result.order_id is None
    assert f"another order, {owner.order_id}" in result.message
    assert result.error_name == "OrderRejected"


LOSS, PROFIT = {"stop_loss_ticks": 10}, {"take_profit_ticks": 20}
BOTH = {**LOSS, **PROFIT}
TRAIL = {**LOSS, "trailing_stop_loss": True}
OTHERS = [
    ({}, LOSS),
    ({}, BOTH),
    (LOSS, PROFIT),
    (LOSS, BOTH),
    (LOSS, TRAIL),
    (TRAIL, LOSS),
    (TRAIL, {**TRAIL, "stop_loss_ticks": 12}),
]


def placed_elsewhere(limits, gateway, **order):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        return limits(prepared(executor, gateway), **order)


@pytest.mark.parametrize(("asked", "owned"), OTHERS, ids=str)
def test_another_bracket_under_the_tag_is_another_order(limits, gateway, asked, owned):
    owner = placed_elsewhere(limits, gateway, **owned)
    assert owner.success
    result = limits(**asked)
    assert result.outcome is Outcome.REJECTED
    assert f"another order, {owner.order_id}, with other brackets" in result.message


@pytest.mark.parametrize("brackets", [{}, LOSS, PROFIT, BOTH, TRAIL], ids=str)
def test_the_same_brackets_under_the_tag_are_the_same_order(limits, gateway, brackets):
    owner = placed_elsewhere(limits, gateway, **brackets)
    result = limits(**brackets)
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, owner.order_id)


@pytest.mark.parametrize(
    ("asked", "owned"),
    [(LOSS, {}), (PROFIT, {}), (BOTH, {}), (BOTH, LOSS), (BOTH, PROFIT)],
    ids=str,
)
def test_an_owner_without_the_legs_that_are_asked_for_proves_nothing(
    limits, gateway, asked, owned
):
    """They may be listed later, or come with its fill, or never."""
    assert placed_elsewhere(limits, gateway, **owned).success
    assert limits(**asked).outcome is Outcome.UNKNOWN


KINDS = {"stop_loss_ticks": OrderType.STOP, "take_profit_ticks": OrderType.LIMIT}


@pytest.mark.parametrize("brackets", [LOSS, PROFIT, BOTH], ids=str)
def test_legs_that_the_list_lacks_make_it_no_other_order(brackets):
    order = OrderRequest("MNQ", "BUY", 1, ACCOUNT, "LIMIT", 20_000, **brackets)
    kinds = [KINDS[name] for name in brackets]
    for count in range(len(kinds)):
        for listed in combinations(kinds, count):
            rows = [
                {"id": 2 + n, "parentOrderId": 1, "type": int(kind)}
                for n, kind in enumerate(listed)
            ]
            assert same_brackets({"id": 1}, rows, order) is None


def test_another_type_under_the_tag_is_another_order(limits, gateway):
    owner = bought_elsewhere(gateway, custom_tag="a")
    result = limits()
    assert result.outcome is Outcome.REJECTED
    assert f"another order, {owner.order_id}" in result.message


def test_after_a_lost_send_the_owner_of_a_tag_decides_nothing(limits, gateway):
    bought_elsewhere(gateway, custom_tag="a")
    gateway.faults.add(Fault(PLACE, effect="none", reply="hang_up"))
    assert limits().outcome is Outcome.UNKNOWN
