"""What is asked, where nobody answers: what is said then is true."""

import io
import json
import subprocess
import sys

import pytest
from canary import API_KEY
from hypothesis import given
from hypothesis import strategies as some
from test_cli import fastorder, home  # noqa: F401 (fixtures)
from test_cli_terminal import PROMPTS, left_behind, terminal  # noqa: F401

from fastorder.cli import shapes
from fastorder.cli.output import Output

pytest.importorskip("typer")
pexpect = pytest.importorskip("pexpect")

PROGRAM = [sys.executable, "-m", "fastorder.cli"]
CHANGING = ("order/place", "order/modify", "order/cancel", "position/close")


def changes(gateway):
    names = [each.endpoint.lower() for each in gateway.ledger.requests()]
    return [name for name in names if any(word in name for word in CHANGING)]


def check_words(said, gateway):
    assert "nothing was sent" in said, said
    assert "may have been taken" not in said
    assert "Traceback" not in said
    assert "Warning" not in said
    assert "--yes" in said or "--user" in said or "FASTORDER_API_KEY" in said
    assert changes(gateway) == []


ENDS = [
    *((line, "empty") for line in PROMPTS),
    *((line, "closed") for line in ("login", "flatten")),  # one of each kind
]


@pytest.mark.parametrize(("line", "stdin"), ENDS)
def test_without_an_input_it_is_said_how_to_answer(home, gateway, line, stdin):  # noqa: F811
    end = " <&-" if stdin == "closed" else " </dev/null"
    quoted = " ".join(f"'{part}'" for part in PROGRAM)
    done = subprocess.run(
        ["sh", "-c", f"{quoted} {line}{end}"], capture_output=True, text=True,
        timeout=60, check=False, cwd=home, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 2
    check_words(done.stderr, gateway)


@pytest.mark.parametrize("line", PROMPTS)
def test_ctrl_d_at_each_prompt_says_so_too(terminal, gateway, line):  # noqa: F811
    child = terminal(line)
    child.expect_exact(PROMPTS[line])
    child.expect(": ?$")
    for _ in range(20):  # what is typed before the echo is off is thrown away
        child.sendeof()
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=3) == 0:
            break
    code, said = left_behind(child)
    assert code == 2
    check_words(said, gateway)


def test_login_takes_a_key_from_a_pipe(home):  # noqa: F811
    done = subprocess.run(
        [*PROGRAM, "login", "--user", "trader1"], input=f"{API_KEY}\n", text=True,
        capture_output=True, timeout=60, check=False, start_new_session=True,
    )  # fmt: skip
    assert "logged in as trader1" in done.stdout
    assert "Warning" not in done.stderr
    assert API_KEY not in done.stdout + done.stderr


# ---------------------------------------------------------------- nothing is cut

ORDERS = [
    "buy MNQ 2",
    "buy MNQ 2 --bracket 400:800",
    "sell MNQ 1 --limit 40000 --bracket 40:",
    "buy MNQ 1 --stop 40000 --tag one-of-forty",
]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("line", ORDERS)
def test_a_dry_run_is_whole_and_says_what_the_question_says(
    fastorder,  # noqa: F811
    monkeypatch,
    line,
    columns,
):
    monkeypatch.setenv("COLUMNS", str(columns))
    question = fastorder(line)[2].partition("\n")[0]
    request = json.loads(fastorder(f"{line} --dry-run --json")[1])["request"]
    assert request["words"] == question
    json.loads(request["body"])
    code, out, _ = fastorder(f"{line} --dry-run")
    assert code == 0
    for value in request.values():
        assert value.replace(" ", "") in "".join(out.split())
    said = fastorder(f"{line} --yes")[2]
    assert question in said


def test_a_dry_run_refuses_as_many_contracts_as_the_order_would_be(fastorder):  # noqa: F811
    code, _, err = fastorder("buy MNQ 101 --dry-run")
    sent, _, why = fastorder("buy MNQ 101 --yes")
    assert code == sent == 2
    assert why.endswith(err)
    assert "at most 100" in err


def test_a_dry_run_of_a_trailing_order_says_why_not(fastorder):  # noqa: F811
    code, _, err = fastorder("buy MNQ 1 --trail 10 --dry-run")
    assert code == 2
    assert "--trail" in err


@given(some.text("abcdefghij", min_size=1, max_size=300), some.integers(30, 120))
def test_no_value_of_a_record_is_cut(value, columns):
    with pytest.MonkeyPatch.context() as patch:
        shown = io.StringIO()
        patch.setenv("COLUMNS", str(columns))
        patch.setattr("sys.stdout", shown)
        row = shapes.SWITCH.row(file=value, held=True)
        Output(False).record(shapes.SWITCH, row)
    assert value in "".join(shown.getvalue().split())


def test_a_pipe_breaks_no_line(fastorder, monkeypatch):  # noqa: F811
    monkeypatch.delenv("COLUMNS")
    out = fastorder("buy MNQ 1 --bracket 40:80 --dry-run")[1]
    body = out.partition("body")[2].strip()
    assert json.loads(body)["size"] == 1


# ------------------------------------------------------- no terminal, no position


@pytest.mark.parametrize("end", ["</dev/null", "<&-", ">out.txt", "</dev/null | cat"])
def test_the_screen_needs_a_terminal(home, gateway, end):  # noqa: F811
    quoted = " ".join(f"'{part}'" for part in PROGRAM)
    done = subprocess.run(
        ["sh", "-c", f"{quoted} watch {end}"], capture_output=True, text=True,
        timeout=30, check=False, cwd=home, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == (0 if "cat" in end else 2)
    said = " ".join(done.stderr.replace("│", " ").split())
    assert "watch needs a terminal" in said
    assert "use fastorder positions, orders and trades" in said
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize(
    "line", ["flatten", "flatten MNQ", "close MNQ", "cancel-all", "cancel-all MNQ"]
)
def test_an_act_on_nothing_says_that_nothing_was_open(fastorder, line):  # noqa: F811
    code, out, err = fastorder(f"{line} --yes")
    assert code == 0
    assert "nothing was open" in err
    assert "REJECTED" not in out + err
    assert fastorder("buy MNQ 1 --bracket 400: --yes")[0] == 0
    code, _, err = fastorder(f"{line} --yes")
    assert code == 0
    assert "nothing was open" not in err
