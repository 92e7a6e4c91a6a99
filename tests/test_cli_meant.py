"""An option or a command that there is not is told with the one that is meant."""

import difflib
import re
import subprocess
import sys

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as some
from test_cli import NAMES

from fastorder.cli.meant import COMMANDS, ELSEWHERE, OPTIONS, _names_of, hint_for, plain
from fastorder.cli.program import make, run

PROGRAM = typer.main.get_command(make())


def command_of(name):
    found = PROGRAM
    for part in name.split():
        found = found.commands[part]
    return found


OF_EACH = {name: _names_of(command_of(name)) for name in NAMES}

TYPED = [
    ("buy", "--price", "did you mean --limit?"),
    ("buy", "--stop-loss", "--bracket STOP:TARGET"),
    ("buy", "--sl", "--bracket STOP:TARGET"),
    ("sell", "--tp", "--bracket STOP:TARGET"),
    ("sell", "--take-profit", "--bracket STOP:TARGET"),
    ("buy", "--take_profit_ticks", "--bracket STOP:TARGET"),
    ("buy", "--qty", "QUANTITY is given by its place"),
    ("buy", "--size", "QUANTITY is given by its place"),
    ("buy", "-q", "QUANTITY is given by its place"),
    ("modify", "--qty", "did you mean --size?"),
    ("modify", "--stop-loss", "did you mean --stop?"),
    ("modify", "--tp", "did you mean --limit?"),
    ("move-stop", "--price", "PRICE is given by its place"),
    ("buy", "--symbol", "SYMBOL is given by its place"),
    ("cancel", "--order-id", "ORDER is given by its place"),
    ("move-stop", "--order-id", "did you mean --order?"),
    ("buy", "--account-id", "did you mean --account?"),
    ("buy", "--trailing-stop", "did you mean --trail?"),
    ("buy", "--trigger", "did you mean --stop?"),
    ("buy", "--force", "did you mean --yes?"),
    ("buy", "--dryrun", "did you mean --dry-run?"),
    ("buy", "--dry", "did you mean --dry-run?"),
    ("buy", "--limt", "did you mean --limit?"),
    ("buy", "--yse", "did you mean --yes?"),
    ("buy", "--tif", "no time in force"),
    ("buy", "--type", "--limit, --stop, --trail or --join"),
    ("login", "--api-key", "never an option"),
    ("flatten", "--timeout", "did you mean --deadline?"),
    ("move-stop", "-3", "stands behind --"),
]


def said_of(line, capsys):
    code = run(line)
    said = re.sub(r"\s*│?\n│?\s*", " ", capsys.readouterr().err)
    assert code == 2
    return said


@pytest.mark.parametrize(("command", "option", "hint"), TYPED)
def test_the_words_of_other_tools_are_known(capsys, command, option, hint):
    said = said_of([*command.split(), option, "5"], capsys)
    assert f"No such option: {option}" in said
    assert hint in said


MISTYPED = [
    ("buy 1 MNQ", "the symbol comes first, as in buy MNQ 1"),
    ("sell 2 6E --limit 5", "the symbol comes first, as in sell 6E 2"),
    ("move-stop 29,500 MNQ", "the symbol comes first, as in move-stop MNQ 29500"),
    ("move-target 29500.25 MNQ", "as in move-target MNQ 29500.25"),
    ("bars 5m MNQ", "the symbol comes first, as in bars MNQ 5m"),
    ("buy MNQ 1 --limit 29,500", "must be a number, was '29,500' (did you mean 29500?"),
    ("buy MNQ 1 --stop 29.500,25", "did you mean 29500.25?"),
    ("modify 5 --limit $29500", "did you mean 29500?"),
    ("move-stop MNQ 29,500", "did you mean 29500?"),
    ("buy MNQ 1,000", "was '1,000' (did you mean 1000?)"),
    ("cancel #12345", "was '#12345' (did you mean 12345?)"),
    ("cancel MNQ", "was 'MNQ'"),
    ("buy MNQ 0", "was '0'"),
    ("trades --days two", "was 'two'"),
    ("trades --days 0", "was '0'"),
    ("buy MNQ 1 --join x", "must be bid or ask, was 'x'"),
    ("buy MNQ 1 29500", "did you mean --limit 29500?"),
    ("buy MNQ 1 @29500", "did you mean --limit 29500?"),
    ("sell MNQ 1 stop 29,500", "did you mean --stop 29500?"),
    ("buy MNQ 1 market", "an order without a price is at the market"),
    ("close MNQ 1", "close takes SYMBOL"),
    ("orders MNQ", "orders takes options alone"),
    ("flatten all --yes", "without a symbol flatten is of all contracts"),
    ("cancel all", "cancel-all cancels every order"),
    ("buy MNQ 1 --limit 29500 --limit 29400", "--limit must be given once"),
    ("sell MNQ 1 --tag a -a PRAC --tag b", "--tag must be given once"),
    ("help", "Did you mean '--help'?"),
    ("version", "Did you mean '--version'?"),
    ("BUY MNQ 1", "Did you mean 'buy'?"),
]


