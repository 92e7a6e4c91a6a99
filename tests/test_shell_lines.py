"""Every shell line of the pages: it runs here, or what it names is there.

Those that are marked as typed run in test_cli.py. What would install a package, build
or measure is looked up: its extra, its target, its file.
"""

import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from conftest import ACCOUNT
from test_examples import PAGES, ROOT, named

from fastorder import blocking
from fastorder.settings.finding import VARIABLES

pytest.importorskip("typer")
numpy = pytest.importorskip("numpy")
pyarrow = pytest.importorskip("pyarrow")
tomllib = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")

from pyarrow import parquet  # noqa: E402

from fastorder.cli.program import run  # noqa: E402

FENCED = re.compile(r"^(<!-- typed -->\n)?```(\w*)\n(.*?)^```$", re.M | re.S)
NO_PROMPT = ("pip install ", "keyring ")
"""How a line begins that is one of the shell where its block does not say so."""

LIMIT_S = 300


def lines_of(page):
    for typed, kind, text in FENCED.findall(page.read_text(encoding="utf-8")):
        lines = [line for line in text.splitlines() if line]
        if kind == "console":
            yield from re.split(r"^\$ ", text, flags=re.M)[1:]
        elif kind == "sh" and not typed:
            yield from lines
        elif not kind:
            yield from (line for line in lines if line.startswith(NO_PROMPT))


LINES = [(named(page), line) for page in PAGES for line in lines_of(page)]


# ---------------------------------------------------------------- what is looked up


def installs(words):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = re.fullmatch(r"(?:\.|fastorder)(?:\[([\w,]+)\])?", words[2])
    assert found, words
    extras = set(found[1].split(",")) if found[1] else set()
    assert extras <= set(project["project"]["optional-dependencies"])


def makes(words):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(words[1])}:", makefile, re.M)


def measures(words):
    (file,) = [word for word in words if word.startswith("benchmarks/")]
    assert (ROOT / file).is_file()


def sets(words):
    for word in words[1:]:
        name, _, value = word.partition("=")
        assert name in [each for names in VARIABLES.values() for each in names]
        assert value


def keeps_a_key(words):
    assert words == ["keyring", "set", "fastorder", "trader1"]


# ---------------------------------------------------------------- what runs


def is_a_gateway(words):
    module = ["-m", *words[2:]] if words[0] == "python" else ["-m", *words]
    given = ["0" if word == "8700" else word for word in module]
    child = subprocess.Popen(
        [sys.executable, *given], stdout=subprocess.PIPE, text=True
    )
    try:
        assert " on http" in child.stdout.readline()
    finally:
        child.terminate()
        child.wait(timeout=LIMIT_S)
        child.stdout.close()


def makes_bars(words, folder):
    count = 2_000
    ticks = {
        "time_ns": 1_788_134_400_000_000_000 + numpy.arange(count) * 10**9,
        "price": numpy.full(count, 25_000.25),
        "size": numpy.ones(count, int),
    }
    parquet.write_table(pyarrow.table(ticks), folder / "ticks.parquet")
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=folder, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0
    assert len(parquet.read_table(folder / "bars.parquet"))
    assert (folder / "candles.png").stat().st_size


def asks_the_journal(words, folder, gateway):
    with blocking.OrderExecutor(
        gateway.base_url, journal=str(folder / "orders.db")
    ) as executor:
        executor.set_token(gateway.token)
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        placed = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    statement = words[-1].replace("fo1-example-1", placed.tag)
    with closing(sqlite3.connect(folder / "orders.db")) as journal:
        rows = journal.execute(statement).fetchall()
    assert bool(rows) == ("IS NULL" not in statement)  # none is in doubt


def is_a_command(words):
    assert run([*words[1:], "--yes"]) == 0


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_shell_line(page, line, gateway, shell, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)
    match words[0].rsplit("/", 1)[-1], words[1:]:
        case "pip", _:
            installs(words)
        case "make", _:
            makes(words)
        case "export", _:
            sets(words)
        case "keyring", _:
            keeps_a_key(words)
        case "python", ["-m", "fastorder.simulator", *_]:
            is_a_gateway(words)
        case "fastorder", ["simulate", *_]:
            is_a_gateway(words)
        case "python", ["-m", "fastorder.marketdata", *_]:
            makes_bars(words, tmp_path)
        case "python", _:
            measures(words)
        case "sqlite3", _:
            asks_the_journal(words, tmp_path, gateway)
        case "fastorder", _:
            is_a_command(words)
        case _:
            pytest.fail(f"nothing is known of {line!r} of {page}")


def test_lines_are_found_in_every_kind_of_block():
    found = {line.split()[0] for _, line in LINES}
    assert {"pip", "make", "export", "fastorder", "python", "sqlite3"} <= found
