"""The command line, as a person and as a program use it, against the simulator."""

import json
import os
import re
import sys
from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT, COMBINE
from test_examples import ROOT, module_at

from fastorder.cli.exits import Exit
from fastorder.cli.program import PANELS, run
from fastorder.cli.shapes import COMMANDS
from fastorder.enums import Outcome
from fastorder.settings import key_store

pytest.importorskip("typer")

PAGE = ROOT / "docs" / "guide" / "command-line.md"
PROGRAM = [sys.executable, "-m", "fastorder.cli"]
SAYS = {"login", "simulate", "watch"}
"""What says what it does in words alone."""
NAMES = [name for commands in PANELS.values() for name in commands]
KINDS = {
    "text": str,
    "whole": int,
    "decimal": str,
    "yes": bool,
    "time": str,
    "list": list,
}


@pytest.fixture
def home(shell, monkeypatch):
    """A trader's shell, of the usual width."""
    monkeypatch.setenv("COLUMNS", "80")
    return shell


@pytest.fixture
def fastorder(home, capsys):
    """Run a command; its code, its output, and its words."""

    def typed(line):
        code = run(line.split())
        said = capsys.readouterr()
        return code, said.out, said.err

    return typed


def document(fastorder, line):
    code, out, _ = fastorder(f"{line} --json")
    return code, json.loads(out)


# ---------------------------------------------------------------- a day


def test_a_day_ends_flat_and_the_ledger_says_the_same(fastorder, gateway):
    code, bought = document(fastorder, "buy MNQ 2 --bracket 400:800 --yes")
    assert (code, bought["result"]["outcome"]) == (0, "ACCEPTED")
    (placed,) = gateway.ledger.placements()
    assert bought["result"]["tag"] == placed.custom_tag

    _, held = document(fastorder, "positions")
    assert [row["net"] for row in held["positions"]] == [2]
    _, legs = document(fastorder, "orders")
    assert {row["type"] for row in legs["orders"]} == {"STOP", "LIMIT"}

    code, moved = document(fastorder, "move-stop MNQ 20000.25 --yes")
    assert code == 0
    _, legs = document(fastorder, "orders")
    (stop,) = [row for row in legs["orders"] if row["type"] == "STOP"]
    assert Decimal(stop["stop_price"]) == Decimal("20000.25")
    assert moved["result"]["order_id"] == stop["id"]

    code, report = document(fastorder, "flatten --yes")
    assert (code, report["report"]["verified"]) == (0, True)
    assert document(fastorder, "positions")[1] == {"positions": []}
    assert document(fastorder, "orders")[1] == {"orders": []}

    _, trades = document(fastorder, "trades")
    told = [row["profit_and_loss"] for row in trades["trades"]]
    _, pnl = document(fastorder, "pnl")
    assert pnl["pnl"]["trades"] == len(told) == 2
    assert Decimal(pnl["pnl"]["gross"]) == sum(Decimal(each or 0) for each in told)

    _, kept = document(fastorder, "journal")
    assert [row["tag"] for row in kept["journal"]] == [placed.custom_tag]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SAYS])
def test_every_command_has_one_schema(name):
    assert name in COMMANDS


@pytest.mark.parametrize(
    "line",
    ["accounts", "contracts", "contract MNQ", "positions", "orders --days 1", "trades",
     "pnl", "journal", "risk", "doctor", "buy MNQ 1 --yes", "cancel 1 --yes",
     "cancel-all --yes", "bars MNQ 1m --days 0.1"],
)  # fmt: skip
def test_json_is_of_its_schema(fastorder, line):
    fastorder("buy MNQ 1 --bracket 400: --yes")
    shape = COMMANDS[line.split()[0]]
    _, found = document(fastorder, line)
    (name,) = found
    assert name == shape.name
    rows = found[name] if shape.is_list else [found[name]]
    assert rows
    for row in rows:
        assert list(row) == [column.name for column in shape.columns]
        for column in shape.columns:
            value = row[column.name]
            assert value is None or type(value) is KINDS[column.kind], column
            if column.kind == "decimal" and value is not None:
                Decimal(value)
            if column.kind == "time" and value is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value)


