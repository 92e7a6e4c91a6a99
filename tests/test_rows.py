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
from fastorder.placement.sighting import Owner, found_as, longest_tag, owner_of
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
        ("CON.F.US.MNQ.Z26\0", None),
        ("CON.F.US.MNQ", None),
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
    assert rows.same_contract("1234", "12345") is False
    assert rows.same_contract(CONTRACT, "12345") is None


@pytest.mark.parametrize(
    ("shown", "same"),
    [(TAG, True), (TAG.upper(), None), (f"{TAG} ", None), (f"{TAG}-SL", False)]
    + [(value, None) for value in (*NEVER, 0) if not isinstance(value, str)]
    + [("", None), ("another", False)],
)
def test_a_tag_is_another_only_if_it_is_another_text(shown, same):
    assert rows.same_tag(shown, TAG) is same


OWN = "fo1-abcdefghijklmnopq-0000001a"
"""As a series gives it."""

WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in OWN}
ALTERED = {
    "in other letter case": OWN.upper(),
    "with blanks around it": f" {OWN}\t",
    "with NUL behind it": f"{OWN}\0\0",
    "with a control character": f"\x02{OWN}\x03",
    "with a mark of byte order": f"\ufeff{OWN}",
    "with letters of no width": "\u200b".join(OWN),
    "with a soft hyphen": OWN.replace("-", "\xad"),
    "with other dashes": OWN.replace("-", "\u2013"),
    "with a blank inside": f"{OWN[:9]} {OWN[9:]}",
    "with a new line inside": f"{OWN[:9]}\r\n{OWN[9:]}",
    "quoted": f'"{OWN}"',
    "quoted twice": f"'\\\"{OWN}\\\"'",
    "escaped for a URL": OWN.replace("-", "%2D"),
    "escaped twice": OWN.replace("-", "%252d"),
    "escaped for HTML": OWN.replace("-", "&#45;"),
    "escaped for HTML by name": f"&quot;{OWN}&quot;",
    "escaped for JSON": OWN.replace("-", "\\u002d"),
    "in wide letters": OWN.translate(WIDE),
    "cut by one": OWN[:-1],
    "cut within its series": OWN[:12],
    "cut to what all have": OWN[:4],
    "cut with dots": f"{OWN[:16]}...",
    "cut with one sign for dots": f"{OWN[:16]}\u2026",
    "cut in other letter case": OWN[:20].upper(),
    "nothing that can be read": "\0\0",
    "quotes and nothing else": '""',
}


@pytest.mark.parametrize("way", ALTERED)
def test_a_tag_that_was_altered_on_its_way_may_be_ours(way):
    assert rows.same_tag(ALTERED[way], OWN) is None
    assert owner_of(ours(customTag=ALTERED[way]), ORDER, OWN, CONTRACT, 0.0) is (
        Owner.UNCLEAR
    )


@given(st.text("0123456789abcdef", min_size=8, max_size=8))
def test_another_of_the_same_series_is_another(number):
    other = f"{OWN[:-8]}{number}"
    assert rows.same_tag(other, OWN) is (other == OWN)


@pytest.mark.parametrize(
    "other", ["order-1", "order-11", "order.10", "order-10-SL", "b", "order10"]
)
def test_custom_tags_that_are_alike_are_told_apart(other):
    """None is cut in a list that has a longer one."""
    assert rows.same_tag(other, "order-10", longest=8) is False


@pytest.mark.parametrize("beside", ["order-11", "order-1-SL"])
def test_a_short_tag_may_be_cut_where_no_order_has_a_longer_one(beside):
    leg = {"parentOrderId": 3} if beside.endswith("-SL") else {}
    known = [ours(customTag="order-1"), ours(id=8, customTag=beside, **leg)]
    longest = longest_tag(known)
    expected = Owner.UNCLEAR if leg else Owner.ANOTHERS
    found = owner_of(known[0], ORDER, "order-10", CONTRACT, 0.0, longest)
    assert found is expected


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
    "when",
    [
        "2020-01-01T00:00:00",
        "2020-01-01 00:00:00.1234567",
        "0001-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00Z",
        "1577836800",
        1577836800,
    ],
)
def test_a_time_without_a_zone_or_of_no_order_does_not_make_it_older(when):
    assert rows.created_s({"creationTimestamp": when}) is None
    row = ours(customTag=None, creationTimestamp=when)
    assert owner(row) is Owner.UNCLEAR


@pytest.mark.parametrize("parent", [6, 400])
def test_a_row_with_our_very_tag_is_never_a_leg_of_others(parent):
    assert owner(ours(parentOrderId=parent)) is Owner.UNCLEAR
    assert owner(ours(parentOrderId=parent, customTag=f"{TAG}-SL")) is Owner.ANOTHERS


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
@pytest.mark.parametrize("account", [6, "5", None, 0, 5.0])
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
    {"parentOrderId": 400},
    {"customTag": f"{TAG}\0"},
    {"customTag": f'"{TAG}"'},
    {"customTag": TAG[:-1]},
    {"customTag": None, "creationTimestamp": "2020-01-01T00:00:00"},
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
