"""``python -m fastorder.simulator``: arguments, the first line, and the end."""

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from plain_http import Wire

from fastorder.simulator import __main__ as program

COMMAND = (sys.executable, "-m", "fastorder.simulator")


@contextmanager
def running(*arguments):
    """The program with some arguments, once it listens."""
    process = subprocess.Popen(
        (*COMMAND, "--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = re.fullmatch(
            r"fastorder simulator listening on (https?://.+?:(\d+)) \(seed (\d+)\)\n",
            line,
        )
        assert found, line + process.stderr.read()
        yield SimpleNamespace(
            process=process,
            url=found[1],
            host="127.0.0.1",
            port=int(found[2]),
            seed=int(found[3]),
            token=None,
        )
    finally:
        process.kill()
        process.communicate()


def refused(*arguments):
    """What the program says when it does not start."""
    done = subprocess.run((*COMMAND, *arguments), capture_output=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def logged_in(at):
    wire = Wire(at.host, at.port, None)
    reply = wire.ask("Auth/loginKey", userName="trader1", apiKey="key")
    wire.token = reply["token"]
    return wire


def test_it_prints_where_it_listens_and_trades():
    with running() as at:
        assert at.url == f"http://127.0.0.1:{at.port}"
        assert at.seed == 7
        wire = logged_in(at)
        assert wire.place()["success"]
        wire.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path, number):
    faults = tmp_path / "faults.json"
    faults.write_text('[{"endpoint": "/api/Order/place", "reply": "stall"}]', "utf-8")
    with running("--faults", str(faults)) as at:
        wire = logged_in(at)
        wire._connection.request("POST", "/api/Order/place", b"{}")  # still open
        at.process.send_signal(number)
        out, err = at.process.communicate(timeout=30)
        wire.close()
    assert (at.process.returncode, out, err) == (0, "", "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((at.host, at.port), 10)


def test_faults_come_from_a_file(tmp_path):
    faults = tmp_path / "faults.json"
    fault = {"endpoint": "/api/Order/place", "reply": "status", "status": 503}
    faults.write_text(json.dumps([fault]), "utf-8")
    with running("--faults", str(faults)) as at:
        wire = logged_in(at)
        assert [wire.place().status for _ in range(2)] == [503, 200]
        wire.close()


def test_tokens_and_the_budget_are_options():
    with running("--accept-token", "a", "--accept-token", "b") as at:
        for token in ("a", "b"):
            wire = Wire(at.host, at.port, token)
            found = {wire.place().status for _ in range(201)}
            assert found == {200, 429}
            wire.close()
    with running("--accept-token", "a", "--no-rate-limit") as at:
        wire = Wire(at.host, at.port, "a")
        assert {wire.place().status for _ in range(250)} == {200}
        wire.close()


def test_the_seed_is_an_option():
    def names(seed):
        with running("--seed", str(seed), "--accept-token", "t") as at:
            assert at.seed == seed
            wire = Wire(at.host, at.port, "t")
            found = wire.ask("Account/search", onlyActiveAccounts=True)["accounts"]
            wire.close()
            return [row["name"] for row in found]

    assert names(1) == names(1)
    assert names(1) != names(2)


def test_it_speaks_tls(certificate):
    trust = ssl.create_default_context(cafile=certificate.authority)
    with running("--tls-cert", certificate.chain, "--tls-key", certificate.key) as at:
        assert at.url == f"https://localhost:{at.port}"
        with urllib.request.urlopen(f"{at.url}/api/Status/ping", context=trust) as got:
            assert got.read() == b"pong"
        with pytest.raises(OSError, match="certificate verify failed"):
            urllib.request.urlopen(f"{at.url}/api/Status/ping")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--tls-cert", "x"), "--tls-cert and --tls-key must be given together"),
        (("--tls-key", "x"), "--tls-cert and --tls-key must be given together"),
        (("--tls-cert", "/no", "--tls-key", "/no"), "No such file"),
        (("--host", "192.0.2.1"), "must be a loopback address, was '192.0.2.1'"),
        (("--host", "example.com"), "must be a loopback address"),
        (("--port", "65536"), "0 to 65535 was expected, was '65536'"),
        (("--port", "-1"), "0 to 65535 was expected"),
        (("--port", "http"), "0 to 65535 was expected, was 'http'"),
        (("--seed", "x"), "invalid int value"),
        (("--what",), "unrecognized arguments"),
        (("--faults", "/no/such.json"), "/no/such.json: a JSON file was expected"),
    ],
)
def test_bad_arguments_are_refused_with_a_reason(capsys, arguments, why):
    try:
        code = program.main(list(arguments))
    except SystemExit as end:  # the parser's own way out
        code = end.code
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert why in told.err


def test_a_bad_fault_or_certificate_is_refused_with_a_reason(
    tmp_path, capsys, certificate
):
    path = tmp_path / "bad"
    path.write_text('[{"endpoint": "*", "reply": "explode"}]', "utf-8")
    assert program.main(["--faults", str(path)]) == 2
    assert f"{path}: entry 0: reply must be one of" in capsys.readouterr().err
    assert program.main(["--tls-cert", str(path), "--tls-key", str(path)]) == 2
    assert "fastorder simulator: " in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused_with_a_reason():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = refused("--port", port)
    assert told.startswith(f"fastorder simulator: cannot listen on 127.0.0.1:{port}")


def test_bad_arguments_make_no_traceback():
    assert "--tls-cert and --tls-key" in refused("--tls-cert", "x")


def test_help_names_every_option():
    done = subprocess.run((*COMMAND, "--help"), capture_output=True, text=True)
    assert done.returncode == 0
    for name in ("host", "port", "seed", "tls-cert", "tls-key", "faults"):
        assert f"--{name}" in done.stdout