# ---------------------------------------------------------------- what is refused

NOTHING_SENT = [
    ("buy MNQ 0 --yes", 2, "greater than or equal to 1"),
    ("buy MNQ one --yes", 2, "integer"),
    ("buy NOPE 1 --yes", 2, "NOPE"),
    ("buy MNQ 1 --limit abc --yes", 2, "a price must be a number"),
    ("buy MNQ 1 --limit nan --yes", 2, "a price must be a number"),
    ("buy MNQ 1 --limit 100.1 --yes", 2, "the nearest are 100.00 and 100.25"),
    ("buy MNQ 1 --bracket 40 --yes", 2, "STOP:TARGET"),
    ("buy MNQ 1 --bracket : --yes", 2, "STOP:TARGET"),
    ("buy MNQ 1 --bracket -4:8 --yes", 2, "STOP:TARGET"),
    ("buy MNQ 1 --limit 100 --trail 5 --yes", 2, "trail_ticks"),
    ("buy MNQ 1 --join up --yes", 2, "join"),
    ("buy MNQ 1", 2, "--yes goes on"),
    ("buy MNQ 1 --account 50K --yes", 2, "--live allows it"),
    ("buy MNQ 1 --account Z --yes", 2, "Z"),
    ("buy MNQ 101 --yes", 2, "quantity"),
    ("byu MNQ 1", 2, "buy"),
    ("buy MNQ 1 --yse", 2, "--yes"),
    ("modify 5 --yes", 2, "--size, --limit or --stop"),
    ("kill", 2, "kill_file"),
    ("resolve fo1-none", 2, "tag"),
    ("bars MNQ 1m --out x.xls", 2, ".parquet"),
    ("bars MNQ 1m --out /no/such/x.csv", 2, "in a folder that is there"),
    ("bars MNQ 1y", 2, "1y"),
    ("contract NOPE", 2, "NOPE"),
    ("positions --profile none", 2, "settings.toml"),
    ("orders --days -1", 2, "days"),
]


@pytest.mark.parametrize(("line", "code", "word"), NOTHING_SENT)
def test_what_cannot_be_meant_is_said_in_words(fastorder, gateway, line, code, word):
    got, out, err = fastorder(line)
    assert (got, out) == (code, "")
    assert word in re.sub(r"\s*│?\n│?\s*", " ", err)
    assert "Traceback" not in err
    assert gateway.ledger.placements() == []


def test_a_missing_setting_says_where_it_was_looked_for(fastorder, monkeypatch):
    monkeypatch.delenv("FASTORDER_API_KEY")
    code, _, err = fastorder("positions")
    assert code == 2
    assert "FASTORDER_API_KEY" in err


def test_an_account_that_is_no_practice_account_needs_live(fastorder, gateway):
    assert fastorder("buy MNQ 1 --account 50K --yes --live")[0] == 0
    (placed,) = gateway.ledger.placements()
    assert placed.account_id == COMBINE != ACCOUNT


CODES = {
    Outcome.ACCEPTED: ({}, 0),
    Outcome.REJECTED: ({"reply": "code", "effect": "none", "error_code": 2}, 3),
}


@pytest.mark.parametrize("outcome", CODES)
def test_the_code_is_that_of_the_outcome(fastorder, gateway, outcome):
    from fastorder.simulator import Fault

    fault, code = CODES[outcome]
    if fault:
        gateway.faults.add(Fault("/api/Order/place", **fault))
    got, told = document(fastorder, "buy MNQ 1 --yes")
    assert (got, told["result"]["outcome"]) == (code, str(outcome))


def test_no_gateway_is_a_failure_in_one_line(fastorder, monkeypatch):
    monkeypatch.setenv("FASTORDER_BASE_URL", "http://127.0.0.1:9")
    code, out, err = fastorder("positions")
    assert (code, out) == (1, "")
    assert "127.0.0.1" in err or "connect" in err.lower()


def test_https_to_the_simulator_is_told_http(fastorder, monkeypatch, gateway):
    url = gateway.base_url.replace("http://", "https://")
    monkeypatch.setenv("FASTORDER_BASE_URL", url)
    code, out, err = fastorder("positions")
    assert (code, out) == (1, "")
    assert "begins with http://" in err


