"""What a row shows, member by member: with anything but a right value, nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from still import (
    CONTRACT,
    OLD,
    TAG,
    StillClock,
    envelope,
    listing,
    made,
    no_answer,
    ours,
    told,
    trades,
    wait,
)

from fastorder import OrderRequest, Outcome, RetryPolicy
from fastorder._core.flow.classify import classify
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway import rows
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import listed_orders, listed_positions, listed_trades
from fastorder.placement.sighting import Owner, found_as, owner_of
from fastorder.placement.states import Event, State

ORDER = OrderRequest("MNQ", "BUY", 1, 5)
NEVER = [None, "", " ", "0", "7", -1, 1.5, True, [], {}, 1 << 63, 1 << 64, float("inf")]
"""What is no value of any member that decides; of text members, no text."""


def is_order(command):
    return getattr(command, "endpoint", None) is Endpoint.PLACE


def owner(row):
    return owner_of(row, ORDER, TAG, CONTRACT, 1_787_168_965.0)


# ---------------------------------------------------------------- a member


@pytest.mark.parametrize("value", NEVER)
@pytest.mark.parametrize(
    ("member", "read"),
    [
        ("side", rows.side_of),
        ("size", rows.size_of),
        ("status", rows.status_of),
        ("type", rows.type_of),
        ("creationTimestamp", rows.created_s),
    ],
)
def test_a_member_that_is_not_what_it_has_to_be_says_nothing(member, read, value):
    assert read(ours(**{member: value})) is None


def test_a_status_that_is_not_known_says_nothing():
    assert [rows.status_of({"status": number}) for number in (0, 9, 99)] == [None] * 3


@pytest.mark.parametrize("filled", [v for v in NEVER if v != 0])
def test_a_rejected_order_is_dead_only_if_nothing_is_seen_to_be_filled(filled):
    assert rows.is_rejected(ours(status=5, fillVolume=filled)) is None
    assert rows.is_rejected(ours(status=5, fillVolume=0)) is True
    assert rows.is_rejected(ours(status=5, fillVolume=1)) is False


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("CON.F.US.MNQ.Z26", True),
        ("con.f.us.mnq.z26", True),
        (" CON.F.US.MNQ.Z26 ", True),
        ("CON.F.US.MES.Z26", False),
        ("12345", None),
        ("MNQZ6", None),
        *((value, None) for value in NEVER if not isinstance(value, str)),
        ("", None),
        (" ", None),
    ],
)
def test_contracts_are_told_apart_only_by_ids_of_one_kind(shown, same):
    assert rows.same_contract(shown, CONTRACT) is same


def test_a_number_is_compared_with_numbers_alone():
    assert rows.same_contract("12345", "12345") is True
    assert rows.same_contract("12346", "12345") is False
    assert rows.same_contract(CONTRACT, "12345") is None


@pytest.mark.parametrize(
    ("shown", "same"),
    [(TAG, True), (TAG.upper(), None), (f"{TAG} ", None), (f"{TAG}-SL", False)]
    + [(value, None) for value in (*NEVER, 0) if not isinstance(value, str)]
    + [("", None), ("another", False)],
)
def test_a_tag_is_another_only_if_it_is_another_text(shown, same):
    assert rows.same_tag(shown, TAG) is same


@pytest.mark.parametrize(
    ("parent", "leg"),
    [(None, False), (0, False), (6, True), (7, None), ("0", None), ("6", None)]
    + [(value, None) for value in (-1, 1.5, True, [], {}, 1 << 63)],
)
def test_a_leg_has_another_order_for_its_parent(parent, leg):
    assert rows.is_leg(ours(parentOrderId=parent)) is leg


# ---------------------------------------------------------------- a row


MEMBERS = sorted({*ours(), "parentOrderId", "creationTimestamp"} - {"id"})
NO_TEXT = [value for value in NEVER if not isinstance(value, str)]


@given(
    st.dictionaries(
        st.sampled_from(MEMBERS),
        st.sampled_from([*NO_TEXT, "", " ", TAG.upper(), f" {TAG}"]),
        min_size=1,
    ),
    st.sets(st.sampled_from(MEMBERS)),
)
def test_our_row_is_never_taken_for_another_because_it_cannot_be_read(wrong, without):
    """Whatever is wrong with a row or missing in it, it is ours or not to be told."""
    row = {**ours(), **wrong}
    row = {name: row[name] for name in row if name not in without}
    assert owner(row) is not Owner.ANOTHERS
    if owner(row) is Owner.OURS:
        event = found_as(row, ORDER, CONTRACT)
        assert event in (Event.FOUND, Event.INCONCLUSIVE)


@pytest.mark.parametrize(
    "apart",
    [
        {"contractId": "CON.F.US.MES.Z26"},
        {"side": 1},
        {"size": 2},
        {"type": 1},
        {"creationTimestamp": OLD},
        {"parentOrderId": 6},
    ],
)
def test_a_row_without_a_tag_is_anothers_if_something_else_tells_it_apart(apart):
    assert owner(ours(customTag=None)) is Owner.UNCLEAR
    assert owner(ours(customTag=None, **apart)) is Owner.ANOTHERS


# ---------------------------------------------------------------- a list

LISTS = {
    "orders": (listed_orders, ours()),
    "trades": (listed_trades, {"orderId": 7, "contractId": CONTRACT}),
    "positions": (listed_positions, {"id": 7, "contractId": CONTRACT, "size": 1}),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", [*NEVER, 0])
def test_a_list_with_a_row_without_a_number_is_not_read(name, value):
    read, row = LISTS[name]
    number = "orderId" if name == "trades" else "id"
    assert read(answered(name, row), 5) == [row]
    assert read(answered(name, row, {**row, number: value}), 5) is None


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("account", [6, "5", None, 0])
def test_a_list_with_a_row_of_another_account_is_not_read(name, account):
    read, row = LISTS[name]
    assert read(answered(name, row, {**row, "accountId": account}), 5) is None


@pytest.mark.parametrize("name", ["orders", "positions"])
def test_a_list_that_says_two_things_of_one_row_is_not_read(name):
    read, row = LISTS[name]
    assert read(answered(name, row, dict(row)), 5) == [row, row]
    assert read(answered(name, row, {**row, "contractId": "X"}), 5) is None


def answered(name, *listed):
    def spelled(value):
        text = json.dumps(value)
        return text.replace("Infinity", "1e999")

    body = spelled(envelope(**{name: list(listed)})).encode()
    return classify(Evidence(http_status=200, body=body), RetryPolicy())


# ---------------------------------------------------------------- an order in doubt

UNREADABLE = [
    {"customTag": TAG.upper()},
    {"customTag": f"{TAG} "},
    {"customTag": None},
    {"customTag": 7},
    {"parentOrderId": "0"},
    {"parentOrderId": 7},
    {"side": None},
    {"contractId": None},
    {"status": None},
    {"status": 99},
    {"status": 5, "fillVolume": None},
]


@pytest.mark.parametrize("resend", ["lookup_first", "after_quiet", "never"])
@pytest.mark.parametrize("wrong", UNREADABLE, ids=str)
def test_an_order_that_is_listed_and_cannot_be_read_is_unknown(wrong, resend):
    clock = StillClock()
    placement = made(clock, resend=resend)
    placement.start()
    command = placement.on_evidence(no_answer())
    outcomes = []
    for _ in range(80):
        command = wait(placement, clock, command)
        assert not is_order(command), "it was sent again"
        command = placement.on_evidence(listing(ours(**wrong)))
        if hasattr(command, "value"):
            outcomes.append(told(command).outcome)
            command = command.then
        if command is None:
            break
    assert set(outcomes) == {Outcome.UNKNOWN}


def test_a_contract_that_was_set_by_number_is_found_by_its_tag():
    clock = StillClock()
    placement = made(clock, contract_id="12345")
    placement.start()
    command = wait(placement, clock, placement.on_evidence(no_answer()))
    finish = placement.on_evidence(listing(ours()))
    assert (finish.value.outcome, finish.value.order_id) == (Outcome.ACCEPTED, 7)
    assert command is not None


def test_trades_that_may_be_of_the_contract_have_to_be_explained():
    clock = StillClock()
    placement = made(clock, contract_id="12345", quiet=0.0, max_retries=0)
    placement.start()
    command = placement.on_evidence(no_answer())
    while placement.state is not State.AUDITING:
        command = wait(placement, clock, command)
        command = placement.on_evidence(listing())
    placement.on_evidence(trades(9))
    assert placement.probed == 9
