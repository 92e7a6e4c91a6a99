"""A trader keeps the gateway's contracts on disk; nothing about the file stops it."""

import json
import os
from pathlib import Path

import pytest
from canary import API_KEY
from conftest import QUICK

import fastorder
from fastorder import blocking
from fastorder.simulator import run_in_thread

LIST = "/api/Contract/available"


def asked(gateway):
    return len(gateway.ledger.requests(LIST))


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    pytest.importorskip("platformdirs")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "fastorder" / "contracts"


def traded(gateway):
    """A trader's day of one order, at a price that is on the tick."""
    with blocking.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key=API_KEY,
        account="PRAC",
        journal=False,
        retry=QUICK,
    ) as trader:
        with pytest.raises(fastorder.InvalidField, match="multiple of the tick"):
            trader.buy("MNQ", 1, limit=20_000.1)
        placed = trader.buy("MNQ", 1, limit=20_000)
        assert placed.success
        trader.cancel(placed.order_id)


def the_file(caches):
    (path,) = caches.iterdir()
    return path


def test_the_next_trader_asks_for_no_contract(gateway, caches):
    traded(gateway)
    assert asked(gateway) == 1
    traded(gateway)
    assert asked(gateway) == 1
    assert len(json.loads(the_file(caches).read_text())["contracts"]) > 40


def test_each_gateway_has_a_file_of_its_own(gateway, caches):
    traded(gateway)
    with run_in_thread(rate_limit=False) as another:
        another.call(lambda: another.gateway.tokens.keys.update(trader1=API_KEY))
        traded(another)
        assert asked(another) == 1
    assert len(list(caches.iterdir())) == 2


def test_a_bare_executor_keeps_none(gateway, caches):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.set_token(gateway.token)
        executor.contract("MNQ")
    assert not caches.exists()


def changed(**members):
    def change(path):
        path.write_text(json.dumps(json.loads(path.read_text()) | members))

    return change


def replaced(make):
    def change(path):
        path.unlink()
        make(path)

    return change


ODD = {
    "damaged": lambda path: path.write_bytes(b"\xff{"),
    "empty": lambda path: path.write_bytes(b""),
    "deep": lambda path: path.write_bytes(b"[" * 200_000),
    "of another gateway": changed(gateway="https://api.example.com"),
    "of an older schema": changed(format=0),
    "of a newer schema": changed(format=99),
    "of no schema": lambda path: path.write_text('{"contracts": []}'),
    "of the future": changed(asked_s=1e300),
    "too long": lambda path: path.write_bytes(b" " * (5 << 20)),
    "a folder": replaced(Path.mkdir),
    "a dangling link": replaced(lambda path: path.symlink_to("nowhere")),
    "a link to itself": replaced(lambda path: path.symlink_to(path)),
    "a pipe": replaced(lambda path: os.mkfifo(path)),
    "without an id": changed(contracts=[{"id": ""}]),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_file_stops_nobody_from_trading(gateway, caches, odd):
    if odd == "a pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("this platform has no named pipes")
    traded(gateway)
    ODD[odd](the_file(caches))
    traded(gateway)
    assert asked(gateway) == 2


@pytest.mark.parametrize(
    "where", ["cache", "cache/fastorder", "cache/fastorder/contracts"]
)
def test_a_folder_that_cannot_be_made_stops_nobody(gateway, tmp_path, where, caplog):
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file in its place")
    traded(gateway)
    assert asked(gateway) == 1
    assert "contracts were not kept in" in caplog.text


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)
def test_a_file_that_may_not_be_read_stops_nobody(gateway, caches):
    traded(gateway)
    the_file(caches).chmod(0)
    traded(gateway)


def test_without_the_platforms_folders_nothing_is_kept(gateway, caches, monkeypatch):
    monkeypatch.setattr("fastorder.settings.places._platformdirs", lambda: None)
    traded(gateway)
    assert not caches.exists()