# ---------------------------------------------------------------- before it is sent


def test_dry_run_shows_the_bytes_that_are_sent(fastorder, gateway):
    line = "buy MNQ 1 --limit 100.25 --bracket 40:80 --tag mine"
    _, shown = document(fastorder, f"{line} --dry-run")
    assert gateway.ledger.placements() == []
    assert shown["request"]["url"] == f"{gateway.base_url}/api/Order/place"
    fastorder(f"{line} --yes")
    (sent,) = gateway.ledger.placements()
    body = json.loads(shown["request"]["body"])
    assert (body["customTag"], body["limitPrice"]) == (sent.custom_tag, 100.25)
    assert body["stopLossBracket"]["ticks"] == -40


def spawned(home, line):
    pexpect = pytest.importorskip("pexpect")
    return pexpect.spawn(
        PROGRAM[0], [*PROGRAM[1:], *line.split()], encoding="utf-8", timeout=30,
        dimensions=(40, 120),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "code", "sent"), [("y", 0, 1), ("n", 4, 0), ("\x03", 130, 0)]
)
def test_it_asks_in_words_and_money(home, gateway, answer, code, sent):
    child = spawned(home, "buy MNQ 2 --bracket 40:80")
    child.expect_exact("BUY 2 MNQZ6 at the market, stop 40 ticks = $40.00")
    child.expect_exact("Send it?")
    child.send(answer if answer == "\x03" else f"{answer}\n")
    child.expect(__import__("pexpect").EOF)
    child.close()
    assert child.exitstatus == code
    assert len(gateway.ledger.placements()) == sent


def test_a_closed_pipe_is_no_traceback(home, tmp_path):
    import subprocess

    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "contracts", "--json"], stdout=write, stderr=subprocess.PIPE,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(write)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_dry_run_names_an_argument_as_it_was_typed(fastorder):
    code, _, err = fastorder("buy MNQ 1 --limit -5 --dry-run")
    assert (code, err.split(",")[0]) == (2, "fastorder: limit must be positive")
    assert "at 100000 or better" in fastorder("buy MNQ 1 --limit 1e5 --dry-run")[1]


def test_the_key_stands_nowhere(fastorder, monkeypatch, tmp_path):
    monkeypatch.setenv("FASTORDER_API_KEY", "canary-of-the-key")
    told = "".join(
        out + err
        for line in ("doctor", "positions", "buy MNQ 1 --yes", "accounts")
        for _, out, err in [fastorder(line)]
    )
    assert "canary-of-the-key" not in told


# ---------------------------------------------------------------- kept


class Store:
    def __init__(self):
        self.kept = {}

    def set_password(self, service, user, key):
        self.kept[service, user] = key


NO_STORE = {
    key_store.NOT_INSTALLED: "pip install 'fastorder[keyring]'",
    key_store.NO_BACKEND: "finds no key store on this machine",
}


@pytest.mark.parametrize("why", ["", *NO_STORE])
def test_login_tries_the_key_and_keeps_it_where_it_can(fastorder, monkeypatch, why):
    store, has_store = Store(), not why
    monkeypatch.setattr(
        "fastorder.cli.login.available", lambda: (store if has_store else None, why)
    )
    monkeypatch.setattr("typer.prompt", lambda *given, **options: API_KEY)
    code, out, err = fastorder("login --user trader1")
    assert "logged in as trader1: PRAC-" in out
    assert store.kept == ({("fastorder", "trader1"): API_KEY} if has_store else {})
    assert code == (0 if has_store else 1)
    assert has_store or ("FASTORDER_API_KEY" in err and NO_STORE[why] in err)
    assert all((of == why) is (words in err) for of, words in NO_STORE.items())


def test_login_keeps_no_key_that_does_not_fit(fastorder, monkeypatch):
    store = Store()
    monkeypatch.setattr("fastorder.cli.login.available", lambda: (store, ""))
    monkeypatch.setattr("typer.prompt", lambda *given, **options: "wrong")
    code, _, err = fastorder("login --user trader1")
    assert (code, store.kept) == (1, {})
    assert "InvalidCredentials" in err


