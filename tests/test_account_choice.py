"""An account by its number, its name, or a beginning of that; never by a guess."""

from decimal import Decimal

import pytest
from conftest import ACCOUNT, COMBINE, QUICK

import fastorder
from fastorder import AmbiguousAccount, InvalidField, UnknownAccount, WrongFieldType
from fastorder.gateway.accounts import chosen_account
from fastorder.models import Account


def account(number, name, can_trade=True, visible=True):
    return Account(number, name, Decimal(0), can_trade, visible)


PRACTICE = account(11, "PRAC-V2-1")
SECOND = account(12, "PRAC-V2-12", can_trade=False)
COMBINE_50 = account(50, "50KTC-V2-9")
HIDDEN = account(60, "EXPRESS-1", visible=False)
OLD = account(61, "PRAC-OLD", visible=False)
ALL = (PRACTICE, SECOND, COMBINE_50, HIDDEN, OLD)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (11, PRACTICE),
        ("11", PRACTICE),
        ("PRAC-V2-1", PRACTICE),  # a whole name, though another begins with it
        ("prac-v2-12", SECOND),
        ("50K", COMBINE_50),
        ("50", COMBINE_50),  # a number first
        ("5", COMBINE_50),
        ("EXP", HIDDEN),
        (61, OLD),
    ],
)
def test_one_is_meant(wanted, found):
    assert chosen_account(wanted, ALL) is found


def test_several_are_all_named_with_what_bars_them():
    with pytest.raises(AmbiguousAccount) as raised:
        chosen_account("PRAC", ALL)
    assert raised.value.ids == (11, 12)
    assert str(raised.value) == (
        "account must mean one account, 'PRAC' fits 2 accounts: PRAC-V2-1 (11), "
        "PRAC-V2-12 (12, cannot trade)"
    )


def test_none_names_all():
    with pytest.raises(UnknownAccount) as raised:
        chosen_account("FUNDED", ALL)
    for each in ALL:
        assert each.name in str(raised.value)
    assert "EXPRESS-1 (60, hidden)" in str(raised.value)
    with pytest.raises(UnknownAccount, match="the user has none"):
        chosen_account("FUNDED", ())


def test_without_a_choice_the_only_one_is_meant():
    assert chosen_account(None, (PRACTICE, HIDDEN)) is PRACTICE
    with pytest.raises(AmbiguousAccount, match="no choice fits 2 accounts"):
        chosen_account(None, (PRACTICE, COMBINE_50))


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (True, WrongFieldType),
        (5.0, WrongFieldType),
        (b"PRAC", WrongFieldType),
        ("", InvalidField),
        (" PRAC", InvalidField),
        (0, InvalidField),
        (-3, InvalidField),
    ],
)
def test_what_can_mean_none_is_refused_before_anything_is_sent(
    trader, gateway, wanted, error
):
    with pytest.raises(error, match="account must"):
        trader.account(wanted)
    assert gateway.ledger.requests() == []


def test_the_verb_finds_one_that_cannot_trade_too(trader, gateway):
    def bar():
        gateway.gateway.exchange.accounts[COMBINE].can_trade = False

    gateway.call(bar)
    found = trader.account("50KTC")
    assert (found.id, found.can_trade) == (COMBINE, False)
    assert trader.account("prac").id == ACCOUNT
    with pytest.raises(UnknownAccount, match="cannot trade"):
        trader.account("EXPRESS")
    with pytest.raises(AmbiguousAccount):
        trader.account()


def test_an_await_of_it_does_the_same(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            executor.set_token(gateway.token)
            assert (await executor.account("PRAC")).id == ACCOUNT
            ticket = executor.account("NONE")
            with pytest.raises(UnknownAccount):
                await ticket

    run(main())