@pytest.mark.parametrize(("line", "hint"), MISTYPED)
def test_what_does_not_fit_is_told_with_what_fits(capsys, line, hint):
    assert hint in said_of(line.split(), capsys)


@pytest.mark.parametrize(
    "line", ["backtest f.py --set a=1 --set b=2", "close MNQ --yes --yes", "close ALL"]
)
def test_what_may_be_given_twice_and_a_contract_by_any_name_is_taken(line):
    name, *rest = line.split()
    assert command_of(name).make_context(name, rest).params


@pytest.mark.parametrize("line", ["buy 6E 1", "bars 6E 5m", "move-stop 6E 1.0505"])
def test_a_symbol_that_begins_with_a_number_is_none(line):
    name, *rest = line.split()
    assert command_of(name).make_context(name, rest).params["symbol"] == "6E"


def test_help_is_shown_whatever_else_is_typed(capsys):
    assert run(["buy", "1", "MNQ", "--help"]) == 0
    assert "SYMBOL" in capsys.readouterr().out


def test_each_word_stands_for_what_there_is():
    known = {name for pair in OF_EACH.values() for names in pair for name in names}
    for word, names in OPTIONS.items():
        assert word == plain(word)
        assert set(names) <= known, word
    assert not set(OPTIONS) & set(ELSEWHERE)
    assert set(COMMANDS.values()) <= set(PROGRAM.commands)
    assert not set(COMMANDS) & set(PROGRAM.commands)


@pytest.mark.parametrize("name", NAMES)
def test_no_command_is_told_an_option_that_it_has_not(name):
    options, arguments = OF_EACH[name]
    for word in OPTIONS:
        hint = hint_for(f"--{word}", options, arguments)
        for option in re.findall(r"did you mean (--[a-z-]+)", hint):
            assert option in options, (word, hint)
        for place in re.findall(r"([A-Z]+) is given by its place", hint):
            assert place in arguments, (word, hint)


@given(word=some.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
def test_what_is_near_nothing_is_told_nothing(word):
    for options, arguments in OF_EACH.values():
        hint = hint_for(f"--{word}", options, arguments)
        if not hint or word in OPTIONS or word in ELSEWHERE:
            continue
        (near,) = re.findall(r"did you mean --([a-z-]+)", hint)
        close = difflib.SequenceMatcher(None, word, plain(near)).ratio()
        is_begun = plain(near).startswith(word) and len(word) >= 3
        assert is_begun or close >= 0.8 or sorted(word) == sorted(plain(near))


@pytest.mark.parametrize("name", NAMES)
def test_a_slip_in_any_option_is_told_with_its_name(name):
    options, arguments = OF_EACH[name]
    for option in options:
        if len(option) > 7:
            slip = option[:4] + option[5:]
            assert option in hint_for(slip, options, arguments)


@pytest.mark.parametrize(
    ("word", "name"),
    [*COMMANDS.items(), ("byu", "buy"), ("flaten", "flatten"),
     ("cancelall", "cancel-all")],
)  # fmt: skip
def test_so_is_a_command(capsys, word, name):
    assert f"Did you mean '{name}'?" in said_of([word], capsys)


def test_an_option_before_the_command_is_told_its_place(capsys):
    said = said_of(["--account", "PRAC", "positions"], capsys)
    assert "behind the command: fastorder COMMAND --account" in said


# ---------------------------------------------------------------- help and its ways


@pytest.mark.parametrize("name", ["", "ticks", *NAMES])
def test_h_is_help_everywhere(capsys, name):
    shown = []
    for option in ("-h", "--help"):
        assert run([*name.split(), option]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != ""


@pytest.mark.parametrize("module", ["fastorder", "fastorder.cli"])
def test_the_package_is_the_program_too(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:10]) == (0, "fastorder ")