def test_the_version_is_shown_without_a_command(capsys):
    assert run(["--version"]) == 0
    assert re.fullmatch(r"fastorder \d+\.\d+\S*\n", capsys.readouterr().out)


def test_kill_and_resume_set_the_switch_that_others_watch(fastorder, home, monkeypatch):
    from fastorder.settings import settings_path as place

    settings = place()
    settings.parent.mkdir(parents=True)
    settings.write_text(f'kill_file = "{home / "stop"}"\n', encoding="utf-8")
    settings.chmod(0o600)
    assert fastorder("kill --reason lunch")[0] == 0
    code, _, err = fastorder("buy MNQ 1 --yes")
    assert code == 6
    assert str(home / "stop") in err
    assert fastorder("flatten --yes")[0] == 0
    assert fastorder("resume")[0] == 0
    assert fastorder("buy MNQ 1 --yes")[0] == 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_bars_into_a_file(fastorder, tmp_path, kind):
    path = tmp_path / f"bars.{kind}"
    code, _, err = fastorder(f"bars MNQ 1m --days 0.2 --out {path}")
    assert code == 0
    assert str(path.name) in err
    assert path.stat().st_size
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [path.name]


@pytest.mark.parametrize(
    ("more", "made"),
    [
        ("--out b.csv", {"b.csv"}),
        ("--out b.csv --plot", {"b.csv", "b.png"}),
        ("--plot", {"MNQZ6-5m.png"}),
    ],
)
def test_bars_are_drawn_beside_their_file(fastorder, tmp_path, monkeypatch, more, made):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    code, out, err = fastorder(f"bars MNQ 5m --days 0.2 {more}")
    assert (code, out) == (0, "")
    found = {each.name for each in tmp_path.iterdir() if each.is_file()}
    assert found == made
    for name in made:
        assert name in err
        if name.endswith(".png"):
            assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("line", "module", "extra"),
    [
        ("bars MNQ 1m --out b.csv", "pyarrow", "marketdata"),
        ("bars MNQ 1m --plot", "matplotlib", "marketdata"),
        ("backtest bot.py ticks.parquet", "numpy", "data"),
        ("backtest bot.py ticks.parquet", "pyarrow", "data"),
        ("ticks record MNQ", "pyarrow", "data"),
        ("simulate", "aiohttp", "simulator"),
        ("bench", "aiohttp", "simulator"),
    ],
)
def test_what_is_not_installed_is_named_before_anything_is_read(
    fastorder, gateway, monkeypatch, line, module, extra
):
    before = len(gateway.ledger.requests())
    monkeypatch.setitem(sys.modules, module, None)
    code, _, err = fastorder(line)
    assert code == 2
    assert module in err
    assert f"pip install 'fastorder[{extra}]'" in " ".join(err.replace("│", "").split())
    assert len(gateway.ledger.requests()) == before


@pytest.mark.parametrize("name", NAMES)
def test_help_of_each(fastorder, name):
    code, out, _ = fastorder(f"{name} --help")
    assert code == 0
    assert f"Usage: fastorder {name}" in out


# ---------------------------------------------------------------- the page


def test_the_page_has_the_schemas_of_now():
    schemas = module_at("command_schemas", ROOT / "tools" / "command_schemas.py")
    text = PAGE.read_text(encoding="utf-8")
    assert schemas.with_schemas(text) == text, "run tools/command_schemas.py"


@pytest.mark.parametrize("block", range(3))
def test_every_line_of_the_page_does_what_it_says(fastorder, monkeypatch, home, block):
    monkeypatch.chdir(home)
    (strategy,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (home / "breakout.py").write_text(strategy)
    blocks = re.findall(
        r"<!-- typed -->\n```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    for line in blocks[block].splitlines():
        code, _, err = fastorder(line.removeprefix("fastorder "))
        assert code == 0, (line, err)


def test_the_page_has_every_exit_code():
    text = PAGE.read_text(encoding="utf-8")
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert rows == {int(code) for code in Exit}
