"""What changes or ends an order says what it is of, before and after."""

import json
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from test_cli import fastorder, home  # noqa: F401 (fixtures)

from fastorder import Outcome, Position
from fastorder.cli import rows
from fastorder.cli.comparing import Change, held_in_words, whole
from fastorder.cli.program import PANELS

pytest.importorskip("typer")

ASKED = {
    "move-stop": "move-stop MNQ {stop_new}",
    "move-target": "move-target MNQ {target_new}",
    "modify": "modify {stop_id} --stop {stop_new} --size 2",
    "cancel": "cancel {stop_id}",
    "cancel-all": "cancel-all",
    "close": "close MNQ",
    "flatten": "flatten",
}
"""Each command that changes what is there."""

SHOWN = {
    "move-stop": ["{stop_id}", "from {stop} to {stop_new}", "8 ticks lower = $8.00"],
    "move-target": ["from {target} to {target_new}", "8 ticks higher = $8.00"],
    "modify": ["{stop_id}", "from {stop} to {stop_new} (8 ticks lower = $8.00)",
               "quantity from 2 to 2"],
    "cancel": ["{stop_id}, SELL 2 MNQ.Z26 STOP at {stop}"],
    "cancel-all": ["+2 MNQ.Z26 at ", "2 working orders"],
    "close": ["+2 MNQ.Z26 at ", "2 working orders"],
    "flatten": ["+2 MNQ.Z26 at ", "2 working orders"],
}  # fmt: skip

CHANGES = {"move-stop": "stop", "move-target": "target", "modify": "stop"}


@pytest.fixture
def legs(fastorder):  # noqa: F811
    """What stands in the lines: the legs of a position of two, and prices beside."""
    assert fastorder("buy MNQ 2 --bracket 400:800 --yes")[0] == 0
    rows = json.loads(fastorder("orders --json")[1])["orders"]
    (stop,) = [row for row in rows if row["type"] == "STOP"]
    (target,) = [row for row in rows if row["type"] == "LIMIT"]
    return {
        "stop_id": stop["id"],
        "stop": stop["stop_price"],
        "stop_new": Decimal(stop["stop_price"]) - 2,
        "target": target["limit_price"],
        "target_new": Decimal(target["limit_price"]) + 2,
    }


def test_no_command_that_changes_is_overlooked():
    assert set(ASKED) == set(SHOWN) == set(PANELS["Trade"]) - {"buy", "sell"}


@pytest.mark.parametrize("name", ASKED)
def test_the_question_says_what_there_is_and_what_it_becomes(
    fastorder,  # noqa: F811
    gateway,
    legs,
    name,
):
    before = len(gateway.ledger.requests("/api/Order/modify"))
    code, out, err = fastorder(ASKED[name].format(**legs))
    assert (code, out) == (2, "")
    for words in SHOWN[name]:
        assert words.format(**legs) in err, err
    assert len(gateway.ledger.requests("/api/Order/modify")) == before


@pytest.mark.parametrize("name", CHANGES)
def test_the_result_says_so_too(fastorder, legs, name):  # noqa: F811
    line = f"{ASKED[name]} --yes".format(**legs)
    code, out, _ = fastorder(f"{line} --json")
    assert code == 0
    change = json.loads(out)["result"]["changes"][-1]
    which, way = CHANGES[name], -8 if CHANGES[name] == "stop" else 8
    assert change["before"] == legs[which]
    assert change["after"] == str(legs[f"{which}_new"])
    assert change["ticks"] == way


@pytest.mark.parametrize(
    "line",
    ["modify 5 --limit 100", "cancel 5", "move-stop MNQ 100", "move-target MNQ 9"],
)
def test_what_is_not_listed_is_said_to_be_so(fastorder, line):  # noqa: F811
    code, _, err = fastorder(line)
    assert code == 2
    assert re.search(r"not listed as working|of which no live \w+ is listed", err)


@given(
    before=some.integers(-400_000, 400_000),
    after=some.integers(-400_000, 400_000),
    size=some.integers(1, 50),
)
def test_a_change_in_words_has_both_prices_and_the_way_between(before, after, size):
    old, new = Decimal(before) / 4, Decimal(after) / 4
    ticks = whole((new - old) / Decimal("0.25"))
    money = abs(ticks) * size * Decimal("0.5")
    told = str(Change("stop", old, new, ticks, money))
    assert told.startswith(f"stop from {old:f} to {new:f} (")
    if ticks:
        assert f"{abs(after - before)} tick" in told
        assert ("lower" in told) is (new < old)
        assert f"${money:,.2f}" in told


# ------------------------------------------------------------ what an act found


def stepped(action, outcome, position=0):
    """An act of one step, of a contract that is proved to be so."""
    result = SimpleNamespace(action=action, outcome=outcome)
    step = SimpleNamespace(result=result)
    of = SimpleNamespace(verified=True, position=position, steps=(step,))
    return SimpleNamespace(steps=(step,), contracts=(of,))


@pytest.mark.parametrize(
    ("action", "outcome", "position", "is_done"),
    [
        ("close", Outcome.REJECTED, 0, False),
        ("cancel", Outcome.REJECTED, 0, False),
        ("cancel", Outcome.REJECTED, 1, True),  # of cancel-all: a position is left
        ("close", Outcome.ACCEPTED, 0, True),
        ("cancel", Outcome.UNKNOWN, 0, True),
    ],
)
def test_nothing_was_open_is_said_where_nothing_was(action, outcome, position, is_done):
    assert rows.has_done(stepped(action, outcome, position)) is is_done


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("action", ["close", "cancel", "partial close"])
def test_a_refused_cancel_is_shown_as_it_was_told(action, outcome):
    (of,) = stepped(action, outcome).contracts
    shown = rows._step(of.steps[0], of)
    was_open = (action, outcome) != ("close", Outcome.REJECTED)
    assert (shown == repr(of.steps[0])) is was_open


def test_a_position_that_does_not_say_its_way_keeps_no_act_from_its_question():
    row = {
        "id": 1,
        "accountId": 7,
        "contractId": "CON.F.US.MNQ.Z26",
        "creationTimestamp": "2026-11-30T14:00:00Z",
        "averagePrice": 29000,
        "size": 2,
    }
    held = [Position.from_wire({**row, "type": kind}) for kind in range(3)]
    trader = SimpleNamespace(positions=lambda: held, open_orders=list)
    words = held_in_words(trader, None)
    assert words.startswith("2 (long or short is not known) MNQ.Z26 at 29000, +2 MNQ")
    assert words.endswith("-2 MNQ.Z26 at 29000; 0 working orders")
