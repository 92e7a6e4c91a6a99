"""The fixture for tests of others: what the page shows, run by a pytest of its own."""

import re
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from test_examples import ROOT

PAGE = ROOT / "docs" / "guide" / "simulator.md"
BLOCK = re.compile(r"<!-- test_bot.py -->\n```python\n(.*?)```", re.DOTALL)


def pytest_of_its_own(folder):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(folder)],
        capture_output=True, text=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip


installed = pytest.mark.skipif(
    not any(each.name == "fastorder" for each in entry_points(group="pytest11")),
    reason="the package is not installed here: pytest finds no plugin of it",
)


@installed
def test_a_bot_is_tested_as_the_page_says(tmp_path):
    (block,) = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    (tmp_path / "test_bot.py").write_text(block, encoding="utf-8")
    done = pytest_of_its_own(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


BEGINS = """
import pytest
from fastorder.simulator.exchange import Exchange


@pytest.fixture(params=[0, 1_000, 1_000_000])
def another_time(request, monkeypatch):
    make = Exchange.__init__

    def at(self, contracts, clock, *given):
        now_s = clock.now_s
        clock.now_s = lambda: now_s() + request.param
        make(self, contracts, clock, *given)

    monkeypatch.setattr(Exchange, "__init__", at)


def test_a_market_begins(another_time, fastorder_gateway):
    exchange = fastorder_gateway.gateway.exchange
    for contract in fastorder_gateway.gateway.contracts.values():
        ticks = (exchange.last(contract) - contract.start_price) / contract.tick_size
        assert abs(ticks) < 30
"""


@installed
def test_a_market_begins_at_the_same_price_at_any_time(tmp_path):
    (tmp_path / "test_begins.py").write_text(BEGINS, encoding="utf-8")
    done = pytest_of_its_own(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@installed
def test_a_bot_that_is_wrong_fails(tmp_path):
    (block,) = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    wrong = block.replace('trader.buy("MNQ", 1)', 'trader.buy("MNQ", 2)')
    assert wrong != block
    (tmp_path / "test_bot.py").write_text(wrong, encoding="utf-8")
    assert pytest_of_its_own(tmp_path).returncode == 1


def test_it_costs_a_run_nothing_that_does_not_use_it():
    code = "import fastorder.pytest_plugin, sys;assert 'aiohttp' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
