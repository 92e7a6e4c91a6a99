"""The doctor finds what is wrong, says what to do, and changes nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fastorder.cli import advisories, doctor, doctor_network
from fastorder.cli.program import run
from fastorder.cli.shapes import FINDINGS
from fastorder.settings import data_folder, settings_path
from fastorder.store import Store

pytest.importorskip("typer")

READS = ("loginkey", "search", "query", "available", "ping", "retrievebars")


@pytest.fixture
def examined(shell, capsys):
    """Run it; its code, and each finding by its name."""

    def go():
        code = run(["doctor", "--json"])
        rows = json.loads(capsys.readouterr().out)["findings"]
        return code, {row["what"]: row for row in rows}

    return go


def files(folder):
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_all_is_well_and_nothing_is_changed(examined, gateway, shell, capsys):
    run(["buy", "MNQ", "1", "--bracket", "400:", "--yes"])
    with Store():
        pass
    capsys.readouterr()
    before, asked = files(shell), len(gateway.ledger.requests())
    code, found = examined()
    assert code == 0, [row for row in found.values() if not row["well"]]
    assert found["user hub"]["found"] == "live, 4 subscriptions"
    assert found["market hub"]["found"].startswith("live")
    assert found["store"]["found"].endswith(", ok")
    assert "1 order, 0 open" in found["journal"]["found"]
    assert found["brackets"]["found"].startswith("Auto OCO")
    assert found["can trade"]["found"] == "yes"
    assert "ends in 24.0 h" in found["token"]["found"]
    assert "of 20" in found["round trip"]["found"]
    after = files(shell)
    assert {path: after.pop(path) for path in before} == before
    assert all(path.endswith(("-shm", "-wal")) for path in after), "as readers have"
    new = gateway.ledger.requests()[asked:]
    assert all(any(word in each.endpoint for word in READS) for each in new)


def test_each_failure_is_a_finding_and_the_others_go_on(
    examined, gateway, shell, monkeypatch
):
    monkeypatch.setattr(doctor_network, "HUB_S", 0.3)
    gateway.call(lambda: setattr(gateway.hubs.faults, "refuse", 403))
    data_folder().mkdir(parents=True)
    damaged = data_folder() / "record.db"
    damaged.write_bytes(b"no database at all" * 100)
    (data_folder() / "market").mkdir()
    code, found = examined()
    assert code == 1
    wrong = {name for name, row in found.items() if not row["well"]}
    assert wrong == {"store", "user hub", "market hub"}
    assert "403" in found["user hub"]["found"]
    assert "WebSockets" in found["market hub"]["todo"]
    assert damaged.read_bytes() == b"no database at all" * 100


def test_no_network_is_two_findings(examined, monkeypatch):
    monkeypatch.setenv("FASTORDER_BASE_URL", "http://127.0.0.1:9")
    code, found = examined()
    assert code == 1
    assert {name for name, row in found.items() if not row["well"]} == {
        "connection",
        "login",
    }


def test_a_wrong_key_is_said(examined, monkeypatch):
    monkeypatch.setenv("FASTORDER_API_KEY", "another")
    code, found = examined()
    assert code == 1
    assert "InvalidCredentials" in found["login"]["found"]


def test_realtime_that_is_off_is_said(examined):
    path = settings_path()
    path.parent.mkdir(parents=True)
    path.write_text("realtime = false\n", encoding="utf-8")
    path.chmod(0o600)
    code, found = examined()
    assert code == 0
    assert "switched off" in found["hubs"]["found"]


def test_tls_is_looked_at(tls_gateway, authority):
    rows = {
        what: (found, todo)
        for what, found, todo in doctor_network.of_line(
            tls_gateway.base_url, authority.pem
        )
    }
    assert rows["TLS"][0].startswith("TLSv1.")
    assert "certificate " in rows["TLS"][0]


@pytest.mark.parametrize(
    ("ahead_s", "is_well"), [(None, True), (1.9, True), (-2.1, False), (60.0, False)]
)
def test_a_clock_that_is_off_is_said(ahead_s, is_well):
    assert doctor._of_clock(ahead_s)["well"] is is_well


def test_what_reads_lines_is_given_a_line_for_each_finding(
    examined, capsys, monkeypatch
):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("FASTORDER_BASE_URL", "http://127.0.0.1:9")
    run(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    _, found = examined()
    assert [line.split(": ")[0] for line in lines] == list(found)
    assert all(line == line.strip() and "  " not in line for line in lines)
    told = dict(line.split(": ", 1) for line in lines)
    assert told["base_url"].startswith("well: http://127.0.0.1:9")
    assert told["login"].startswith("not well (mend this first): ")


def test_a_screen_is_given_a_table(shell, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run(["doctor"])
    assert capsys.readouterr().out.split()[:4] == [
        each.title for each in FINDINGS.columns
    ]


@pytest.mark.parametrize(
    ("built", "names"),
    [
        ("PycURL/7.45 libcurl/8.3.0 OpenSSL/3.0", ["CVE-2023-38545"]),
        ("PycURL/7.45 libcurl/8.4.0 OpenSSL/3.0", []),
        ("PycURL/7.45 libcurl/8.4.0 GnuTLS/3.7", ["CVE-2024-7264", "CVE-2024-8096"]),
        ("PycURL/7.45 libcurl/8.11.1 OpenSSL/3.0", ["CVE-2025-0665"]),
        ("PycURL/7.45 libcurl/8.11.1-DEV OpenSSL/3.0", ["CVE-2025-0665"]),
        (
            "PycURL/7.45 libcurl/7.76.1 OpenSSL/1.1",
            ["CVE-2021-22901", "CVE-2023-38545"],
        ),
        (
            "PycURL/7.45 libcurl/8.8.0 GnuTLS/3.7",
            ["CVE-2024-6197", "CVE-2024-7264", "CVE-2024-8096"],
        ),
        ("PycURL/7.45 libcurl/9.0.0 OpenSSL/3.0", []),
        ("no version of it", []),
    ],
)
def test_advisories_are_those_of_the_version_and_its_tls(built, names):
    assert [each.name for each in advisories.advisories_of(built)] == names


@given(some.lists(some.floats(0, 1e6), min_size=1, max_size=50))
def test_a_histogram_has_a_block_wherever_a_value_is(values):
    shown = doctor_network.histogram(sorted(values))
    blocks = shown.split("|")[1]
    assert len(blocks) == doctor_network.BINS
    assert set(blocks) <= set(doctor_network.BLOCKS + " ")
    assert any(each != " " for each in blocks)
