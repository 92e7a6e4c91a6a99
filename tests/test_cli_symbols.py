"""What the command line prints of a contract, it takes as a symbol."""

import json

import pytest
from test_cli import NAMES, fastorder, home  # noqa: F401 (fixtures)
from test_cli_meant import command_of

from fastorder.cli.contract_names import short, symbol_from

pytest.importorskip("typer")

ID = "CON.F.US.MNQ.Z26"
TAKES = {
    name: argument
    for name in NAMES
    for argument in command_of(name).params
    if argument.name in ("symbol", "symbols")
}

REST = {
    "bars": ["1m"],
    "buy": ["1"],
    "move-stop": ["100"],
    "move-target": ["100"],
    "sell": ["1"],
}
"""What else has to be given."""


def test_no_command_with_a_symbol_is_overlooked():
    assert set(TAKES) > {"buy", "bars", "contract", "flatten", "ticks record"}


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("typed", [short(ID), short(ID).lower(), ID, "MNQ", "MNQZ26"])
def test_each_takes_what_is_printed(name, typed):
    line = [typed, *REST.get(name, [])]
    found = command_of(name).make_context(name, line).params[TAKES[name].name]
    (taken,) = [found] if isinstance(found, str) else found
    assert taken == (ID if "." in typed else typed)


def test_every_contract_that_is_listed_is_found_by_what_is_printed(fastorder):  # noqa: F811
    rows = json.loads(fastorder("contracts --json")[1])["contracts"]
    assert rows
    for row in rows:
        assert symbol_from(short(row["id"])) == row["id"]
    for row in rows[:3]:
        for printed in (short(row["id"]), row["name"], row["id"]):
            code, out, _ = fastorder(f"contract {printed} --json")
            assert (code, json.loads(out)["contract"]["id"]) == (0, row["id"])


def test_what_is_held_is_closed_by_what_is_printed(fastorder):  # noqa: F811
    assert fastorder(f"buy {short(ID)} 1 --bracket 400: --yes")[0] == 0
    assert fastorder(f"move-stop {short(ID)} 20000 --yes")[0] == 0
    code, out, _ = fastorder(f"close {short(ID)} --yes --json")
    assert (code, json.loads(out)["report"]["verified"]) == (0, True)
    assert json.loads(fastorder("positions --json")[1]) == {"positions": []}
