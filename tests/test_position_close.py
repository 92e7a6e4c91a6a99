"""Closing a position: the whole of it converges, a part of it is sent once."""

import pytest
from conftest import ACCOUNT, held

import fastorder
from fastorder import Outcome
from fastorder.simulator import Fault

CLOSE = "/api/Position/closeContract"
PARTIAL = "/api/Position/partialCloseContract"
POSITIONS = "/api/Position/searchOpen"


def requests(gateway, endpoint):
    return len(gateway.ledger.requests(endpoint))


@pytest.fixture
def long_three(trader):
    assert trader.place_market_order("MNQ", "BUY", 3, ACCOUNT).success
    return trader


def test_a_position_is_closed(long_three, gateway):
    result = long_three.close_position("MNQ", ACCOUNT)
    assert result.success
    assert (result.action, result.order_id) == ("close", None)
    assert held(gateway) == 0


def test_a_part_is_closed(long_three, gateway):
    assert long_three.partial_close_position("MNQ", ACCOUNT, 2).success
    assert abs(held(gateway)) == 1


def test_a_flat_account_has_nothing_to_close(trader):
    result = trader.close_position("MNQ", ACCOUNT)
    assert result.outcome is Outcome.REJECTED
    assert result.error_name == "PositionNotFound"


@pytest.mark.parametrize("effect", ["now", "none"])
@pytest.mark.parametrize("reply", ["hang_up", "status"])
def test_a_close_in_doubt_is_read_back_and_converges(
    long_three, gateway, effect, reply
):
    gateway.faults.add(Fault(CLOSE, reply=reply, effect=effect))
    assert long_three.close_position("MNQ", ACCOUNT).success
    assert held(gateway) == 0
    assert requests(gateway, CLOSE) == (1 if effect == "now" else 2)
    assert requests(gateway, POSITIONS) == (3 if effect == "now" else 1)


@pytest.mark.parametrize("effect", ["now", "none"])
@pytest.mark.parametrize("reply", ["hang_up", "status"])
def test_a_part_in_doubt_is_never_sent_again(long_three, gateway, effect, reply):
    gateway.faults.add(Fault(PARTIAL, reply=reply, effect=effect))
    result = long_three.partial_close_position("MNQ", ACCOUNT, 2)
    assert result.outcome is Outcome.UNKNOWN
    still_open = (
        "1 contract still open" if effect == "now" else "3 contracts still open"
    )
    assert still_open in result.error
    assert requests(gateway, PARTIAL) == 1


def test_a_close_passes_a_shut_gate(long_three, gateway):
    long_three.kill("enough for today")
    assert long_three.partial_close_position("MNQ", ACCOUNT, 1).success
    assert long_three.close_position("MNQ", ACCOUNT).success
    with pytest.raises(fastorder.Halted, match="enough for today"):
        long_three.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert held(gateway) == 0


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, "2", None, 2**31])
def test_a_part_must_be_a_number_of_contracts(long_three, gateway, quantity):
    with pytest.raises((fastorder.InvalidField, fastorder.WrongFieldType)):
        long_three.partial_close_position("MNQ", ACCOUNT, quantity)
    assert requests(gateway, PARTIAL) == 0


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        ("close_position", (5, ACCOUNT), "symbol"),
        ("partial_close_position", (None, ACCOUNT, 1), "symbol"),
        ("resolve", (7,), "tag"),
        ("search_orders", (ACCOUNT, None), "since"),
        ("load_contract", (5,), "symbol"),
    ],
)
def test_a_wrong_type_is_named_and_nothing_is_sent(trader, gateway, verb, given, field):
    with pytest.raises(fastorder.WrongFieldType) as raised:
        getattr(trader, verb)(*given)
    assert raised.value.field == field
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize("verb", ["accounts", "load_contract"])
def test_a_flag_is_true_or_false_and_nothing_else(trader, gateway, verb):
    flag, given = ("only_active", ()) if verb == "accounts" else ("live", ("MNQ",))
    with pytest.raises(fastorder.WrongFieldType, match=flag):
        getattr(trader, verb)(*given, **{flag: "yes"})
    assert gateway.ledger.requests() == []


def test_a_token_that_is_no_text_is_refused_without_being_shown(trader):
    with pytest.raises(fastorder.InvalidToken, match="must be text, was bytes"):
        trader.set_token(b"secret")
    with pytest.raises(fastorder.WrongFieldType) as raised:
        trader.login("trader1", "secret\ud800")
    assert "secret" not in str(raised.value)
