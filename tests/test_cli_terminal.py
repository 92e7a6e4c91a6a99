"""Wrong use, as a person meets it: through a pseudo-terminal, to the ledger."""

import os
import re
import sys

import pytest
from canary import API_KEY
from conftest import ACCOUNT, held

pytest.importorskip("typer")
pexpect = pytest.importorskip("pexpect")

NARROW = 40
PLACE = "/api/Order/place"
PROGRAM = [sys.executable, "-m", "fastorder.cli"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x0e\x0f]")


@pytest.fixture
def terminal(gateway, tmp_path):
    """Type a line into a terminal; what pexpect knows of it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FASTORDER_", "PROJECT_X_", "XDG_"))
    }
    environment = kept | {
        "HOME": str(tmp_path),
        "TERM": "xterm",
        "FASTORDER_USER": "trader1",
        "FASTORDER_API_KEY": API_KEY,
        "FASTORDER_BASE_URL": gateway.base_url,
        "FASTORDER_ACCOUNT": "PRAC",
    }
    for name in ("COLUMNS", "LINES"):
        environment.pop(name, None)
    children = []

    def typed(line, columns=100, before="exec", rows=40):
        quoted = " ".join([f"'{part}'" for part in PROGRAM] + [line])
        child = pexpect.spawn(
            "/bin/sh", ["-c", f"{before} {quoted}"], env=environment, encoding="utf-8",
            timeout=60, dimensions=(rows, columns), cwd=str(tmp_path),
        )  # fmt: skip
        children.append(child)
        return child

    yield typed
    for child in children:
        child.close(force=True)


def ended(child):
    """Its code, and all that it said, without colours."""
    child.expect(pexpect.EOF)
    return left_behind(child)


def interrupted(child):
    """The same after Ctrl-C; typed again where a read had not begun that it ends.

    CPython looks whether a signal came, and then waits for a key: one that comes
    between the two is seen with the next key.
    """
    for _ in range(20):
        child.sendintr()
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=3) == 0:
            break
    return left_behind(child)


def left_behind(child):
    said = child.before
    child.close()
    assert "Traceback" not in said, said
    return child.exitstatus, ESCAPES.sub("", said)


def sent(gateway):
    return len(gateway.ledger.requests(PLACE))


# ---------------------------------------------------------------- forty columns


def test_forty_columns_break_no_value(terminal, gateway):
    code, _ = ended(terminal("buy MNQ 1 --bracket 400:800 --yes", NARROW))
    assert code == 0
    for line, words in {
        "accounts": [str(ACCOUNT)],
        "orders": ["STOP", "LIMIT", "MNQ.Z26", "status"],
        "positions": ["MNQ.Z26"],
        "trades": ["MNQ.Z26", "fees"],
    }.items():
        code, said = ended(terminal(line, NARROW))
        assert code == 0
        assert max(map(len, said.splitlines())) <= NARROW, line
        for word in words:
            assert word in said, (line, word)


@pytest.mark.parametrize("line", ["buy --help", "byu MNQ 1"])
def test_help_and_complaints_fit_forty_columns(terminal, line):
    _, said = ended(terminal(line, NARROW))
    assert max(map(len, said.splitlines())) <= NARROW


def test_the_question_of_forty_columns_is_whole(terminal, gateway):
    child = terminal("buy MNQ 1 --bracket 40:80", NARROW)
    child.expect_exact("Send it?")
    words = ESCAPES.sub("", child.before).replace("\r\n", " ")
    assert "stop 40 ticks = $20.00" in words
    child.sendline("n")
    assert ended(child)[0] == 4
    assert sent(gateway) == 0


def test_the_screen_of_forty_columns_shows_and_ends(terminal, gateway):
    pytest.importorskip("textual")
    child = terminal("watch --polling", NARROW, rows=20)
    child.expect("PRAC-")
    child.expect("positions")
    child.send("q")
    assert ended(child)[0] == 0


# ---------------------------------------------------------------- Ctrl-C

PROMPTS = {
    "buy MNQ 1": "Send it?",
    "sell MNQ 1 --limit 90000": "Send it?",
    "modify 5 --limit 100": "Send it?",
    "cancel 5": "Send it?",
    "cancel-all": "Send it?",
    "close MNQ": "Send it?",
    "flatten": "Send it?",
    "move-stop MNQ 100": "Send it?",
    "practice-probe --only twice": "Send it?",
    "login": "User name",
    "login --user trader1": "API key",
}


@pytest.mark.parametrize("line", PROMPTS)
def test_ctrl_c_at_each_prompt_sends_nothing(terminal, gateway, tmp_path, line):
    child = terminal(line)
    child.expect_exact(PROMPTS[line])
    code, _ = interrupted(child)
    assert code == 130
    names = {each.endpoint for each in gateway.ledger.requests()}
    assert not names & {PLACE.lower(), "/api/order/cancel", "/api/order/modify"}
    assert not any("closecontract" in name for name in names)
    assert list(tmp_path.glob("*.md")) == []


# ---------------------------------------------------------------- a full disk


def test_an_act_needs_no_output(terminal, gateway):
    """A timer, or a service, may have closed it."""
    assert ended(terminal("buy MNQ 1 --yes"))[0] == 0
    code, said = ended(terminal("flatten --yes", before="exec >&-; exec"))
    assert "Traceback" not in said
    assert (code, held(gateway)) == (0, 0)


def test_an_order_is_not_sent_that_no_journal_can_hold(terminal, gateway):
    code, said = ended(terminal("buy MNQ 1 --yes", before="ulimit -f 0; exec"))
    assert code == 4
    assert "journal" in said
    assert sent(gateway) == 0


@pytest.mark.parametrize(
    "line",
    [
        "bars MNQ 1m --out bars.csv",
        "bars MNQ 1m --out bars.parquet",
        "practice-probe --only twice --yes --out out.md",
    ],
)
def test_a_file_that_cannot_be_written_is_not_there(terminal, gateway, tmp_path, line):
    if "parquet" in line or "csv" in line:
        pytest.importorskip("pyarrow")
    code, said = ended(terminal(line, before="ulimit -f 0; exec"))
    assert code == 1
    assert "fastorder:" in said
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert names == set()
    assert sent(gateway) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("line", ["accounts", "accounts --json", "--help"])
def test_an_output_that_takes_nothing_is_a_line(terminal, line):
    code, said = ended(terminal(f"{line} > /dev/full"))
    assert code == 1
    assert "No space left" in said


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("as_json", ["", "--json"])
def test_what_was_sent_is_told_truly_where_it_cannot_be_shown(
    terminal, gateway, as_json
):
    code, said = ended(terminal(f"buy MNQ 1 --yes {as_json} > /dev/full"))
    assert code == 0
    assert "place ACCEPTED: order" in said
    assert sent(gateway) == 1
    code, said = ended(terminal(f"flatten --yes {as_json} > /dev/full"))
    assert code == 0
    assert "flatten: verified" in said
    assert held(gateway) == 0


def test_a_reader_that_has_gone_does_not_change_what_was_sent(terminal, gateway):
    gone = "buy MNQ 1 --yes --json; echo code $? >&2) | sleep 0"
    _, said = ended(terminal(gone, before="("))
    assert re.search(r"code 0", said.replace("\r", "")), said
    assert sent(gateway) == 1


# ---------------------------------------------------------------- a closed market


@pytest.fixture
def closed(gateway):
    """Closed from now on; the bars of before are there."""

    def close():
        now_s = gateway.gateway.clock.now_s()
        gateway.gateway.exchange.advance()
        gateway.gateway.open_hours(Hours([(now_s - 5, now_s + 10**6)], daily=False))

    from fastorder.simulator import Hours

    gateway.call(close)


def test_an_order_of_a_closed_market_is_rejected_in_words(terminal, gateway, closed):
    code, said = ended(terminal("buy MNQ 1 --yes"))
    assert code == 3
    assert "Trading is currently unavailable" in said
    assert held(gateway) == 0


def test_a_flat_account_is_flat_in_a_closed_market(terminal, gateway, closed):
    assert ended(terminal("flatten --yes"))[0] == 0


def test_a_position_that_cannot_be_closed_is_not_said_to_be(terminal, gateway):
    from fastorder.simulator import Hours

    assert ended(terminal("buy MNQ 1 --yes"))[0] == 0
    now_s = gateway.gateway.clock.now_s()
    hours = Hours([(now_s - 5, now_s + 10**6)], daily=False)
    gateway.call(lambda: gateway.gateway.open_hours(hours))
    code, said = ended(terminal("flatten --yes --deadline 1"))
    assert code == 5
    assert re.search(r"verified\s+no", said)
    assert held(gateway) == 1


# ---------------------------------------------------------------- what takes long

BOT = """
from fastorder.strategy import Strategy


class Idle(Strategy):
    symbol = "MNQ"

    def start(self):
        print("a strategy may print")
        self.subscribe(self.symbol, "1m")
"""


def test_what_takes_long_shows_a_bar_and_leaves_nothing_of_it(terminal, tmp_path):
    pytest.importorskip("pyarrow")
    code, said = ended(terminal("bars MNQ 1m --days 20 --out bars.parquet"))
    assert code == 0
    assert "MNQZ6 1m ━" in said
    (tmp_path / "bot.py").write_text(BOT)
    line = "backtest bot.py bars.parquet --allow-missing-days --json"
    code, said = ended(terminal(f"{line} > shown.json"))
    assert (code, "Idle ━" in said, "a strategy may print" in said) == (0, True, True)
    code, quiet = ended(terminal(f"{line} > quiet.json 2> said"))
    assert (code, quiet) == (0, "")
    assert (tmp_path / "said").read_text() == "a strategy may print\n"
    shown, hidden = (tmp_path / name for name in ("shown.json", "quiet.json"))
    assert shown.read_text() == hidden.read_text() != ""
